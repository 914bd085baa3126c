# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the manifest job can wait for: in words, what ends it, how long it takes, and what to look at (FM 1.7)."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

USUAL_SECONDS = 600
"""How long the job waits at most when nothing is wrong, where the table gives no longer time.

It is the progress deadline that Kubernetes gives a Deployment, at which ``kubectl rollout status`` gives up, and more than
every bound of the scripts and of Rancher: an addon 300 s (lib.sh, 60 times 5 s), Bundles 190 s (10 s and 18 times 10 s),
Cluster Ready 60 s (30 times 2 s), the CAPI cluster 30 s of stability, a helm operation of Rancher 300 s (Setting
system-managed-charts-operation-timeout) and 14 s before it, ``helm upgrade rancher --wait`` 300 s, a start of Rancher 120 s
for each pod (startupProbe of its chart), a ClusterRepo whose download failed 300 s until the next try.
"""
# lib.sh tries a download a hundred times, 10 s apart, and each transfer takes time of its own.
_DOWNLOAD_SECONDS = 1800
# Fleet's helm waits 600 to 800 s for a ManagedChart (installer; lib.sh, update_managedchart_patch_file_timeoutseconds):
# twice that, for the second attempt.
_CHART_SECONDS = 1800
# Nothing bounds these. An estimate: in the example of upgrade-toolkit's README the job as a whole took 15 min on three
# nodes, and these go from node to node.
_NODE_BY_NODE_SECONDS = 1800
# Nothing bounds it. An estimate: a volume has to be attached, and up to v1.6 a virtual machine to boot.
_REPOSITORY_SECONDS = 900

_WORKLOADS = {
    "deployment": "Deployment",
    "daemonset": "DaemonSet",
    "statefulset": "StatefulSet",
}
_LONGEST = 500


@dataclass(frozen=True)
class Wait:
    """A kind of wait. Every text is a list: the first one whose fields the line has given is used, so the last one of
    ``words`` has none. ``look_at`` are commands; one that names an unknown field is left out."""

    words: tuple[str, ...]
    ends: str
    look_at: tuple[str, ...]
    usual_seconds: int = USUAL_SECONDS


_BUNDLES = "kubectl -n fleet-local get managedcharts.management.cattle.io,bundles.fleet.cattle.io"
_CAPI = "kubectl -n fleet-local get clusters.cluster.x-k8s.io local -o yaml"
_AGENT = "kubectl -n cattle-fleet-local-system get deployments,statefulsets,pods -o wide"
_FLEET_LOG = "kubectl -n cattle-fleet-system logs deployments/fleet-controller -c fleet-agentmanagement --tail=100"
_FLEET_CLUSTER = "kubectl -n fleet-local get clusters.fleet.cattle.io local -o yaml"
_HELM_PODS = (
    "kubectl -n cattle-system get pods --sort-by=.metadata.creationTimestamp | grep helm-operation"
)
_LONGHORN = "kubectl -n longhorn-system get daemonset longhorn-manager -o wide"
_RANCHER = (
    "kubectl -n cattle-system get deployment rancher -o wide",
    "kubectl -n cattle-system get pods -l app=rancher -o wide",
)
_REPO = "harvesterhci.io/upgradeComponent=repo"

