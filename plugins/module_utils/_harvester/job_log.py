# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the manifest job: which line means what, and what the job waits for (FM 1.7, 1.8, 6.0 D.3).

The texts are those of Harvester's upgrade_manifests.sh and lib.sh from v1.1 to v1.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._kube.log_lines import ContainerLog, LogLine, Pattern, find_events
from . import release_file

_RELEASE = (
    r"(?P<namespace>\S+) (?P<release>\S+) (?P<chart>\S+) (?P<app_version>\S+) (?P<status>\S+)"
)
_NOT_FOUND = r"^Error from server \(NotFound\): "

_TABLE: tuple[tuple[str, str], ...] = (
    ("helm-release", rf"^wait helm release {_RELEASE}\s*$"),
    ("helm-release-completed", rf"^completed helm release {_RELEASE}\s*$"),
    (
        "helm-release-pending",
        r"^(?P<chart>[^\s:]+):(?P<app_version>\S+) in (?P<status>pending-\S+) state for (?P<minutes>\d+) minutes",
    ),
    ("helm-rollback", r"^deadline exceeded\. rolling back"),
    ("rancher-version", r"^Wait for Rancher to be upgraded to (?P<version>\S+?)\.\.\."),
    ("rancher-skipped", r"^Skip update Rancher\. The version is already (?P<version>\S+)"),
    ("rancher-dependencies", r"^Wait for Rancher dependencies helm releases"),
    ("upgrading-rancher", r"^Upgrading Rancher\s*$"),
    ("helm-upgrade-rancher", r"^Rancher patch file to be run via helm upgrade"),
    ("rancher-upgraded", r'^Release "rancher" has been upgraded'),
    (
        "capi-cluster",
        r"^Waiting for CAPI cluster \S+ to be provisioned "
        r"\(current phase: (?P<phase>.*?), current generation: (?P<generation>[^,)]*)",
    ),
    ("capi-cluster-provisioned", r"^CAPI cluster \S+ is provisioned"),
    (
        "fleet-agent-missing",
        r"^resource was not created, continue"
        r"|" + _NOT_FOUND + r'(?:deployments|statefulsets)\.apps "fleet-agent" not found'
        r"|^waiting for (?:statefulset|deployment) fleet-agent to be created"
        r"|^fleet-agent pod is not found, continue",
    ),
    (
        "fleet-agent-old",
        r"^waiting for fleet-agent creation timestamp to be updated|^fleet-agent is old, \d+ < \d+",
    ),
    ("fleet-agent-redeployed", r"^fleet-agent is (?:new|redeployed)|^end with new timestamp"),
    ("field-agent-tls-mode", r"^wait for new field agentTLSMode in \S+ (?P<where>crd|configmap)"),
    ("field-agent-tls-mode-found", r"^new field agentTLSMode is found in"),
    ("not-imported", r"condition Imported is (?P<detail>not found|not updated)"),
    ("imported", r"condition Imported is updated|^cluster\.fleet local is Imported"),
    ("cluster-repo-not-found", _NOT_FOUND + r'clusterrepos\.catalog\.cattle\.io "(?P<name>[^"]+)" not found'),
    ("setting-not-found", _NOT_FOUND + r'settings\.management\.cattle\.io "(?P<name>[^"]+)" not found'),
    ("upgrade-failed", r"UPGRADE FAILED: (?P<detail>.*)"),
    ("fleet-config-not-restored", r"^both apiServerURL and apiServerCA saved values are empty"),
    ("plan", r"^Waiting for plan (?P<name>\S+) to complete"),
    ("plan-completed", r"^Plan \S+ completed?s?\."),
    ("upgrade-repo", r"^(?P<detail>Try to bring up the upgrade repo|Wait for upgrade repo ready|Failed to download)"),
    ("upgrade-repo-ready", r"^Downloading the file from|^Creating plan \S+"),
    ("managed-chart", r"^Waiting for ManagedChart [^\s/]+/(?P<name>\S+) from generation"),
    (
        "rollout-finished",
        r"successfully rolled out\s*$|^statefulset rolling update complete|roll out complete: \d+ new pods",
    ),
    ("rollout", r"^wait rollout -n (?P<namespace>\S+) (?P<workload>\S+) (?P<name>\S+)"),
    (
        "version-guard",
        r"(?P<detail>Version checking failed\. Abort|Current version is not supported\. Abort the upgrade"
        r"|upgrading from dev versions to non-dev versions is prohibited|downgrading is prohibited"
        r"|current version does not meet minimum upgrade requirement"
        r"|cross-version upgrades from/to any prerelease version are prohibited)",
    ),
    (
        "next-phase",
        r"^(?P<phase>Check current local-rke-state secret type|Upgrading Harvester Cluster Repo|Upgrading Harvester"
        r"|Waiting for cluster repo catalog index update|Waiting for KubeVirt to upgraded"
        r"|KubeVirt current version|Waiting for longhorn-manager|Sync containerd-registry"
        r"|Upgrading Managedchart|Applying extra manifests)",
    ),
)  # fmt: skip

PATTERNS = tuple(Pattern(kind, re.compile(expression)) for kind, expression in _TABLE)

#: Kinds at which the script stands still until something else happens in the cluster.
WAITS = frozenset(
    {
        "helm-release",
        "rancher-version",
        "rancher-dependencies",
        "capi-cluster",
        "fleet-agent-missing",
        "fleet-agent-old",
        "field-agent-tls-mode",
        "not-imported",
        "plan",
        "upgrade-repo",
        "managed-chart",
        "rollout",
    }
)
#: What is printed while the script still waits for a release.
_DURING_RELEASE = frozenset({"helm-release-pending", "helm-rollback"})


def events_of(log: ContainerLog) -> list[dict[str, Any]]:
    """The telling lines in order (_kube/log_lines.find_events), with what the line itself leaves out."""
    events = find_events(log.lines, PATTERNS)
    release: Mapping[str, Any] = {}
    for event in events:
        if event["kind"] in ("helm-release", "helm-release-completed"):
            event["chart_version"] = _version_of(event["chart"], event["release"])
            release = event
        elif event["kind"] in _DURING_RELEASE:
            # These lines name the chart of the pending revision or nothing; they speak of the release waited for.
            event["namespace"] = release.get("namespace")
            event["release"] = release.get("release")
        if "minutes" in event:
            event["minutes"] = int(event["minutes"])
        if event["kind"] == "rollout":
            event["workload"] = event["workload"].lower()
    return events


def wait_of(events: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The event of the wait that the script is in at the end of its log, None when it is in none.

    For a release, what the script said meanwhile is added: `pending_status`, `pending_minutes`, `rolled_back`.
    """
    meanwhile: dict[str, Any] = {}
    for event in reversed(events):
        kind = event["kind"]
        if kind == "helm-release-pending":
            meanwhile.setdefault("pending_status", event.get("status"))
            meanwhile.setdefault("pending_minutes", event.get("minutes"))
        elif kind == "helm-rollback":
            meanwhile["rolled_back"] = True
        elif kind in WAITS and (not meanwhile or kind == "helm-release"):
            return {**event, **meanwhile}
        else:
            return None
    return None


def release_file_of(lines: Sequence[LogLine]) -> dict[str, Any] | None:
    """The harvester-release.yaml printed at the top of the log."""
    return release_file.find_in_log(line.text for line in lines)


def _version_of(chart: str, release: str) -> str | None:
    """``fleet-106.0.0+up0.12.0`` is chart fleet in version 106.0.0+up0.12.0."""
    prefix = f"{release}-"
    return chart[len(prefix) :] if chart.startswith(prefix) else None
