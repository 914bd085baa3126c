# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis: what is waited for, why, the proof, what to do and what not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..._core.lenient import seconds_between
from ..._core.template import duration
from ..._documents.findings import (
    DependencyState,
    Finding,
    Findings,
    Proof,
    ReadFromFiles,
    Remedy,
    UnseenSource,
)
from ..._documents.origin import Origin
from ..._documents.vocabulary import Condition, Outcome
from ..blocks import (
    Block,
    Card,
    Labelled,
    Links,
    Page,
    Paragraph,
    Quote,
    Section,
    Span,
    Table,
    Words,
    code,
    listed,
    tag,
)
from ..words import OUTCOME_OF_FINDING, TONE_OF_VERDICT
from .obligations import obligations

VERDICT_WORDS: dict[str, str] = {
    Condition.HEALTHY: "HEALTHY",
    Condition.MOVING: "STILL MOVING",
    Condition.STUCK: "STUCK",
    Condition.UNKNOWN: "UNKNOWN",
}
UNATTENDED_WORDS = {
    "yes": "an approved run does it",
    "ask": "a run does it only when the finding is accepted by name",
    "no": "a run does not do it",
}
_TONES: dict[str, str] = {Outcome.FAIL: "bad", Outcome.WARN: "ask"}
# Of the 80 columns of a terminal: dependency, expected, installed, what Rancher would do.
VERSION_WIDTHS = (15, 17, 21, 21)
_SHOWN_REASONS = 5
_KINDS_OF_FILE = {
    "support-bundle": "support bundle",
    "upgrade-log": "log of the upgrade",
    "support-archive": "support archive",
}
_BRIEF_LINKS = 3


def findings_page(document: Mapping[str, Any]) -> Page:
    """What a findings document (schema findings/v1) says."""
    found = Findings.from_document(document)
    verdict = found.verdict or ""
    heading = f"Diagnosis: {VERDICT_WORDS.get(verdict, verdict)}"
    sections = (
        Section("wait", "What is waited for", (*_wait(found), *_versions(found)), silent=True),
        Section("findings", "Findings and their proof", _grouped(found.findings), silent=True),
        Section(
            "obligations", "What healthy rests on", obligations(found.obligations), silent=True
        ),
        Section("care", "What not to do", must_not(found.findings), silent=True),
        Section("unknown", "What is not known", _unknown(found), silent=True),
        Section("origin", "What was read", read_files(found), silent=True),
    )
    return Page(
        title=heading,
        heading=heading,
        headline=found.headline or "",
        tone=TONE_OF_VERDICT.get(verdict, "bad"),
        brief=(Paragraph(heading), Paragraph(found.headline or ""), *sections),
        sections=sections,
    )


def _wait(found: Findings) -> Iterator[Block]:
    if found.waits_for:
        age = seconds_between(found.since, found.collected_at)
        since = f", since {found.since} ({duration(age)})" if age is not None else ""
        yield Paragraph(f"The upgrade job waits for {found.waits_for}{since}.")


def _versions(found: Findings) -> Iterator[Block]:
    rows = tuple(
        (
            row.release or "",
            code(row.expected or "?"),
            version(row.installed, row.status),
            _intention(row),
        )
        for row in found.dependencies
        if row.awaited
    )
    if rows:
        head = ("dependency", "job expects", "installed", "Rancher would")
        yield Table("Versions", head, rows, VERSION_WIDTHS)


def version(number: str | None, status: str | None) -> Words:
    """A version, with the status of its revision where that is not deployed."""
    shown = code(number or "none")
    if status in ("deployed", None):
        return shown
    return (shown, " ", Span(str(status), "aside", "bad"))


def _intention(row: DependencyState) -> str:
    """What Rancher does next, and the version it wants where that is not the one the job expects."""
    decision = f"{row.decision.action} ({row.decision.reason})" if row.decision else "?"
    return decision if row.desired == row.expected else f"{decision}, wants {row.desired or '?'}"


def _grouped(findings: Iterable[Finding]) -> tuple[Block, ...]:
    """One finding of each mode in full, in the order of the best ranked of each, then the subjects of the others."""
    groups: dict[object, list[Finding]] = {}
    for each in findings:
        if each.outcome in _TONES:
            groups.setdefault(each.id, []).append(each)
    return tuple(finding_card(group[0], group[1:], _BRIEF_LINKS) for group in groups.values())


def finding_cards(findings: Iterable[Finding]) -> tuple[Block, ...]:
    """Every finding that was made, in full."""
    return tuple(finding_card(each) for each in findings if each.outcome in _TONES)