WAITS: Mapping[str, Wait] = {
    "helm-release": Wait(
        (
            "Helm release {namespace}/{release} to become {chart} ({app_version}), {status}",
            "Helm release {namespace}/{release}",
            "a Helm release that Rancher keeps",
        ),
        "the last revision of the release has that chart version, app version and status",
        ("helm -n {namespace} history {release}", _HELM_PODS),
    ),
    "rancher-dependencies": Wait(
        ("the Helm releases that Rancher keeps (fleet, fleet-crd, rancher-webhook)",),
        "fleet, fleet-crd and rancher-webhook are deployed in the versions of the new Harvester",
        ("helm -n cattle-fleet-system list -a", "helm -n cattle-system list -a", _HELM_PODS),
    ),
    "rancher-version": Wait(
        ("Rancher to report version {version}", "Rancher to report its new version"),
        "Setting server-version has the new version, which the new Rancher writes when it starts",
        ("kubectl get settings.management.cattle.io server-version", *_RANCHER),
    ),
    "capi-cluster": Wait(
        (
            "the CAPI cluster fleet-local/local (phase {phase}, generation {generation} of {wanted_generation})",
            "the CAPI cluster fleet-local/local (phase {phase}, generation {generation})",
            "the CAPI cluster fleet-local/local (phase {phase})",
            "the CAPI cluster fleet-local/local",
        ),
        "the phase of the CAPI cluster is Provisioned and its last generation is observed",
        (_CAPI, "kubectl get pods -A | grep -i capi"),
    ),
    "fleet-agent-missing": Wait(
        ("the Deployment cattle-fleet-local-system/fleet-agent to exist",),
        "Fleet has deployed its agent to the local cluster",
        (_AGENT, _FLEET_LOG),
    ),
    "fleet-agent-old": Wait(
        ("a new fleet-agent",),
        "Fleet has deployed its agent again and the new one is ready",
        (_AGENT, _FLEET_CLUSTER, _FLEET_LOG),
    ),
    "field-agent-tls-mode": Wait(
        ("the field agentTLSMode ({where})", "the field agentTLSMode"),
        "the new fleet-crd and fleet charts are installed",
        ("helm -n cattle-fleet-system list -a", _HELM_PODS),
    ),
    "not-imported": Wait(
        ("Cluster fleet-local/local to be imported again",),
        "condition Imported of the Cluster is newer than the pod of fleet-controller",
        (_FLEET_CLUSTER, _FLEET_LOG),
    ),
    "cluster-not-ready": Wait(
        ("Cluster fleet-local/local to be Ready",),
        "condition Ready of the Cluster is True, or a minute has passed",
        (_FLEET_CLUSTER,),
    ),
    "plan": Wait(
        ("Plan {name} to complete", "a Plan of the upgrade to complete"),
        "every node has carried the Plan out",
        (
            "kubectl -n cattle-system get plans.upgrade.cattle.io {name} -o yaml",
            "kubectl -n cattle-system get jobs,pods -l upgrade.cattle.io/plan={name} -o wide",
        ),
    ),
    "upgrade-repo": Wait(
        ("the upgrade repository",),
        "the repository in harvester-system runs and serves harvester-release.yaml over HTTP",
        (
            f"kubectl -n harvester-system get virtualmachines,virtualmachineinstances,deployments,pods -l {_REPO} -o wide",
            f"kubectl -n harvester-system describe pods -l {_REPO}",
        ),
        _REPOSITORY_SECONDS,
    ),
    "download": Wait(
        ("the download of {url}", "a download from the upgrade repository"),
        "the file is downloaded; the script tries that a hundred times",
        (f"kubectl -n harvester-system get pods -l {_REPO} -o wide",),
        _DOWNLOAD_SECONDS,
    ),
    "managed-chart": Wait(
        (
            "ManagedChart fleet-local/{name} (state {state})",
            "ManagedChart fleet-local/{name}",
            "a ManagedChart",
        ),
        "the ManagedChart has the new version and Fleet reports it ready",
        (_BUNDLES, "kubectl -n fleet-local get managedcharts.management.cattle.io {name} -o yaml"),
        _CHART_SECONDS,
    ),
    "rollout": Wait(
        (
            "the rollout of {Workload} {namespace}/{name}",
            "the rollout of {Workload} {name}",
            "the rollout of {name}",
            "the rollout of a workload",
        ),
        "all pods of the workload are replaced and ready",
        (
            "kubectl -n {namespace} get {workload} {name} -o wide",
            "kubectl -n {namespace} describe {workload} {name}",
            "kubectl -n {namespace} get pods -o wide",
        ),
    ),
    "cluster-repo": Wait(
        ("the index of ClusterRepo {name}", "the index of a ClusterRepo"),
        "Rancher has downloaded the index again",
        ("kubectl get clusterrepos.catalog.cattle.io {name} -o yaml", *_RANCHER),
    ),
    "kubevirt": Wait(
        ("KubeVirt to become {version} (now {current})", "KubeVirt to become {version}", "KubeVirt"),
        "KubeVirt kubevirt in harvester-system observes that version in phase Deployed",
        (
            "kubectl -n harvester-system get kubevirts.kubevirt.io kubevirt -o yaml",
            "kubectl -n harvester-system get pods -l kubevirt.io -o wide",
        ),
        _NODE_BY_NODE_SECONDS,
    ),
    "longhorn-manager": Wait(
        ("DaemonSet longhorn-manager ({ready} of {nodes} nodes)", "DaemonSet longhorn-manager"),
        "longhorn-manager has the new image and is ready on every node",
        (_LONGHORN, "kubectl -n longhorn-system get pods -l app=longhorn-manager -o wide"),
        _NODE_BY_NODE_SECONDS,
    ),
    "instance-manager": Wait(
        ("Longhorn's instance-manager on node {node}", "Longhorn's instance-manager"),
        "one instance-manager with the new image runs on the node",
        ("kubectl -n longhorn-system get instancemanagers.longhorn.io -o wide", _LONGHORN),
        _NODE_BY_NODE_SECONDS,
    ),
    "vm-shutdown": Wait(
        ("virtual machines to shut down ({left} left)", "virtual machines to shut down"),
        "no virtual machine runs",
        ("kubectl get virtualmachineinstances -A",),
        _NODE_BY_NODE_SECONDS,
    ),
    "pods-deleted": Wait(
        ("the pods of namespace {namespace} to be deleted ({left} left)", "pods to be deleted"),
        "the namespace has no pods",
        ("kubectl -n {namespace} get pods -o wide",),
    ),
    "addon-crd": Wait(
        ("the CRD of Harvester's addons",),
        "the new harvester-crd chart is installed",
        (_BUNDLES, "kubectl get crd addons.harvesterhci.io"),
    ),
    "addon": Wait(
        ("an addon to be deployed",),
        "the addon is AddonDeploySuccessful; from v1.2.2 on the script waits for five minutes at most",
        ("kubectl get addons.harvesterhci.io -A",),
    ),
    "fleet-bundles": Wait(
        ("Fleet's Bundles to be ready",),
        "every Bundle is ready, or a few minutes have passed",
        ("kubectl get bundles.fleet.cattle.io -A",),
    ),
}  # fmt: skip


