# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cluster as Cluster API and Rancher describe it (FM 6.21, 6.35b, 6.35c)."""

from __future__ import annotations

from typing import Any

from ..._documents.evidence import Evidence, Plan
from ..._rancher.decision.rancher_version import RancherVersion
from .decisions import effective_settings, server_version
from .pods import pod_troubles

_RUNNING = "Running"
_AGENT_PLAN = "system-agent-upgrader"
_ALLOWED = "tls-internal-cn-allowed-services"
_SINCE = (2, 15)
_CAPI_NAMESPACES = (
    "cattle-provisioning-capi-system",
    "cattle-turtles-system",
    "cattle-capi-system",
)


def capi_cluster_facts(evidence: Evidence) -> dict[str, Any]:
    """Why Cluster fleet-local/local of Cluster API does not change, as far as it was looked at.

    ``ghosts`` are Machines that have not become a node, ``nodes_without_machine`` the reverse; None: not known.
    """
    cluster = evidence.capi_cluster
    fleet = evidence.fleet
    secret = fleet.kubeconfig_secret if fleet else None
    label = secret.cluster_name if secret else None
    ghosts, missing = _machines(evidence)
    return {
        "known": cluster is not None,
        "phase": cluster.phase if cluster else None,
        "paused": cluster.paused if cluster else None,
        "ghosts": ghosts,
        "nodes_without_machine": missing,
        "label_missing": None if label is None else label != "local",
        "controller": next(
            (
                each["why"]
                for each in pod_troubles(evidence)
                if each["namespace"] in _CAPI_NAMESPACES
            ),
            None,
        ),
        "conditions": [
            {"type": each.type, "reason": each.reason, "message": (each.message or "")[:300]}
            for each in (cluster.conditions if cluster else ())
            if each.message
        ][:3],
    }


def _machines(evidence: Evidence) -> tuple[list[str] | None, list[str] | None]:
    if evidence.machines is None:
        return None, None
    ghosts = [
        f"{each.name} ({each.phase or 'no phase'}{', no node' if not each.node else ''})"
        for each in evidence.machines
        if each.phase != _RUNNING or not each.node
    ]
    if evidence.nodes is None or not evidence.machines:
        return ghosts[:20], None
    known = {each.node for each in evidence.machines}
    return ghosts[:20], sorted(
        each.name for each in evidence.nodes if each.name and each.name not in known
    )


def rancher_of_harvester(evidence: Evidence) -> dict[str, Any]:
    """What Rancher 2.15 and later needs to be told in a Harvester; None in each part that is not known.

    ``agent_plan_blocked``: the Plan of the system agent completes on no node, and the annotation that it needs is
    missing. ``names_missing``: Services whose addresses Rancher takes out of its internal certificate again and again.
    """
    version = RancherVersion.parse(server_version(evidence))
    concerned = None if version is None else version.line >= _SINCE
    cluster = evidence.management_cluster
    missing = None if cluster is None else cluster.administrated != "true"
    plan = next((each for each in evidence.plans or () if each.name == _AGENT_PLAN), None)
    return {
        "concerned": concerned,
        "annotation_missing": missing,
        "annotation": cluster.administrated if cluster else None,
        "agent_plan_blocked": _blocked(plan, evidence),
        "missing_nodes": list(plan.missing_nodes)[:20] if plan else [],
        "allowed": (
            effective_settings(evidence).get(_ALLOWED, "")
            if evidence.readable("settings")
            else None
        ),
        "names_missing": _names_missing(evidence),
        "previous_version": evidence.upgrade.previous_version if evidence.upgrade else None,
    }


def _blocked(plan: Plan | None, evidence: Evidence) -> bool | None:
    """Whether no node at all has carried it out."""
    if not evidence.readable("plans"):
        return None
    if plan is None:
        return False
    if plan.complete is None or evidence.nodes is None:
        return None
    return not plan.complete and len(plan.missing_nodes) >= len(evidence.nodes)


def _names_missing(evidence: Evidence) -> list[str] | None:
    """Of the ingress Services that exist, those that the Setting does not name."""
    services = evidence.services.ingress if evidence.services else None
    if services is None or not evidence.readable("settings"):
        return None
    allowed = effective_settings(evidence).get(_ALLOWED, "").replace(" ", "").split(",")
    return [f"kube-system/{name}" for name in services if f"kube-system/{name}" not in allowed]
