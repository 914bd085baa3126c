# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cluster as Cluster API and Rancher describe it (FM 6.21, 6.35b, 6.35c)."""

from __future__ import annotations

from typing import Any

from ..._documents.evidence import Evidence
from ..._rancher.decision.rancher_version import RancherVersion
from .decisions import effective_settings, server_version
from .pods import Troubles

_RUNNING = "Running"
_ALLOWED = "tls-internal-cn-allowed-services"
_SINCE = (2, 15)


def capi_cluster_facts(evidence: Evidence, troubles: Troubles) -> dict[str, Any]:
    """Why Cluster fleet-local/local of Cluster API does not change, as far as it was looked at.

    ``ghosts`` are Machines that have not become a node, ``nodes_without_machine`` the reverse; None: not known.
    """
    cluster = evidence.capi_cluster
    fleet = evidence.fleet
    secret = fleet.kubeconfig_secret if fleet else None
    label = secret.cluster_name if secret else None
    ghosts, missing = _machines(evidence)
    controller = next((each for each in troubles if each["of_capi"]), None)
    return {
        "known": cluster is not None,
        "phase": cluster.phase if cluster else None,
        "paused": cluster.paused if cluster else None,
        "ghosts": ghosts,
        "nodes_without_machine": missing,
        "label_missing": None if label is None else label != "local",
        "controller": controller and controller["why"],
        "controller_namespace": controller and controller["namespace"],
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

    ``annotation_missing``: Cluster local lacks what the Plan of the system agent needs. ``names_missing``: Services whose
    addresses Rancher takes out of its internal certificate again and again.
    """
    version = RancherVersion.parse(server_version(evidence))
    concerned = None if version is None else version.line >= _SINCE
    cluster = evidence.management_cluster
    missing = None if cluster is None else cluster.administrated != "true"
    return {
        "concerned": concerned,
        "annotation_missing": missing,
        "annotation": cluster.administrated if cluster else None,
        "allowed": (
            effective_settings(evidence).get(_ALLOWED, "")
            if evidence.readable("settings")
            else None
        ),
        "names_missing": _names_missing(evidence),
        "previous_version": evidence.upgrade.previous_version if evidence.upgrade else None,
    }


def _names_missing(evidence: Evidence) -> list[str] | None:
    """Of the ingress Services that exist, those that the Setting does not name."""
    services = evidence.services.ingress if evidence.services else None
    if services is None or not evidence.readable("settings"):
        return None
    allowed = effective_settings(evidence).get(_ALLOWED, "").replace(" ", "").split(",")
    return [f"kube-system/{name}" for name in services if f"kube-system/{name}" not in allowed]
