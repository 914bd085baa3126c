# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    STEP_TEXTS,
    Plan,
    fingerprint_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    RC,
    World,
    revision,
)


def document() -> dict[str, Any]:
    world = World().release("fleet", revision(2, "deployed", RC))
    world.finding(
        "skip",
        "upgrade_release",
        release="fleet",
        instructions={"why": "w", "danger": ["d"], "commands": ["c"]},
    )
    return make_plan(*world.documents()).to_dict()


def test_a_plan_survives_a_file() -> None:
    written = json.loads(json.dumps(document()))
    assert Plan.from_dict(written).to_dict() == written


def test_the_fingerprint_ignores_texts_and_nothing_else() -> None:
    original = document()
    for name in original["steps"][0]:
        changed = copy.deepcopy(original)
        changed["steps"][0][name] = {
            "changes": ["other"],
            "depends_on": ["00-other"],
            "object": {**original["steps"][0]["object"], "uid": "other"},
            "params": {"other": 1},
            "precondition": {"other": 1},
            "risk": "high",
            "unattended": False,
        }.get(name, "other")
        if name in STEP_TEXTS:
            assert Plan.from_dict(changed).fingerprint == original["fingerprint"], name
        else:
            with pytest.raises(RemediationError, match="was changed after it was written"):
                Plan.from_dict(changed)


def test_the_fingerprint_names_the_cluster() -> None:
    moved = {**document(), "cluster_uid": "cluster-2"}
    with pytest.raises(RemediationError, match="fingerprint"):
        Plan.from_dict(moved)


@pytest.mark.parametrize("option", ["chart_source", "chart_path", "chart_repository"])
def test_the_fingerprint_covers_where_charts_come_from(option: str) -> None:
    made = document()
    changed = {**made, "options": {**made["options"], option: "elsewhere"}}
    with pytest.raises(RemediationError, match="fingerprint"):
        Plan.from_dict(changed)


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        {},
        {"schema": "other"},
        {"steps": None},
        {"steps": ["text"]},
        {"steps": [{}]},
        {"steps": [{"id": "x"}]},
        {"options": 3},
        {"instructions": {}},
        {"instructions": [1]},
    ],
)
def test_anything_else_is_no_plan(damage: Any) -> None:
    broken = {**document(), **damage} if isinstance(damage, dict) and damage else damage
    with pytest.raises(RemediationError) as caught:
        Plan.from_dict(broken)
    assert caught.value.code == "plan-invalid"


@pytest.mark.parametrize(
    ("key", "value"),
    [("frobnicate", 1), ("risk", "none"), ("object", {}), ("object", {"uid": 1}), ("params", [])],
)
def test_a_damaged_step_is_refused(key: str, value: Any) -> None:
    broken = document()
    broken["steps"][0][key] = value
    with pytest.raises(RemediationError) as caught:
        Plan.from_dict(broken)
    assert caught.value.code == "plan-invalid"


@pytest.mark.parametrize(
    ("digest", "fingerprint"),
    [
        ("3f9c2a71d0b84e56" + "0" * 48, "3f9c2a71d0b84e56"),
        ("0123456701234567" + "b" + "0" * 47, "123456701234567b"),
        ("12e4567890123456" + "00c" + "0" * 45, "4567890123456" + "00c"),
    ],
)
def test_no_fingerprint_is_a_number(digest: str, fingerprint: str) -> None:
    assert fingerprint_of(digest) == fingerprint
    assert yaml.safe_load(fingerprint) == fingerprint
