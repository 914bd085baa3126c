# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single objects and short lists around the upgrade: nodes, plans, Secrets' types, clusters, the ISO's repository."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..._core.lenient import Document, boolean, dig, integer, mapping, mappings, text, texts
from ..._documents.evidence import (
    ABSENT,
    OK,
    CapiCluster,
    Machine,
    ManagementCluster,
    Node,
    Plan,
    ProvisioningCluster,
    Secret,
    Source,
    Taint,
    UpgradeRepo,
)
from ..._harvester import upgrade, upgrade_plan
from ..._kube import paths
from ..._kube.reader import Reader
from ..._rancher.values.computed import is_control_plane
from .objects import (
    condition_status,
    conditions_of,
    created_at,
    identity,
    label,
    name_of,
    namespace_of,
    replica_counts,
)
from .rancher import NODES
from .reading import Context, Found, Group, Parts, Reads
from .upgrade import UPGRADES, latest_upgrade

VERSION = "kubernetes_version"
KUBECONFIG = "local_kubeconfig"
PRIORITY_CLASSES = "priority_classes"
CAPI_CLUSTER = "capi_cluster"
MACHINES = "machines"
MANAGEMENT_CLUSTER = "management_cluster"
PROVISIONING_CLUSTER = "provisioning_cluster"
PLANS = "plans"
REPO_VM = "upgrade_repo_vm"
REPO_DEPLOYMENT = "upgrade_repo_deployment"

_SECRETS = (
    ("cattle-system", "stv-aggregation"),
    ("fleet-local", "local-rke-state"),
    ("fleet-local", "local-kubeconfig"),
    ("cattle-fleet-local-system", "fleet-agent"),
    ("cattle-fleet-local-system", "fleet-agent-bootstrap"),
)
_ADMINISTRATED = "provisioning.cattle.io/administrated"
_PLAN_LABEL = "plan.upgrade.cattle.io/"
_CAPI_VERSIONS = ("v1beta1", "v1beta2")


def _secret_name(namespace: str, name: str) -> str:
    # Of this one the keys are of interest as well: the whole object is read elsewhere.
    return KUBECONFIG if name == "local-kubeconfig" else f"secret:{namespace}/{name}"


def _reads(_context: Context, found: Found) -> Reads:
    def get(path: str, client: Reader) -> Any:
        return client.get(path)

    def table(path: str, client: Reader) -> Any:
        return client.table(path)

    kubeconfig = paths.core("v1", "secrets", "fleet-local", "local-kubeconfig")
    reads: Reads = {
        KUBECONFIG: partial(get, kubeconfig),
        VERSION: lambda client: text(client.server_version().get("gitVersion")),
        PRIORITY_CLASSES: lambda client: client.list(
            paths.api("scheduling.k8s.io/v1", "priorityclasses"), metadata_only=True
        ),
        PLANS: lambda client: client.list(
            paths.api("upgrade.cattle.io/v1", "plans", "cattle-system")
        ),
        CAPI_CLUSTER: lambda client: _in_served_version(client.get, "clusters", "local"),
        MACHINES: lambda client: _in_served_version(client.list, "machines"),
        MANAGEMENT_CLUSTER: partial(
            get, paths.api("management.cattle.io/v3", "clusters", None, "local")
        ),
        PROVISIONING_CLUSTER: partial(
            get, paths.api("provisioning.cattle.io/v1", "clusters", "fleet-local", "local")
        ),
    }
    for namespace, name in _SECRETS:
        reads.setdefault(
            _secret_name(namespace, name),
            partial(table, paths.core("v1", "secrets", namespace, name)),
        )
    return {**reads, **_repo_reads(latest_upgrade(found))}


def _repo_reads(obj: Document) -> Reads:
    """Of an Upgrade it may be a VirtualMachine or a Deployment, of an UpgradePlan only the latter."""

    def get(path: str, client: Reader) -> Any:
        return client.get(path)

    name = name_of(obj)
    if not name:
        return {}
    is_plan = upgrade_plan.is_plan(obj)
    repo = upgrade_plan.repo_name(name) if is_plan else upgrade.repo_name(name)
    deployments = paths.api("apps/v1", "deployments", upgrade.NAMESPACE, repo)
    reads: Reads = {REPO_DEPLOYMENT: partial(get, deployments)}
    if not is_plan:
        machines = paths.api("kubevirt.io/v1", "virtualmachines", upgrade.NAMESPACE, repo)
        reads[REPO_VM] = partial(get, machines)
    return reads


