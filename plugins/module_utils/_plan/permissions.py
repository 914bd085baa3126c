# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permissions the steps of a plan need, and which of them an account lacks.

A permission that is missing in the middle of a plan leaves it half done, so all are asked for before
the first write. What helm writes depends on the chart; here are the kinds that the awaited charts are
made of, and the two verbs without which nobody may apply their roles (escalate and bind): who has
those can give himself every other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from .._core.errors import RemediationError
from .._core.names import BACKUP_NAMESPACE, LOCK_NAME, LOCK_NAMESPACE
from .._documents.plan import Plan, Step
from .._harvester import upgrade
from .._kube import paths
from .._kube.client import KubeClient
from .._rancher.server import helm_actors

REVIEWS = paths.api("authorization.k8s.io/v1", "selfsubjectaccessreviews")
PARALLEL = 8
_TOLD = 8
RBAC = "rbac.authorization.k8s.io"
BACKUP = "backup"


@dataclass(frozen=True, order=True)
class Permission:
    """One verb on one resource; without a namespace everywhere, without a name on all of them."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def __str__(self) -> str:
        kind = f"{self.resource}.{self.group}" if self.group else self.resource
        kind += f"/{self.subresource}" if self.subresource else ""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {kind}{name}{where}"

    def review(self) -> dict[str, Any]:
        """The question whether the account has it."""
        names = ("verb", "resource", "group", "namespace", "name", "subresource")
        asked = {name: getattr(self, name) for name in names if getattr(self, name)}
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": {"resourceAttributes": asked},
        }


def _each(verbs: str, *where: str, **more: str) -> set[Permission]:
    return {Permission(verb, *where, **more) for verb in verbs.split()}


def _lock() -> set[Permission]:
    lease = ("leases", "coordination.k8s.io", LOCK_NAMESPACE)
    return _each("get update delete", *lease, LOCK_NAME) | _each("create", *lease)


def _backup(namespace: str) -> set[Permission]:
    """Whoever has these by a Role in the namespace need not make the namespace: it is there."""
    return _each("get", "namespaces", "", "", namespace) | _each(
        "get list create delete", "secrets", "", namespace
    )


def _seeing_actors() -> set[Permission]:
    """What is looked at before a release is written: who else runs helm (_rancher/server/live_actor.py)."""
    needed = _each("list", "operations", "catalog.cattle.io")
    for namespace in (*helm_actors.NAMESPACES, upgrade.NAMESPACE):
        needed |= _each("list", "pods", "", namespace)
    return needed | _each("get", "pods", "", upgrade.NAMESPACE, subresource="log")


def _release_namespace(step: Step) -> str:
    return str(step.params.get("namespace") or step.object.namespace or "")


def _unlock(step: Step) -> set[Permission]:
    namespace = _release_namespace(step)
    return (
        _each("get list", "secrets", "", namespace)
        | _each("delete", "secrets", "", namespace, step.object.name)
        | _seeing_actors()
    )


_CLUSTER_KINDS = (
    ("customresourcedefinitions", "apiextensions.k8s.io"),
    ("clusterroles", RBAC),
    ("clusterrolebindings", RBAC),
    ("mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("validatingwebhookconfigurations", "admissionregistration.k8s.io"),
)
_NAMESPACED_KINDS = (
    ("secrets", ""),
    ("configmaps", ""),
    ("services", ""),
    ("serviceaccounts", ""),
    ("deployments", "apps"),
    ("jobs", "batch"),
    ("roles", RBAC),
    ("rolebindings", RBAC),
)


def _helm(step: Step) -> set[Permission]:
    """What helm needs for the charts awaited, beginning with its own revisions."""
    namespace, verbs = _release_namespace(step), "get create patch delete"
    needed = _each("list update", "secrets", "", namespace)
    for resource, group in _NAMESPACED_KINDS:
        needed |= _each(verbs, resource, group, namespace)
    for resource, group in _CLUSTER_KINDS:
        needed |= _each(verbs, resource, group)
    return needed | _each("escalate bind", "clusterroles", RBAC) | _seeing_actors()


def _repo(verbs: str) -> Callable[[Step], set[Permission]]:
    return lambda step: _each(
        verbs, "clusterrepos", "catalog.cattle.io", "", str(step.params.get("name"))
    )


def _rebuild(step: Step) -> set[Permission]:
    return _repo("get patch")(step) | _each("list get delete", "configmaps", "", "cattle-system")


def _create_repos(step: Step) -> set[Permission]:
    return (
        _repo("get")(step)
        | _each("create", "clusterrepos", "catalog.cattle.io")
        | _each("get create", "settings", "management.cattle.io")
    )


def _object(verbs: str, resource: str, group: str = "") -> Callable[[Step], set[Permission]]:
    """Verbs on the object of the step itself."""
    return lambda step: _each(verbs, resource, group, step.object.namespace or "", step.object.name)


def _fleet_config(step: Step) -> set[Permission]:
    return (
        _object("get patch", "configmaps")(step)
        | _each("get", "settings", "management.cattle.io")
        | _each("get", "services", "", "cattle-system", "rancher")
    )


def _stv_aggregation(step: Step) -> set[Permission]:
    return _object("get", "secrets")(step) | _each("create", "secrets", "", "cattle-system")


def _workspace(step: Step) -> set[Permission]:
    where = ("clusters", "provisioning.cattle.io", step.object.namespace or "", step.object.name)
    return _each("get patch", *where) | _each("patch", *where, subresource="status")


def _capi_webhooks(step: Step) -> set[Permission]:
    resource = f"{str(step.params.get('kind')).lower()}s"
    return _object("get delete", resource, "admissionregistration.k8s.io")(step) | _each(
        "get", "services"
    )


def _upgrade_controller(step: Step) -> set[Permission]:
    plan = ("plans", "upgrade.cattle.io", "cattle-system", str(step.params.get("plan")))
    return _object("get patch", "deployments", "apps")(step) | _each("get", *plan)


def _watching(step: Step) -> set[Permission]:
    return _each("get list", "secrets", "", _release_namespace(step)) | _seeing_actors()


NEEDS: dict[str, Callable[[Step], set[Permission]]] = {
    "wait_for_actor": _watching,
    "let_rancher_upgrade": _watching,
    "unlock_release": _unlock,
    "roll_back_release": _helm,
    "upgrade_release": _helm,
    "create_cluster_repos": _create_repos,
    "rebuild_index": _rebuild,
    "refresh_index": _repo("get patch"),
    "nudge": _repo("get patch"),
    "reset_shell_image": _object("get patch", "settings", "management.cattle.io"),
    "restore_fleet_config": _fleet_config,
    "redeploy_fleet_agent": _object("get patch", "clusters", "fleet.cattle.io"),
    "create_stv_aggregation": _stv_aggregation,
    "set_fleet_workspace_name": _workspace,
    "delete_legacy_capi_webhooks": _capi_webhooks,
    "restart_system_upgrade_controller": _upgrade_controller,
    "resync_bundle": _object("get patch", "bundles", "fleet.cattle.io"),
}


def needed_by(plan: Plan, backup_namespace: str = "") -> dict[str, set[Permission]]:
    """The permissions each step needs, by its id, and the lock and a backup in the cluster by their names.

    Without backup_namespace the cluster keeps no backup.
    """
    steps = {step.id: NEEDS[step.action](step) for step in plan.steps}
    if not steps:
        return {}
    backup = {BACKUP: _backup(backup_namespace)} if backup_namespace else {}
    return {LOCK_NAME: _lock(), **backup, **steps}


def lacking(client: KubeClient, permissions: Iterable[Permission]) -> list[Permission]:
    """Those that the account does not have, in their order. Nothing is changed by asking.

    Raises what the API server says when it does not answer: not known is not the same as granted.
    """
    asked = sorted(set(permissions))
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(lambda each: client.create(REVIEWS, each.review()), asked))
    return [each for each, answer in zip(asked, answers, strict=True) if not _is_allowed(answer)]


def _is_allowed(answer: Mapping[str, Any]) -> bool:
    return (answer.get("status") or {}).get("allowed") is True


def require(client: KubeClient, plan: Plan, backup_namespace: str = "") -> int:
    """How many permissions the plan needs; raises forbidden, with all that are missing, by step."""
    needed = needed_by(plan, backup_namespace)
    everything: set[Permission] = set().union(*needed.values())
    missing = set(lacking(client, everything))
    if not missing:
        return len(everything)
    by_step = {
        step: sorted(map(str, permissions & missing))
        for step, permissions in needed.items()
        if permissions & missing
    }
    raise RemediationError(
        "forbidden",
        "The account may not do all that the plan does, so nothing was begun. It lacks:"
        f" {in_words(missing)}.",
        _remedy(plan, set(by_step), backup_namespace),
        details={"missing": by_step},
    )


def in_words(permissions: Iterable[Permission]) -> str:
    """Permissions for a message: the verbs on one resource together, a long list cut off."""
    verbs: dict[Permission, list[str]] = {}
    for each in sorted(permissions):
        verbs.setdefault(replace(each, verb=""), []).append(each.verb)
    told = [f"{', '.join(names)} on{each}" for each, names in verbs.items()]
    more = len(told) - _TOLD
    return "; ".join(told[:_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _remedy(plan: Plan, missing_for: set[str], backup_namespace: str) -> str:
    with_helm = {step.id for step in plan.steps if NEEDS[step.action] is _helm}
    if with_helm & missing_for:
        return (
            "Run again as an account with cluster-admin: helm applies the roles of its charts, and"
            " whoever may do that may do everything."
        )
    other = BACKUP in missing_for and backup_namespace != BACKUP_NAMESPACE
    changed = f" ({backup_namespace} in it in the place of {BACKUP_NAMESPACE})" if other else ""
    return (
        f"Grant the account files/rbac/remediate.yml of the collection{changed}, or run again as one"
        " with cluster-admin."
    )
