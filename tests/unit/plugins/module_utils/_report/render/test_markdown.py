# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.report import (
    report_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.markdown import (
    block,
    code,
    plain,
    render_markdown,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import report_of


def report_markdown(report: dict[str, Any]) -> str:
    return render_markdown(report_page(report))


def test_says_what_a_ticket_needs() -> None:
    ticket = report_markdown(report_of("repaired"))
    assert ticket.startswith("# Repaired: the waiting job was seen going on\n")
    assert "| fleet-crd | `106.0.0+up0.12.0` | `106.0.0+up0.12.0-rc.3` |" in ticket
    assert "| Backup | `backup-20261123T145948Z-3f9c2a` |" in ticket
    assert "<https://github.com/harvester/harvester/issues/8001>" in ticket
    assert "done, took 5 s |" in ticket


def test_how_to_approve_can_be_copied() -> None:
    report = report_of("needs_approval")
    fingerprint = report["plan"]["fingerprint"]
    assert f"```\n-e remediation_approved_plan={fingerprint}\n```" in report_markdown(report)


def test_every_row_has_as_many_cells_as_its_head() -> None:
    hostile = report_of("repaired")
    hostile["dependencies"][0]["before"] = "1.0 | 2.0"
    hostile["plan"]["steps"][0]["title"] = "a | b\nc"
    for table in re.findall(r"(?:^\|.*\|\n)+", report_markdown(hostile), re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(cells) == 1, table


@given(st.text(alphabet="ab `*_[]()<>&|~#@!\\$\n-+1.=", max_size=30))
def test_a_text_stays_a_text(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    assert "<" not in shown
    assert not re.search(r"@\w", shown)
    bare = re.sub(r"\\.", "", shown)
    assert not re.search(r"[`*_\[\]|~#$]", bare)
    assert not re.match(r"[-+=]|\d+[.)]", shown)


@given(st.text(alphabet="ab`|<\n", min_size=1, max_size=20))
def test_code_cannot_be_left(text: str) -> None:
    shown = code(text)
    fence = re.match("`*", shown).group()
    inner = shown[len(fence) : -len(fence)] if fence else ""
    assert fence not in [run for run in re.findall("`+", inner) if run == fence] or not fence
    lines = block([text]).split("\n")
    assert lines[0] == lines[-1]
    assert all(len(run) < len(lines[0]) for run in re.findall("`+", text))


def test_an_address_that_is_none_is_left_out() -> None:
    report = report_of("needs_human")
    report["findings"][0]["references"] = ["javascript:alert(1)", "https://a> <b>"]
    ticket = report_markdown(report)
    assert "javascript" not in ticket
    assert "<b>" not in ticket
