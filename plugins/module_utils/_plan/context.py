# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planner looks at: evidence, facts derived from it, and what the findings ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import mapping, mappings, text, texts
from .._diagnosis.facts.dependencies import Dependency
from .._diagnosis.facts.document import Facts
from .._diagnosis.facts.helm_failures import HelmFailure, cure_of
from .._documents.actions import ACTIONS
from .._documents.evidence import ChartIndex, Evidence, IndexEntry
from .._documents.findings import Finding, Remedy, RemedyStep
from .._documents.plan import RISKS, ObjectRef, Step
from .._documents.vocabulary import Outcome
from .._helm.conflicts import Conflict, unapproved
from .._helm.failure import CONFLICT

_OF_THE_IMAGE = ("unknown-flag", "image")


@dataclass(frozen=True)
class Request:
    """One step a finding asks for, before it is known on which object and whether it is needed.

    ``arguments`` has every parameter that the action declares, null for one that its rule does not set.
    """

    action: str
    arguments: Mapping[str, Any]
    finding: str
    subject: str
    reason: str
    risk: str | None
    granted: bool
    postponed: bool = False

    @property
    def release(self) -> tuple[str, str] | None:
        """Namespace and release the step is about, null when it is about no release."""
        parts = self.subject.split("/")
        about = parts[1:] if len(parts) == 3 and "release" in parts[0].lower() else (None, None)
        namespace = text(self.arguments.get("namespace")) or about[0]
        release = text(self.arguments.get("release")) or about[1]
        return (namespace, release) if namespace and release else None

    def step(
        self,
        reference: ObjectRef,
        action: str = "",
        *,
        title: str,
        params: Mapping[str, Any],
        undo: str,
        changes: tuple[str, ...] = (),
        precondition: Mapping[str, Any] | None = None,
        reason: str = "",
        risk: str | None = None,
    ) -> Step:
        """A step that does what is asked for, or another action that follows from it."""
        verb = action or self.action
        return Step(
            action=verb,
            module=ACTIONS[verb].module,
            title=title,
            finding=self.finding,
            object=reference,
            params=params,
            precondition=precondition or {},
            reason=reason or self.reason,
            risk=risk or self.risk or ACTIONS[verb].risk,
            undo=undo,
            changes=changes,
        )


