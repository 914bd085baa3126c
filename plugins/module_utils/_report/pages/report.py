# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: its verdict, what is next, and everything that was found, done and proven.

The terminal gets what a person needs at once and ends with what to do; a page or a ticket begins with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.lenient import dig, moment, seconds_between
from ..._core.template import duration
from ..._documents.findings import NextDecision
from ..._documents.report import Advice, DependencyVersions, Report, ReportedRound, ReportedStep
from ..._documents.run import RunBackup
from ..._documents.shape import Problems, read
from ..._documents.vocabulary import StepOutcome
from ..blocks import (
    Block,
    Card,
    Commands,
    Facts,
    GlanceCard,
    Item,
    Items,
    Page,
    Paragraph,
    Picture,
    Section,
    Span,
    Table,
    Timeline,
    Words,
    code,
    tag,
)
from ..words import (
    APPROVED_HOW,
    CHECK_MODE,
    FATE_WORDS,
    OUTCOME_OF_STEP,
    TONE_OF_VERDICT,
    VERDICT_MEANING,
    VERDICT_TITLE,
    upgrade_line,
)
from .findings import (
    VERSION_WIDTHS,
    finding_cards,
    must_not,
    not_seen,
    read_files,
    undecided,
    version,
)
from .obligations import obligations
from .plan import manual_work, plan_blocks

_STEP_TONES: dict[str, str] = {
    StepOutcome.CHANGED: "good",
    StepOutcome.UNCHANGED: "good",
    StepOutcome.FAILED: "bad",
    StepOutcome.TRIED: "ask",
}
_RESTORE = "ansible-playbook harvester_ops.remediation.restore"
_WHOLE_PLAN = "-e remediation_restore_parts=plan"


def report_page(document: Mapping[str, Any]) -> Page:
    """What a report document (schema report/v1) says."""
    report = Report.from_document(document)
    verdict = report.verdict or ""
    title, meaning = VERDICT_TITLE.get(verdict, verdict), VERDICT_MEANING.get(verdict, "")
    about = upgrade_line(report.upgrade)
    mode = f" ({CHECK_MODE})" if report.check_mode else ""
    return Page(
        title=f"{title}: {about}",
        heading=f"{title}: {meaning}",
        headline=f"{report.headline or ''}{mode}",
        about=about,
        tone=TONE_OF_VERDICT.get(verdict, "bad"),
        glance=_glance(report),
        brief=_brief(report, f"Verdict: {verdict} - {meaning}{mode}"),
        sections=_sections(report),
        foot=f"Made from report.json of run {report.run_id}; times are UTC.",
    )


def _brief(report: Report, verdict: str) -> tuple[Block, ...]:
    return (
        *([Paragraph(upgrade_line(report.upgrade))] if report.upgrade.name else []),
        Paragraph(verdict, hanging=2),
        Section("headline", "", (Paragraph(report.headline or ""),), silent=True),
        *_versions(report),
        *_done(report),
        *obligations(report.obligations),
        *manual_work(report.instructions),
        *read_files(report),
        *_error(report),
        Section("next", "What next", _next(report)),
        *_files(report),
    )


def _sections(report: Report) -> tuple[Section, ...]:
    """Every part of the report that has something to say."""
    findings = report.findings
    parts: tuple[tuple[str, str, tuple[Block, ...]], ...] = (
        ("next", "What next", (*_error(report), *_next(report))),
        ("by-hand", "To do by hand", manual_work(report.instructions)),
        (
            "releases",
            "Releases",
            (*_picture(report), *_versions(report), *_decisions(report), *_revisions(report)),
        ),
        ("obligations", "What healthy rests on", obligations(report.obligations)),
        ("plan", f"Plan {report.plan.fingerprint}, and what was done", tuple(_plan(report))),
        (
            "findings",
            "Findings and their proof",
            (
                *finding_cards(findings),
                *must_not(findings),
                *undecided(findings),
                *not_seen(report.not_seen),
            ),
        ),
        ("origin", "What was read", read_files(report)),
        ("times", "What happened when", _times(report)),
        ("run", "This run", _facts(report)),
    )
    return tuple(Section(*part) for part in parts if part[2])


def _glance(report: Report) -> tuple[GlanceCard, ...]:
    glance, first = report.glance, report.next[0] if report.next else Advice()
    cards = (
        GlanceCard("What was wrong", glance.wrong or ""),
        GlanceCard("What was done", glance.done or ""),
        GlanceCard("What proves it", glance.proof or ""),
        GlanceCard("What next", glance.next or "", first.command),
    )
    return tuple(card for card in cards if card.words)


def _versions(report: Report) -> tuple[Block, ...]:
    rows = tuple(
        (row.chart or "", code(row.expected), version(row.before, row.before_status), _after(row))
        for row in report.dependencies
        if row.expected
    )
    head = ("dependency", "job expects", "before", "after")
    return (Table("Versions before and after", head, rows, VERSION_WIDTHS),) if rows else ()


def _decisions(report: Report) -> tuple[Block, ...]:
    """What Rancher would do now with each dependency, where it was read again."""
    rows = tuple(
        (row.chart or "", _intention(row.decision_after), _reached(row))
        for row in report.dependencies
        if row.expected and row.decision_after
    )
    head = ("dependency", "Rancher would now", "version")
    return (Table("What Rancher would do now", head, rows),) if rows else ()


def _intention(decision: NextDecision) -> str:
    return "leave it" if decision.action == "skip" else f"{decision.action} ({decision.reason})"