def _in_served_version(ask: Callable[[str], Any], resource: str, name: str | None = None) -> Any:
    """Objects of Cluster API in the version in which they are served; newer ones drop the older."""
    oldest, newest = (
        paths.api(f"cluster.x-k8s.io/{version}", resource, "fleet-local", name)
        for version in _CAPI_VERSIONS
    )
    try:
        return ask(oldest)
    except Exception as first:
        if getattr(first, "code", "") != "not-found":
            raise
        return ask(newest)


def _parts(_context: Context, found: Found) -> Parts:
    secret_reads = [_secret_name(*each) for each in _SECRETS]
    fields: dict[str, Any] = {
        "secrets": tuple(_secret(found, *each) for each in _SECRETS),
        "upgrade_repo": _upgrade_repo(found),
    }
    if found.ok(NODES):
        nodes = sorted(found.objects(NODES), key=name_of)
        fields["nodes"] = tuple(_node(each) for each in nodes)
    if found.ok(PRIORITY_CLASSES):
        fields["priority_classes"] = tuple(sorted(map(name_of, found.objects(PRIORITY_CLASSES))))
    if found.ok(CAPI_CLUSTER):
        fields["capi_cluster"] = _capi_cluster(found.object(CAPI_CLUSTER))
    if found.ok(MACHINES):
        machines = sorted(found.objects(MACHINES), key=name_of)
        fields["machines"] = tuple(_machine(each) for each in machines)
    if found.ok(MANAGEMENT_CLUSTER):
        obj = found.object(MANAGEMENT_CLUSTER)
        fields["management_cluster"] = ManagementCluster(
            text(dig(obj, "metadata", "annotations", _ADMINISTRATED)) or ""
        )
    if found.ok(PROVISIONING_CLUSTER):
        fields["provisioning_cluster"] = _provisioning_cluster(found.object(PROVISIONING_CLUSTER))
    if found.ok(PLANS):
        plans = sorted(found.objects(PLANS), key=name_of)
        fields["plans"] = tuple(_plan(each, found) for each in plans)
    return Parts(
        fields,
        {
            "secrets": found.source(*secret_reads),
            "nodes": found.source(NODES),
            "priority_classes": found.source(PRIORITY_CLASSES),
            "capi_cluster": found.source(CAPI_CLUSTER),
            "machines": found.source(MACHINES),
            "management_cluster": found.source(MANAGEMENT_CLUSTER),
            "provisioning_cluster": found.source(PROVISIONING_CLUSTER),
            "plans": _list_source(found, PLANS),
            "upgrade_repo": _repo_source(found),
        },
    )


def _list_source(found: Found, name: str) -> Source:
    return Source(OK) if found.ok(name) else found.source(name)


def _secret(found: Found, namespace: str, name: str) -> Secret:
    reading = found.reading(_secret_name(namespace, name))
    rows = mappings(reading.value) or [mapping(reading.value)]
    known = reading.state in (OK, ABSENT)
    return Secret(
        namespace, name, reading.state == OK if known else None, text(rows[0].get("type"))
    )


def _node(obj: Document) -> Node:
    labels = mapping(dig(obj, "metadata", "labels"))
    return Node(
        name=name_of(obj),
        ready=condition_status(obj.get("status"), "Ready") == "True",
        unschedulable=boolean(dig(obj, "spec", "unschedulable")) is True,
        control_plane=is_control_plane(labels),
        witness=labels.get("node-role.harvesterhci.io/witness") == "true",
        taints=tuple(
            Taint(text(each.get("key")), text(each.get("value")), text(each.get("effect")))
            for each in mappings(dig(obj, "spec", "taints"))
        ),
    )


