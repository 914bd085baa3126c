# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that work on one object other than a release.

Objects with a status (ClusterRepo, Cluster, Bundle) change their resourceVersion all the time, so
their precondition is the UID and the fields the step depends on; for Secrets and ConfigMaps, which
have none, it is the resourceVersion.
"""

from __future__ import annotations

from collections.abc import Callable

from .._core.lenient import text, texts
from .._diagnosis.facts.chart_catalog import CHARTS_REPO, CREATED_BY_RANCHER
from .._documents.actions import ACTIONS
from .._documents.evidence import (
    ChartIndex,
    Fleet,
    FleetCluster,
    FleetConfig,
    ProvisioningCluster,
)
from .._documents.plan import ObjectRef, Step
from .context import PlanContext, Request

CATALOG = "catalog.cattle.io/v1"
BRANCH_SETTING = "chart-default-branch"
MANAGEMENT = "management.cattle.io/v3"
FLEET = "fleet.cattle.io/v1alpha1"
CAPI_WEBHOOK_NAMES = (
    "mutating-webhook-configuration",
    "validating-webhook-configuration",
    "capi-mutating-webhook-configuration",
    "capi-validating-webhook-configuration",
)

Builder = Callable[[PlanContext, Request], list[Step]]


def object_steps(context: PlanContext, request: Request) -> list[Step]:
    """The steps of a request that is not about a release; none when its object needs nothing."""
    return BUILDERS[request.action](context, request)


def nudge(context: PlanContext, request: Request) -> list[Step]:
    """An annotation on the ClusterRepo: the event makes Rancher look at every chart (P-NUDGE)."""
    return [
        request.step(
            _repo_ref(context, CHARTS_REPO),
            "nudge",
            title="Nudge Rancher to look at its charts again",
            params={"state": "nudged", "name": CHARTS_REPO, **_repo_uid(context, CHARTS_REPO)},
            undo="Nothing to undo: the annotation has no meaning of its own.",
            changes=(f"One annotation on ClusterRepo/{CHARTS_REPO}.",),
            risk=ACTIONS["nudge"].risk,
        )
    ]


def refresh_index(context: PlanContext, request: Request) -> list[Step]:
    """A change of spec.forceUpdate, and the wait for the index that follows (FM 6.8).

    Argument ``chart`` names one that Rancher looks for in vain: then it is done though the index lists
    all that the job waits for, and that chart must be listed, too (FM 6.15).
    """
    name = text(request.arguments["name"]) or CHARTS_REPO
    blocking = text(request.arguments["chart"])
    return [
        request.step(
            _repo_ref(context, name),
            title=f"Refresh the chart index of ClusterRepo {name}",
            params={
                "state": "refreshed",
                "name": name,
                "charts": _with_blocking(context, awaited_charts(context), blocking),
                **({"force": True} if blocking else {}),
                **_repo_uid(context, name),
            },
            undo="Nothing to undo: Rancher refreshes the index by itself every hour.",
            changes=(f"spec.forceUpdate of ClusterRepo/{name} is set to now.",),
        )
    ]


def rebuild_index(context: PlanContext, request: Request) -> list[Step]:
    """The index ConfigMaps are deleted so that Rancher builds them anew (FM 3.2, 6.9)."""
    name = text(request.arguments["name"]) or CHARTS_REPO
    maps = (context.evidence.chart_index or ChartIndex()).config_maps
    seen = [{"name": each.name, "uid": each.uid} for each in maps]
    names = ", ".join(str(each.name) for each in maps) or "none is left"
    return [
        request.step(
            _repo_ref(context, name),
            title=f"Rebuild the chart index of ClusterRepo {name}",
            params={
                "state": "rebuilt",
                "name": name,
                "charts": awaited_charts(context),
                "expected_config_maps": seen,
                **_repo_uid(context, name),
            },
            precondition={"config_maps": seen},
            undo="Bring the ConfigMaps back from the backup set; Rancher rebuilds them by itself.",
            changes=(
                f"The index ConfigMaps ({names}) are deleted, spec.forceUpdate of"
                f" ClusterRepo/{name} is set to now.",
            ),
        )
    ]


def create_cluster_repos(context: PlanContext, request: Request) -> list[Step]:
    """The ClusterRepos and the Setting that the upgrade script deleted (FM 6.25).

    The step of rancher-charts makes the Setting, too; where only that is missing it is all it makes.
    Last what the script deletes first: an attempt that begins in between then fails before it has
    deleted anything, and what is there already stays.
    """
    wanted = texts(request.arguments["names"])
    names = [
        name
        for name in reversed(CREATED_BY_RANCHER)
        if (name in wanted if wanted else context.evidence.cluster_repo(name) is None)
    ]
    steps = [_create_cluster_repo(request, name) for name in names]
    settings = context.evidence.settings
    if CHARTS_REPO not in names and settings and settings.get(BRANCH_SETTING) is None:
        steps.append(_create_branch_setting(request))
    return steps


def _create_cluster_repo(request: Request, name: str) -> Step:
    setting = f", and Setting/{BRANCH_SETTING} if it is absent" if name == CHARTS_REPO else ""
    return request.step(
        ObjectRef(CATALOG, "ClusterRepo", None, name),
        title=f"Create ClusterRepo {name} again",
        params={"state": "present", "name": name},
        precondition={"absent": True},
        undo=f"Delete ClusterRepo/{name}; on Rancher 2.12 and later never do that.",
        changes=(f"ClusterRepo/{name} is created as Rancher's own start-up does{setting}.",),
    )


def _create_branch_setting(request: Request) -> Step:
    return request.step(
        ObjectRef(MANAGEMENT, "Setting", None, BRANCH_SETTING),
        title=f"Create Setting {BRANCH_SETTING} again",
        params={"state": "present", "name": CHARTS_REPO},
        precondition={"absent": True},
        undo=f"Delete Setting/{BRANCH_SETTING}.",
        changes=(f"Setting/{BRANCH_SETTING} is created with the branch of the running Rancher.",),
    )


def reset_shell_image(context: PlanContext, request: Request) -> list[Step]:
    """The pin of the image that runs helm for Rancher is taken away (FM 6.13), unless the environment sets it anyway."""
    setting = context.evidence.setting("shell-image")
    value = setting.value
    if not value or setting.overruled or setting.doubt:
        return []
    return [
        request.step(
            ObjectRef(MANAGEMENT, "Setting", None, "shell-image"),
            title="Reset Rancher's shell image to its default",
            params={"name": "shell-image", "value": "", "expected_value": value},
            precondition={"value": value},
            undo=f"Set the value of Setting/shell-image to {value} again.",
            changes=(f"Setting/shell-image: {value} becomes empty, so the default applies.",),
        )
    ]


def restore_fleet_config(context: PlanContext, request: Request) -> list[Step]:
    """apiServerURL and CA go back into ConfigMap fleet-controller (FM 6.16)."""
    uid = ((context.evidence.fleet or Fleet()).config or FleetConfig()).uid
    return [
        request.step(
            ObjectRef(
                "v1",
                "ConfigMap",
                "cattle-fleet-system",
                "fleet-controller",
                uid=uid,
            ),
            title="Put apiServerURL and its CA back into fleet's configuration",
            params={"state": "present", "expected_uid": uid},
            undo="Bring ConfigMap/cattle-fleet-system/fleet-controller back from the backup set.",
            changes=(
                "data.config of ConfigMap/cattle-fleet-system/fleet-controller: only apiServerURL"
                " and apiServerCA, only if they are empty.",
            ),
            risk=_after_rancher_risk(context, request),
        )
    ]


def redeploy_fleet_agent(context: PlanContext, request: Request) -> list[Step]:
    """spec.redeployAgentGeneration of the local cluster goes up by one (FM 6.28)."""
    cluster = (context.evidence.fleet or Fleet()).cluster or FleetCluster()
    deployed, wanted = cluster.agent_deployed_generation, cluster.redeploy_agent_generation
    return [
        request.step(
            ObjectRef(FLEET, "Cluster", "fleet-local", "local", uid=cluster.uid),
            title="Have fleet deploy its agent again",
            params={
                "state": "redeployed",
                "generation": max(deployed or 0, wanted or 0) + 1,
                "expected_uid": cluster.uid,
            },
            precondition={
                "redeploy_agent_generation": wanted,
                "agent_deployed_generation": deployed,
            },
            undo="Nothing to undo: the agent comes back by itself.",
            changes=("spec.redeployAgentGeneration of Cluster/fleet-local/local goes up by one.",),
            risk=_after_rancher_risk(context, request),
        )
    ]


def create_stv_aggregation(context: PlanContext, request: Request) -> list[Step]:
    """The empty Secret that the plan of system-agent-upgrader names (FM 6.30)."""
    secrets = context.evidence.secrets or ()
    if any(each.name == "stv-aggregation" and each.present for each in secrets):
        return []
    return [
        request.step(
            ObjectRef("v1", "Secret", "cattle-system", "stv-aggregation"),
            title="Create the Secret stv-aggregation",
            params={},
            precondition={"absent": True},
            undo="Delete Secret/cattle-system/stv-aggregation; it is empty.",
            changes=("An empty Secret/cattle-system/stv-aggregation is created.",),
        )
    ]


def set_fleet_workspace_name(context: PlanContext, request: Request) -> list[Step]:
    """status.fleetWorkspaceName and the label the upgrade script sets (FM 6.38)."""
    cluster = context.evidence.provisioning_cluster or ProvisioningCluster()
    return [
        request.step(
            ObjectRef(
                "provisioning.cattle.io/v1",
                "Cluster",
                "fleet-local",
                "local",
                uid=cluster.uid,
            ),
            title="Give the local cluster its fleet workspace name",
            params={
                "expected_uid": cluster.uid,
                "expected_workspace": cluster.fleet_workspace_name or "",
            },
            precondition={"fleet_workspace_name": cluster.fleet_workspace_name},
            undo="Bring Cluster/fleet-local/local back from the backup set, the field of its status too.",
            changes=(
                "Cluster/fleet-local/local: label provisioning.cattle.io/management-cluster-name"
                " is local, status.fleetWorkspaceName is fleet-local.",
            ),
        )
    ]


def delete_legacy_capi_webhooks(context: PlanContext, request: Request) -> list[Step]:
    """Webhook configurations of Cluster API whose Service is gone (FM 6.20)."""
    steps = []
    for each in context.evidence.webhook_configurations or ():
        name, kind, hooks = each.name, each.kind, each.webhooks
        orphaned = hooks and all(hook.service_exists is False for hook in hooks)
        if name not in CAPI_WEBHOOK_NAMES or not kind or not orphaned:
            continue
        reference = ObjectRef(
            "admissionregistration.k8s.io/v1",
            kind,
            None,
            name,
            uid=each.uid,
            resource_version=each.resource_version,
        )
        steps.append(
            request.step(
                reference,
                title=f"Delete the left-over {kind} {name}",
                params={"kind": kind, "name": name, "uid": reference.uid},
                precondition={"uid": reference.uid, "services_absent": True},
                undo=f"Bring {reference.label} back from the backup set.",
                changes=(f"{reference.label} is deleted: no Service answers for it.",),
            )
        )
    return steps


def restart_system_upgrade_controller(context: PlanContext, request: Request) -> list[Step]:
    """A rolling restart of the controller that works on Plans, once per Plan that hangs (FM 6.35)."""
    plan = text(request.arguments["name"]) or _hanging_plan(context, request)
    if plan is None:
        return []
    return [
        request.step(
            ObjectRef("apps/v1", "Deployment", "cattle-system", "system-upgrade-controller"),
            title="Restart the system upgrade controller",
            params={
                "state": "restarted",
                "plan": plan,
                "expected_plan_uid": _plan_uid(context, plan),
            },
            undo="Nothing to undo: the pods are replaced by equal ones.",
            changes=("The pods of Deployment/cattle-system/system-upgrade-controller are new.",),
        )
    ]


def _hanging_plan(context: PlanContext, request: Request) -> str | None:
    """The Plan the finding is about; where its subject names none, the one that has not completed."""
    kind, _slash, rest = request.subject.partition("/")
    if kind == "Plan":
        return rest.rpartition("/")[2]
    for each in context.evidence.plans or ():
        if each.complete is False and each.name and "skip-restart" in each.name:
            return each.name
    return None


def _plan_uid(context: PlanContext, name: str) -> str | None:
    return next((each.uid for each in context.evidence.plans or () if each.name == name), None)


def resync_bundle(context: PlanContext, request: Request) -> list[Step]:
    """spec.forceSyncGeneration of a Bundle goes up by one (FM 6.17)."""
    wanted = text(request.arguments["name"]) or request.subject.rsplit("/", 1)[-1]
    for each in context.evidence.bundles or ():
        if each.name != wanted:
            continue
        generation = each.force_sync_generation or 0
        reference = ObjectRef(FLEET, "Bundle", "fleet-local", wanted, uid=each.uid)
        return [
            request.step(
                reference,
                title=f"Have fleet deploy bundle {wanted} again",
                params={
                    "name": wanted,
                    "generation": generation + 1,
                    "expected_uid": reference.uid,
                },
                precondition={"force_sync_generation": each.force_sync_generation},
                undo="Nothing to undo: the bundle's content is the same.",
                changes=(f"spec.forceSyncGeneration of {reference.label} is {generation + 1}.",),
            )
        ]
    return []


def awaited_charts(context: PlanContext) -> list[dict[str, str]]:
    """The charts and versions the index must list: what the job waits for, by name."""
    wanted = [
        {"chart": each.chart, "version": each.expected_version}
        for each in context.dependencies
        if each.awaited and each.expected_version
    ]
    return sorted(wanted, key=lambda item: item["chart"])


def _with_blocking(
    context: PlanContext, charts: list[dict[str, str]], blocking: str | None
) -> list[dict[str, str]]:
    """The charts and the one that blocks Rancher's queue, in the version that Rancher wants of it."""
    if not blocking or blocking in {each["chart"] for each in charts}:
        return charts
    versions = (each.desired_version for each in context.dependencies if each.chart == blocking)
    version = next(filter(None, versions), None)
    return [*charts, {"chart": blocking, "version": version}] if version else charts


