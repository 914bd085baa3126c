# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    ERROR_CODES,
    RemediationError,
)

CHECKOUT = Path(__file__).resolve().parents[5]
#: Where a task refuses, or a document of an error is made by hand: ``code: x`` and ``'code': 'x'``.
CODE_IN_YAML = re.compile(
    r"""\bcode['"]?:\s*['"]?([a-z]+(?:-[a-z]+)*)['"]?\s*(?:[,}]|$)""", re.MULTILINE
)


def raised_codes() -> Iterator[tuple[str, str]]:
    """Each code that a program or a task raises or writes into a report, and where."""
    for path in sorted((CHECKOUT / "plugins").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from (
                (str(part.value), str(path.relative_to(CHECKOUT)))
                for part in _codes_of(node)
                if isinstance(part, ast.Constant)
            )
    for top in ("roles", "playbooks"):
        for path in sorted((CHECKOUT / top).rglob("tasks/**/*.yml")):
            for code in CODE_IN_YAML.findall(path.read_text(encoding="utf-8")):
                yield code, str(path.relative_to(CHECKOUT))


def _codes_of(node: ast.AST) -> list[ast.expr]:
    """The code of an error that is raised, or of one that is written down as a mapping."""
    if isinstance(node, ast.Call) and node.args and "RemediationError" in ast.unparse(node.func):
        return _outcomes(node.args[0])
    if isinstance(node, ast.Dict):
        names = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if {"code", "message", "remedy"} <= set(names):
            return _outcomes(node.values[names.index("code")])
    return []


def _outcomes(expression: ast.expr) -> list[ast.expr]:
    """What an expression can come out as, as far as it is written there."""
    if isinstance(expression, ast.IfExp):
        return [expression.body, expression.orelse]
    return [expression]


def test_every_code_of_the_table_is_raised_somewhere() -> None:
    assert set(ERROR_CODES) - {code for code, where in raised_codes()} == set()


def test_every_code_that_is_raised_is_in_the_table() -> None:
    unknown = {(code, where) for code, where in raised_codes() if code not in ERROR_CODES}
    assert unknown == set()


def test_an_error_carries_what_where_and_what_next() -> None:
    error = RemediationError(
        "not-found", "Secret/a/b does not exist.", "Create it.", details={"name": "b"}
    )
    assert str(error) == "Secret/a/b does not exist. Create it."
    assert error.to_dict() == {
        "code": "not-found",
        "message": "Secret/a/b does not exist.",
        "remedy": "Create it.",
        "retryable": False,
        "details": {"name": "b"},
    }


def test_an_unknown_code_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no-such-code"):
        raise RemediationError("no-such-code", "text")


def test_every_code_is_kebab_case_and_explained() -> None:
    for code, meaning in ERROR_CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        assert meaning.endswith(".")
