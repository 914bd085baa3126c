# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of actions: everything there is to know about what a plan can do, one row each.

The order is that of docs/failure-modes.md turned into ranks: locks before everything (a pending release beats
every version comparison), then the chart index (it blocks all charts), then what makes Rancher's own helm pods
fail, then the releases with fleet-crd before fleet (CRD fields), then what a fleet upgrade wipes, the agent, and
last what a retried job pod has skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from enum import Enum
from typing import Any

from .._core.errors import RemediationError
from .._core.names import HELM_NAMESPACES, UPGRADE_NAMESPACE
from .._kube.resource import (
    BUNDLE,
    CLUSTER_REPO,
    CONFIG_MAP,
    DEPLOYMENT,
    FLEET_CLUSTER,
    MUTATING,
    PROVISIONING_CLUSTER,
    SECRET,
    SETTING,
    VALIDATING,
    Resource,
)
from .plan import Step

RELEASE_ORDER = ("fleet-crd", "fleet", "rancher-webhook")
RBAC = "rbac.authorization.k8s.io"
SAME_RELEASE = "the same release"
_LOCK_SECONDS = 180
"""Longer than any step that has no time of its own; what takes longer renews the lock itself."""
_INDEX_SECONDS = 480
"""A step on an index waits for it, up to five minutes, and renews nothing meanwhile."""


class Saves(Enum):
    """What of a step's object a backup set has to hold."""

    RELEASE = "every revision of its release"
    RELEASE_OBJECTS = (
        "every revision of its release, and the objects that helm has made in its namespace"
    )
    OBJECT = "the object; of a ClusterRepo its index, too"


@dataclass(frozen=True)
class Need:
    """Verbs on one resource. Names in braces are filled in from the step, see `fields_of`."""

    verbs: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True)
class BuildsOn:
    """Earlier steps without whose effect a step cannot be judged: all of these actions, or those on one release."""

    actions: frozenset[str]
    release: str = ""


@dataclass(frozen=True)
class Action:
    """One verb of the plan. No field has a default: a row without an answer fails at import.

    module, and what it is given: ``params`` by the step (of a rule's ``with:`` the planner reads ``rule_params`` and no
    others, and a rule that names another one is refused), ``from_run`` by the run (the module's parameter to the
    name of a value of the run). ``rank`` is its place in the order, ``risk`` what it has by itself.
    ``needs_idle``: no process may work on the release when it starts. ``lock_seconds``: how long the cluster lock
    must last from its start. ``needs``: permissions. ``objects``: the kinds its step can be about, of which
    ``saves`` tells what a backup has to hold, and ``status_fields`` what it writes in their status: an undo brings back
    no other field of a status. ``uses_helm`` and ``changes_release`` tell what it does itself or has
    Rancher do. ``while_nodes_upgrade``: it is done while nodes are upgraded, too. ``puts_back``: it restores what a
    step that it builds on breaks, also when that step has failed.
    """

    module: str
    params: tuple[str, ...]
    rule_params: tuple[str, ...]
    from_run: Mapping[str, str]
    rank: int
    risk: str
    needs_idle: bool
    lock_seconds: int
    needs: tuple[Need, ...]
    objects: tuple[Resource, ...]
    saves: Saves
    status_fields: tuple[str, ...]
    builds_on: tuple[BuildsOn, ...]
    uses_helm: bool
    changes_release: bool
    while_nodes_upgrade: bool
    puts_back: bool

    @property
    def as_administrator(self) -> bool:
        """Whether an account needs cluster-admin for it: who may grant what it lacks has all permissions."""
        return any("escalate" in need.verbs for need in self.needs)

    def arguments(self, step: Step, run: Mapping[str, Any]) -> dict[str, Any]:
        """What its module is called with for a step: the step's parameters and what the run adds, without nulls.

        Raises plan-invalid for a parameter that the row does not name: it would be approved and not be read.
        """
        unknown = sorted(set(step.params) - set(self.params))
        if unknown:
            raise _invalid(step, f"carries what {step.action} does not take: {', '.join(unknown)}")
        given = {
            **{name: step.params[name] for name in self.params if name in step.params},
            **{name: run.get(value) for name, value in self.from_run.items()},
        }
        return {name: value for name, value in given.items() if value is not None}


def row(step: Step) -> Action:
    """The row of a step; raises plan-invalid where its action, its module or the kind of its object does not fit."""
    action = ACTIONS.get(step.action)
    if action is None:
        raise _invalid(step, f"has the unknown action {step.action!r}")
    if step.module != action.module:
        raise _invalid(
            step, f"names the module {step.module!r}, {step.action} is done by {action.module}"
        )
    resource_of(step)
    return action


