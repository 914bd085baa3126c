# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which permissions the steps of a plan need, and which of them an account lacks.

A permission that is missing in the middle of a plan leaves it half done, so all are asked for before
the first write. What a step needs is in the registry of actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from .._core.errors import RemediationError
from .._core.names import BACKUP_NAMESPACE, LOCK_NAME, LOCK_NAMESPACE
from .._documents.actions import needs_of, row
from .._documents.plan import Plan, Step
from .._kube import paths
from .._kube.client import KubeClient

REVIEWS = paths.api("authorization.k8s.io/v1", "selfsubjectaccessreviews")
PARALLEL = 8
_TOLD = 8
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


def of_step(step: Step) -> set[Permission]:
    """What its row in the registry says, with the names of the step filled in."""
    needed: set[Permission] = set()
    for need in needs_of(step):
        where = (need.resource, need.group, need.namespace, need.name)
        needed |= _each(need.verbs, *where, subresource=need.subresource)
    return needed


def needed_by(plan: Plan, backup_namespace: str = "") -> dict[str, set[Permission]]:
    """The permissions each step needs, by its id, and the lock and a backup in the cluster by their names.

    Without backup_namespace the cluster keeps no backup.
    """
    steps = {step.id: of_step(step) for step in plan.steps}
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
    of_charts = {step.id for step in plan.steps if row(step).as_administrator}
    if of_charts & missing_for:
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
