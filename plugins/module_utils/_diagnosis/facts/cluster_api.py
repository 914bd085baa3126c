# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cluster as Cluster API and Rancher describe it (FM 6.21, 6.35b, 6.35c)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._documents.evidence import Evidence
from ..._rancher.decision.rancher_version import RancherVersion
from .decisions import effective_settings, server_version
from .pods import Trouble

_RUNNING = "Running"
_ALLOWED = "tls-internal-cn-allowed-services"
_SINCE = (2, 15)


@dataclass(frozen=True)
class ClusterCondition:
    """A condition that says something."""

    type: str | None
    reason: str | None
    message: str


@dataclass(frozen=True)
class CapiState:
    """``ghosts`` are Machines that have not become a node, ``nodes_without_machine`` the reverse; None: not known.
    ``controller``: why a pod of Cluster API is in trouble."""

    known: bool
    phase: str | None
    paused: bool | None
    ghosts: tuple[str, ...] | None
    nodes_without_machine: tuple[str, ...] | None
    label_missing: bool | None
    controller: str | None
    controller_namespace: str | None
    conditions: tuple[ClusterCondition, ...]


@dataclass(frozen=True)
class RancherOfHarvester:
    """None in each part that is not known. ``annotation_missing``: Cluster local lacks what the Plan of the system agent
    needs. ``names_missing``: Services whose addresses Rancher takes out of its internal certificate again and again.
    """

    concerned: bool | None
    annotation_missing: bool | None
    annotation: str | None
    allowed: str | None
    names_missing: tuple[str, ...] | None
    previous_version: str | None


def capi_cluster_facts(evidence: Evidence, troubles: Sequence[Trouble]) -> CapiState:
    """Why Cluster fleet-local/local of Cluster API does not change, as far as it was looked at."""
    cluster = evidence.capi_cluster
    fleet = evidence.fleet
    secret = fleet.kubeconfig_secret if fleet else None
    label = secret.cluster_name if secret else None
    ghosts, missing = _machines(evidence)
    controller = next((each for each in troubles if each.of_capi), None)
    return CapiState(
        known=cluster is not None,
        phase=cluster.phase if cluster else None,
        paused=cluster.paused if cluster else None,
        ghosts=ghosts,
        nodes_without_machine=missing,
        label_missing=None if label is None else label != "local",
        controller=controller.why if controller else None,
        controller_namespace=controller.namespace if controller else None,
        conditions=tuple(
            ClusterCondition(each.type, each.reason, each.message[:300])
            for each in (cluster.conditions if cluster else ())
            if each.message
        )[:3],
    )


def _machines(evidence: Evidence) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    if evidence.machines is None:
        return None, None
    ghosts = tuple(
        f"{each.name} ({each.phase or 'no phase'}{', no node' if not each.node else ''})"
        for each in evidence.machines
        if each.phase != _RUNNING or not each.node
    )
    if evidence.nodes is None or not evidence.machines:
        return ghosts[:20], None
    known = {each.node for each in evidence.machines}
    missing = (each.name for each in evidence.nodes if each.name and each.name not in known)
    return ghosts[:20], tuple(sorted(missing))


def rancher_of_harvester(evidence: Evidence) -> RancherOfHarvester:
    """What Rancher 2.15 and later needs to be told in a Harvester."""
    version = RancherVersion.parse(server_version(evidence))
    concerned = None if version is None else version.line >= _SINCE
    cluster = evidence.management_cluster
    missing = None if cluster is None else cluster.administrated != "true"
    read = evidence.readable("settings")
    return RancherOfHarvester(
        concerned=concerned,
        annotation_missing=missing,
        annotation=cluster.administrated if cluster else None,
        allowed=effective_settings(evidence).get(_ALLOWED, "") if read else None,
        names_missing=_names_missing(evidence),
        previous_version=evidence.upgrade.previous_version if evidence.upgrade else None,
    )


def _names_missing(evidence: Evidence) -> tuple[str, ...] | None:
    """Of the ingress Services that exist, those that the Setting does not name."""
    services = evidence.services.ingress if evidence.services else None
    if services is None or not evidence.readable("settings"):
        return None
    allowed = effective_settings(evidence).get(_ALLOWED, "").replace(" ", "").split(",")
    wanted = (f"kube-system/{name}" for name in services)
    return tuple(name for name in wanted if name not in allowed)
