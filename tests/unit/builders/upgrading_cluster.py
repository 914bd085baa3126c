# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster in the middle of an upgrade, in memory, as the collector reads it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.harvester_ops.remediation.tests.unit.builders import catalog
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

NOW = datetime(2026, 11, 23, 15, 0, 0, tzinfo=timezone.utc)
UPGRADE = "hvst-upgrade-x7k2p"
JOB_LOG = """\
2026-11-23T12:59:00.1Z harvester: v1.5.0
2026-11-23T12:59:00.2Z rancher: v2.11.0
2026-11-23T12:59:00.3Z rancherDependencies:
2026-11-23T12:59:00.4Z   fleet:
2026-11-23T12:59:00.5Z     chart: 106.0.0+up0.12.0
2026-11-23T12:59:00.6Z     app: 0.12.0
2026-11-23T12:59:30.1Z Upgrading Rancher
2026-11-23T13:00:00.1Z Wait for Rancher dependencies helm releases...
2026-11-23T13:00:00.2Z wait helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed
"""
LEADER_LOG = (
    "2026-11-23T14:59:00.1Z 2026/11/23 14:59:00 [ERROR] Failed to find system chart fleet will try again "
    'in 5 seconds: configmaps "" not found\n'
)

Objects = list[Any]
Fail = Callable[[str, str], RemediationError | None]


class UpgradingCluster:
    """The reading half of KubeClient over objects by path. `fail(verb, path)` may answer an error to raise."""

    server = "https://10.0.0.10:6443"

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.logs: dict[tuple[str, str, str], str] = {}
        self.previous_logs: dict[tuple[str, str, str], str] = {}
        self.requests: list[tuple[str, str]] = []
        self.environment: dict[str, str] = {"CATTLE_SERVER_VERSION": "v2.11.0"}
        self.answers: dict[str, ExecResult] = {"git": ExecResult(b"5f0c1ab\n", b"", 0, "")}
        self.fail: Fail = lambda _verb, _path: None

    @property
    def request_count(self) -> int:
        return len(self.requests)

    def now(self) -> datetime:
        return NOW

    def add(self, path: str, **content: Any) -> dict[str, Any]:
        """Put an object at ``/api/v1/namespaces/a/pods/b``; name and namespace come from the path."""
        parts = path.strip("/").split("/")
        metadata: dict[str, Any] = {
            "name": parts[-1],
            "uid": f"uid-{parts[-1]}",
            "resourceVersion": "7",
        }
        if "namespaces" in parts[:-2]:
            metadata["namespace"] = parts[parts.index("namespaces") + 1]
        obj = {**copy.deepcopy(content), "metadata": {**metadata, **content.get("metadata", {})}}
        self.objects[path] = obj
        return obj

    def add_secret(self, secret: dict[str, Any]) -> None:
        metadata = secret["metadata"]
        self.objects[f"/api/v1/namespaces/{metadata['namespace']}/secrets/{metadata['name']}"] = (
            secret
        )

    def _request(self, verb: str, path: str) -> None:
        self.requests.append((verb, path))
        error = self.fail(verb, path)
        if error is not None:
            raise error

    def server_version(self) -> dict[str, Any]:
        self._request("get", "/version")
        return {"gitVersion": "v1.32.3+rke2r1"}

    def cluster_uid(self) -> str:
        self._request("get", "/api/v1/namespaces/kube-system")
        return "uid-kube-system"

    def get(self, path: str, **_query: Any) -> Any:
        self._request("get", path)
        if path not in self.objects:
            raise RemediationError("not-found", f"{path} does not exist.", "")
        return copy.deepcopy(self.objects[path])

    def list(
        self,
        path: str,
        *,
        label_selector: str | None = None,
        metadata_only: bool = False,
        **_query: Any,
    ) -> Objects:
        self._request("list", path)
        prefix, _slash, resource = path.rpartition("/")
        found = []
        for where, obj in self.objects.items():
            parent = where.rpartition("/")[0]
            everywhere = parent.startswith(f"{prefix}/namespaces/") and parent.endswith(
                f"/{resource}"
            )
            labels = obj.get("metadata", {}).get("labels") or {}
            if (parent == path or everywhere) and _fits(labels, label_selector):
                found.append({"metadata": obj["metadata"]} if metadata_only else obj)
        return copy.deepcopy(found)

    def table(self, path: str) -> Objects:
        obj = self.get(path)
        return [{"name": obj["metadata"]["name"], "type": obj.get("type")}]

    def pod_log(
        self, namespace: str, pod: str, container: str, *, previous: bool = False, **_options: Any
    ) -> str:
        self._request("get", f"/api/v1/namespaces/{namespace}/pods/{pod}/log")
        if previous and (namespace, pod, container) not in self.previous_logs:
            message = f'previous terminated container "{container}" in pod "{pod}" not found'
            raise RemediationError("api-error", message, details={"http_status": 400})
        logs = self.previous_logs if previous else self.logs
        return logs.get((namespace, pod, container), "")

    def exec_in_pod(
        self, _client: Any, namespace: str, pod: str, container: str, argv: Any, **options: Any
    ) -> ExecResult:
        """What `answers` has for the program; grep finds the variables of `environment`."""
        self._request("exec", f"/api/v1/namespaces/{namespace}/pods/{pod}/exec?{argv[0]}")
        assert container == "rancher"
        assert options["timeout"] <= 10
        found = [f"{name}={value}" for name, value in self.environment.items()]
        wanted = re.compile(argv[3]) if argv[0] == "grep" else None
        records = "".join(f"{each}\0" for each in found if wanted and wanted.search(each))
        listed = ExecResult(records.encode(), b"", 0 if records else 1, "")
        result = self.answers.get(argv[0], listed)
        options["on_stdout"](result.stdout)
        return result