def _after_rancher_risk(context: PlanContext, request: Request) -> str | None:
    """An agent that restarts under a running ManagedChart upgrade interrupts it (FM 6.16, #6851)."""
    return "medium" if context.facts.upgrade.phase == "after-rancher" else request.risk


def _repo_uid(context: PlanContext, name: str) -> dict[str, str | None]:
    """The UID the ClusterRepo must have; none while it is absent and an earlier step makes it."""
    return {"expected_uid": _repo_ref(context, name).uid}


def _repo_ref(context: PlanContext, name: str) -> ObjectRef:
    repo = context.evidence.cluster_repo(name)
    return ObjectRef(CATALOG, "ClusterRepo", None, name, uid=None if repo is None else repo.uid)


BUILDERS: dict[str, Builder] = {
    "refresh_index": refresh_index,
    "rebuild_index": rebuild_index,
    "create_cluster_repos": create_cluster_repos,
    "nudge": nudge,
    "reset_shell_image": reset_shell_image,
    "restore_fleet_config": restore_fleet_config,
    "redeploy_fleet_agent": redeploy_fleet_agent,
    "create_stv_aggregation": create_stv_aggregation,
    "set_fleet_workspace_name": set_fleet_workspace_name,
    "delete_legacy_capi_webhooks": delete_legacy_capi_webhooks,
    "restart_system_upgrade_controller": restart_system_upgrade_controller,
    "resync_bundle": resync_bundle,
}
