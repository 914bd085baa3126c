# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of one run: what was found, done, proven, and what to do next.

Pure: everything comes from the documents of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._documents.evidence import Upgrade
from .._documents.findings import DependencyState, Findings, ReadFromFiles
from .._documents.report import (
    Advice,
    DependencyVersions,
    PlannedStep,
    Report,
    ReportedPlan,
    ReportedRound,
    ReportedStep,
    UpgradeSummary,
)
from .._documents.run import Run, RunRound, SeenCluster
from .._documents.shape import write
from .._documents.vocabulary import Condition, Outcome, Phase, StepOutcome, Verdict
from .._plan.advice import snapshot_advice
from .approving import how_to_approve
from .in_short import at_a_glance, ending
from .release_history import release_history
from .timeline import run_timeline

GOOD_VERDICTS = frozenset({Verdict.HEALTHY, Verdict.MOVING, Verdict.REPAIRED})
_CALM = {Condition.HEALTHY: Verdict.HEALTHY, Condition.MOVING: Verdict.MOVING}

#: Error codes that mean "the run stopped itself before doing harm".
REFUSED_CODES = frozenset(
    {
        "refused",
        "plan-drifted",
        "plan-invalid",
        "field-conflict",
        "precondition-failed",
        "lock-held",
        "lock-lost",
        "upgrade-ambiguous",
        "release-busy",
        "release-locked",
        "chart-mismatch",
        "chart-digest-mismatch",
        "chart-archive-invalid",
        "chart-archive-unsafe",
    }
)
#: Error codes that mean "something was awaited and did not come".
STALLED_CODES = frozenset({"stalled", "timeout", "helm-timeout"})


def build_report(documents: Mapping[str, Any]) -> dict[str, Any]:
    """Build the report document (schema report/v1) from the documents of a run, by the names of run.Run."""
    run = Run.from_documents(documents)
    verdict = verdict_of(run)
    seen = run.evidence_before or SeenCluster()
    found, found_after = run.findings_before, run.findings_after or Findings()
    headline, advice = _headline(run, verdict), tuple(_next_steps(run, verdict))
    expected = {each.chart: each.expected for each in found.dependencies if each.expected}
    report = Report(
        verdict=verdict.value,
        headline=headline,
        run_id=run.id,
        started_at=run.started_at,
        finished_at=run.finished_at,
        check_mode=run.check_mode,
        asked=run.asked,
        cluster=seen.cluster,
        upgrade=_upgrade((run.evidence_after or seen).upgrade or Upgrade()),
        waited_for=found.waits_for,
        waits_since=found.since,
        dependencies=tuple(_versions(run)),
        releases=tuple(release_history(seen, run.evidence_after, expected)),
        timeline=tuple(run_timeline(run)),
        findings=found.findings,
        headline_after=found_after.headline,
        obligations=(run.findings_after or found).obligations,
        plan=_plan(run),
        rounds=tuple(
            ReportedRound(_plan(each), write(each.approval), write(each.backup))
            for each in run.rounds
        ),
        error=run.error,
        next=advice,
        ends_well=_ends_well(run, verdict),
        ending=ending(verdict, headline, advice),
        artifacts_dir=run.artifacts_dir,
        **{name: getattr(found, name) for name in ReadFromFiles.__dataclass_fields__},
    )
    return replace(report, glance=at_a_glance(report)).to_dict(_kept(documents, verdict))


