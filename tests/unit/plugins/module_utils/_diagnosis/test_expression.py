# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions are true, false, or not decided; they never raise."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.expression import (
    ExpressionError,
    check,
    check_condition,
    evaluate,
    truth,
)

DOCUMENT: dict[str, Any] = {"yes": True, "no": False, "nothing": None, "word": "a", "list": ["a"]}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("yes", True),
        ("no", False),
        ("yes && word == 'a'", True),
        ("word == 'b'", False),
        ("nothing", None),
        ("missing", None),
        ("nothing && yes", None),
        ("no && nothing", False),
        ("word", None),
        ("nothing > `1`", None),
        ("length(nothing)", None),
        ("length(list) > `0`", True),
        ("contains(nothing, 'a')", None),
    ],
)
def test_truth(expression: str, value: bool | None) -> None:
    found = truth(expression, DOCUMENT)
    assert found.value is value
    assert bool(found.reason) is (value is None)


@pytest.mark.parametrize("expression", ["", "a ==", "a[", "no_such_function(a"])
def test_check_refuses_what_is_no_expression(expression: str) -> None:
    with pytest.raises(ExpressionError):
        check(expression)


@pytest.mark.parametrize("expression", ["!a.b", "a && !b", "list[?!a]"])
def test_conditions_must_not_negate(expression: str) -> None:
    check(expression)
    with pytest.raises(ExpressionError, match="compare with"):
        check_condition(expression)


def test_conditions_may_compare() -> None:
    check_condition("a != b && list[?a != 'b'] && contains(list, '!')")


def test_too_deep_a_document_is_an_error_of_its_own() -> None:
    deep: Any = 1
    for _level in range(100_000):
        deep = [deep]
    with pytest.raises(ExpressionError):
        evaluate("a == b", {"a": deep, "b": _copy(deep)})


def _copy(nested: Any) -> Any:
    depth = 0
    while isinstance(nested, list):
        nested, depth = nested[0], depth + 1
    for _level in range(depth):
        nested = [nested]
    return nested


def test_unknown_function_is_an_error() -> None:
    with pytest.raises(ExpressionError):
        evaluate("no_such_function(a)", DOCUMENT)
