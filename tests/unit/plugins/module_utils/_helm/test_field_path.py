# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.field_path import (
    MISSING,
    Item,
    find,
    merge_patch,
    text_of,
    without,
)

NAMED = Item((("name", "web"),))
POD: dict[str, Any] = {
    "spec": {
        "containers": [
            {"name": "web", "ports": [{"containerPort": 80}], "args": ["a"]},
            {"name": "side"},
        ],
        "finalizers": ["a", "b"],
        "nodeSelector": {"x": "y"},
    }
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "nodeSelector"), "spec.nodeSelector"),
        (("metadata", "annotations", "a.b/c"), "metadata.annotations[a.b/c]"),
        (("spec", "containers", NAMED, "args"), "spec.containers[name=web].args"),
        (
            ("ports", Item((("containerPort", 80), ("protocol", "TCP")))),
            "ports[containerPort=80,protocol=TCP]",
        ),
        (("spec", "finalizers", Item(value="a")), "spec.finalizers[a]"),
    ],
)
def test_a_path_reads_as_kubectl_users_write_it(path: Any, text: str) -> None:
    assert text_of(path) == text


def test_what_is_at_a_path() -> None:
    assert find(POD, ("spec", "containers", NAMED, "args")) == ["a"]
    assert find(POD, ("spec", "finalizers", Item(value="b"))) == "b"
    for missing in (
        ("spec", "nothing"),
        ("spec", "containers", Item((("name", "other"),))),
        ("spec", "nodeSelector", NAMED),
        ("spec", "finalizers", Item(value="c")),
        ("spec", "finalizers", Item((("name", "a"),))),
    ):
        assert find(POD, missing) is MISSING


def test_an_item_is_found_without_the_keys_that_have_a_default() -> None:
    udp = Item((("containerPort", 80), ("protocol", "UDP")))
    ports = [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]
    assert udp.position(ports) == 1
    assert udp.position(ports[:1]) == 0
    assert udp.position([{"containerPort": 81}, {"protocol": "UDP", "containerPort": 8}]) is None


def test_removing_leaves_the_rest_as_it_is() -> None:
    before = repr(POD)
    left = without(POD, ("spec", "containers", NAMED, "args"))
    assert left["spec"]["containers"][0] == {"name": "web", "ports": [{"containerPort": 80}]}
    assert without(POD, ("spec", "containers", NAMED))["spec"]["containers"] == [{"name": "side"}]
    assert without(POD, ("spec", "finalizers", Item(value="a")))["spec"]["finalizers"] == ["b"]
    assert without(POD, ("spec", "nothing", "at", "all")) == POD
    assert repr(POD) == before


def test_a_merge_patch_holds_only_what_differs() -> None:
    after = without(without(POD, ("spec", "nodeSelector", "x")), ("spec", "finalizers"))
    assert merge_patch(POD, after) == {"spec": {"nodeSelector": {"x": None}, "finalizers": None}}
    changed = without(POD, ("spec", "containers", NAMED, "args"))
    assert set(merge_patch(POD, changed)["spec"]) == {"containers"}
    assert merge_patch(POD, POD) == {}
    assert merge_patch({}, {"a": None}) == {"a": None}