def _plan(obj: Document, found: Found) -> Plan:
    latest = text(dig(obj, "status", "latestHash"))
    selected = _selected_nodes(obj, found)
    missing = None if selected is None else _missing_nodes(obj, latest, selected)
    return Plan(
        name=name_of(obj),
        namespace=namespace_of(obj),
        uid=text(dig(obj, "metadata", "uid")),
        complete=None if missing is None else latest is not None and not missing,
        applying=tuple(texts(dig(obj, "status", "applying"))),
        created_at=created_at(obj),
        missing_nodes=tuple(missing or ()),
        selected=None if selected is None else len(selected),
        secrets=tuple(
            name
            for each in mappings(dig(obj, "spec", "secrets"))
            if (name := text(each.get("name")))
        ),
    )


def _selected_nodes(plan: Document, found: Found) -> list[Document] | None:
    """The nodes a plan selects; None when the nodes could not be read."""
    if not found.ok(NODES):
        return None
    selector = mapping(dig(plan, "spec", "nodeSelector"))
    return [
        node
        for node in found.objects(NODES)
        if _selects(selector, mapping(dig(node, "metadata", "labels")))
    ]


def _missing_nodes(plan: Document, latest: str | None, selected: list[Document]) -> list[str]:
    """Those of them that do not bear the plan's latest hash."""
    done = _PLAN_LABEL + name_of(plan)
    return sorted(
        name_of(node) for node in selected if latest is None or label(node, done) != latest
    )


def _selects(selector: Document, labels: Document) -> bool:
    """A label selector, as the API server evaluates it."""
    wanted = mapping(selector.get("matchLabels"))
    if any(labels.get(name) != value for name, value in wanted.items()):
        return False
    for expression in mappings(selector.get("matchExpressions")):
        key, values = text(expression.get("key")) or "", texts(expression.get("values"))
        holds = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds.get(text(expression.get("operator")) or "", False):
            return False
    return True


def _capi_cluster(obj: Document) -> CapiCluster:
    return CapiCluster(
        phase=text(dig(obj, "status", "phase")),
        generation=integer(dig(obj, "metadata", "generation")),
        observed_generation=integer(dig(obj, "status", "observedGeneration")),
        paused=boolean(dig(obj, "spec", "paused")) is True,
        conditions=tuple(
            each for each in conditions_of(obj.get("status")) if each.status != "True"
        )[:10],
    )


def _machine(obj: Document) -> Machine:
    return Machine(
        name=name_of(obj),
        phase=text(dig(obj, "status", "phase")),
        node=text(dig(obj, "status", "nodeRef", "name")),
        deleting=dig(obj, "metadata", "deletionTimestamp") is not None,
    )


def _provisioning_cluster(obj: Document) -> ProvisioningCluster:
    return ProvisioningCluster(
        **identity(obj),
        fleet_workspace_name=text(dig(obj, "status", "fleetWorkspaceName")),
        management_cluster_label=label(obj, "provisioning.cattle.io/management-cluster-name"),
        conditions=conditions_of(obj.get("status")),
    )


def _upgrade_repo(found: Found) -> UpgradeRepo | None:
    """The running Harvester decides which of the two it is (FM 1.5)."""
    if found.ok(REPO_VM):
        machine = found.object(REPO_VM)
        status = text(dig(machine, "status", "printableStatus"))
        return UpgradeRepo("VirtualMachine", name_of(machine), status == "Running", status)
    if found.ok(REPO_DEPLOYMENT):
        deployment = found.object(REPO_DEPLOYMENT)
        counts = replica_counts(deployment)
        status = f"{counts['ready']}/{counts['replicas']} ready"
        return UpgradeRepo("Deployment", name_of(deployment), bool(counts["ready"]), status)
    return None


def _repo_source(found: Found) -> Source:
    if REPO_DEPLOYMENT not in found:
        if not found.ok(UPGRADES):
            return found.source(UPGRADES)
        return Source(ABSENT, "There is no Upgrade.")
    if found.ok(REPO_VM) or found.ok(REPO_DEPLOYMENT):
        return Source(OK)
    return found.source(*(name for name in (REPO_VM, REPO_DEPLOYMENT) if name in found))


GROUP = Group(
    (
        "secrets",
        "nodes",
        "priority_classes",
        "capi_cluster",
        "machines",
        "management_cluster",
        "provisioning_cluster",
        "plans",
        "upgrade_repo",
    ),
    _reads,
    _parts,
)
