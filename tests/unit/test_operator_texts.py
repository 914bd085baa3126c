# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators read stands by itself and is true.

A number of the catalog ("FM 6.13", "row 6", "step 3") means nothing on a terminal: comments and docstrings may
cite it, texts give the reason in words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.cluster_lock import (
    SILENT_SECONDS,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.measured_decisions import (
    measured,
    situation_of,
)

CHECKOUT = Path(__file__).resolve().parents[2]
CITATION = re.compile(r"\bFM [\dP]|\brows? \d|\bsteps? \d|failure-modes\.md,? \d", re.IGNORECASE)
PROGRAMS = sorted(
    path for top in ("plugins", "extensions") for path in (CHECKOUT / top).rglob("*.py")
)
PAGES = sorted(
    path
    for top in ("roles", "playbooks", "files", "extensions")
    for path in (CHECKOUT / top).rglob("*.yml")
)
#: Documentation for people who look things up, where a section number is a link or close to one.
MANUALS = sorted({*(CHECKOUT / "docs").glob("*.md"), CHECKOUT / "README.md"})
LOCK_TIME = re.compile(r"\block\b[^.]*\bexpires\b[^.]*?(\d+) minutes", re.DOTALL)


def texts_of_program(path: Path) -> Iterator[str]:
    """Every string of a program that is not a docstring: messages, remedies, templates, documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node.value


def texts_of_page(path: Path) -> Iterator[str]:
    """Every string of a YAML file, keys included."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        yield from _strings(document)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def test_no_text_of_a_program_cites_the_catalog_by_number() -> None:
    cited = [
        f"{path.relative_to(CHECKOUT)}: {text}"
        for path in PROGRAMS
        for text in texts_of_program(path)
        if CITATION.search(text)
    ]
    assert cited == []


def test_no_rule_role_or_playbook_cites_the_catalog_by_number() -> None:
    cited = [
        f"{path.relative_to(CHECKOUT)}: {text}"
        for path in PAGES
        for text in texts_of_page(path)
        if CITATION.search(text)
    ]
    assert cited == []


def test_no_trace_of_a_measured_decision_cites_the_catalog_by_number() -> None:
    """A number can also be put into a text when it is made, so the traces themselves are read."""
    lines = {
        line
        for case in measured()
        for line in decide(situation_of(case["case"])).trace
        if CITATION.search(line)
    }
    assert lines == set()


@pytest.mark.parametrize(
    "text", ["row 6: equal", "FM 6.13", "step 3: wanted", "failure-modes.md 2.5", "see FM P-IDLE"]
)
def test_a_citation_is_recognised(text: str) -> None:
    assert CITATION.search(text)


def test_the_time_after_which_the_lock_expires_is_the_true_one() -> None:
    found = {
        (str(path.relative_to(CHECKOUT)), int(minutes))
        for path in (*PROGRAMS, *PAGES, *MANUALS)
        for minutes in LOCK_TIME.findall(path.read_text(encoding="utf-8"))
    }
    assert found, "no text names the time any more"
    assert {minutes for name, minutes in found} == {SILENT_SECONDS // 60}, found
