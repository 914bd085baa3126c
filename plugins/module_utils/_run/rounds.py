# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounds of a run: diagnose, plan, act, look again, until there is nothing left that the run may do.

Pure: a round is decided from the documents of the run, never from the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import RemediationError
from .._documents.canonical import digest
from .._documents.findings import Finding, Findings
from .._documents.run import RunRound
from .._documents.shape import Json, Problems, read
from .._documents.vocabulary import ApprovedHow, Condition, NextMove, Outcome, StepOutcome

#: Approvals of what a plan does, and not of one plan: the next plan within them needs no new one.
_STANDING = (ApprovedHow.RISKS, ApprovedHow.PROMPT)
#: Codes of errors that mean "the cluster moved since the plan was made, and nothing was done about it".
_MOVED = frozenset({"precondition-failed", "release-busy", "release-locked"})
#: Parts of a proof that change although nothing happens: ages, times and how often something was seen.
_PASSING = re.compile(r"(^|[._])(age|ages|at|since|seconds|minutes|count|times|lines|matches)(_|$)")
_MOST_CAUSES = 2
#: Findings that only say that helm has failed on a release, which the error of the step says, too, and better.
_RESTATING = frozenset({"helm-install-fails", "failed-release"})
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:?\d\d)")


@dataclass(frozen=True)
class Round(RunRound):
    """A round with what its plan was made from."""

    findings: Findings = field(default_factory=Findings)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Round:
        """Read a round; what is damaged in it is left out."""
        return read(cls, document, Problems()) or cls()

    @property
    def is_moved(self) -> bool:
        """Whether the plan was not carried out, although it was approved: the cluster was no longer what it was for."""
        return bool(self.plan.steps) and not self.steps

    @property
    def acted_on(self) -> set[str]:
        """The signatures of the findings whose steps were carried out."""
        fine = (StepOutcome.CHANGED, StepOutcome.UNCHANGED)
        done = {each.id for each in self.steps if each.outcome in fine}
        named = {step.finding for step in self.plan.steps if step.id in done}
        return {signature(each) for each in failures(self.findings) if each.id in named}

    @property
    def waits_for_person(self) -> bool:
        """Whether the job cannot go on before a person has done something."""
        return any(each.blocks for each in self.plan.instructions)


def next_move(
    rounds: Sequence[Round],
    findings: Findings,
    most: int,
    error: RemediationError | None = None,
) -> NextMove:
    """What a run does after a round, from all rounds so far, the newest last, and the diagnosis after it.

    error is what stopped the round. Raises it where no other plan can help, and stalled where a round more would only
    repeat what was done, or where there have been as many as there may be.
    """
    last = rounds[-1]
    moved = last.is_moved if error is None else _may_plan_again(last, error)
    if error is not None and not moved:
        raise explained(error, last.findings, findings)
    if findings.verdict != Condition.STUCK:
        return NextMove.PROVE
    fresh = _fresh(last.findings, findings)
    back = _came_back(rounds, findings)
    if back and not fresh and not last.waits_for_person:
        raise _repeats(back)
    if not fresh and not moved:
        return NextMove.PROVE
    if len(rounds) >= most:
        raise _too_many(most, findings)
    return NextMove.PLAN


def failures(findings: Findings) -> tuple[Finding, ...]:
    """The findings that fail."""
    return tuple(each for each in findings.findings if each.outcome == Outcome.FAIL)


def _fresh(before: Findings, after: Findings) -> list[Finding]:
    known = {signature(each) for each in failures(before)}
    return [each for each in failures(after) if signature(each) not in known]


def _came_back(rounds: Sequence[Round], findings: Findings) -> list[Finding]:
    acted_on = {each for done in rounds for each in done.acted_on}
    return [each for each in failures(findings) if signature(each) in acted_on]


def signature(finding: Finding) -> str:
    """What makes a finding the same one: the failure mode, its subject and its proof, without what passes by itself."""
    proof = {
        each.path: _lasting(each.value)
        for each in finding.proof
        if not _PASSING.search(each.path or "")
    }
    return digest([finding.id, finding.subject, proof])


def _lasting(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _lasting(each) for key, each in value.items() if not _PASSING.search(str(key))}
    if isinstance(value, (list, tuple)):
        return [_lasting(each) for each in value]
    return _STAMP.sub("", value) if isinstance(value, str) else value


def _may_plan_again(last: Round, error: RemediationError) -> bool:
    """Whether what was approved covers another plan for the state that the cluster has moved to."""
    return error.code in _MOVED and last.approval.how in _STANDING


def explained(error: RemediationError, before: Findings, after: Findings) -> RemediationError:
    """The error of a step, with what the diagnosis right after it found that was not there before."""
    fresh = [each for each in _fresh(before, after) if each.id not in _RESTATING]
    if not fresh:
        return error
    causes = " ".join(f"{each.title}: {each.message}" for each in fresh[:_MOST_CAUSES])
    advice = next((each.what_next for each in fresh if each.what_next), "")
    return RemediationError(
        error.code,
        f"{error.message} The diagnosis right after it found: {causes}",
        f"{advice} {error.remedy}".strip(),
        retryable=error.retryable,
        details=error.details,
    )


def _repeats(findings: Sequence[Finding]) -> RemediationError:
    names = "; ".join(f"{each.title} ({each.subject})" for each in findings)
    return RemediationError(
        "stalled",
        f"The plan was carried out, and the diagnosis after it found the same, with the same proof: {names}."
        " The same steps would not help, so they were not repeated.",
        findings[0].what_next or "Read findings-after.json, and collect a support bundle.",
    )


def _too_many(most: int, findings: Findings) -> RemediationError:
    return RemediationError(
        "stalled",
        f"The upgrade is still stuck after {most} rounds of this run: {findings.headline}",
        "Read in the report what each round did. Where the rounds made progress, run again; the limit of a run is"
        " remediation_max_rounds.",
    )
