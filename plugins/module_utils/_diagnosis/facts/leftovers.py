# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Rancher step does besides upgrading releases, and what is left undone when it is skipped or interrupted
(FM 1.7 steps 15 to 26, 6.24, 6.25, 6.30, 6.31, 6.35, 6.38)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._core.lenient import Document, mapping, text
from ..._documents.evidence import Evidence, JobPod, ProvisioningCluster, Secret
from .dependencies import Dependency
from .upgrade import AFTER_RANCHER, ENDED, NONE, UpgradeFacts, log_kinds

RKE_STATE_TYPE = "rke.cattle.io/cluster-state"
_STV = ("cattle-system", "stv-aggregation")
_RKE_STATE = ("fleet-local", "local-rke-state")
_PLAN_OF_STV = "system-agent-upgrader"


@dataclass(frozen=True)
class StvAggregation:
    """The Secret; None in each part that is not known."""

    missing: bool | None
    plan_waits: bool | None
    due: bool | None


@dataclass(frozen=True)
class RkeState:
    """The Secret local-rke-state: whether it was looked at, and its type."""

    known: bool
    present: bool | None
    type: str | None
    wanted_type: str
    due: bool | None


@dataclass(frozen=True)
class FleetWorkspace:
    """What the provisioning cluster says of its workspace."""

    known: bool
    present: bool | None
    name: str | None
    label: str | None
    wrong: bool | None
    due: bool


@dataclass(frozen=True)
class RetryTrap:
    """The ``objects`` that are gone, and the ``line`` that says so; ``open``: the job is not over."""

    trapped: bool
    objects: tuple[str, ...]
    line: str | None
    open: bool | None


@dataclass(frozen=True)
class WaitedPlan:
    """A Plan by its name."""

    name: str | None
    found: bool = False
    complete: bool | None = None
    missing_nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SkippedPhase:
    """``skipped``: a pod said so, None when no log was read. ``releases``: those that are not as the job wants them."""

    known: bool
    skipped: bool | None
    earlier_failed: bool
    earlier_unknown: bool
    undone: tuple[str, ...]
    releases: tuple[str, ...]


@dataclass(frozen=True)
class Leftovers:
    """What the step leaves, part by part."""

    path_refusal: str | None
    """the version guard's words when it has refused the upgrade"""
    stv_aggregation: StvAggregation
    """the Secret stv-aggregation and the Plan that needs it"""
    rke_state: RkeState
    """the type of Secret local-rke-state"""
    fleet_workspace: FleetWorkspace
    """fleetWorkspaceName and label of the provisioning cluster"""
    retry_trap: RetryTrap
    """whether the job's attempts die on an object the first one deleted"""
    waited_plan: WaitedPlan
    """the Plan the job waits for"""


def leftovers_of(evidence: Evidence, upgrade: UpgradeFacts) -> Leftovers:
    """All of the below, but for what also needs other facts (`skipped_phase`)."""
    return Leftovers(
        path_refusal=_path_refusal(evidence),
        stv_aggregation=_stv_aggregation(evidence, upgrade),
        rke_state=_rke_state(evidence, upgrade),
        fleet_workspace=_fleet_workspace(evidence, upgrade),
        retry_trap=_retry_trap(evidence, upgrade),
        waited_plan=_waited_plan(evidence, upgrade),
    )


def _stv_aggregation(evidence: Evidence, upgrade: UpgradeFacts) -> StvAggregation:
    """The empty Secret that Rancher 2.11 and later names in a Plan; the job makes it late in the Rancher step."""
    secret = _secret(evidence, *_STV)
    waits = any(
        plan.name == _PLAN_OF_STV and plan.complete is not True for plan in evidence.plans or ()
    )
    return StvAggregation(
        missing=None if secret is None else not secret.present,
        plan_waits=waits if evidence.readable("plans") else None,
        due=_past_rancher(upgrade),
    )


def _rke_state(evidence: Evidence, upgrade: UpgradeFacts) -> RkeState:
    """Secret fleet-local/local-rke-state: its type is converted right after the Rancher step."""
    secret = _secret(evidence, *_RKE_STATE)
    return RkeState(
        known=secret is not None,
        present=None if secret is None else bool(secret.present),
        type=(secret.type if secret else None) or None,
        wanted_type=RKE_STATE_TYPE,
        due=upgrade.phase in (ENDED, NONE) if upgrade.phase else None,
    )