def finding_card(
    finding: Finding, alike: Sequence[Finding] = (), most_links: int | None = None
) -> Card:
    """A finding; alike are those of the same mode on other subjects."""
    others = ", ".join(each.subject or "" for each in alike)
    mode = f"Mode {finding.failure_mode} {finding.id}"
    blocks = (
        Paragraph(finding.message or finding.title or ""),
        *_proof(finding.proof),
        *([Labelled("Next", finding.what_next)] if finding.what_next else []),
        *_repair(finding.remedy),
        *([Paragraph(f"The same holds for {others}.")] if others else []),
        Links(mode, finding.references[:most_links]),
    )
    outcome = finding.outcome or ""
    return Card(
        title=finding.title or "",
        blocks=blocks,
        mark=tag(OUTCOME_OF_FINDING.get(outcome, outcome), _TONES.get(outcome, "")),
        subject=finding.subject or "",
        flag="holds the job now" if finding.holds_job else "",
    )


def _proof(proof: Iterable[Proof]) -> Iterator[Block]:
    lines: list[tuple[int, str]] = []
    for each in proof:
        if each.value in (None, "", [], {}):
            continue
        if isinstance(each.value, list) and all(isinstance(item, str) for item in each.value):
            lines += [(0, f"{each.path}:"), *((1, item) for item in each.value)]
        else:
            shown = (
                each.value
                if isinstance(each.value, str)
                else json.dumps(each.value, ensure_ascii=False)
            )
            lines.append((0, f"{each.path} = {shown}"))
    if lines:
        yield Quote(tuple(lines))


def _repair(remedy: Remedy | None) -> Iterator[Block]:
    """What a run would do about it, and what it leaves to a person."""
    if remedy is None:
        return
    steps = ", then ".join(step.action or "" for step in remedy.steps)
    word = UNATTENDED_WORDS.get(remedy.unattended or "", UNATTENDED_WORDS["no"])
    parts = [f"{word} ({steps}; risk {remedy.risk})"] if steps else []
    if remedy.instructions:
        parts.append("what is left to a person is listed in the plan, with the commands")
    if parts:
        yield Labelled("Repair", f"{'; '.join(parts)}.")


def must_not(findings: Iterable[Finding]) -> tuple[Block, ...]:
    """The warnings of all findings that were made, each once."""
    warnings = dict.fromkeys(
        warning for each in findings if each.outcome in _TONES for warning in each.must_not
    )
    return (Card("Whatever you do:", listed(warnings)),) if warnings else ()


def read_files(found: ReadFromFiles) -> tuple[Block, ...]:
    """The files that were read instead of a cluster, what they cannot show, what in them contradicts itself, where else
    sources come from, and what to ask the cluster for.
    """
    cards = [
        Card(
            _title_of_file(each),
            listed(
                [
                    *([each.note] if each.note else []),
                    *(f"Not in it: {line}" for line in each.lacks),
                ]
            ),
        )
        for each in found.origins
    ]
    notes = [f"{each.source}: {each.reason}" for each in found.source_notes]
    if found.origins and notes:
        cards.append(Card("Notes on what was read:", listed(notes)))
    if found.contradictions:
        cards.append(Card("What contradicts itself:", listed(found.contradictions)))
    if found.ask_for:
        cards.append(
            Card(
                "To know more, ask for the output of:",
                (Quote(tuple((0, line) for line in found.ask_for)),),
            )
        )
    return tuple(cards)


def _title_of_file(file: Origin) -> str:
    kind = _KINDS_OF_FILE.get(file.kind or "", "file")
    return f"Read from a {kind}: {file.path}" if file.used else f"Not read: the {kind} {file.path}"


def _unknown(found: Findings) -> tuple[Block, ...]:
    return (*undecided(found.findings), *not_seen(found.not_seen))


def undecided(findings: Iterable[Finding]) -> tuple[Block, ...]:
    """What could not be judged, by the reason: one missing permission hides many modes."""
    reasons: dict[str, list[str]] = {}
    for each in findings:
        if each.outcome == Outcome.UNKNOWN:
            mode = f"{each.failure_mode} {each.id}"
            reasons.setdefault(each.reason or each.message or "", []).append(mode)
    lines = [
        f"{reason}. Not judged: {', '.join(dict.fromkeys(modes))}."
        for reason, modes in reasons.items()
    ]
    if len(lines) > _SHOWN_REASONS:
        more = len(lines) - _SHOWN_REASONS
        lines[_SHOWN_REASONS:] = [f"… and {more} more reasons, in findings.json"]
    return (Card(f"{OUTCOME_OF_FINDING[Outcome.UNKNOWN]}:", listed(lines)),) if lines else ()


def not_seen(sources: Iterable[UnseenSource]) -> tuple[Block, ...]:
    """The sources that could not be read."""
    lines = [
        f"{each.source}: {each.state}{f', {each.reason}' if each.reason else ''}"
        for each in sources
    ]
    return (Card("Could not be read:", listed(lines)),) if lines else ()
