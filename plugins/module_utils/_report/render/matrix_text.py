# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix of upgrade paths as text for a terminal and as the page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._preflight.prediction import UNLESS
from .text_layout import RULE, columns, wrap

Document = Mapping[str, Any]

_AWAITED = ("fleet-crd", "fleet", "rancher-webhook")
_ABOUT_TARGET = ("minimum-unknown", "known-issue")
_PLACED = ("dependency", "version-guard", *_ABOUT_TARGET)
_WORDS = {
    "at-expected": "there",
    "upgraded": "upgraded",
    "skipped": "SKIPPED",
    "not-lowered": "NOT LOWERED",
    "other-version": "OTHER VERSION",
    "unknown": "unknown",
}


def matrix_text(matrix: Document) -> str:
    """Render a matrix document (schema upgrade-matrix/v1) for a terminal."""
    lines = [
        RULE,
        *wrap(f"(?): {UNLESS}"),
        *wrap("In brackets: the job does not wait for it."),
        RULE,
    ]
    for target, pairs in _by_target(matrix):
        lines += [f"to {target} (Rancher {pairs[0].get('target_rancher') or '?'})"]
        lines += [line for message in _about_target(pairs) for line in wrap(message, 2)]
        allowed = [pair for pair in pairs if pair["guard"]["allowed"]]
        for pair in allowed:
            lines += [f"  from {pair['current']}: {pair['verdict']}", *_chart_lines(pair)]
            lines += [
                line
                for check in _other_checks(pair)
                for line in wrap(f"- {check['message']}", 4, 2)
            ]
        for message, versions in _refused(pairs):
            lines += wrap(f'refused ("{message}") from {", ".join(versions)}', 2, 2)
        lines.append(RULE)
    if not matrix.get("pairs"):
        lines += ["The release table has no such path.", RULE]
    return "\n".join(lines) + "\n"


def matrix_markdown(matrix: Document) -> str:
    """Render it as sections of a Markdown page, one for each target."""
    lines: list[str] = []
    for target, pairs in _by_target(matrix):
        lines += [f"## To {target} (Rancher {pairs[0].get('target_rancher') or 'unknown'})", ""]
        lines += [line for message in _about_target(pairs) for line in (message, "")]
        allowed = [pair for pair in pairs if pair["guard"]["allowed"]]
        near = [pair for pair in allowed if not _skips_minors(pair)]
        if near:
            lines += ["| from | verdict | fleet-crd | fleet | rancher-webhook | why |"]
            lines += ["|---|---|---|---|---|---|"]
            lines += [_markdown_row(pair) for pair in near]
            lines.append("")
        far = [str(pair["current"]) for pair in allowed if _skips_minors(pair)]
        if far:
            lines += [
                f"Not refused, but more than one minor version in one step: {', '.join(far)}.",
                "",
            ]
        for message, versions in _refused(pairs):
            lines += [f"Refused, *{message}*: {', '.join(versions)}.", ""]
    return "\n".join(lines)


def _by_target(matrix: Document) -> list[tuple[str, list[Document]]]:
    targets: dict[str, list[Document]] = {}
    for pair in matrix.get("pairs") or []:
        targets.setdefault(str(pair["target"]), []).append(pair)
    return list(targets.items())


def _refused(pairs: Iterable[Document]) -> list[tuple[str, list[str]]]:
    messages: dict[str, list[str]] = {}
    for pair in pairs:
        if not pair["guard"]["allowed"]:
            messages.setdefault(str(pair["guard"]["message"]), []).append(str(pair["current"]))
    return list(messages.items())


def _chart_lines(pair: Document) -> list[str]:
    rows = [
        (row["chart"] if row["awaited"] else f"({row['chart']})", _word(row), row["why"])
        for row in pair["dependencies"]
    ]
    if not rows:
        return []
    table = columns([row[:2] for row in rows], 4)
    why = [wrap(str(row[2]), 8) for row in rows]
    return [line for head, text in zip(table, why, strict=True) for line in (head, *text)]


def _word(row: Document) -> str:
    return _WORDS.get(str(row["outcome"]), str(row["outcome"])) + ("" if row["certain"] else " (?)")


def _skips_minors(pair: Document) -> bool:
    return any(check["id"] == "minor-skipped" for check in pair["checks"])


def _other_checks(pair: Document) -> list[Document]:
    """What is to be said besides the charts and the guard, which have their own places."""
    return [check for check in pair["checks"] if check["id"] not in _PLACED]


def _about_target(pairs: Iterable[Document]) -> list[str]:
    """What is true of every path to a release."""
    messages = (
        str(check["message"])
        for pair in pairs
        for check in pair["checks"]
        if check["id"] in _ABOUT_TARGET
    )
    return list(dict.fromkeys(messages))


def _markdown_row(pair: Document) -> str:
    rows = {row["chart"]: row for row in pair["dependencies"]}
    cells = [_cell(rows.get(chart)) for chart in _AWAITED]
    return f"| {pair['current']} | {_emphasized(pair['verdict'])} | {' | '.join(cells)} | {_why(pair)} |"


def _emphasized(verdict: str) -> str:
    return verdict if verdict == "safe" else f"**{verdict}**"


def _cell(row: Document | None) -> str:
    if row is None:
        return "unknown"
    if row["outcome"] == "upgraded":
        return f"{row['installed'] or 'none'} → {row['reaches'] or row['desired']}"
    if row["outcome"] == "at-expected":
        return str(row["installed"])
    stays = row["reaches"] or row["installed"]
    return f"{_word(row)}: {stays}" if stays else _word(row)


def _why(pair: Document) -> str:
    first = [] if pair["rancher_step_runs"] else ["Same Rancher: the job skips the Rancher step."]
    # Charts with the same fate share a sentence.
    sentences: dict[str, list[str]] = {}
    for row in pair["dependencies"]:
        if row["awaited"] and row["outcome"] not in ("upgraded", "at-expected"):
            sentences.setdefault(str(row["why"]), []).append(str(row["chart"]))
    charts = [f"{', '.join(names)}: {why}" for why, names in sentences.items()]
    return " ".join([*first, *charts, *(str(check["message"]) for check in _other_checks(pair))])