def _fits(labels: dict[str, str], selector: str | None) -> bool:
    if not selector:
        return True
    wanted, _comma, choices = selector.partition(",name in ")
    key, _equals, value = wanted.partition("=")
    if labels.get(key) != value:
        return False
    return not choices or labels.get("name") in choices.strip("()").split(",")


def pod(
    cluster: UpgradingCluster, path: str, phase: str = "Running", **content: Any
) -> dict[str, Any]:
    """A pod with one container, ready while it runs."""
    status: dict[str, Any] = {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": str(phase == "Running")}],
    }
    metadata = {"creationTimestamp": "2026-11-23T12:58:00Z", **content.pop("metadata", {})}
    return cluster.add(path, metadata=metadata, **{"status": status, **content})


def add_release(
    cluster: UpgradingCluster,
    namespace: str,
    release: str,
    revision: int,
    version: str = "106.0.0+up0.12.0",
    **changes: Any,
) -> None:
    """Put a revision of a release there; `changes` as release_secret takes them."""
    metadata = {"name": release, "version": version, "appVersion": version.partition("+up")[2]}
    secret = release_secret(
        release, revision, namespace=namespace, chart={"metadata": metadata}, **changes
    )
    cluster.add_secret(secret)


def stuck_cluster() -> UpgradingCluster:
    """Waiting for fleet 106.0.0+up0.12.0 with its candidate installed, as in harvester #8001."""
    cluster = UpgradingCluster()
    for namespace in ("cattle-fleet-system", "cattle-system", "harvester-system"):
        cluster.add(f"/api/v1/namespaces/{namespace}")
    _add_upgrade(cluster)
    _add_rancher(cluster)
    _add_fleet(cluster)
    for release, namespace, version in (
        ("fleet", "cattle-fleet-system", "106.0.0+up0.12.0-rc.3"),
        ("fleet-crd", "cattle-fleet-system", "106.0.0+up0.12.0-rc.3"),
        ("rancher-webhook", "cattle-system", "106.0.0+up0.7.0-rc.9"),
        ("rancher", "cattle-system", "2.11.0"),
    ):
        add_release(cluster, namespace, release, 1, version)
    return cluster