def _fleet_workspace(evidence: Evidence, upgrade: UpgradeFacts) -> FleetWorkspace:
    """status.fleetWorkspaceName and the label of the provisioning cluster; set right after the Rancher step."""
    found = evidence.provisioning_cluster
    cluster = found or ProvisioningCluster()
    name = cluster.fleet_workspace_name or None
    label = cluster.management_cluster_label or None
    known = evidence.readable("provisioning_cluster")
    return FleetWorkspace(
        known=known,
        present=found is not None if known else None,
        name=name,
        label=label,
        wrong=(name != "fleet-local" or label != "local") if known and found else None,
        due=_past_rancher(upgrade) is True or upgrade.wait_kind == "plan",
    )


def skipped_phase(
    evidence: Evidence,
    upgrade: UpgradeFacts,
    dependencies: Sequence[Dependency],
    undone: Sequence[str],
) -> SkippedPhase:
    """Whether a retried pod has skipped the Rancher step, and what besides releases of it is ``undone``.

    The line "Skip update Rancher" alone proves nothing: where source and target carry the same Rancher it is normal.
    So an earlier pod must have failed inside the step.
    """
    logs_known = evidence.readable("job_pods", "job_logs")
    skipped = "rancher-skipped" in upgrade.log_kinds
    releases = tuple(
        each.release for each in dependencies if each.awaited and each.at_expected is False
    )
    return SkippedPhase(
        known=logs_known,
        skipped=skipped if logs_known else None,
        earlier_failed=any(_failed_inside(pod) for pod in evidence.job_pods[1:]),
        earlier_unknown=_earlier_unknown(evidence),
        undone=(*(["releases"] if releases else []), *undone),
        releases=releases,
    )


def _failed_inside(pod: JobPod) -> bool:
    kinds = set(log_kinds(pod.log.events if pod.log else ()))
    ended_badly = pod.phase == "Failed" or (pod.exit_code or 0) != 0
    inside = "upgrading-rancher" in kinds and not kinds & {"rancher-skipped", "next-phase"}
    return ended_badly and inside


def _earlier_unknown(evidence: Evidence) -> bool:
    """Whether an attempt failed whose log cannot be read any more."""
    failed = (evidence.job.failed if evidence.job else None) or 0
    seen = [pod for pod in evidence.job_pods[1:] if pod.log and pod.log.state == "ok"]
    return failed > len(seen)


def _retry_trap(evidence: Evidence, upgrade: UpgradeFacts) -> RetryTrap:
    """The job's attempts all end on an object that the first attempt has deleted (FM 6.25)."""
    ends = [_last_event(pod) for pod in evidence.job_pods]
    trapped = [
        event
        for event in ends
        if event.get("kind") in ("cluster-repo-not-found", "setting-not-found")
    ]
    return RetryTrap(
        trapped=bool(trapped),
        objects=tuple(sorted({name for event in trapped if (name := text(event.get("name")))})),
        line=text(trapped[0].get("text")) if trapped else None,
        open=upgrade.phase not in (NONE, ENDED) if upgrade.phase else None,
    )


def _last_event(pod: JobPod) -> Document:
    events = pod.log.events if pod.log else ()
    return mapping(events[-1]) if events else {}


def _path_refusal(evidence: Evidence) -> str | None:
    """The version guard's words when it has refused the upgrade (FM 7.2)."""
    for condition in evidence.upgrade.conditions if evidence.upgrade else ():
        said = " ".join(part for part in (condition.reason, condition.message) if part)
        if condition.status == "False" and any(words in said for words in GUARD_WORDS):
            return said[:500]
    return None


GUARD_WORDS = (
    "upgrading from dev versions to non-dev versions is prohibited",
    "downgrading is prohibited",
    "current version does not meet minimum upgrade requirement",
    "cross-version upgrades from/to any prerelease version are prohibited",
    "invalid version string",
    "incomparable: dev version",
    "invalid harvester version",
)


def _waited_plan(evidence: Evidence, upgrade: UpgradeFacts) -> WaitedPlan:
    """The Plan the job waits for and the nodes that have not carried it out."""
    name = upgrade.wait_field("name")
    for plan in evidence.plans or ():
        if name and name in (plan.name, f"{plan.namespace}/{plan.name}"):
            return WaitedPlan(name, True, plan.complete, plan.missing_nodes[:20])
    return WaitedPlan(name)


def _past_rancher(upgrade: UpgradeFacts) -> bool | None:
    return None if upgrade.phase is None else upgrade.phase in (AFTER_RANCHER, ENDED)


def _secret(evidence: Evidence, namespace: str, name: str) -> Secret | None:
    """What is known of a Secret: None when it was not looked at."""
    if not evidence.readable("secrets"):
        return None
    for secret in evidence.secrets or ():
        if (secret.namespace, secret.name) == (namespace, name):
            return None if secret.present is None else secret
    return None
