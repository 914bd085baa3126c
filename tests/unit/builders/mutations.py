# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence changed in ways that a test can name: a source taken out, a failure put in, two overlays in one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

Document = dict[str, Any]

#: What of an evidence document a source stands for; nothing where others say it as well.
DATA: dict[str, tuple[tuple[str, ...], ...]] = {
    "upgrade": (("upgrade",),),
    "harvester_version": (("harvester_version",),),
    "job": (("job",),),
    "job_pods": (("job_pods",), ("wait",)),
    "job_logs": (("wait",),),
    "release_file": (("release_file",),),
    "releases": (("releases",),),
    "settings": (("settings",),),
    "features": (("features",),),
    "rancher_config": (("rancher_config",),),
    "rancher_deployment": (("rancher",),),
    "rancher_pods": (("rancher", "pods"),),
    "leader": (("rancher", "leader"),),
    "leader_log": (("leader_log",),),
    "cluster_repos": (("cluster_repos",),),
    "chart_index": (("chart_index",),),
    "operations": (("operations",),),
    "helm_pods": (("helm_pods",),),
    "managed_charts": (("managed_charts",),),
    "bundles": (("bundles",),),
    "fleet_cluster": (("fleet", "cluster"),),
    "fleet_config": (("fleet", "config"),),
    "fleet_agent": (("fleet", "agent"),),
    "fleet_agentmanagement_log": (("fleet", "agentmanagement_log"),),
    "fleet_crd": (("fleet", "crd"),),
    "fleet_workloads": (("fleet", "deployments"),),
    "webhook_configurations": (("webhook_configurations",),),
    "webhook_certificate": (("webhook_certificate",),),
    "secrets": (("secrets",),),
    "nodes": (("nodes",),),
    "priority_classes": (("priority_classes",),),
    "capi_cluster": (("capi_cluster",),),
    "provisioning_cluster": (("provisioning_cluster",),),
    "plans": (("plans",),),
    "pods": (("pod_troubles",),),
    "capi_pods": (),
    "machines": (("machines",),),
    "management_cluster": (("management_cluster",),),
    "leader_environment": (),
    "bundled_charts": (("bundled_head",),),
    "upgrade_repo": (("upgrade_repo",),),
    "services": (("services",),),
}
_LISTS = ("job_pods", "releases")

OVER: Document = {
    "upgrade": {
        "state": "Succeeded",
        "conditions": [
            {"type": "SystemServicesUpgraded", "status": "True"},
            {"type": "Completed", "status": "True"},
        ],
    },
    "job": {"active": 0, "succeeded": 1},
    "job_pods": [{"name": "p", "phase": "Succeeded", "exit_code": 0}],
}
UPGRADING_NODES: Document = {
    **OVER,
    "upgrade": {
        "state": "UpgradingNodes",
        "conditions": [
            {"type": "SystemServicesUpgraded", "status": "True"},
            {"type": "NodesUpgraded", "status": "Unknown"},
        ],
    },
}


def without(evidence: Document, source: str, state: str) -> Document:
    """The evidence without a source: what it was is gone, and the state says why."""
    left = copy.deepcopy(evidence)
    left["sources"][source] = {"state": state, "reason": "taken out"}
    for path in DATA[source]:
        node: Any = left
        for key in path[:-1]:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, dict):
            empty: Any = [] if path[-1] in (*_LISTS, "pods", "deployments") else None
            node[path[-1]] = empty
    return left


def over(overlay: Document, end: Document | None = None) -> Document:
    """The evidence of an overlay after the job has done its work: what was wrong is still there."""
    end = end or OVER
    left = {key: part for key, part in overlay.items() if key != "waiting_for"}
    evidence = build(_in_order({**left, "wait": {"kind": None}}))
    if isinstance(evidence.get("upgrade"), dict):
        evidence["upgrade"].update(copy.deepcopy(end["upgrade"]))
    evidence.update(copy.deepcopy({key: end[key] for key in ("job", "job_pods")}))
    for chart in evidence.get("managed_charts") or ():
        chart["paused"] = False
    return evidence


def merged(first: Document, second: Document) -> Document:
    """Two overlays in one; where both change the same thing the second wins."""
    whole = copy.deepcopy(first)
    for key, part in copy.deepcopy(second).items():
        if key in whole and isinstance(whole[key], dict) and isinstance(part, dict):
            whole[key] = _laid_over(whole[key], part) if key == "set" else {**whole[key], **part}
        else:
            whole[key] = part
    if "waiting_for" in second:
        whole.pop("wait", None)
    elif "wait" in second:
        whole.pop("waiting_for", None)
    return _in_order(whole)


def _in_order(overlay: Document) -> Document:
    """What is set comes last: it may take away what the other parts change."""
    return {key: overlay[key] for key in sorted(overlay, key=lambda key: key == "set")}


def _laid_over(below: Document, above: Document) -> Document:
    laid = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(laid.get(key), dict)
        laid[key] = _laid_over(laid[key], value) if both else value
    return laid


def _append(evidence: Document, key: str, item: Any) -> None:
    evidence[key] = [*(evidence.get(key) or ()), item]


def _release_fails(evidence: Document) -> None:
    for release in evidence["releases"]:
        if release["release"] == "system-upgrade-controller" and release["revisions"]:
            release["revisions"][0].update(status="failed", label_status="failed")


def _config_is_lost(evidence: Document) -> None:
    config = (evidence.get("fleet") or {}).get("config")
    if isinstance(config, dict):
        config.update(api_server_url="", api_server_ca_present=False)


#: Failures that can be put into any evidence, each beside what else is there.
FAILURES: dict[str, Callable[[Document], None]] = {
    "bundle": lambda evidence: _append(
        evidence, "bundles", {"name": "another", "state": "ErrApplied", "message": "refused"}
    ),
    "managed-chart": lambda evidence: _append(
        evidence, "managed_charts", {"name": "another", "ready": False, "paused": False}
    ),
    "plan": lambda evidence: _append(
        evidence,
        "plans",
        {
            "name": "another",
            "complete": False,
            "missing_nodes": ["node-1", "node-2", "node-3"],
            "selected": 3,
        },
    ),
    "node": lambda evidence: _append(evidence, "nodes", {"name": "node-9", "ready": False}),
    "helm-operation": lambda evidence: _append(
        evidence,
        "helm_pods",
        {
            "name": "helm-operation-another",
            "phase": "Failed",
            "exit_code": 1,
            "created_at": "2026-11-23T14:50:00Z",
            "release": "rancher-monitoring",
            "release_namespace": "cattle-monitoring-system",
            "log_lines": ["Error: UPGRADE FAILED: no matches for kind"],
        },
    ),
    "release": _release_fails,
    "fleet-config": _config_is_lost,
}
