# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.findings import (
    findings_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.plan import (
    plan_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.report import (
    report_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    RULE,
    WIDTH,
    grid,
    render_text,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import report_of, run_of


def test_a_grid_wraps_its_cells() -> None:
    assert grid([("a", "b"), ("1", "two words"), ("2", "x\ny")], (2, 5)) == [
        "a   b",
        "--  -----",
        "1   two",
        "    words",
        "2   x",
        "    y",
    ]


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=90)), min_size=1, max_size=4))
def test_a_grid_is_never_wider_than_its_columns(rows: list[tuple[str, str]]) -> None:
    assert all(len(line) <= 10 + 2 + 20 for line in grid(rows, (10, 20)))


@pytest.mark.parametrize(
    "verdict", ["healthy", "repaired", "needs_approval", "needs_human", "refused", "stalled"]
)
def test_everything_fits_into_80_columns_but_what_is_copied(verdict: str) -> None:
    run = run_of(verdict)
    pages = (
        findings_page(run["findings_before"]),
        plan_page(run["plan"]),
        report_page(report_of(verdict)),
    )
    text = "".join(map(render_text, pages))
    assert len(RULE) == WIDTH == 80
    commands = {line for each in run["plan"]["instructions"] for line in each["commands"]}
    wide = [line.strip() for line in text.splitlines() if len(line) > WIDTH]
    copied = (*commands, *(line for line in wide if line.startswith("ansible-playbook ")))
    assert all(line in copied or " " not in line for line in wide), wide


@given(st.text(max_size=40))
def test_nothing_that_a_terminal_obeys_gets_there(text: str) -> None:
    """An escape sequence in a message of a cluster could hide or colour what follows it."""
    report = report_of("needs_approval")
    report["headline"] = f"{text}\x1b[2J\x9b31m\u202e"
    report["plan"]["steps"][0]["title"] = report["next"][0]["command"] = report["headline"]
    shown = render_text(report_page(report))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
