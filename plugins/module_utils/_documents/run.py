# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents of one run, as far as its next round is decided and its report is made from them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from .evidence import Release, Upgrade
from .findings import Findings
from .plan import Instruction
from .report import Failure, PlannedStep
from .shape import Json, Problems, read

#: The playbook that reports and carries nothing out.
REPORT = "report"


@dataclass(frozen=True)
class SeenCluster:
    """What a report takes from an evidence document."""

    collected_at: str | None = None
    cluster: Json = None
    upgrade: Upgrade | None = None
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True)
class RunStep(PlannedStep):
    """A step, the finding that asked for it, and what must be true right before it."""

    finding: str | None = None
    precondition: Json = None


@dataclass(frozen=True)
class RunPlan:
    """What the run and its readers take from a plan document."""

    fingerprint: str | None = None
    risks: tuple[str, ...] = ()
    steps: tuple[RunStep, ...] = ()
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True)
class RunApproval:
    """Whether, how (vocabulary.ApprovedHow) and when the plan was approved; the fingerprint given if it is another's."""

    approved: bool = False
    how: str | None = None
    given: str | None = None
    at: str | None = None


@dataclass(frozen=True)
class RunJob:
    """The job of AWX that the run is; who launched it, and the workflow job it is a node of, where AWX names them."""

    number: str = ""
    user: str = ""
    workflow: str = ""

    def __str__(self) -> str:
        """``AWX job 42 of workflow job 41, launched by alice``."""
        workflow = f" of workflow job {self.workflow}" if self.workflow else ""
        return f"AWX job {self.number}{workflow}, launched by {self.user or 'a schedule'}"


@dataclass(frozen=True)
class RunBackup:
    """Where remediation_backup has put the backup set."""

    id: str | None = None
    path: str | None = None
    namespace: str | None = None
    created_at: str | None = None

    @property
    def option(self) -> str:
        """The option that names the set to the playbook restore; "" where there is none."""
        if self.path:
            return f"-e remediation_restore_path={shlex.quote(self.path)}"
        return f"-e remediation_restore_id={self.id}" if self.namespace else ""

    @property
    def places(self) -> str:
        """The places of the set, in words; "" for none."""
        places = [self.path] if self.path else []
        if self.namespace:
            places.append(f"in the cluster, namespace {self.namespace}, as {self.id}")
        return "; ".join(places)


@dataclass(frozen=True)
class StepResult:
    """What became of a step."""

    id: str | None = None
    outcome: str | None = None
    detail: str | None = None
    begun_at: str | None = None
    ended_at: str | None = None


@dataclass(frozen=True)
class RunRound:
    """A plan of a run, and what became of it; what the run did not get to is empty."""

    plan: RunPlan = RunPlan()
    approval: RunApproval = RunApproval()
    backup: RunBackup = RunBackup()
    steps: tuple[StepResult, ...] = ()

    def result_of(self, step: PlannedStep) -> StepResult:
        """What became of a step of the plan."""
        return {each.id: each for each in self.steps}.get(step.id) or StepResult()


@dataclass(frozen=True)
class Run(RunRound):
    """A run; what it did not get to is None or empty. work is the playbook, asked is what ``--tags`` asked for, None for everything.

    rounds are those before the last one, which is the run's own plan.
    """

    id: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    check_mode: bool = False
    work: str | None = None
    asked: tuple[str, ...] | None = None
    artifacts_dir: str | None = None
    job: RunJob | None = None
    evidence_before: SeenCluster | None = None
    evidence_after: SeenCluster | None = None
    findings_before: Findings = field(default_factory=Findings)
    findings_after: Findings | None = None
    rounds: tuple[RunRound, ...] = ()
    error: Failure | None = None

    @classmethod
    def from_documents(cls, documents: Mapping[str, object]) -> Run:
        """Read the documents of a run; what is damaged in them is left out."""
        given = {name: each for name, each in documents.items() if each != {}}
        return read(cls, given, Problems()) or cls()

    def leaves_out(self, phase: str) -> bool:
        """Whether ``--tags`` asked for something, and not for this phase."""
        return self.asked is not None and phase not in self.asked

    @property
    def all_rounds(self) -> tuple[RunRound, ...]:
        """Every plan of the run, the last one last."""
        return (*self.rounds, self)

    @property
    def has_acted(self) -> bool:
        """Whether a step of any plan was started."""
        return any(each.steps for each in self.all_rounds)
