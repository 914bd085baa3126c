# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of objects the doubles deal with, and the CRDs of those Kubernetes does not know.

The fleet.cattle.io kinds come with the fleet-crd chart, as in reality (FM 5.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One kind of object: its place in the API and whether it is namespaced."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    status_subresource: bool = False

    @property
    def api_version(self) -> str:
        """``group/version``, or the bare version of the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def name(self) -> str:
        """The name kubectl takes: ``plural.group``, bare plural for built-in kinds."""
        if not self.group or self.group in _BUILT_IN_GROUPS:
            return self.plural
        return f"{self.plural}.{self.group}"

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The REST path of one object, or of the list when no name is given."""
        parts = ["/api" if not self.group else "/apis", self.api_version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        if name is not None:
            parts.append(name)
        return "/".join(parts)


_BUILT_IN_GROUPS = {
    "apps",
    "batch",
    "coordination.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "admissionregistration.k8s.io",
    "rbac.authorization.k8s.io",
}

BUILT_IN = (
    Resource("", "v1", "namespaces", "Namespace", False),
    Resource("", "v1", "nodes", "Node", False),
    Resource("", "v1", "pods", "Pod", True),
    Resource("", "v1", "secrets", "Secret", True),
    Resource("", "v1", "configmaps", "ConfigMap", True),
    Resource("", "v1", "services", "Service", True),
    Resource("", "v1", "serviceaccounts", "ServiceAccount", True),
    Resource("", "v1", "resourcequotas", "ResourceQuota", True),
    Resource("apps", "v1", "deployments", "Deployment", True),
    Resource("apps", "v1", "statefulsets", "StatefulSet", True),
    Resource("batch", "v1", "jobs", "Job", True),
    Resource("coordination.k8s.io", "v1", "leases", "Lease", True),
    Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False),
    Resource(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
    ),
    Resource(
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        False,
    ),
    Resource(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        False,
    ),
    Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False),
)

# Scope and status subresources as the projects' own CRDs have them.
CUSTOM = (
    Resource("harvesterhci.io", "v1beta1", "upgrades", "Upgrade", True),
    Resource("harvesterhci.io", "v1beta1", "versions", "Version", True),
    Resource("harvesterhci.io", "v1beta1", "settings", "Setting", False),
    Resource("management.cattle.io", "v3", "settings", "Setting", False),
    Resource("management.cattle.io", "v3", "features", "Feature", False),
    Resource("management.cattle.io", "v3", "clusters", "Cluster", False),
    Resource("management.cattle.io", "v3", "managedcharts", "ManagedChart", True, True),
    Resource("catalog.cattle.io", "v1", "clusterrepos", "ClusterRepo", False, True),
    Resource("catalog.cattle.io", "v1", "operations", "Operation", True, True),
    Resource("catalog.cattle.io", "v1", "apps", "App", True, True),
    Resource("provisioning.cattle.io", "v1", "clusters", "Cluster", True, True),
    Resource("cluster.x-k8s.io", "v1beta1", "clusters", "Cluster", True, True),
    Resource("upgrade.cattle.io", "v1", "plans", "Plan", True, True),
    Resource("kubevirt.io", "v1", "virtualmachines", "VirtualMachine", True, True),
)

FLEET = (
    Resource("fleet.cattle.io", "v1alpha1", "clusters", "Cluster", True, True),
    Resource("fleet.cattle.io", "v1alpha1", "bundles", "Bundle", True, True),
    Resource("fleet.cattle.io", "v1alpha1", "bundledeployments", "BundleDeployment", True, True),
)

KWOK = (
    Resource("kwok.x-k8s.io", "v1alpha1", "logs", "Logs", True, True),
    Resource("kwok.x-k8s.io", "v1alpha1", "execs", "Exec", True, True),
)

_ALL = BUILT_IN + CUSTOM + FLEET + KWOK
_BY_NAME = {resource.name: resource for resource in _ALL}
_BY_KIND = {(resource.api_version, resource.kind): resource for resource in _ALL}


def by_name(name: str) -> Resource:
    """The resource kubectl would call ``name``; KeyError for an unknown one."""
    return _BY_NAME[name]


def of_object(body: Mapping[str, Any]) -> Resource:
    """The resource an object belongs to, by its apiVersion and kind."""
    return _BY_KIND[(body["apiVersion"], body["kind"])]


def crd(resource: Resource) -> JsonObject:
    """A CustomResourceDefinition that keeps every field; structure is not what is tested here."""
    version: JsonObject = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        },
    }
    if resource.status_subresource:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "names": {
                "kind": resource.kind,
                "listKind": f"{resource.kind}List",
                "plural": resource.plural,
                "singular": resource.kind.lower(),
            },
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "versions": [version],
        },
    }


def crds(resources: Iterable[Resource] = CUSTOM) -> list[JsonObject]:
    """The CRDs of Rancher, Harvester, CAPI and the upgrade controller."""
    return [crd(resource) for resource in resources]
