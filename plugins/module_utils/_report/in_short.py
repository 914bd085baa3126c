# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, in short: four sentences for its report, one for a log, texts for a workflow, a row of an index.

All are taken from a document that is there already; none looks at a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._documents.findings import Finding
from .._documents.plan import Instruction
from .._documents.report import (
    Advice,
    Failure,
    Glance,
    Report,
    ReportedPlan,
    UpgradeSummary,
)
from .._documents.shape import Problems, read
from .._documents.vocabulary import Outcome, StepOutcome, Verdict

#: Verdicts that need no attention; every other one does.
CALM_VERDICTS = ("healthy", "moving", "repaired", "safe", "saved")
_CALM = (Verdict.HEALTHY, Verdict.MOVING)
#: Bytes of all texts of a handover together, as UTF-8. No controller documents a limit; what it copies to each later
#: job and posts to a chat room has to be short all the same.
LIMIT = 8192
_TEXT_LIMIT = 1024
_SUMMARY_LIMIT = 4096
_NEXT_LIMIT = 1536
_CUT = " …"


@dataclass(frozen=True)
class _Identity:
    uid: str | None = None


@dataclass(frozen=True)
class _Ended:
    """What a report, findings, a preflight or a failure say of how the work on a cluster ended."""

    verdict: str | None = None
    headline: str | None = None
    waits_for: str | None = None
    waited_for: str | None = None
    plan: ReportedPlan = field(default_factory=ReportedPlan)
    next: tuple[Advice, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: Failure = field(default_factory=Failure)
    cluster: _Identity = field(default_factory=_Identity)
    upgrade: UpgradeSummary = field(default_factory=UpgradeSummary)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> _Ended:
        return read(cls, document, Problems()) or cls()


def ending(verdict: str, headline: str, advice: Iterable[Advice]) -> str:
    """The one sentence that a workflow or a log keeps of a run."""
    return " ".join((f"Verdict {verdict}: {headline}", *_advice_words(advice)))


def plan_line(plan_fingerprint: str | None, steps: int, risks: Iterable[str]) -> str:
    """A plan in a line: ``Plan 3f9c...: 4 steps, risks: low``."""
    count = "1 step" if steps == 1 else f"{steps} steps"
    return f"Plan {plan_fingerprint}: {count}, risks: {', '.join(risks) or 'none'}"


def handover(document: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a report or of findings for the workflow that runs it; "" for what is missing.

    A controller keeps them with the job, passes them to every later node as extra variables and shows them in
    notifications, so none has the name of a setting. C(remediation_plan_fingerprint) is what the later run takes as
    its setting remediation_approved_plan.
    """
    ended = _Ended.from_document(document)
    return {
        "remediation_verdict": _shortened(ended.verdict),
        "remediation_headline": _shortened(ended.headline),
        "remediation_waits_for": _shortened(ended.waits_for or ended.waited_for),
        "remediation_plan_fingerprint": _shortened(ended.plan.fingerprint),
        "remediation_plan_summary": _shortened("\n".join(_plan_words(ended.plan)), _SUMMARY_LIMIT),
        "remediation_next": _shortened(" ".join(_next_words(ended)), _NEXT_LIMIT),
    }


def cluster_outcome(
    document: Mapping[str, Any], report: str = "", calm_verdicts: Iterable[str] = CALM_VERDICTS
) -> dict[str, Any]:
    """The outcome of one cluster, from the document its run ended with.

    That is a report, findings or a preflight, or a mapping with ``verdict`` and ``headline``; or, of a run that
    got to none of them, a mapping with ``error``. `report` is the path of what a person reads next, below the
    artifacts folder. Every verdict that is not one of `calm_verdicts` needs attention. An outcome is small on purpose:
    those of all clusters are in memory at once.
    """
    ended = _Ended.from_document(document)
    verdict = ended.verdict or Verdict.FAILED.value
    return {
        "verdict": verdict,
        "needs_attention": verdict not in set(calm_verdicts),
        "headline": ended.headline or ended.error.message or "It ended without a report.",
        "error_code": ended.error.code,
        "plan_fingerprint": ended.plan.fingerprint,
        "cluster_uid": ended.cluster.uid,
        "upgrade": ended.upgrade.name,
        "versions": [ended.upgrade.previous_version, ended.upgrade.version],
        "report": report or None,
    }


def at_a_glance(report: Report) -> Glance:
    """A run in four sentences: what was wrong, what was done, what proves it, what is next."""
    following = report.next[0].text if report.next else ""
    return Glance(_wrong(report), _done(report), _proof(report), following or "Nothing.")


def _wrong(report: Report) -> str:
    failed = [each for each in report.findings if each.outcome == Outcome.FAIL]
    if failed:
        first = next((each for each in failed if each.holds_job), failed[0])
        more = len(failed) - 1
        words = f", and {more} more finding{'s' if more > 1 else ''}" if more else ""
        return f"{first.title}: {first.subject}{words}."
    if report.error:
        return "Nothing was found before the run stopped."
    if report.verdict in _CALM:
        return "Nothing."
    return report.headline or "The diagnosis could not be made."


def _done(report: Report) -> str:
    steps = report.all_steps
    if not _has_acted(report):
        return "Nothing was changed."
    if report.check_mode:
        return "Nothing was changed: check mode only tried the steps."
    changed = [str(step.title) for step in steps if step.outcome == StepOutcome.CHANGED]
    failed = [str(step.title) for step in steps if step.outcome == StepOutcome.FAILED]
    words = [f"{len(changed)} of {len(steps)} steps changed the cluster"]
    if changed:
        words.append(f": {'; '.join(changed)}")
    if failed:
        words.append(f". Failed: {'; '.join(failed)}")
    return "".join(words) + "."


def _has_acted(report: Report) -> bool:
    return any(step.outcome != StepOutcome.NOT_RUN for step in report.all_steps)


def _proof(report: Report) -> str:
    if report.headline_after is None:
        if report.verdict in _CALM:
            return report.headline or ""
        if not _has_acted(report):
            return "Nothing was done, so there is nothing to prove yet."
        return "None: the cluster was not read again."
    pending = [
        str(each.chart)
        for each in report.dependencies
        if each.expected
        and each.decision_after
        and each.decision_after.action not in (None, "skip")
    ]
    if pending:
        return f"{report.headline_after} Rancher would still act on {', '.join(pending)}."
    return report.headline_after


def _plan_words(plan: ReportedPlan) -> Iterator[str]:
    """The plan in a line for each step, for a chat room or a web page."""
    if not plan.steps:
        return
    yield plan_line(plan.fingerprint, len(plan.steps), plan.risks)
    for number, step in enumerate(plan.steps, start=1):
        undo = f" Undo: {step.undo}" if step.undo else ""
        yield f"{number}. [{step.risk}] {step.title}.{undo}"


def _advice_words(advice: Iterable[Advice]) -> Iterator[str]:
    for item in advice:
        yield from (part for part in (item.text, item.command) if part)


def _next_words(ended: _Ended) -> Iterator[str]:
    """What to do next; of a plan that waits for approval also what a person does before, and what is left to one.

    A diagnosis has no such list: there it is what its findings advise.
    """
    yield from _advice_words(ended.next)
    if not ended.next and ended.verdict not in CALM_VERDICTS:
        advised = (each.what_next for each in ended.findings if each.outcome == Outcome.FAIL)
        yield from dict.fromkeys(filter(None, advised))
    if ended.verdict != Verdict.NEEDS_APPROVAL:
        return
    for each in ended.instructions:
        if each.finding:
            yield f"Left to a person: {each.title}."
        else:
            yield f"{each.title}. {each.why} {'; '.join(each.commands)}"


def _shortened(words: str | None, limit: int = _TEXT_LIMIT) -> str:
    """No more than `limit` bytes, and a mark where something is missing."""
    whole = (words or "").encode("utf-8", errors="replace")
    if len(whole) <= limit:
        return whole.decode()
    return whole[: limit - len(_CUT.encode())].decode(errors="ignore") + _CUT
