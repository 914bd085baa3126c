# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.merge_patch import (
    canonical,
    merge,
    same,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.library_answers import (
    recorded,
)

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
LEAVES = SCALARS | st.text(max_size=3)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)
MAPS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


@pytest.mark.parametrize(
    ("document", "patch", "merged"),
    [
        ({"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
        ({"a": 1}, {"a": None}, {}),
        ({"a": None, "b": {"c": None}}, {}, {"a": None, "b": {"c": None}}),
        ({"a": {"b": 1, "c": None}}, {"a": {"b": 2}}, {"a": {"b": 2, "c": None}}),
        # New values lose their nulls, in lists too, which RFC 7396 would keep.
        ({}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({}, {"a": [{"b": None, "c": 1}, None]}, {"a": [{"c": 1}, None]}),
        ({"a": None}, {"a": {"b": None}}, {"a": {}}),
        ({"a": [1]}, {"a": [[{"b": None}]]}, {"a": [[{}]]}),
        ({"a": "x"}, {"a": {"b": None}}, {"a": {}}),
        # Only where a list takes the place of a map are they kept.
        ({"a": {"x": 1}}, {"a": [{"b": None}]}, {"a": [{"b": None}]}),
        ({"a": {"x": 1}}, {"a": False}, {"a": False}),
    ],
)
def test_merge(document: dict[str, Any], patch: dict[str, Any], merged: dict[str, Any]) -> None:
    assert merge(document, patch) == merged


@given(MAPS, MAPS)
@settings(max_examples=500, deadline=None)
def test_merge_changes_neither_side_and_then_rests(
    document: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = repr((document, patch))
    merged = merge(document, patch)
    assert repr((document, patch)) == before
    assert merge(merged, {}) == merged
    if "None" not in repr(patch):
        assert merge(merged, patch) == merged


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1),
        (-2.5, -2.5),
        (True, True),
        (2**53 + 1, 2**53),
        (10**21, 1e21),
        (1e20, 10**20),
        ((1, 2.0), [1, 2]),
        ({"b": 1.0, "a": None}, {"a": None, "b": 1}),
    ],
)
def test_numbers_become_what_go_makes_of_them(value: object, expected: object) -> None:
    assert repr(canonical(value)) == repr(expected)


def test_keys_are_sorted_all_the_way_down() -> None:
    assert list(canonical({"b": {"d": 1, "c": 1}, "a": 1})) == ["a", "b"]
    assert list(canonical({"b": {"d": 1, "c": 1}})["b"]) == ["c", "d"]


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 10**400, {1: 2}, {"a": {3}}, [object()], b"x"]
)
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="values"):
        canonical(value)


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        (True, 1, False),
        (0, False, False),
        (0, canonical(-0.0), False),
        ("1", 1, False),
        ([], {}, False),
        ({"a": None}, {}, False),
    ],
)
def test_same_is_equality_of_json_texts(left: object, right: object, equal: bool) -> None:
    assert same(left, right) is equal


def test_maps_are_merged_as_the_library_merges_them() -> None:
    for _semver, below, above, said in recorded("patch"):
        document, patch = canonical(json.loads(below)), canonical(json.loads(above))
        merged = merge(document, patch)
        assert same(merged, canonical(said["merged"])), (below, above)
        assert same(merged, document) is said["same"], (below, above)