def resource_of(step: Step) -> Resource:
    """The resource of a step's object; raises plan-invalid for a kind that the action is not for."""
    for each in ACTIONS[step.action].objects:
        if (each.api_version, each.kind) == (step.object.api_version, step.object.kind):
            return each
    raise _invalid(step, f"is about {step.object.label}, which {step.action} is not for")


def needs_of(step: Step) -> tuple[Need, ...]:
    """The permissions a step needs, its own names filled in.

    ``namespace`` is that of the release or the object, ``object`` the object's name, ``plural`` the resource of the
    parameter ``kind``; all else are the step's parameters.
    """
    fields = {key: str(value) for key, value in step.params.items()}
    fields["namespace"] = str(step.params.get("namespace") or step.object.namespace or "")
    fields["object"] = step.object.name
    fields["plural"] = f"{fields.get('kind', '').lower()}s"
    try:
        return tuple(
            Need(*(text.format_map(fields) for text in astuple(need))) for need in row(step).needs
        )
    except KeyError as missing:
        raise _invalid(step, f"lacks the parameter {missing}") from missing


def _invalid(step: Step, reason: str) -> RemediationError:
    return RemediationError(
        "plan-invalid",
        f"Step {step.id or step.action} {reason}.",
        "Make a new plan with this version of the collection.",
    )


