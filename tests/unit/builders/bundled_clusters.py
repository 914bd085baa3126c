# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that hang, each as the API serves it and to be put into a support bundle: the same objects for both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
    collect,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UpgradingCluster,
    add_release,
    pod,
    stuck_cluster,
)

Change = Callable[[UpgradingCluster], None]
FLEET = "cattle-fleet-system"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"


def whole_cluster() -> UpgradingCluster:
    """The stuck cluster with what every cluster has besides, and a leader of Rancher that is alive."""
    cluster = stuck_cluster()
    for namespace in (
        "kube-system",
        "fleet-local",
        "cattle-fleet-local-system",
        "cattle-turtles-system",
    ):
        cluster.add(f"/api/v1/namespaces/{namespace}")
    cluster.objects["/api/v1/namespaces/kube-system"]["metadata"]["uid"] = "uid-kube-system"
    cluster.add(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters.fleet.cattle.io",
        spec={"versions": [{"name": "v1alpha1", "schema": {"openAPIV3Schema": {"properties": {
            "status": {"properties": {"agentTLSMode": {"type": "string"}}}}}}}]},
    )  # fmt: skip
    cluster.add("/apis/scheduling.k8s.io/v1/priorityclasses/x", value=1)
    service = {"name": "rancher-webhook", "namespace": "cattle-system"}
    for kind in ("mutating", "validating"):
        cluster.add(
            f"{_ADMISSION}/{kind}webhookconfigurations/rancher.cattle.io",
            webhooks=[{"name": "rancher.cattle.io", "clientConfig": {"service": service}}],
        )
    cluster.add("/api/v1/namespaces/cattle-system/services/rancher-webhook", spec={})
    cluster.add(
        "/apis/discovery.k8s.io/v1/namespaces/cattle-system/endpointslices/rancher-webhook-1",
        metadata={"labels": {"kubernetes.io/service-name": "rancher-webhook"}},
        endpoints=[{"conditions": {"ready": True}}],
    )
    cluster.objects[
        "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cattle-controllers"
    ]["spec"]["renewTime"] = "2026-11-23T14:59:50.123456Z"
    _add_bundles(cluster)
    return cluster


def _add_bundles(cluster: UpgradingCluster) -> None:
    ready = {"summary": {"ready": 1, "desiredReady": 1}}
    for name in ("harvester", "harvester-crd"):
        cluster.add(
            f"/apis/management.cattle.io/v3/namespaces/fleet-local/managedcharts/{name}",
            spec={"paused": False},
            status=ready,
        )
        cluster.add(
            f"/apis/fleet.cattle.io/v1alpha1/namespaces/fleet-local/bundles/mcc-{name}",
            spec={
                "resources": [{"name": "chart", "content": "x" * 5000}],
                "helm": {"releaseName": name},
            },
            status=ready,
        )


def _locked(cluster: UpgradingCluster) -> None:
    add_release(
        cluster,
        FLEET,
        "fleet",
        2,
        status="pending-upgrade",
        info={"description": "Preparing upgrade"},
    )


def _index_missing(cluster: UpgradingCluster) -> None:
    for path in [
        each for each in cluster.objects if "/configmaps/" in each and "rancher-charts" in each
    ]:
        del cluster.objects[path]


def _fleet_config_lost(cluster: UpgradingCluster) -> None:
    cluster.objects["/api/v1/namespaces/cattle-fleet-system/configmaps/fleet-controller"]["data"][
        "config"
    ] = '{"apiServerURL": "", "apiServerCA": "", "agentTLSMode": "strict"}'


def _webhook_gone(cluster: UpgradingCluster) -> None:
    del cluster.objects["/api/v1/namespaces/cattle-system/services/rancher-webhook"]


def _uncovered_service(cluster: UpgradingCluster) -> None:
    """A webhook of the old Cluster API controllers, with its Service where no bundle looks."""
    service = {"name": "capi-webhook-service", "namespace": "cattle-capi-system"}
    cluster.add(
        f"{_ADMISSION}/mutatingwebhookconfigurations/mutating-webhook-configuration",
        webhooks=[{"name": "default.cluster.x-k8s.io", "clientConfig": {"service": service}}],
    )
    cluster.add("/api/v1/namespaces/cattle-capi-system/services/capi-webhook-service", spec={})


def _job_failed(cluster: UpgradingCluster) -> None:
    (path,) = [each for each in cluster.objects if "/jobs/" in each]
    cluster.objects[path]["status"] = {
        "failed": 7,
        "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}],
    }


def _upgrade_repo_down(cluster: UpgradingCluster) -> None:
    (path,) = [each for each in cluster.objects if "/virtualmachines/" in each]
    cluster.objects[path]["status"] = {"printableStatus": "Stopped"}


def _server_version_differs(cluster: UpgradingCluster) -> None:
    cluster.objects["/apis/management.cattle.io/v3/settings/server-version"]["value"] = "v2.10.5"


def _values_secret(cluster: UpgradingCluster) -> None:
    """A Bundle with values, and its Secret, beside a machine plan as bundles keep it."""
    path = "/apis/fleet.cattle.io/v1alpha1/namespaces/fleet-local/bundles/mcc-harvester"
    cluster.objects[path]["spec"]["valuesHash"] = "abc"
    cluster.add("/api/v1/namespaces/fleet-local/secrets/mcc-harvester", data={})


def _rollout_blocked(cluster: UpgradingCluster) -> None:
    status = cluster.objects["/apis/apps/v1/namespaces/cattle-system/deployments/rancher"]["status"]
    status.update(readyReplicas=0, updatedReplicas=1)
    pod(
        cluster,
        "/api/v1/namespaces/cattle-system/pods/rancher-2",
        "Pending",
        metadata={"labels": {"app": "rancher"}},
    )


CHANGES: dict[str, Change] = {
    "equal-precedence": lambda _cluster: None,
    "locked": _locked,
    "index-missing": _index_missing,
    "fleet-config-lost": _fleet_config_lost,
    "webhook-gone": _webhook_gone,
    "uncovered-service": _uncovered_service,
    "job-failed": _job_failed,
    "upgrade-repo-down": _upgrade_repo_down,
    "server-version-differs": _server_version_differs,
    "values-secret": _values_secret,
    "rollout-blocked": _rollout_blocked,
}


def cluster_of(name: str) -> UpgradingCluster:
    """One of the clusters."""
    cluster = whole_cluster()
    CHANGES[name](cluster)
    return cluster


def live_evidence(cluster: UpgradingCluster) -> dict[str, Any]:
    """What the live collectors read of it."""
    return collect(cluster, CollectOptions())
