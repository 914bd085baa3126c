# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.findings_text import (
    diagnosis_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.plan_text import (
    plan_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.report_text import (
    report_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text_layout import (
    RULE,
    WIDTH,
    grid,
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
    assert all(len(line) <= 2 + 10 + 2 + 20 for line in grid(rows, (10, 20), 2))


@pytest.mark.parametrize(
    "verdict", ["healthy", "repaired", "needs_approval", "needs_human", "refused", "stalled"]
)
def test_everything_fits_into_80_columns_but_what_is_copied(verdict: str) -> None:
    run = run_of(verdict)
    text = diagnosis_text(run["findings_before"]) + plan_text(run["plan"])
    text += report_text(report_of(verdict))
    assert len(RULE) == WIDTH == 80
    commands = {line for each in run["plan"]["instructions"] for line in each["commands"]}
    wide = [line.strip() for line in text.splitlines() if len(line) > WIDTH]
    assert all(line in commands or " " not in line for line in wide), wide
