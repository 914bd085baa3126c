# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run as an operator reads it on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..words import OUTCOME_OF_STEP, VERDICT_MEANING, upgrade_line
from .backup_text import backup_places
from .plan_text import instruction_lines
from .text_layout import RULE, grid, wrap

Document = Mapping[str, Any]

# Of the 80 columns of a terminal: dependency, expected, before, after.
_WIDTHS = (15, 17, 21, 21)


def report_text(report: Document) -> str:
    """Render a report document (schema report/v1) for a terminal."""
    parts = [
        *_head(report),
        *_versions(report),
        *_steps(report),
        *_instructions(report),
        *_error(report),
        *_next(report),
        *_files(report),
        RULE,
    ]
    return "\n".join(parts) + "\n"


def _head(report: Document) -> list[str]:
    upgrade = report.get("upgrade") or {}
    verdict = str(report.get("verdict"))
    lines = [RULE]
    if upgrade.get("name"):
        lines += wrap(upgrade_line(report))
    mode = " (check mode: nothing was changed)" if report.get("check_mode") else ""
    lines += wrap(f"Verdict: {verdict} - {VERDICT_MEANING.get(verdict, '')}{mode}", 0, 2)
    lines += ["", *wrap(str(report.get("headline") or ""))]
    return lines


def _versions(report: Document) -> list[str]:
    rows = [row for row in report.get("dependencies") or [] if row.get("expected")]
    if not rows:
        return []
    table = [("dependency", "job expects", "before", "after")]
    for row in rows:
        after = _version(row.get("after"), row.get("after_status"))
        table.append(
            (
                str(row.get("chart")),
                str(row["expected"]),
                _version(row.get("before"), row.get("before_status")),
                after if row.get("after_status") else "(not read again)",
            )
        )
    return ["", *grid(table, _WIDTHS)]


def _version(version: object, status: object) -> str:
    text = str(version or "none")
    return text if status in ("deployed", None) else f"{text} ({status})"


def _steps(report: Document) -> list[str]:
    steps = (report.get("plan") or {}).get("steps") or []
    done = [step for step in steps if step.get("outcome") != "not-run"]
    if not done:
        return []
    lines = ["", "What was done"]
    for step in steps:
        sign = OUTCOME_OF_STEP.get(str(step.get("outcome")), "not run")
        lines += wrap(f"{sign:<10}  {step.get('title')}", 2, 12)
        if step.get("detail"):
            lines += wrap(str(step["detail"]), indent=14)
    return lines


def _instructions(report: Document) -> list[str]:
    return [line for item in report.get("instructions") or [] for line in instruction_lines(item)]


def _error(report: Document) -> list[str]:
    error = report.get("error") or {}
    if not error:
        return []
    return ["", f"Error {error.get('code')}", *wrap(str(error.get("message") or ""), 2)]


def _next(report: Document) -> list[str]:
    steps = report.get("next") or []
    lines = ["", "What next"] if steps else []
    for step in steps:
        lines += wrap(f"- {step.get('text')}", 2, 2)
        if step.get("command"):
            lines.append(f"      {step['command']}")
    return lines


def _files(report: Document) -> list[str]:
    lines = []
    if report.get("artifacts_dir"):
        lines += [
            "",
            f"Report  {report['artifacts_dir']}/report.html",
            "        (report.md for a ticket, report.json for programs)",
        ]
    backup = report.get("backup") or {}
    kept = backup_places(backup)
    if kept:
        lines.append(f"Backup  {kept}")
    return lines