def _reached(row: DependencyVersions) -> Span:
    reached = row.after == row.expected and row.after_status == "deployed"
    return tag("as expected", "good") if reached else tag("not as expected", "bad")


def _after(row: DependencyVersions) -> Words:
    return version(row.after, row.after_status) if row.after_status else "(not read again)"


def _done(report: Report) -> tuple[Block, ...]:
    steps = report.all_steps
    if all(step.outcome == StepOutcome.NOT_RUN for step in steps):
        return ()
    items = tuple(
        Item(
            step.title or "",
            (Paragraph(step.detail),) if step.detail else (),
            lead=f"{OUTCOME_OF_STEP.get(step.outcome, 'not run'):<10}  ",
        )
        for step in steps
    )
    return (Section("done", "What was done", (Items(items),)),)


def _error(report: Report) -> tuple[Block, ...]:
    error = report.error
    return (Card(f"Error {error.code}", (Paragraph(error.message or ""),)),) if error else ()


def _next(report: Report) -> tuple[Block, ...]:
    items = tuple(
        Item(step.text, (Commands((step.command,)),) if step.command else ())
        for step in report.next
    )
    return (Items(items),) if items else ()


def _files(report: Report) -> tuple[Block, ...]:
    rows: list[tuple[str, Words]] = []
    if report.artifacts_dir:
        rows = [
            ("Report", f"{report.artifacts_dir}/report.html"),
            ("", "(report.md for a ticket, report.json for programs)"),
        ]
    rows += [("Backup", each.places) for each in _backups(report) if each.places]
    found = Section("files", "", (Facts(tuple(rows)),), silent=True)
    return (*_undo(report), found) if rows else ()


def _undo(report: Report) -> tuple[Block, ...]:
    """One command for each plan that has changed anything, the last one first."""
    last = ReportedRound(report.plan, backup=report.backup)
    changed = [each for each in (*report.rounds, last) if _may_have_changed(each)]
    options = [_backup(each.backup).option for each in reversed(changed)]
    commands = tuple(f"{_RESTORE} {option} {_WHOLE_PLAN}" for option in options if option)
    if not commands:
        return ()
    order = ", one after the other" if len(commands) > 1 else ""
    words = Paragraph(f"To undo what this run has changed{order}:")
    return (Section("undo", "", (words, Commands(commands)), silent=True),)


def _may_have_changed(done: ReportedRound) -> bool:
    outcomes = {step.outcome for step in done.plan.steps}
    return bool(outcomes & {StepOutcome.CHANGED, StepOutcome.FAILED})


def _backups(report: Report) -> list[RunBackup]:
    """The backup sets of all rounds, in their order."""
    sets: dict[str | None, RunBackup] = {}
    for document in (*(each.backup for each in report.rounds), report.backup):
        found = _backup(document)
        sets[found.id] = found
    return list(sets.values())


def _backup(document: object) -> RunBackup:
    return read(RunBackup, document or {}, Problems()) or RunBackup()


def _picture(report: Report) -> tuple[Block, ...]:
    return (Picture(report),) if report.releases else ()


def _revisions(report: Report) -> tuple[Block, ...]:
    rows = tuple(
        (
            f"{history.release} {each.revision}",
            code(each.chart_version or "unknown"),
            each.status or "unknown",
            Span(each.at or "", "time"),
            "; ".join(part for part in (each.description, FATE_WORDS.get(each.fate or "")) if part),
        )
        for history in report.releases
        for each in history.revisions
    )
    head = ("release and revision", "version", "status", "when (UTC)", "what Helm says of it")
    return (Table("Every revision that was seen", head, rows),) if rows else ()


def _plan(report: Report) -> Iterator[Block]:
    steps = report.all_steps
    outcomes = [_outcome(step) for step in steps]
    yield from plan_blocks(steps, outcomes, [step.detail or "" for step in steps])


def _outcome(step: ReportedStep) -> Words:
    seconds = seconds_between(step.begun_at, step.ended_at)
    took = "" if seconds is None else f", took {duration(seconds)}"
    tone = _STEP_TONES.get(step.outcome, "")
    return (tag(OUTCOME_OF_STEP.get(step.outcome, step.outcome), tone), Span(took, "soft"))


def _times(report: Report) -> tuple[Block, ...]:
    rows = tuple((each.at or "", each.kind, each.text) for each in report.timeline)
    return (Timeline(rows),) if rows else ()


def _facts(report: Report) -> tuple[Block, ...]:
    sets = _backups(report)
    seconds = seconds_between(report.started_at, report.finished_at)
    rows: tuple[tuple[str, Words], ...] = (
        ("Run", code(report.run_id)),
        ("From", _time(report.started_at)),
        ("Until", _time(report.finished_at)),
        ("Took", "" if seconds is None else duration(seconds)),
        ("Mode", CHECK_MODE if report.check_mode else ""),
        ("Cluster", code(dig(report.cluster, "server"))),
        ("Cluster UID", code(dig(report.cluster, "uid"))),
        ("Plan", code(report.plan.fingerprint)),
        ("Approved", APPROVED_HOW.get(str(dig(report.approval, "how")), "")),
        ("Backup", code(", ".join(each.id for each in sets if each.id))),
        ("Kept in", code("; ".join(each.places for each in sets if each.places))),
        ("Artifacts", code(report.artifacts_dir)),
    )
    shown = tuple((name, value) for name, value in rows if value not in ("", Span("", "code")))
    return (Facts(shown),) if shown else ()


def _time(value: str | None) -> Words:
    return Span(value, "time") if value and moment(value) else value or ""
