# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup set has to hold: all that P-BACKUP of FM 6.0 names, and every object of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import paths
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.lenient import (
    dig,
    mapping,
    mappings,
    text,
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
    containers' logs of pods, with_content what is inside release Secrets.
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
PROVISIONING_CLUSTER = Resource("provisioning.cattle.io/v1", "Cluster", "clusters")
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
    "shell-image",
    "server-url",
    "server-version",
    "internal-server-url",
    "internal-cacerts",
    "cacerts",
    "chart-default-branch",
)
_REPOS = ("rancher-charts", "rancher-rke2-charts", "rancher-partner-charts", "harvester-charts")

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
    Wanted(CONFIG_MAP, "cattle-system", name_prefix="rancher-charts-"),
    *(Wanted(SETTING, None, name) for name in _SETTINGS),
    Wanted(FLEET_CLUSTER),
    Wanted(BUNDLE),
    Wanted(Resource("management.cattle.io/v3", "ManagedChart", "managedcharts")),
    Wanted(
        Resource(
            "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"
        ),
        name_suffix=".fleet.cattle.io",
    ),
    Wanted(PROVISIONING_CLUSTER, "fleet-local", "local"),
)


def scope(plan: Mapping[str, Any]) -> list[Wanted]:
    """Everything to save before the plan is carried out, each once; what a step changes is required."""
    steps = mappings(plan.get("steps"))
    wanted = [*_releases(steps), *_objects(steps), *_COMMON]
    unique: dict[tuple[Any, ...], Wanted] = {}
    for each in wanted:
        key = (each.resource, each.namespace, each.name, each.label_selector, each.name_prefix)
        unique.setdefault(key, each)
    return list(unique.values())


def _releases(steps: Iterable[Mapping[str, Any]]) -> list[Wanted]:
    """The Secrets of every revision of every release a step works on."""
    releases = set()
    for step in steps:
        namespace = text(dig(step, "params", "namespace"))
        release = text(dig(step, "params", "release"))
        if namespace and release:
            releases.add((namespace, release))
    return [
        Wanted(
            SECRET,
            namespace,
            label_selector=f"owner=helm,name={release}",
            required=True,
            with_content=True,
        )
        for namespace, release in sorted(releases)
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
