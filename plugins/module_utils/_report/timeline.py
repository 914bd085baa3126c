# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happened when: the upgrade, the wait it got stuck in, and every act of the run.

Pure: a part of the report, made from the documents of the run.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._core.lenient import moment
from .._documents.report import TimelineEntry
from .._documents.run import Run, RunRound, SeenCluster
from .._documents.vocabulary import StepOutcome
from .words import APPROVED_BY

_STEP_WORDS: dict[str, str] = {
    StepOutcome.CHANGED: "done",
    StepOutcome.UNCHANGED: "nothing to do",
    StepOutcome.FAILED: "failed",
    StepOutcome.TRIED: "tried",
}


def run_timeline(run: Run) -> list[TimelineEntry]:
    """The entries of the timeline, oldest first; what has no time is left out."""
    dated = [
        (at, each)
        for each in (*_in_the_cluster(run), *_in_the_run(run))
        if (at := moment(each.at)) is not None
    ]
    return [each for _at, each in sorted(dated, key=lambda pair: pair[0])]


def _in_the_cluster(run: Run) -> Iterator[TimelineEntry]:
    upgrade = (run.evidence_before or SeenCluster()).upgrade
    if upgrade is not None:
        words = f"Upgrade {upgrade.name} to {upgrade.version} begins"
        yield TimelineEntry(upgrade.created_at, "cluster", words)
    if run.findings_before.waits_for:
        words = f"Its job waits for {run.findings_before.waits_for}"
        yield TimelineEntry(run.findings_before.since, "cluster", words)


def _in_the_run(run: Run) -> Iterator[TimelineEntry]:
    before, after = run.evidence_before or SeenCluster(), run.evidence_after or SeenCluster()
    yield _act(run.started_at, "The run begins")
    found = f"The cluster is read and diagnosed: {run.findings_before.headline}"
    yield _act(before.collected_at, found)
    for each in run.all_rounds:
        yield from _in_the_round(each)
    headline = run.findings_after and run.findings_after.headline
    yield _act(after.collected_at, f"The cluster is read and diagnosed again: {headline}")
    yield _act(run.finished_at, "The run ends")


def _in_the_round(done: RunRound) -> Iterator[TimelineEntry]:
    how = APPROVED_BY.get(done.approval.how or "")
    if done.approval.approved and how:
        yield _act(done.approval.at, f"Plan {done.plan.fingerprint} is approved {how}")
    yield _act(done.backup.created_at, f"The backup {done.backup.id} is written")
    for step in done.plan.steps:
        result = done.result_of(step)
        outcome = result.outcome or ""
        words = f"{step.title}: {_STEP_WORDS.get(outcome, outcome)}"
        kind = "failed" if outcome == StepOutcome.FAILED else "run"
        yield TimelineEntry(result.ended_at or result.begun_at, kind, words)


def _act(at: str | None, words: str) -> TimelineEntry:
    return TimelineEntry(at, "run", words)
