# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath as the one language of conditions: compiled once, evaluated without ever raising."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any


class ExpressionError(Exception):
    """An expression is no JMESPath, or could not be evaluated on a document; the text says why."""


@dataclass(frozen=True)
class Truth:
    """What a condition says: ``value`` is true, false or None (it could not be decided, ``reason`` says why)."""

    value: bool | None
    reason: str = ""


@functools.lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    import jmespath

    return jmespath.compile(expression)


def check(expression: str) -> None:
    """Raise ExpressionError unless the text is a JMESPath expression."""
    try:
        _compiled(expression)
    except Exception as problem:
        raise ExpressionError(_one_line(problem)) from problem


def check_condition(expression: str) -> None:
    """Raise ExpressionError unless the text is a JMESPath expression fit to be a condition.

    The operator ``!`` is not: it binds tighter than the dot (``!a.b`` is ``(!a).b``), and it makes true of what is
    unknown. A comparison with `false` says what is meant.
    """
    check(expression)
    if _negates(_compiled(expression).parsed):
        raise ExpressionError("uses the operator '!'; compare with `false` instead")


def _negates(node: dict[str, Any]) -> bool:
    return node["type"] == "not_expression" or any(map(_negates, node["children"]))


def evaluate(expression: str, document: Any) -> Any:
    """The value of the expression on the document.

    Raises ExpressionError for whatever goes wrong inside: a wrong type in a function call, a document nested too
    deep. The document may come from anywhere, so no exception type can be ruled out.
    """
    try:
        return _compiled(expression).search(document)
    except Exception as problem:
        raise ExpressionError(_one_line(problem)) from problem


def truth(expression: str, document: Any) -> Truth:
    """The expression as a condition. Only true and false decide: JMESPath compares null without complaint, so a
    condition that comes out as null, or as anything else, met something unknown and must not count as false.
    """
    try:
        value = evaluate(expression, document)
    except ExpressionError as problem:
        return Truth(None, f"{expression!r} could not be evaluated: {problem}")
    if isinstance(value, bool):
        return Truth(value)
    return Truth(None, f"{expression!r} came out as {type(value).__name__}, neither true nor false")


def _one_line(problem: BaseException) -> str:
    return " ".join((str(problem) or type(problem).__name__).split())[:300]
