# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup set has to hold: all that P-BACKUP of FM 6.0 names, and every object of the plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.lenient import mappings
from .._documents.actions import Saves, resource_of, row
from .._documents.plan import Step
from .._harvester import upgrade, upgrade_plan
from .._kube.resource import (
    BUNDLE,
    BUNDLE_DEPLOYMENT,
    CLUSTER_REPO,
    CONFIG_MAP,
    CRD,
    DEPLOYMENT,
    FLEET_CLUSTER,
    MUTATING,
    POD,
    PROVISIONING_CLUSTER,
    SECRET,
    SETTING,
    VALIDATING,
    Resource,
)
from .._rancher.decision.system_charts import (
    HARVESTER_UPGRADE_CONTROLLER_RELEASE,
    all_system_charts,
)


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

MADE_BY_HELM = "app.kubernetes.io/managed-by=Helm"
_RBAC = "rbac.authorization.k8s.io/v1"
CHART_OBJECTS = (
    CONFIG_MAP,
    SECRET,
    DEPLOYMENT,
    Resource("apps/v1", "DaemonSet", "daemonsets"),
    Resource("apps/v1", "StatefulSet", "statefulsets"),
    Resource("v1", "Service", "services"),
    Resource("v1", "ServiceAccount", "serviceaccounts"),
    Resource(_RBAC, "Role", "roles"),
    Resource(_RBAC, "RoleBinding", "rolebindings"),
)

_COMMON = (
    Wanted(
        Resource(upgrade.API, "Upgrade", "upgrades"),
        upgrade.NAMESPACE,
        label_selector=upgrade.LATEST_SELECTOR,
    ),
    Wanted(Resource(upgrade_plan.API, upgrade_plan.KIND, upgrade_plan.RESOURCE)),
    *(
        Wanted(resource, upgrade.NAMESPACE, label_selector=selector, with_logs=resource is POD)
        for selector in (upgrade.MANIFEST_SELECTOR, upgrade_plan.JOB_SELECTOR)
        for resource in (Resource("batch/v1", "Job", "jobs"), POD)
    ),
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
    release that no step touches may be upgraded by Rancher as soon as the way is free. Raises plan-invalid
    for a step that the registry of actions does not know, or on an object of a kind that its action is not for.
    """
    steps = [Step.from_dict(step) for step in mappings(plan.get("steps"))]
    wanted = [*_releases(steps), *_objects(steps), *_of_charts(steps), *_COMMON, *_indexes(steps)]
    unique: dict[tuple[Any, ...], Wanted] = {}
    for each in wanted:
        key = (each.resource, each.namespace, each.name, each.label_selector, each.name_prefix)
        unique.setdefault(key, each)
    return list(unique.values())


@dataclass(frozen=True)
class Changes:
    """What a plan is going to change: releases as ``namespace/name``, and objects of no release by their label.

    ``paths`` has the place of each such object in the API, also of those that only a step makes.
    """

    releases: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict)


def changes_of(plan: Mapping[str, Any]) -> Changes:
    """What the steps of a plan change; a restoration brings it back by that. Raises plan-invalid."""
    steps = [Step.from_dict(step) for step in mappings(plan.get("steps"))]
    releases = {
        f"{step.params['namespace']}/{step.params['release']}"
        for step in steps
        if row(step).saves is not Saves.OBJECT
    }
    places = {
        step.object.label: resource_of(step).path(step.object.namespace, step.object.name)
        for step in steps
        if row(step).saves is Saves.OBJECT
    }
    return Changes(tuple(sorted(releases)), tuple(sorted(places)), places)


def _releases(steps: Iterable[Step]) -> list[Wanted]:
    """The Secrets of every revision of every release; of those a step works on they are required."""
    touched = {
        (str(step.params["namespace"]), str(step.params["release"]))
        for step in steps
        if row(step).saves is not Saves.OBJECT
    }
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


def _of_charts(steps: Iterable[Step]) -> list[Wanted]:
    """What helm has made in the namespaces of the releases that a step changes: fields of it may be removed.

    A step that does nothing else must not begin without a copy.
    """
    namespaces: dict[str, bool] = {}
    for step in steps:
        if row(step).as_administrator:
            namespace = str(step.params["namespace"])
            must = row(step).saves is Saves.RELEASE_OBJECTS
            namespaces[namespace] = namespaces.get(namespace, False) or must
    return [
        Wanted(each, namespace, label_selector=MADE_BY_HELM, required=required)
        for namespace, required in sorted(namespaces.items())
        for each in CHART_OBJECTS
    ]


def _indexes(steps: Iterable[Step]) -> list[Wanted]:
    """The index of Rancher's own charts, every chunk of it, and that of every other repository a step works on."""
    names = {"rancher-charts"}
    names |= {step.object.name for step in steps if resource_of(step) == CLUSTER_REPO}
    return [Wanted(CONFIG_MAP, _INDEX_NAMESPACE, name_prefix=f"{name}-") for name in sorted(names)]


def _objects(steps: Iterable[Step]) -> list[Wanted]:
    """The object of every step that is not about a release."""
    return [
        Wanted(resource_of(step), step.object.namespace, step.object.name, required=True)
        for step in steps
        if row(step).saves is Saves.OBJECT
    ]