@dataclass(frozen=True)
class PlanContext:
    """Evidence, facts, findings and options, with the look-ups every builder needs."""

    evidence: Evidence
    facts: Facts
    findings: Sequence[Finding]
    accept: frozenset[str] = frozenset()
    chart_source: str = "auto"
    chart_path: str | None = None
    chart_repository: str | None = None
    force_releases: frozenset[str] = frozenset()
    conflicts: Mapping[str, Any] = field(default_factory=dict)
    requests: tuple[Request, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "requests", tuple(self._read_requests()))

    @property
    def nodes_phase(self) -> bool:
        """Whether nodes are being upgraded, or were left half upgraded."""
        return self.facts.upgrade.nodes_phase is True

    @property
    def charts_may_come_from_outside(self) -> bool:
        """Whether a chart may be taken from anywhere but the cluster's own Rancher pods."""
        if self.chart_source == "auto":
            return bool(self.chart_path or self.chart_repository)
        return self.chart_source != "rancher_pod"

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """Rancher's dependencies with everything derived about them."""
        return self.facts.dependencies

    def dependency(self, namespace: str, release: str) -> Dependency | None:
        """The dependency behind a release, None for any other release."""
        found = (each for each in self.dependencies if each.name == (namespace, release))
        return next(found, None)

    def helm_failure(self, namespace: str, release: str) -> HelmFailure | None:
        """What helm has failed at on the release of a dependency since its last success."""
        found = self.dependency(namespace, release)
        return found.helm_failure if found else None

    def fails_again(self, namespace: str, release: str) -> bool:
        """Whether helm would fail on the release as it has just done: the cause of its last failure neither passes by
        itself nor is removed by what else is planned. Nothing may then repeat it, whatever finding asks for that.
        """
        failure = self.helm_failure(namespace, release)
        if failure is None or failure.passes:
            return False
        return not self._removed(failure, (namespace, release))

    def upgrade_fails(self, namespace: str, release: str) -> bool:
        """Whether our own upgrade would fail as helm has just done. Whether fields of other managers are in its way is
        known better: see ``foreign_fields``, all others are taken over.
        """
        failure = self.helm_failure(namespace, release)
        on_conflict = failure is not None and failure.cause == CONFLICT
        return not on_conflict and self.fails_again(namespace, release)

    def shared_fields(self, namespace: str, release: str) -> tuple[Conflict, ...]:
        """Fields of other managers that a change of the release takes: as a dry run has found them; where that could
        not be made, as helm's last failure names them.
        """
        found = [
            Conflict.from_dict(each)
            for each in mappings(self._tried(namespace, release).get("conflicts"))
        ]
        failure = self.helm_failure(namespace, release)
        if failure is not None and self.untried(namespace, release):
            found += failure.conflicts
        return tuple(dict.fromkeys(found))

    def foreign_fields(self, namespace: str, release: str) -> tuple[Conflict, ...]:
        """Those among them that a person has to agree to, and has not: the release must not be changed."""
        if release in self.force_releases:
            return ()
        return unapproved(self.shared_fields(namespace, release))

    def untried(self, namespace: str, release: str) -> list[str]:
        """Why the dry run does not say all about a release; empty where none was needed, too."""
        return texts(self._tried(namespace, release).get("unchecked"))

    def _tried(self, namespace: str, release: str) -> Mapping[str, Any]:
        return mapping(self.conflicts.get(f"{namespace}/{release}"))

    def _removed(self, failure: HelmFailure, failing: tuple[str, str]) -> bool:
        """Whether a step removes the cause: the repair of the release it comes from, or of helm's image."""
        cure = cure_of(failure.cause, failure.words)
        for request in self.requests:
            if not request.granted:
                continue
            if failure.cause in _OF_THE_IMAGE and request.action == "reset_shell_image":
                return True
            if request.action == "remove_leftovers" and request.release == failing:
                return True
            if cure and cure != failing and request.release == cure and not self.fails_again(*cure):
                return True
        return False

    def index_entry(self, chart: str, version: str) -> IndexEntry:
        """The index entry of one chart version, compared byte by byte; an empty one where the index has none."""
        index = self.evidence.chart_index or ChartIndex()
        found = (each for each in index.charts.get(chart, ()) if each.version == version)
        return next(found, IndexEntry())

    def _read_requests(self) -> Iterator[Request]:
        for finding in self.findings:
            # A warning says what to look at; it is never a reason to change anything.
            if finding.outcome == Outcome.FAIL and finding.remedy is not None:
                for wanted in finding.remedy.steps:
                    yield self._request(finding, finding.remedy, wanted)

    def _request(self, finding: Finding, remedy: Remedy, wanted: RemedyStep) -> Request:
        action = ACTIONS.get(wanted.action or "")
        if action is None:
            raise RemediationError(
                code="plan-invalid",
                message=f"Finding {finding.id!r} asks for the unknown step {wanted.action!r}.",
                remedy=f"Correct its rule; steps are: {', '.join(sorted(ACTIONS))}.",
            )
        unattended, risk = wanted.unattended or remedy.unattended, wanted.risk or remedy.risk
        postponed = self.nodes_phase and not action.while_nodes_upgrade
        allowed = unattended == "yes" or (unattended == "ask" and finding.id in self.accept)
        # What a support bundle shows is hours old, and lacks the revisions that a step would name.
        allowed = allowed and not self.evidence.origins
        return Request(
            action=wanted.action or "",
            arguments={name: wanted.with_.get(name) for name in action.rule_params},
            finding=finding.id or "",
            subject=finding.subject or "",
            reason=finding.message or finding.title or "",
            risk=risk if risk in RISKS else None,
            granted=allowed and not postponed,
            postponed=postponed,
        )