def words(wait: Mapping[str, Any]) -> str | None:
    """What the job waits for, by the fields of its line; None when its kind is not in the table."""
    known = WAITS.get(str(wait.get("kind")))
    return None if known is None else next(_filled(known.words, wait))[:_LONGEST]


def ends_when(wait: Mapping[str, Any]) -> str | None:
    """What has to come true for the wait to end."""
    known = WAITS.get(str(wait.get("kind")))
    return known.ends if known else None


def look_at(wait: Mapping[str, Any]) -> list[str]:
    """Commands that show why a wait does not end."""
    known = WAITS.get(str(wait.get("kind")))
    return list(_filled(known.look_at, wait)) if known else []


def usual_seconds(kind: str | None) -> int:
    """How long a wait of this kind takes at most when nothing is wrong."""
    known = WAITS.get(kind or "")
    return known.usual_seconds if known else USUAL_SECONDS


def _filled(texts: Sequence[str], wait: Mapping[str, Any]) -> Iterator[str]:
    fields = {
        name: value
        for name, value in wait.items()
        if (isinstance(value, str) and value.strip()) or isinstance(value, int)
    }
    workload = _WORKLOADS.get(str(wait.get("workload")).lower())
    if workload:
        fields["Workload"] = workload
    for each in texts:
        needed = {
            name for _text, name, _spec, _conversion in string.Formatter().parse(each) if name
        }
        if needed <= fields.keys():
            yield each.format_map(fields)
