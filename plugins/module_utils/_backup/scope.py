# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup set has to hold: all that P-BACKUP of FM 6.0 names, and every object of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.lenient import dig, mapping, mappings, text
from .._kube import paths
from .._rancher.decision.system_charts import (
    HARVESTER_UPGRADE_CONTROLLER_RELEASE,
    all_system_charts,
)


@dataclass(frozen=True)
class Resource:
    """A kind and where its objects are."""

    api_version: str
    kind: str
    plural: str

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The path of an object, or of all objects."""
        if "/" in self.api_version:
            return paths.api(self.api_version, self.plural, namespace, name)
        return paths.core(self.api_version, self.plural, namespace, name)


@dataclass(frozen=True)
class Wanted:
    """One object, or all objects that fit, to save.

    required: without it the backup has failed, because a step is going to change it. An object that
    does not exist is never a failure. name_prefix and name_suffix narrow a list; with_logs saves the
    containers' logs of pods, with_content what is inside the release Secrets that matter.
    """

    resource: Resource
    namespace: str | None = None
    name: str | None = None
    label_selector: str | None = None
    name_prefix: str = ""
    name_suffix: str = ""
    required: bool = False
    with_logs: bool = False
    with_content: bool = False

    @property
    def label(self) -> str:
        """How messages name it."""
        parts = (self.resource.kind, self.namespace, self.name or f"{self.name_prefix}*")
        return "/".join(part for part in parts if part)


SECRET = Resource("v1", "Secret", "secrets")
CONFIG_MAP = Resource("v1", "ConfigMap", "configmaps")
POD = Resource("v1", "Pod", "pods")
CLUSTER_REPO = Resource("catalog.cattle.io/v1", "ClusterRepo", "clusterrepos")
SETTING = Resource("management.cattle.io/v3", "Setting", "settings")
DEPLOYMENT = Resource("apps/v1", "Deployment", "deployments")
MUTATING = Resource(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
    "mutatingwebhookconfigurations",
)
VALIDATING = Resource(
    "admissionregistration.k8s.io/v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
)
FLEET_CLUSTER = Resource("fleet.cattle.io/v1alpha1", "Cluster", "clusters")
BUNDLE = Resource("fleet.cattle.io/v1alpha1", "Bundle", "bundles")
BUNDLE_DEPLOYMENT = Resource("fleet.cattle.io/v1alpha1", "BundleDeployment", "bundledeployments")
PROVISIONING_CLUSTER = Resource("provisioning.cattle.io/v1", "Cluster", "clusters")
CRD = Resource("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions")
# What steps change.
RESOURCES = (
    SECRET,
    CONFIG_MAP,
    CLUSTER_REPO,
    SETTING,
    DEPLOYMENT,
    MUTATING,
    VALIDATING,
    FLEET_CLUSTER,
    BUNDLE,
    PROVISIONING_CLUSTER,
)

_MANIFEST_JOB = "harvesterhci.io/upgradeComponent=manifest"
_SETTINGS = (
    "fleet-version",
    "fleet-min-version",
    "rancher-webhook-version",
    "rancher-provisioning-capi-version",
    "rancher-turtles-version",
    "system-upgrade-controller-chart-version",
    "remotedialer-proxy-version",
    "remodialer-proxy-version",
    "shell-image",
    "system-default-registry",
    "server-url",
    "server-version",
    "internal-server-url",
    "internal-cacerts",
    "cacerts",
    "agent-tls-mode",
    "chart-default-branch",
)
_REPOS = ("rancher-charts", "rancher-rke2-charts", "rancher-partner-charts", "harvester-charts")
_INDEX_NAMESPACE = "cattle-system"
_AGENT_NAMESPACE = "cattle-fleet-local-system"

# Rancher itself (FM 6.12), and what Harvester's bundles install (FM 6.17).
_OTHER_RELEASES = (
    ("cattle-system", "rancher"),
    ("cattle-system", HARVESTER_UPGRADE_CONTROLLER_RELEASE),
    ("harvester-system", "harvester"),
    ("harvester-system", "harvester-crd"),
)

_COMMON = (
    Wanted(
        Resource("harvesterhci.io/v1beta1", "Upgrade", "upgrades"),
        "harvester-system",
        label_selector="harvesterhci.io/latestUpgrade=true",
    ),
    Wanted(Resource("batch/v1", "Job", "jobs"), "harvester-system", label_selector=_MANIFEST_JOB),
    Wanted(POD, "harvester-system", label_selector=_MANIFEST_JOB, with_logs=True),
    Wanted(CONFIG_MAP, "cattle-fleet-system", "fleet-controller"),
    Wanted(CONFIG_MAP, "cattle-system", "rancher-config"),
    *(Wanted(CLUSTER_REPO, None, name) for name in _REPOS),
    *(Wanted(SETTING, None, name) for name in _SETTINGS),
    Wanted(DEPLOYMENT, "cattle-system", "rancher"),
    # The agent, whichever kind it is of, and how it registers (FM 6.27, 6.28).
    Wanted(DEPLOYMENT, _AGENT_NAMESPACE, "fleet-agent"),
    Wanted(Resource("apps/v1", "StatefulSet", "statefulsets"), _AGENT_NAMESPACE, "fleet-agent"),
    Wanted(CONFIG_MAP, _AGENT_NAMESPACE, "fleet-agent"),
    Wanted(SECRET, _AGENT_NAMESPACE, "fleet-agent"),
    Wanted(SECRET, _AGENT_NAMESPACE, "fleet-agent-bootstrap"),
    Wanted(FLEET_CLUSTER),
    Wanted(BUNDLE),
    Wanted(BUNDLE_DEPLOYMENT),
    Wanted(Resource("management.cattle.io/v3", "ManagedChart", "managedcharts")),
    Wanted(CRD, name_suffix=".fleet.cattle.io"),
    Wanted(MUTATING),
    Wanted(VALIDATING),
    Wanted(PROVISIONING_CLUSTER, "fleet-local", "local"),
    Wanted(Resource("cluster.x-k8s.io/v1beta1", "Cluster", "clusters"), "fleet-local", "local"),
    # The state of the RKE2 cluster itself (FM 6.31).
    Wanted(SECRET, "fleet-local", "local-rke-state"),
)


def scope(plan: Mapping[str, Any]) -> list[Wanted]:
    """Everything to save before the plan is carried out, each once; what a step changes is required.

    The histories of all releases that Rancher and Harvester keep are saved whatever the plan is: a
    release that no step touches may be upgraded by Rancher as soon as the way is free.
    """
    steps = mappings(plan.get("steps"))
    wanted = [*_releases(steps), *_objects(steps), *_COMMON, *_indexes(steps)]
    unique: dict[tuple[Any, ...], Wanted] = {}
    for each in wanted:
        key = (each.resource, each.namespace, each.name, each.label_selector, each.name_prefix)
        unique.setdefault(key, each)
    return list(unique.values())


def _releases(steps: Iterable[Mapping[str, Any]]) -> list[Wanted]:
    """The Secrets of every revision of every release; of those a step works on they are required."""
    touched = set()
    for step in steps:
        namespace = text(dig(step, "params", "namespace"))
        release = text(dig(step, "params", "release"))
        if namespace and release:
            touched.add((namespace, release))
    kept = {(chart.namespace, chart.chart) for chart in all_system_charts()}
    return [
        Wanted(
            SECRET,
            namespace,
            label_selector=f"owner=helm,name={release}",
            required=(namespace, release) in touched,
            with_content=True,
        )
        for namespace, release in sorted({*touched, *kept, *_OTHER_RELEASES})
    ]


def _indexes(steps: Iterable[Mapping[str, Any]]) -> list[Wanted]:
    """The index of Rancher's own charts, every chunk of it, and that of every other repository a step works on."""
    names = {"rancher-charts"}
    for step in steps:
        reference = mapping(step.get("object"))
        if reference.get("kind") == CLUSTER_REPO.kind:
            names.add(text(reference.get("name")) or "")
    return [
        Wanted(CONFIG_MAP, _INDEX_NAMESPACE, name_prefix=f"{name}-")
        for name in sorted(names - {""})
    ]


def _objects(steps: Iterable[Mapping[str, Any]]) -> list[Wanted]:
    """The object of every step, as far as it is of a kind that steps change."""
    wanted = []
    for step in steps:
        reference = mapping(step.get("object"))
        found = resource_of(text(reference.get("api_version")), text(reference.get("kind")))
        if found is not None and not text(dig(step, "params", "release")):
            name, namespace = text(reference.get("name")), text(reference.get("namespace"))
            wanted.append(Wanted(found, namespace, name, required=True))
    return wanted


def resource_of(api_version: str | None, kind: str | None) -> Resource | None:
    """The resource of a kind that steps change; None for any other."""
    for each in RESOURCES:
        if (each.api_version, each.kind) == (api_version, kind):
            return each
    return None
