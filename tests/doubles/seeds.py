# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of a Harvester cluster in the middle of an upgrade, besides releases and doubles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from doubles.kube import now
from doubles.resources import JsonObject

NAMESPACES = (
    "cattle-system",
    "cattle-fleet-system",
    "cattle-fleet-local-system",
    "cattle-provisioning-capi-system",
    "cattle-turtles-system",
    "cattle-capi-system",
    "fleet-local",
    "harvester-system",
)
MANAGED_CHARTS = ("harvester", "harvester-crd", "rancher-monitoring-crd", "rancher-logging-crd")


def _object(kind: str, api_version: str, name: str, namespace: str = "", **rest: Any) -> JsonObject:
    metadata: JsonObject = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    metadata.update(rest.pop("metadata", {}))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _condition(kind: str, status: str = "True") -> JsonObject:
    return {"type": kind, "status": status, "lastUpdateTime": now()}


def namespaces() -> list[JsonObject]:
    """The namespaces of Rancher, fleet and Harvester."""
    return [_object("Namespace", "v1", name) for name in NAMESPACES]


def accounts() -> list[JsonObject]:
    """The job's service account and the secrets of the local cluster."""
    token = {"value": "a3ViZWNvbmZpZw==", "token": "dG9rZW4="}
    server = {"apiServerURL": "aHR0cHM6Ly8xMC41My4wLjE6NDQz", "apiServerCA": "Y2E="}
    return [
        _object("ServiceAccount", "v1", "harvester", "harvester-system"),
        _object(
            "Secret", "v1", "local-kubeconfig", "fleet-local", type="Opaque", data=token | server
        ),
        _object(
            "Secret",
            "v1",
            "local-rke-state",
            "fleet-local",
            type="rke.cattle.io/cluster-state",
            data={"clusterState": "e30="},
        ),
    ]


def upgrade_repository(upgrade: str, previous_minor: tuple[int, int]) -> list[JsonObject]:
    """What serves the ISO: the running Harvester decides the kind (FM 1.5)."""
    name, namespace = f"upgrade-repo-{upgrade}", "harvester-system"
    labels = {"harvesterhci.io/upgrade": upgrade, "harvesterhci.io/upgradeComponent": "repo"}
    service = {"selector": labels, "ports": [{"port": 80}]}
    metadata = {"labels": labels}
    if previous_minor < (2, 13):  # Harvester up to 1.6
        server = _object(
            "VirtualMachine",
            "kubevirt.io/v1",
            name,
            namespace,
            metadata=metadata,
            spec={"running": True},
        )
    else:
        container = {"name": "nginx-iso-server", "image": "rancher/harvester-upgrade:previous"}
        template = {"metadata": metadata, "spec": {"containers": [container]}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        server = _object("Deployment", "apps/v1", name, namespace, metadata=metadata, spec=spec)
    return [_object("Service", "v1", name, namespace, spec=service), server]


def clusters() -> list[tuple[JsonObject, JsonObject]]:
    """The local cluster as Rancher and CAPI know it, each with its status."""
    ready = {"conditions": [_condition("Ready"), _condition("Provisioned")]}
    return [
        (
            _object(
                "Cluster",
                "provisioning.cattle.io/v1",
                "local",
                "fleet-local",
                metadata={"labels": {"provisioning.cattle.io/management-cluster-name": "local"}},
                spec={"rkeConfig": {}, "kubernetesVersion": ""},
            ),
            ready | {"fleetWorkspaceName": "fleet-local", "clusterName": "local", "ready": True},
        ),
        (
            _object("Cluster", "cluster.x-k8s.io/v1beta1", "local", "fleet-local", spec={}),
            {"phase": "Provisioned", "observedGeneration": 1, "conditions": [_condition("Ready")]},
        ),
        (
            _object("Cluster", "management.cattle.io/v3", "local", spec={"internal": True}),
            {},
        ),
    ]


def fleet_cluster() -> JsonObject:
    """fleet's Cluster of the local cluster; the fleet double keeps its status."""
    return _object(
        "Cluster",
        "fleet.cattle.io/v1alpha1",
        "local",
        "fleet-local",
        spec={
            "kubeConfigSecret": "local-kubeconfig",
            "agentNamespace": "cattle-fleet-local-system",
            "redeployAgentGeneration": 1,
        },
    )


def managed_charts(upgrade: str) -> list[tuple[JsonObject, JsonObject]]:
    """The ManagedCharts, paused as during an upgrade, and their Bundles; each with its status."""
    summary = {"summary": {"desiredReady": 1, "ready": 1}, "conditions": [_condition("Ready")]}
    items: list[tuple[JsonObject, JsonObject]] = []
    names: Iterable[str] = (*MANAGED_CHARTS, f"{upgrade}-upgradelog-operator")
    for name in names:
        namespace = "harvester-system" if name.startswith("harvester") else f"cattle-{name}"
        spec: JsonObject = {"chart": name, "releaseName": name, "repoName": "harvester-charts"}
        spec["defaultNamespace"] = namespace
        if name in MANAGED_CHARTS:
            spec["paused"] = True
        items.append(
            (
                _object("ManagedChart", "management.cattle.io/v3", name, "fleet-local", spec=spec),
                summary | {"observedGeneration": 1, "display": {"state": "Active"}},
            )
        )
        helm = {"releaseName": name, "chart": name}
        bundle_spec = {"defaultNamespace": namespace, "helm": helm, "forceSyncGeneration": 1}
        bundle = _object(
            "Bundle", "fleet.cattle.io/v1alpha1", f"mcc-{name}", "fleet-local", spec=bundle_spec
        )
        items.append((bundle, summary))
    return items


def plans(upgrade: str) -> list[tuple[JsonObject, JsonObject]]:
    """The Plans of the phases before, complete on every node."""
    items = []
    for suffix in ("prepare", "skip-restart-rancher-system-agent"):
        plan = _object(
            "Plan",
            "upgrade.cattle.io/v1",
            f"{upgrade}-{suffix}",
            "cattle-system",
            spec={"concurrency": 1, "version": upgrade},
        )
        status = {"conditions": [_condition("Complete")], "latestVersion": upgrade}
        items.append((plan, status | {"latestHash": _plan_hash(suffix), "applying": []}))
    return items


def plan_labels(upgrade: str) -> dict[str, str]:
    """The labels a node gets when the Plans are through with it."""
    return {
        f"plan.upgrade.cattle.io/{upgrade}-{suffix}": _plan_hash(suffix)
        for suffix in ("prepare", "skip-restart-rancher-system-agent")
    }


def _plan_hash(suffix: str) -> str:
    return suffix.encode().hex()[:40]
