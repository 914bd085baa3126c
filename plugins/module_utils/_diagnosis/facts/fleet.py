# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet's configuration and agent (FM 5.3 to 5.5)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import (
    Document,
    boolean,
    dig,
    integer,
    mapping,
    mappings,
    moment,
    seconds_between,
    text,
)
from ..._rancher.decision.chart_version import ChartVersion, VersionError
from .decisions import effective_settings
from .sources import readable
from .upgrade import NOT_STARTED


def fleet_config(evidence: Document, upgrade: Document, patience: Document) -> dict[str, Any]:
    """ConfigMap cattle-fleet-system/fleet-controller: ``lost`` when the address of the API server or its CA is gone
    (None when that cannot be known), ``missing``, and ``wanted_url``, what belongs there. ``settled`` is False while
    Harvester or the job may still put it back by themselves, which takes them seconds (FM 5.3)."""
    config = mapping(dig(evidence, "fleet", "config"))
    lost = _lost(evidence, config)
    missing = []
    if lost and config.get("parsed") is not False:
        if not text(config.get("api_server_url")):
            missing.append("apiServerURL")
        if config.get("api_server_ca_present") is not True:
            missing.append("apiServerCA")
    return {
        "present": bool(config) if readable(evidence, "fleet_config") else None,
        "lost": lost,
        "settled": _settled(upgrade, patience),
        "missing": missing,
        "url": text(config.get("api_server_url")),
        "wanted_url": _wanted_url(evidence),
        "agent_tls_mode_present": boolean(config.get("agent_tls_mode_present")),
    }


def _settled(upgrade: Document, patience: Document) -> bool | None:
    if upgrade.get("phase") == NOT_STARTED or "fleet-config-not-restored" in (
        upgrade.get("log_kinds") or ()
    ):
        return True
    return patience.get("settled")


def _lost(evidence: Document, config: Document) -> bool | None:
    if not readable(evidence, "fleet_config"):
        return None
    if not config:
        return False
    if config.get("parsed") is False:
        return True
    present = boolean(config.get("api_server_ca_present"))
    if present is None or "api_server_url" not in config:
        return None
    return not text(config.get("api_server_url")) or not present


def _wanted_url(evidence: Document) -> str | None:
    """What Harvester's controller writes there: the Setting internal-server-url, else the address of Rancher's Service
    (FM 6.16)."""
    url = effective_settings(evidence).get("internal-server-url")
    if url:
        return url
    address = text(dig(evidence, "services", "rancher_cluster_ip"))
    return f"https://{address}/" if address else None


def fleet_agent(evidence: Document) -> dict[str, Any]:
    """The agent of the local cluster: workloads there, the kind this Fleet makes, and whether the agent that was asked
    for has been deployed."""
    agent = mapping(dig(evidence, "fleet", "agent"))
    cluster = mapping(dig(evidence, "fleet", "cluster"))
    kinds = [
        {
            "kind": text(item.get("kind")),
            "ready": (integer(item.get("ready")) or 0) > 0,
            "replicas": integer(item.get("replicas")),
            "created_at": text(item.get("created_at")),
        }
        for item in mappings(agent.get("kinds"))
    ]
    wanted = integer(cluster.get("redeploy_agent_generation"))
    done = integer(cluster.get("agent_deployed_generation"))
    known = readable(evidence, "fleet_agent")
    return {
        "known": known,
        "kinds": kinds,
        "kind_names": sorted({item["kind"] for item in kinds if item["kind"]}),
        "expected_kind": _expected_kind(evidence),
        "absent": not kinds if known else None,
        "ready": any(item["ready"] for item in kinds) if known else None,
        "wanted_generation": wanted,
        "deployed_generation": done,
        "redeploy_pending": None if not cluster else (wanted or 0) != (done or 0),
        "older_than_controller": _older_than_controller(evidence, agent),
    }


def _older_than_controller(evidence: Document, agent: Document) -> bool | None:
    controller = moment(dig(evidence, "fleet", "controller_pod_created_at"))
    pods = [moment(pod.get("created_at")) for pod in mappings(agent.get("pods"))]
    if controller is None or not pods or None in pods:
        return None
    return any(created is not None and created < controller for created in pods)


def _expected_kind(evidence: Document) -> str | None:
    """Fleet 0.10 and 0.11 run the agent as a StatefulSet, all others as a Deployment (FM 5.5)."""
    for entry in mappings(evidence.get("releases")):
        if (entry.get("namespace"), entry.get("release")) == ("cattle-fleet-system", "fleet"):
            revisions = mappings(entry.get("revisions"))
            version = text(revisions[0].get("app_version")) if revisions else None
            try:
                parsed = ChartVersion.parse(version or "")
            except VersionError:
                return None
            return (
                "StatefulSet"
                if (parsed.major, parsed.minor) in ((0, 10), (0, 11))
                else "Deployment"
            )
    return None


def imported_facts(evidence: Document) -> dict[str, Any]:
    """Conditions Imported and Ready of Cluster fleet-local/local."""
    cluster = mapping(dig(evidence, "fleet", "cluster"))
    conditions = {text(item.get("type")): item for item in mappings(cluster.get("conditions"))}
    imported = mapping(conditions.get("Imported"))
    updated = imported.get("last_update_time")
    controller = dig(evidence, "fleet", "controller_pod_created_at")
    behind = None
    if moment(updated) and moment(controller):
        behind = (seconds_between(updated, controller) or 0) > 0
    return {
        "present": bool(cluster),
        "status": text(imported.get("status")),
        "message": (text(imported.get("message")) or "")[:500],
        "updated_at": text(updated),
        "older_than_controller": behind,
        "ready": text(mapping(conditions.get("Ready")).get("status")),
    }
