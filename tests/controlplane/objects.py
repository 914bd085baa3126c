# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Kubernetes objects that ``up`` makes."""

from __future__ import annotations

import platform
from typing import Any

PROBE = "controlplane-probe"


def node(name: str, version: str, control_plane: bool) -> dict[str, Any]:
    """A node without taints; kwok makes it Ready."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "amd64")
    labels = {
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }
    if control_plane:
        labels["node-role.kubernetes.io/control-plane"] = "true"
        labels["node-role.kubernetes.io/etcd"] = "true"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {
            "nodeInfo": {
                "architecture": architecture,
                "operatingSystem": "linux",
                "kubeletVersion": version,
                "bootID": "",
                "containerRuntimeVersion": "containerd://2.0.0",
                "kernelVersion": platform.release(),
                "kubeProxyVersion": "",
                "machineID": "",
                "osImage": "kwok",
                "systemUUID": "",
            }
        },
    }


def default_logs(empty_file: str) -> dict[str, Any]:
    """Pods without a Logs object have logged nothing, as a quiet container has."""
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "controlplane-default"},
        "spec": {"logs": [{"logsFile": empty_file}]},
    }


def probe_deployment() -> dict[str, Any]:
    """Becomes Available only when every part of the control plane does its work."""
    labels = {"app": PROBE}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": PROBE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [{"name": "probe", "image": "controlplane.test/probe:1"}],
                    "terminationGracePeriodSeconds": 0,
                },
            },
        },
    }


def audit_policy(own_users: list[str]) -> dict[str, Any]:
    """Log who asked what, without bodies; the control plane's own parts are left out."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived", "ResponseStarted"],
        "rules": [
            {"level": "None", "users": own_users},
            {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
            {"level": "Metadata"},
        ],
    }
