# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet's configuration and agent (FM 5.3 to 5.5)."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.lenient import moment, seconds_between
from ..._documents.evidence import Condition, Evidence, Fleet, FleetAgent, FleetCluster, FleetConfig
from ..._rancher.decision.chart_version import ChartVersion, VersionError
from .decisions import effective_settings
from .index import conditions
from .patience import Patience
from .upgrade import NOT_STARTED, UpgradeFacts


@dataclass(frozen=True)
class FleetConfigState:
    """``lost`` when the address of the API server or its CA is gone (None when that cannot be known), ``missing``, and
    ``wanted_url``, what belongs there. ``settled`` is False while Harvester or the job may still put it back by
    themselves, which takes them seconds (FM 5.3)."""

    present: bool | None
    lost: bool | None
    settled: bool | None
    missing: tuple[str, ...]
    url: str | None
    wanted_url: str | None
    ca_unknown: bool | None
    agent_tls_mode_present: bool | None


@dataclass(frozen=True)
class AgentWorkload:
    """One workload of the agent; ``ready``: a pod of it is."""

    kind: str | None
    ready: bool
    replicas: int | None
    created_at: str | None


@dataclass(frozen=True)
class FleetAgentState:
    """The agent's workloads, the kind this Fleet makes, and whether the agent that was asked for has been deployed."""

    known: bool
    kinds: tuple[AgentWorkload, ...]
    kind_names: tuple[str, ...]
    expected_kind: str | None
    absent: bool | None
    ready: bool | None
    wanted_generation: int | None
    deployed_generation: int | None
    bundle_says: str | None
    redeploy_pending: bool | None
    older_than_controller: bool | None


@dataclass(frozen=True)
class Imported:
    """Conditions Imported (``status``) and Ready of the Cluster."""

    present: bool
    status: str | None
    message: str
    updated_at: str | None
    older_than_controller: bool | None
    ready: str | None


def fleet_config(evidence: Evidence, upgrade: UpgradeFacts, patience: Patience) -> FleetConfigState:
    """ConfigMap cattle-fleet-system/fleet-controller."""
    found = _fleet(evidence).config
    config = found or FleetConfig()
    lost = _lost(evidence, found)
    missing = []
    if lost and config.parsed is not False:
        if not config.api_server_url:
            missing.append("apiServerURL")
        if config.api_server_ca_present is not True:
            missing.append("apiServerCA")
    return FleetConfigState(
        present=found is not None if evidence.readable("fleet_config") else None,
        lost=lost,
        settled=_settled(upgrade, patience),
        missing=tuple(missing),
        url=config.api_server_url or None,
        wanted_url=_wanted_url(evidence),
        ca_unknown="apiServerCA" in missing and _has_no_ca(evidence),
        agent_tls_mode_present=config.agent_tls_mode_present,
    )


def _fleet(evidence: Evidence) -> Fleet:
    return evidence.fleet or Fleet()


def _settled(upgrade: UpgradeFacts, patience: Patience) -> bool | None:
    given_up = "fleet-config-not-restored" in upgrade.log_kinds
    return True if upgrade.phase == NOT_STARTED or given_up else patience.settled


def _lost(evidence: Evidence, config: FleetConfig | None) -> bool | None:
    if not evidence.readable("fleet_config"):
        return None
    if config is None:
        return False
    if config.parsed is False:
        return True
    if config.api_server_ca_present is None:
        return None
    return not config.api_server_url or not config.api_server_ca_present


def _has_no_ca(evidence: Evidence) -> bool | None:
    """Whether there is no CA to put back: the Settings it is taken from are empty. None when they were not read."""
    if not evidence.readable("settings"):
        return None
    settings = [evidence.setting(name) for name in ("internal-cacerts", "cacerts")]
    return not any(each.present or each.effective or each.value for each in settings)


def _wanted_url(evidence: Evidence) -> str | None:
    """What Harvester's controller writes there: the Setting internal-server-url, else the address of Rancher's Service
    (FM 6.16)."""
    url = effective_settings(evidence).get("internal-server-url")
    if url:
        return url
    address = evidence.services.rancher_cluster_ip if evidence.services else None
    return f"https://{address}/" if address else None


def fleet_agent(evidence: Evidence) -> FleetAgentState:
    """The agent of the local cluster."""
    agent = _fleet(evidence).agent or FleetAgent()
    cluster = _fleet(evidence).cluster
    kinds = tuple(
        AgentWorkload(
            item.kind or None, (item.ready or 0) > 0, item.replicas, item.created_at or None
        )
        for item in agent.kinds
    )
    wanted = cluster.redeploy_agent_generation if cluster else None
    done = cluster.agent_deployed_generation if cluster else None
    known = evidence.readable("fleet_agent")
    return FleetAgentState(
        known=known,
        kinds=kinds,
        kind_names=tuple(sorted({item.kind for item in kinds if item.kind})),
        expected_kind=_expected_kind(evidence),
        absent=not kinds if known else None,
        ready=any(item.ready for item in kinds) if known else None,
        wanted_generation=wanted,
        deployed_generation=done,
        bundle_says=_bundle_says(evidence),
        redeploy_pending=None if cluster is None else (wanted or 0) != (done or 0),
        older_than_controller=_older_than_controller(evidence, agent),
    )


def _bundle_says(evidence: Evidence) -> str | None:
    """Why the Bundle of the agent is not ready, in Fleet's words."""
    bundle = next(
        (each for each in evidence.bundles or () if each.name == "fleet-agent-local"), None
    )
    if bundle is None or bundle.state in (None, "Ready") or not bundle.message:
        return None
    return bundle.message[:300]


def _older_than_controller(evidence: Evidence, agent: FleetAgent) -> bool | None:
    controller = moment(_fleet(evidence).controller_pod_created_at)
    pods = [moment(pod.created_at) for pod in agent.pods]
    if controller is None or not pods or None in pods:
        return None
    return any(created is not None and created < controller for created in pods)


def _expected_kind(evidence: Evidence) -> str | None:
    """Fleet 0.10 and 0.11 run the agent as a StatefulSet, all others as a Deployment (FM 5.5)."""
    revisions = evidence.release("cattle-fleet-system", "fleet").revisions
    try:
        version = ChartVersion.parse((revisions[0].app_version if revisions else None) or "")
    except VersionError:
        return None
    return "StatefulSet" if (version.major, version.minor) in ((0, 10), (0, 11)) else "Deployment"


def imported_facts(evidence: Evidence) -> Imported:
    """What Cluster fleet-local/local says of itself."""
    cluster = _fleet(evidence).cluster
    by_type = conditions((cluster or FleetCluster()).conditions)
    imported = by_type.get("Imported", Condition())
    updated = imported.last_update_time
    controller = _fleet(evidence).controller_pod_created_at
    behind = None
    if moment(updated) and moment(controller):
        behind = (seconds_between(updated, controller) or 0) > 0
    return Imported(
        present=cluster is not None,
        status=imported.status or None,
        message=(imported.message or "")[:500],
        updated_at=updated or None,
        older_than_controller=behind,
        ready=by_type.get("Ready", Condition()).status or None,
    )
