# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix of upgrade paths: a list for the terminal, a table for each target release for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..._preflight.prediction import UNLESS
from ..blocks import Block, Card, Page, Paragraph, Section, Span, Table, Words, listed

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
_HEAD = ("from", "verdict", *_AWAITED, "why")


def matrix_page(matrix: Document) -> Page:
    """What a matrix document (schema upgrade-matrix/v1) says."""
    targets = _by_target(matrix)
    brief: list[Block] = [
        Paragraph(f"(?): {UNLESS}"),
        Paragraph("In brackets: the job does not wait for it."),
    ]
    brief += [
        Section(target, f"to {_named(target, pairs, '?')}", tuple(_path_list(pairs)))
        for target, pairs in targets
    ]
    if not targets:
        brief.append(Paragraph("The release table has no such path."))
    return Page(
        title="Upgrade matrix",
        heading="Upgrade matrix",
        headline=f"(?): {UNLESS}",
        brief=tuple(brief),
        sections=tuple(
            Section(target, f"To {_named(target, pairs, 'unknown')}", tuple(_path_table(pairs)))
            for target, pairs in targets
        ),
    )


def _named(target: str, pairs: list[Document], unknown: str) -> str:
    return f"{target} (Rancher {pairs[0].get('target_rancher') or unknown})"


def _path_list(pairs: list[Document]) -> Iterator[Block]:
    yield from (Paragraph(message) for message in _about_target(pairs))
    for pair in pairs:
        if pair["guard"]["allowed"]:
            yield Card(f"from {pair['current']}: {pair['verdict']}", _fates(pair))
    for message, versions in _refused(pairs):
        yield Paragraph(f'refused ("{message}") from {", ".join(versions)}', hanging=2)


def _fates(pair: Document) -> tuple[Block, ...]:
    charts = (
        f"{row['chart'] if row['awaited'] else '(' + row['chart'] + ')'}: {_word(row)}. {row['why']}"
        for row in pair["dependencies"]
    )
    return listed([*charts, *(str(check["message"]) for check in _other_checks(pair))])


def _path_table(pairs: list[Document]) -> Iterator[Block]:
    yield from (Paragraph(message) for message in _about_target(pairs))
    allowed = [pair for pair in pairs if pair["guard"]["allowed"]]
    near = tuple(_row(pair) for pair in allowed if not _skips_minors(pair))
    if near:
        yield Table("Paths to this release", _HEAD, near)
    far = [str(pair["current"]) for pair in allowed if _skips_minors(pair)]
    if far:
        words = f"Not refused, but more than one minor version in one step: {', '.join(far)}."
        yield Paragraph(words)
    for message, versions in _refused(pairs):
        yield Paragraph(("Refused, ", Span(message, "strong"), f": {', '.join(versions)}."))


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


def _row(pair: Document) -> tuple[Words, ...]:
    rows = {row["chart"]: row for row in pair["dependencies"]}
    verdict = str(pair["verdict"])
    shown: Words = verdict if verdict == "safe" else Span(verdict, "strong")
    return (
        str(pair["current"]),
        shown,
        *(_cell(rows.get(chart)) for chart in _AWAITED),
        _why(pair),
    )


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
