# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report document: what was found, done and proven in a run, and what to do next.

Built by ``_report/report.py``, read by every form of it. Findings, approval, backup and error are documents
of their own and are kept as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .findings import Finding, NextDecision, Obligation, ReadFromFiles, UnseenSource
from .plan import Instruction
from .shape import Json, Problems, read, write
from .vocabulary import StepOutcome

REPORT_SCHEMA = "harvester_ops.remediation/report/v1"


@dataclass(frozen=True)
class UpgradeSummary:
    """Which upgrade a report is about."""

    namespace: str | None = None
    name: str | None = None
    previous_version: str | None = None
    version: str | None = None
    state: str | None = None
    target_rancher_version: str | None = None


@dataclass(frozen=True)
class DependencyVersions:
    """The versions of a dependency before and after a run; after_status is None where it was not read again."""

    chart: str | None = None
    expected: str | None = None
    before: str | None = None
    before_status: str | None = None
    after: str | None = None
    after_status: str | None = None
    decision_after: NextDecision | None = None


@dataclass(frozen=True)
class RevisionHistory:
    """One revision, and what the run did to it (vocabulary.Fate)."""

    revision: int | None = None
    status: str | None = None
    chart_version: str | None = None
    app_version: str | None = None
    at: str | None = None
    description: str | None = None
    fate: str | None = None


@dataclass(frozen=True)
class ReleaseHistory:
    """Every revision of a release that was seen, oldest first. expected is the version the job waits for."""

    namespace: str | None = None
    release: str | None = None
    chart: str | None = None
    expected: str | None = None
    revisions: tuple[RevisionHistory, ...] = ()


@dataclass(frozen=True)
class TimelineEntry:
    """What happened when. kind is ``cluster``, ``run`` or ``failed`` (a step of the run that failed)."""

    at: str | None = None
    kind: str = ""
    text: str = ""


@dataclass(frozen=True)
class PlannedStep:
    """A step of a plan, as far as a person reads it."""

    id: str | None = None
    title: str | None = None
    action: str | None = None
    object: Json = None
    risk: str | None = None
    reason: str | None = None
    undo: str | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportedStep(PlannedStep):
    """A step of a plan, and what became of it (vocabulary.StepOutcome)."""

    outcome: str = StepOutcome.NOT_RUN.value
    detail: str | None = None
    begun_at: str | None = None
    ended_at: str | None = None


@dataclass(frozen=True)
class ReportedPlan:
    """The plan of a run."""

    fingerprint: str | None = None
    risks: tuple[str, ...] = ()
    steps: tuple[ReportedStep, ...] = ()


@dataclass(frozen=True)
class ReportedRound:
    """A round of a run before the last one: its plan, how that was approved, and the backup set made for it."""

    plan: ReportedPlan = ReportedPlan()
    approval: Json = None
    backup: Json = None


@dataclass(frozen=True)
class Advice:
    """What to do next: a sentence, and the command to copy where there is one."""

    text: str = ""
    command: str | None = None


@dataclass(frozen=True)
class Failure:
    """Why a run stopped: code, message and remedy of a RemediationError."""

    code: str | None = None
    message: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class Glance:
    """A run in four sentences."""

    wrong: str | None = None
    done: str | None = None
    proof: str | None = None
    next: str | None = None


@dataclass(frozen=True)
class Report(ReadFromFiles):
    """A report document (schema report/v1)."""

    verdict: str | None = None
    headline: str | None = None
    run_id: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    check_mode: bool = False
    asked: tuple[str, ...] | None = None
    cluster: Json = None
    upgrade: UpgradeSummary = UpgradeSummary()
    waited_for: str | None = None
    waits_since: str | None = None
    dependencies: tuple[DependencyVersions, ...] = ()
    releases: tuple[ReleaseHistory, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    findings_after: Json = None
    headline_after: str | None = None
    obligations: tuple[Obligation, ...] = ()
    not_seen: tuple[UnseenSource, ...] = ()
    plan: ReportedPlan = ReportedPlan()
    rounds: tuple[ReportedRound, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    approval: Json = None
    backup: Json = None
    error: Failure | None = None
    next: tuple[Advice, ...] = ()
    ends_well: bool = False
    ending: str = ""
    artifacts_dir: str | None = None
    glance: Glance = Glance()

    @property
    def all_steps(self) -> tuple[ReportedStep, ...]:
        """The steps of every plan of the run, in their order."""
        plans = (*(each.plan for each in self.rounds), self.plan)
        return tuple(step for plan in plans for step in plan.steps)

    @classmethod
    def from_document(cls, document: object) -> Report:
        """Read a report document; what is damaged or missing in it is left out."""
        found = read(cls, document, Problems()) if isinstance(document, Mapping) else None
        return found or cls()

    def to_dict(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """The report as the document that goes into report.json.

        kept holds the parts that are documents of their own, whole, beside what of them is read here.
        """
        return {"schema": REPORT_SCHEMA, **write(self), **kept}
