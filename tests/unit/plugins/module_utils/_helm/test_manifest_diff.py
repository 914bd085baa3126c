# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm import (
    manifest_diff as module,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.manifest_diff import (
    manifest_diff,
)

SECRET = """
kind: Secret
metadata: {name: s, namespace: n}
data: {token: aHVudGVyMg==, note: %s}
stringData: {x: hunter2}
"""
CONFIG = """
# Source: fleet/templates/configmap.yaml
kind: ConfigMap
metadata: {name: %s}
data: {adminPassword: hunter2, a: "%s"}
"""


def test_only_what_changes_is_shown() -> None:
    before = "---".join(["", CONFIG % ("same", 1), CONFIG % ("changes", 1), CONFIG % ("goes", 1)])
    after = "---".join(["", CONFIG % ("same", 1), CONFIG % ("changes", 2), CONFIG % ("comes", 1)])
    old, new = manifest_diff(before, after)
    assert sorted(old) == ["ConfigMap/changes", "ConfigMap/goes"]
    assert sorted(new) == ["ConfigMap/changes", "ConfigMap/comes"]
    assert (old["ConfigMap/changes"]["data"]["a"], new["ConfigMap/changes"]["data"]["a"]) == (
        *("1", "2"),
    )


def test_secrets_are_masked_and_can_be_compared() -> None:
    old, new = manifest_diff(SECRET % "b25l", SECRET % "dHdv")
    shown = repr((old, new))
    for secret in ("hunter2", "aHVudGVyMg", "b25l", "dHdv"):
        assert secret not in shown
    one, other = (side["Secret/n/s"] for side in (old, new))
    assert one["data"]["token"] == other["data"]["token"]
    assert one["data"]["note"] != other["data"]["note"]
    assert "hunter2" not in repr(manifest_diff("", CONFIG % ("new", 1)))


@pytest.mark.parametrize("text", ["a: [", "\x00", "a: !!python/object:os.system x"])
def test_a_manifest_that_is_no_yaml_is_told(text: str) -> None:
    old, new = manifest_diff(text, CONFIG % ("new", 1))
    assert "not YAML" in old["unreadable"]
    assert sorted(new) == ["ConfigMap/new"]


def test_oddities_of_manifests_do_no_harm() -> None:
    assert manifest_diff("", "") == ({}, {})
    assert manifest_diff("---\n# empty\n---\n- 1\n---\nkind: X\nmetadata: 3\n", "")[0] == {
        "X": {"kind": "X", "metadata": 3}
    }


def test_the_number_of_objects_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OBJECTS", 2)
    documents = "---".join(CONFIG % (f"n{number}", 1) for number in range(5))
    assert len(manifest_diff("", documents)[1]) == 2
