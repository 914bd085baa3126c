# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of actions: every row whole, everything it names real, nothing unknown carried out."""

from __future__ import annotations

import importlib
from dataclasses import MISSING, fields, replace

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
    Action,
    needs_of,
    row,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Step,
)

MODULES = "ansible_collections.harvester_ops.remediation.plugins.modules"
REPO = ObjectRef("catalog.cattle.io/v1", "ClusterRepo", None, "rancher-charts", uid="u")
NUDGE = Step(
    "nudge",
    "cluster_repo",
    "Nudge Rancher",
    "finding",
    REPO,
    {"state": "nudged", "name": "rancher-charts", "expected_uid": None},
    id="01-nudge",
)


def test_a_row_without_an_answer_fails_at_import() -> None:
    assert [each.name for each in fields(Action) if each.default is not MISSING] == []
    assert [each.name for each in fields(Action) if each.default_factory is not MISSING] == []


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_parameter_is_one_of_the_module(name: str) -> None:
    action = ACTIONS[name]
    spec = importlib.import_module(f"{MODULES}.{action.module}").ARGUMENT_SPEC
    named = {*action.params, *action.from_run}
    assert len(named) == len(action.params) + len(action.from_run)
    assert named <= set(spec)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_what_it_builds_on_are_actions(name: str) -> None:
    for link in ACTIONS[name].builds_on:
        assert link.actions <= set(ACTIONS)


def test_nulls_are_left_out_and_the_run_adds_its_own() -> None:
    assert row(NUDGE).arguments(NUDGE, {"timeout": 300}) == {
        "state": "nudged",
        "name": "rancher-charts",
    }
    upgrade = ACTIONS["unlock_release"]
    step = replace(NUDGE, action="unlock_release", params={"expected_revision": 3})
    run = {"stale_after": 600, "backup_path": None, "backup_sha256": "a"}
    assert upgrade.arguments(step, run) == {
        "expected_revision": 3,
        "stale_after": 600,
        "backup_sha256": "a",
    }


def test_a_parameter_that_would_not_be_read_is_refused() -> None:
    step = replace(NUDGE, params={**NUDGE.params, "force": True})
    with pytest.raises(RemediationError, match="carries what nudge does not take: force") as caught:
        row(step).arguments(step, {})
    assert caught.value.code == "plan-invalid"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"action": "polish"}, "has the unknown action 'polish'"),
        ({"module": "helm_release"}, "nudge is done by cluster_repo"),
        ({"object": ObjectRef("v1", "Secret", "a", "b")}, "about Secret/a/b, which nudge is not"),
    ],
)
def test_what_the_registry_does_not_know_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(RemediationError, match=words) as caught:
        row(replace(NUDGE, **changed))  # type: ignore[arg-type]
    assert caught.value.code == "plan-invalid"


def test_permissions_name_the_objects_of_the_step() -> None:
    (need,) = needs_of(NUDGE)
    assert (need.verbs, need.resource, need.name) == ("get patch", "clusterrepos", "rancher-charts")
    with pytest.raises(RemediationError, match="lacks the parameter 'name'"):
        needs_of(replace(NUDGE, params={}))
