# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release with a workload in the API server of the unit tests, and fields that an earlier revision has left there."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

NAMESPACE = "cattle-fleet-system"
PATH = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/web"
OLD = "2026-11-20T10:00:00Z"
MANIFEST = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template: {spec: {containers: [{name: web, image: "web:1"}]}}
"""
MORE = MANIFEST.replace("containers:", "nodeSelector: {disk: none}, containers:")
MARKS = {"meta.helm.sh/release-name": "fleet", "meta.helm.sh/release-namespace": NAMESPACE}
_TEMPLATE = {
    "f:nodeSelector": {},
    "f:dnsPolicy": {},
    "f:containers": {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}}},
}


def kinds(cluster: Cluster) -> None:
    """The kinds that the API server says it has."""
    for version, names in {
        "api/v1": (("ConfigMap", "configmaps"), ("Secret", "secrets")),
        "apis/apps/v1": (("Deployment", "deployments"),),
    }.items():
        resources: list[dict[str, Any]] = [
            {"kind": kind, "name": name, "namespaced": True} for kind, name in names
        ]
        resources.append({"kind": names[0][0], "name": f"{names[0][1]}/status", "namespaced": True})
        cluster.add(f"/{version}", {"resources": resources, "metadata": {}})


def deployment(**metadata: Any) -> dict[str, Any]:
    """The live workload, with a nodeSelector and a default that helm's first write counts as set."""
    fields = {"f:spec": {"f:template": {"f:spec": _TEMPLATE}}}
    owner = {"manager": "helm", "operation": "Update", "apiVersion": "apps/v1", "fieldsV1": fields}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": NAMESPACE,
            "uid": "uid-web",
            "resourceVersion": "7",
            "annotations": dict(MARKS),
            "managedFields": [owner],
            **metadata,
        },
        "spec": {
            "template": {
                "spec": {
                    "nodeSelector": {"disk": "none"},
                    "dnsPolicy": "ClusterFirst",
                    "containers": [{"name": "web", "image": "web:1"}],
                }
            }
        },
    }


def object_of(kind: str, name: str, **metadata: Any) -> dict[str, Any]:
    """An object that helm has made for release fleet."""
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-{name}",
            "resourceVersion": "5",
            "annotations": dict(MARKS),
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            **metadata,
        },
    }


def config_map_path(name: str) -> str:
    """Where a ConfigMap is."""
    return f"/api/v1/namespaces/{NAMESPACE}/configmaps/{name}"


def cluster_of(*revisions: dict[str, Any]) -> Cluster:
    """The cluster with the workload, and with these revisions of release fleet."""
    cluster = Cluster()
    kinds(cluster)
    cluster.add(PATH, deployment())
    for each in revisions:
        secret = release_secret(**{"info": {"last_deployed": OLD}, **each})
        secret["metadata"]["creationTimestamp"] = OLD
        cluster.add_secret(secret)
    return cluster
