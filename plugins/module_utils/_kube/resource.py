# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds, and where their objects are."""

from __future__ import annotations

from dataclasses import dataclass

from . import paths


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