def _add_upgrade(cluster: UpgradingCluster) -> None:
    harvester = "/apis/harvesterhci.io/v1beta1/namespaces/harvester-system"
    cluster.add(
        f"{harvester}/upgrades/{UPGRADE}",
        metadata={
            "creationTimestamp": "2026-11-23T12:00:00Z",
            "labels": {
                "harvesterhci.io/latestUpgrade": "true",
                "harvesterhci.io/upgradeState": "UpgradingSystemServices",
            },
        },
        spec={"version": "v1.5.0"},
        status={
            "previousVersion": "v1.4.2",
            "repoInfo": "release:\n  harvester: v1.5.0\n  rancher: v2.11.0\n",
            "conditions": [{"type": "SystemServicesUpgraded", "status": "Unknown"}],
        },
    )
    labels = {
        "harvesterhci.io/upgrade": UPGRADE,
        "harvesterhci.io/upgradeComponent": "manifest",
    }
    cluster.add(
        f"/apis/batch/v1/namespaces/harvester-system/jobs/{UPGRADE}-apply-manifests",
        metadata={"labels": labels, "creationTimestamp": "2026-11-23T12:58:00Z"},
        spec={"backoffLimit": 6},
        status={"active": 1},
    )
    pod(cluster, "/api/v1/namespaces/harvester-system/pods/job-1", metadata={"labels": labels})
    cluster.logs["harvester-system", "job-1", "apply"] = JOB_LOG
    cluster.add(
        f"/apis/kubevirt.io/v1/namespaces/harvester-system/virtualmachines/upgrade-repo-{UPGRADE}",
        status={"printableStatus": "Running"},
    )


def _add_rancher(cluster: UpgradingCluster) -> None:
    settings = {
        "server-version": "v2.11.0",
        "fleet-version": "106.0.0+up0.12.0",
        "cacerts": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    }
    for name, value in settings.items():
        cluster.add(f"/apis/management.cattle.io/v3/settings/{name}", value=value, source="env")
    cluster.add("/apis/management.cattle.io/v3/features/fleet", spec={}, status={"default": True})
    cluster.add(
        "/apis/apps/v1/namespaces/cattle-system/deployments/rancher",
        metadata={"generation": 3},
        spec={
            "replicas": 1,
            "template": {
                "spec": {"containers": [{"name": "rancher", "image": "rancher/rancher:v2.11.0"}]}
            },
        },
        status={"observedGeneration": 3, "readyReplicas": 1, "updatedReplicas": 1},
    )
    pod(
        cluster,
        "/api/v1/namespaces/cattle-system/pods/rancher-1",
        metadata={"labels": {"app": "rancher"}},
    )
    cluster.logs["cattle-system", "rancher-1", "rancher"] = LEADER_LOG
    cluster.add(
        "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cattle-controllers",
        spec={"holderIdentity": "rancher-1"},
    )
    _add_catalog(cluster)


def _add_catalog(cluster: UpgradingCluster) -> None:
    cluster.add(
        "/api/v1/namespaces/cattle-system/services/rancher", spec={"clusterIP": "10.53.1.1"}
    )
    cluster.add(
        "/api/v1/namespaces/cattle-system/configmaps/rancher-config",
        data={"priorityClassName": "x"},
    )
    cluster.add(
        "/api/v1/nodes/node-1", status={"conditions": [{"type": "Ready", "status": "True"}]}
    )
    cluster.objects["/apis/catalog.cattle.io/v1/clusterrepos/rancher-charts"] = (
        catalog.cluster_repo()
    )
    index = catalog.index_document(("fleet", "106.0.0+up0.12.0"))
    for chunk in catalog.index_config_maps(catalog.packed_index(index)):
        name = chunk["metadata"]["name"]
        cluster.objects[f"/api/v1/namespaces/cattle-system/configmaps/{name}"] = chunk


def _add_fleet(cluster: UpgradingCluster) -> None:
    cluster.add(
        "/api/v1/namespaces/cattle-fleet-system/configmaps/fleet-controller",
        data={
            "config": '{"apiServerURL": "https://10.53.1.1/", "apiServerCA": "Q0E=", "agentTLSMode": "strict"}'
        },
    )
    cluster.add("/apis/fleet.cattle.io/v1alpha1/namespaces/fleet-local/clusters/local", status={})
    cluster.add(
        "/apis/apps/v1/namespaces/cattle-fleet-local-system/deployments/fleet-agent",
        spec={"replicas": 1},
    )
    for name, namespace, label in (
        ("fleet-controller-1", "cattle-fleet-system", "fleet-controller"),
        ("fleet-agent-1", "cattle-fleet-local-system", "fleet-agent"),
    ):
        pod(
            cluster,
            f"/api/v1/namespaces/{namespace}/pods/{name}",
            metadata={"labels": {"app": label}},
        )