_HELM_OBJECTS = (
    ("secrets", ""),
    ("configmaps", ""),
    ("services", ""),
    ("serviceaccounts", ""),
    ("deployments", "apps"),
    ("jobs", "batch"),
    ("roles", RBAC),
    ("rolebindings", RBAC),
)
_HELM_CLUSTER_OBJECTS = (
    ("customresourcedefinitions", "apiextensions.k8s.io"),
    ("clusterroles", RBAC),
    ("clusterrolebindings", RBAC),
    ("mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("validatingwebhookconfigurations", "admissionregistration.k8s.io"),
)
_SEEING_ACTORS = (
    # What is looked at before a release is written: who else runs helm (_rancher/server/live_actor.py).
    Need("list", "operations", "catalog.cattle.io"),
    *(Need("list", "pods", "", each) for each in (*HELM_NAMESPACES, UPGRADE_NAMESPACE)),
    Need("get", "pods", "", UPGRADE_NAMESPACE, "", "log"),
)
_HELM = (
    # What helm needs for the charts awaited, beginning with its own revisions.
    Need("list update", "secrets", "", "{namespace}"),
    *(Need("get create patch delete", *each, "{namespace}") for each in _HELM_OBJECTS),
    *(Need("get create patch delete", *each) for each in _HELM_CLUSTER_OBJECTS),
    # Without these two verbs no account may apply the charts' roles; who has them can grant itself the rest.
    Need("escalate bind", "clusterroles", RBAC),
    *_SEEING_ACTORS,
)
_REVISIONS = (Need("get list", "secrets", "", "{namespace}"), *_SEEING_ACTORS)
_REPO = (Need("get patch", "clusterrepos", "catalog.cattle.io", "", "{name}"),)
_EXPECTED = ("expected_revision", "expected_uid", "expected_resource_version")
_RELEASE = ("namespace", "release")
_INDEX_ACTIONS = ("refresh_index", "rebuild_index", "create_cluster_repos")
_AFTER_UNLOCKING = BuildsOn(
    frozenset({"unlock_release", "roll_back_release", "let_rancher_upgrade"}), SAME_RELEASE
)


ACTIONS: dict[str, Action] = {
    "wait_for_actor": Action(
        module="remediation_wait",
        params=("condition", *_RELEASE),
        rule_params=_RELEASE,
        from_run={
            "stale_after": "stale_after",
            "timeout": "actor_timeout",
            "lock_holder": "wait_lock_holder",
        },
        rank=0,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=_REVISIONS,
        objects=(SECRET,),
        saves=Saves.RELEASE,
        status_fields=(),
        builds_on=(_AFTER_UNLOCKING,),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "unlock_release": Action(
        module="helm_release",
        params=("state", *_RELEASE, *_EXPECTED),
        rule_params=_RELEASE,
        from_run={
            "stale_after": "stale_after",
            "backup_path": "backup_path",
            "backup_sha256": "backup_sha256",
            "backup_content_sha256": "backup_content_sha256",
        },
        rank=10,
        risk="low",
        needs_idle=True,
        lock_seconds=_LOCK_SECONDS,
        needs=(*_REVISIONS, Need("delete", "secrets", "", "{namespace}", "{object}")),
        objects=(SECRET,),
        saves=Saves.RELEASE,
        status_fields=(),
        builds_on=(_AFTER_UNLOCKING,),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "roll_back_release": Action(
        module="helm_release",
        params=("state", *_RELEASE, "revision", "revision_uid", *_EXPECTED),
        rule_params=_RELEASE,
        from_run={
            "stale_after": "stale_after",
            "timeout": "timeout",
            "lock_holder": "lock_holder",
            "helm_binary": "helm_binary",
        },
        rank=10,
        risk="medium",
        needs_idle=True,
        lock_seconds=_LOCK_SECONDS,
        needs=_HELM,
        objects=(SECRET,),
        saves=Saves.RELEASE,
        status_fields=(),
        builds_on=(_AFTER_UNLOCKING,),
        uses_helm=True,
        changes_release=True,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "create_cluster_repos": Action(
        module="cluster_repo",
        params=("state", "name"),
        rule_params=("names",),
        from_run={},
        rank=20,
        risk="low",
        needs_idle=False,
        lock_seconds=_INDEX_SECONDS,
        needs=(
            Need("get", "clusterrepos", "catalog.cattle.io", "", "{name}"),
            Need("create", "clusterrepos", "catalog.cattle.io"),
            Need("get create", "settings", "management.cattle.io"),
        ),
        objects=(CLUSTER_REPO, SETTING),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "rebuild_index": Action(
        module="cluster_repo",
        params=("state", "name", "charts", "expected_uid", "expected_config_maps"),
        rule_params=("name",),
        from_run={},
        rank=21,
        risk="low",
        needs_idle=False,
        lock_seconds=_INDEX_SECONDS,
        needs=(*_REPO, Need("list get delete", "configmaps", "", "cattle-system")),
        objects=(CLUSTER_REPO,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "refresh_index": Action(
        module="cluster_repo",
        params=("state", "name", "charts", "force", "expected_uid"),
        rule_params=("name", "chart"),
        from_run={},
        rank=21,
        risk="low",
        needs_idle=False,
        lock_seconds=_INDEX_SECONDS,
        needs=_REPO,
        objects=(CLUSTER_REPO,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    # Before Rancher or helm try again: what is left over holds their pods back as it held the ones before.
    "remove_leftovers": Action(
        module="helm_release",
        params=("state", *_RELEASE, *_EXPECTED),
        rule_params=_RELEASE,
        from_run={},
        rank=31,
        risk="medium",
        needs_idle=True,
        lock_seconds=_LOCK_SECONDS,
        # Removing it needs the same permissions as applying it; what has been made is listed, too.
        needs=(*_HELM, *(Need("list", *each, "{namespace}") for each in _HELM_OBJECTS)),
        objects=(SECRET,),
        saves=Saves.RELEASE_OBJECTS,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "reset_shell_image": Action(
        module="rancher_setting",
        params=("name", "value", "expected_value"),
        rule_params=(),
        from_run={},
        rank=30,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(Need("get patch", "settings", "management.cattle.io", "", "{object}"),),
        objects=(SETTING,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "nudge": Action(
        module="cluster_repo",
        params=("state", "name", "expected_uid"),
        rule_params=_RELEASE,
        from_run={},
        rank=40,
        risk="low",
        needs_idle=False,
        lock_seconds=_INDEX_SECONDS,
        needs=_REPO,
        objects=(CLUSTER_REPO,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(BuildsOn(frozenset({"create_cluster_repos"})),),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "let_rancher_upgrade": Action(
        module="remediation_wait",
        params=("condition", *_RELEASE, "chart_version", "required"),
        rule_params=_RELEASE,
        from_run={
            "start_within": "rancher_grace",
            "timeout": "timeout",
            "lock_holder": "wait_lock_holder",
        },
        rank=40,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=_REVISIONS,
        objects=(SECRET,),
        saves=Saves.RELEASE,
        status_fields=(),
        builds_on=(
            _AFTER_UNLOCKING,
            BuildsOn(frozenset({*_INDEX_ACTIONS, "nudge", "reset_shell_image"})),
        ),
        uses_helm=False,
        changes_release=True,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    # Without values the module passes what Rancher would: its own over those of the release.
    "upgrade_release": Action(
        module="helm_release",
        params=(
            "state",
            *_RELEASE,
            *_EXPECTED,
            "chart",
            "chart_version",
            "app_version",
            "chart_digest",
            "drop_pinned_values",
            "take_ownership",
            "force",
        ),
        rule_params=_RELEASE,
        from_run={
            "chart_path": "chart",
            "timeout": "timeout",
            "lock_holder": "lock_holder",
            "helm_binary": "helm_binary",
        },
        rank=40,
        risk="low",
        needs_idle=True,
        lock_seconds=_LOCK_SECONDS,
        needs=_HELM,
        objects=(SECRET,),
        saves=Saves.RELEASE,
        status_fields=(),
        builds_on=(_AFTER_UNLOCKING, BuildsOn(frozenset(_INDEX_ACTIONS))),
        uses_helm=True,
        changes_release=True,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "restore_fleet_config": Action(
        module="fleet_config",
        params=("state", "expected_uid"),
        rule_params=(),
        # As it was before the upgrade that wiped it, for a cluster whose Settings do not tell.
        from_run={"saved": "saved_object"},
        rank=50,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(
            Need("get patch", "configmaps", "", "{namespace}", "{object}"),
            Need("get", "settings", "management.cattle.io"),
            Need("get", "services", "", "cattle-system", "rancher"),
        ),
        objects=(CONFIG_MAP,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(BuildsOn(frozenset({"upgrade_release", "roll_back_release"}), "fleet"),),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=True,
    ),
    "redeploy_fleet_agent": Action(
        module="fleet_agent",
        params=("state", "generation", "expected_uid"),
        rule_params=(),
        from_run={},
        rank=60,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(Need("get patch", "clusters", "fleet.cattle.io", "{namespace}", "{object}"),),
        objects=(FLEET_CLUSTER,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    # What the nodes' upgrade itself waits for. Nothing else is done meanwhile: helm and a new fleet-agent among
    # nodes that drain and reboot do more harm than what they repair.
    "create_stv_aggregation": Action(
        module="stv_aggregation_secret",
        params=(),
        rule_params=(),
        from_run={},
        rank=70,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(
            Need("get", "secrets", "", "{namespace}", "{object}"),
            Need("create", "secrets", "", "cattle-system"),
        ),
        objects=(SECRET,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=True,
        puts_back=False,
    ),
    "set_fleet_workspace_name": Action(
        module="fleet_workspace",
        params=("expected_workspace", "expected_uid"),
        rule_params=(),
        from_run={},
        rank=71,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(
            Need("get patch", "clusters", "provisioning.cattle.io", "{namespace}", "{object}"),
            Need(
                "patch", "clusters", "provisioning.cattle.io", "{namespace}", "{object}", "status"
            ),
        ),
        objects=(PROVISIONING_CLUSTER,),
        saves=Saves.OBJECT,
        status_fields=("fleetWorkspaceName",),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "delete_legacy_capi_webhooks": Action(
        module="capi_webhooks",
        params=("kind", "name", "uid"),
        rule_params=(),
        from_run={},
        rank=72,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(
            Need("get delete", "{plural}", "admissionregistration.k8s.io", "", "{object}"),
            Need("get", "services"),
        ),
        objects=(MUTATING, VALIDATING),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "restart_system_upgrade_controller": Action(
        module="system_upgrade_controller",
        params=("state", "plan", "expected_plan_uid"),
        rule_params=("name",),
        from_run={},
        rank=73,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(
            Need("get patch", "deployments", "apps", "{namespace}", "{object}"),
            Need("get", "plans", "upgrade.cattle.io", "cattle-system", "{plan}"),
        ),
        objects=(DEPLOYMENT,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
    "resync_bundle": Action(
        module="fleet_bundle",
        params=("name", "generation", "expected_uid"),
        rule_params=("name",),
        from_run={},
        rank=74,
        risk="low",
        needs_idle=False,
        lock_seconds=_LOCK_SECONDS,
        needs=(Need("get patch", "bundles", "fleet.cattle.io", "{namespace}", "{object}"),),
        objects=(BUNDLE,),
        saves=Saves.OBJECT,
        status_fields=(),
        builds_on=(),
        uses_helm=False,
        changes_release=False,
        while_nodes_upgrade=False,
        puts_back=False,
    ),
}

RELEASE_ACTIONS = frozenset(
    name for name, each in ACTIONS.items() if each.saves is not Saves.OBJECT
)
INDEX_ACTIONS = frozenset(_INDEX_ACTIONS)
CHANGE_RELEASE = frozenset(name for name, each in ACTIONS.items() if each.changes_release)


def status_fields(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that steps write in the status of such an object; all others belong to its controllers."""
    kind = (found.get("apiVersion"), found.get("kind"))
    return tuple(
        field
        for action in ACTIONS.values()
        if any((each.api_version, each.kind) == kind for each in action.objects)
        for field in action.status_fields
    )


def release_position(release: str) -> int:
    """The place of a release among the releases: fleet-crd, fleet, rancher-webhook, the rest."""
    return RELEASE_ORDER.index(release) if release in RELEASE_ORDER else len(RELEASE_ORDER)