def _kept(documents: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    """The parts of a report that are documents of their own, as they came."""
    found, after = _map(documents.get("findings_before")), _map(documents.get("findings_after"))
    plan = _map(documents.get("plan"))
    advice = snapshot_advice(plan) if verdict == Verdict.NEEDS_APPROVAL else None
    return {
        "findings": found.get("findings") or [],
        "findings_after": after.get("findings"),
        "not_seen": found.get("not_seen") or [],
        "instructions": [
            *(plan.get("instructions") or []),
            *([] if advice is None else [advice.to_dict()]),
        ],
        **{name: documents.get(name) for name in ("approval", "backup", "error")},
    }


def verdict_of(run: Run) -> Verdict:
    """The verdict of a run; total over whatever the run holds."""
    if run.error is not None:
        return verdict_of_error(run.error.code or "")
    before = run.findings_before.verdict
    after = run.findings_after.verdict if run.findings_after else None
    if run.leaves_out(Phase.UPGRADE) and after is not None:
        return _calm(after) or Verdict.NEEDS_HUMAN
    calm = _calm(before)
    if calm and not run.has_acted:
        return calm
    if _calm(after) and (run.approval.approved or run.rounds):
        return Verdict.REPAIRED
    if before != Condition.STUCK or not run.plan.steps:
        return Verdict.NEEDS_HUMAN
    if run.check_mode or not run.approval.approved:
        return Verdict.NEEDS_APPROVAL
    if run.plan.instructions or after == Condition.STUCK or run.leaves_out(Phase.VERIFY):
        return Verdict.NEEDS_HUMAN
    return Verdict.STALLED


def _calm(condition: object) -> Verdict | None:
    """The verdict of a run that has found nothing to repair; None when there is something."""
    return next((verdict for calm, verdict in _CALM.items() if calm == condition), None)


def verdict_of_error(code: str) -> Verdict:
    """The verdict of a run that an error with this code stopped."""
    if code in REFUSED_CODES:
        return Verdict.REFUSED
    return Verdict.STALLED if code in STALLED_CODES else Verdict.FAILED


def _ends_well(run: Run, verdict: Verdict) -> bool:
    """Whether the run may end with 0: all is well, or it did as much as it was asked to."""
    if verdict in GOOD_VERDICTS:
        return True
    if verdict == Verdict.NEEDS_APPROVAL:
        return run.check_mode or run.leaves_out(Phase.UPGRADE)
    did_as_asked = run.leaves_out(Phase.UPGRADE) or (run.asked is not None and run.has_acted)
    return verdict == Verdict.NEEDS_HUMAN and did_as_asked


def _headline(run: Run, verdict: Verdict) -> str:
    if run.error is not None:
        return run.error.message or "The run failed."
    if verdict == Verdict.REPAIRED:
        after = run.findings_after and run.findings_after.headline
        return f"Repaired: {after or 'the upgrade goes on.'}"
    if run.has_acted and run.findings_after and run.findings_after.headline:
        return run.findings_after.headline
    return run.findings_before.headline or "The diagnosis could not be made."


def _upgrade(upgrade: Upgrade) -> UpgradeSummary:
    names = UpgradeSummary.__dataclass_fields__
    return UpgradeSummary(**{name: getattr(upgrade, name) for name in names})


def _versions(run: Run) -> list[DependencyVersions]:
    after = run.findings_after or Findings()
    later = {each.chart: each for each in after.dependencies}
    rows = []
    for each in run.findings_before.dependencies:
        now = later.get(each.chart) or DependencyState()
        rows.append(
            DependencyVersions(
                chart=each.chart,
                expected=each.expected,
                before=each.installed,
                before_status=each.status,
                after=now.installed,
                after_status=now.status,
                decision_after=now.decision,
            )
        )
    return rows


def _plan(done: RunRound) -> ReportedPlan:
    steps = tuple(_reported(step, done) for step in done.plan.steps)
    return ReportedPlan(done.plan.fingerprint, done.plan.risks, steps)


def _reported(step: PlannedStep, done: RunRound) -> ReportedStep:
    result = done.result_of(step)
    return ReportedStep(
        **{name: getattr(step, name) for name in PlannedStep.__dataclass_fields__},
        outcome=result.outcome or StepOutcome.NOT_RUN.value,
        detail=result.detail,
        begun_at=result.begun_at,
        ended_at=result.ended_at,
    )


def _next_steps(run: Run, verdict: Verdict) -> list[Advice]:
    """What to do next: a sentence each, with the command to copy where there is one."""
    if run.error is not None and run.error.remedy:
        return [Advice(run.error.remedy)]
    if run.leaves_out(Phase.VERIFY) and run.has_acted:
        return [
            Advice("The plan was carried out, and not yet proven. Run again with", "--tags verify")
        ]
    if all(run.leaves_out(phase) for phase in (Phase.PLAN, Phase.BACKUP, Phase.UPGRADE)):
        return [Advice("Only what --tags named was done. Run again without it to repair.")]
    if verdict == Verdict.NEEDS_APPROVAL:
        return how_to_approve(run)
    if verdict == Verdict.NEEDS_HUMAN:
        return _what_a_person_does(run)
    if verdict == Verdict.REPAIRED:
        return [
            Advice("The upgrade goes on by itself: watch it in the Harvester UI."),
            Advice("Keep the backup until the whole upgrade has succeeded."),
        ]
    if verdict == Verdict.MOVING:
        return [
            Advice(
                "Wait, and run the same playbook again when nothing has changed for ten minutes."
            )
        ]
    if verdict == Verdict.STALLED:
        return [Advice("Run the same playbook again: it starts from what is there now.")]
    return []


def _what_a_person_does(run: Run) -> list[Advice]:
    by_hand = [
        Advice(f"By hand, with the commands of this report: {item.title}")
        for item in run.plan.instructions
    ]
    if by_hand:
        return by_hand
    findings = run.findings_after or run.findings_before
    guidance = [
        Advice(each.what_next)
        for each in findings.findings
        if each.what_next and each.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN)
    ]
    return guidance[:3] or [
        Advice("Collect a support bundle and keep the artifacts folder of this run.")
    ]


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
