# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs with the rights of files/rbac on a real API server: enough without helm, told beforehand with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.permissions import (
    needed_by,
)
from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    create,
    install_kinds,
    new,
    read,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from controlplane.handle import ControlPlane

RIGHTS = Path(__file__).parents[2] / "files" / "rbac"
ACCOUNT = "system:serviceaccount:harvester-system:harvester-ops-diagnose"
BACKUPS = "harvester-ops-backups"
WITH_HELM = {"remove_leftovers", "roll_back_release", "upgrade_release"}
RELEASE = {"namespace": "cattle-fleet-system", "release": "fleet"}
HOOKS = "MutatingWebhookConfiguration"
FLEET = "fleet.cattle.io/v1alpha1"
REPO = ObjectRef("catalog.cattle.io/v1", "ClusterRepo", None, "rancher-charts")
FLEET_SECRET = ObjectRef("v1", "Secret", "cattle-fleet-system", "sh.helm.release.v1.fleet.v5")
OBJECTS = {
    "reset_shell_image": ObjectRef("management.cattle.io/v3", "Setting", None, "shell-image"),
    "restore_fleet_config": ObjectRef("v1", "ConfigMap", "cattle-fleet-system", "fleet-controller"),
    "redeploy_fleet_agent": ObjectRef(FLEET, "Cluster", "fleet-local", "local"),
    "create_stv_aggregation": ObjectRef("v1", "Secret", "cattle-system", "stv-aggregation"),
    "set_fleet_workspace_name": ObjectRef(
        "provisioning.cattle.io/v1", "Cluster", "fleet-local", "local"
    ),
    "delete_legacy_capi_webhooks": ObjectRef(
        "admissionregistration.k8s.io/v1", HOOKS, None, "mutating-webhook-configuration"
    ),
    "restart_system_upgrade_controller": ObjectRef(
        "apps/v1", "Deployment", "cattle-system", "system-upgrade-controller"
    ),
    "resync_bundle": ObjectRef(FLEET, "Bundle", "fleet-local", "mcc-harvester"),
}
PARAMS: dict[str, dict[str, Any]] = {
    "delete_legacy_capi_webhooks": {"kind": HOOKS},
    "restart_system_upgrade_controller": {"plan": "skip-restart"},
}


def plan_of(*actions: str) -> dict[str, Any]:
    """A plan with one step of each action."""
    steps = []
    for number, action in enumerate(actions):
        module = ACTIONS[action].module
        repo = module == "cluster_repo"
        reference = OBJECTS.get(action, REPO if repo else FLEET_SECRET)
        params = PARAMS.get(action, {"name": "rancher-charts"} if repo else RELEASE)
        made = Step(action, module, action, "finding", reference, params)
        steps.append(replace(made, id=f"{number:02}-{action}"))
    return Plan("cluster", "digest", {}, tuple(steps)).to_dict()


def _namespaces(paths: list[Path]) -> set[str]:
    """The namespaces that the files bind rights in."""
    items = [item for path in paths for item in yaml.safe_load(path.read_text())["items"]]
    return {item["metadata"]["namespace"] for item in items if "namespace" in item["metadata"]}


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    install_kinds(control_plane)
    paths = [RIGHTS / f"{name}.yml" for name in ("diagnose", "remediate")]
    # Bindings in namespaces that a cluster does not have fail to apply, as the files say.
    for namespace in sorted(_namespaces(paths)):
        control_plane.kubectl("create", "namespace", namespace, check=False)
    files = [part for path in paths for part in ("-f", str(path))]
    control_plane.kubectl("apply", *files)
    yield control_plane
    control_plane.kubectl("delete", "--ignore-not-found", *files, check=False)


@pytest.fixture
def run(cluster: ControlPlane, tmp_path: Path) -> ModuleRun:
    return ModuleRun(cluster, tmp_path, cluster.user(ACCOUNT))


def test_without_helm_the_shipped_rights_are_enough(run: ModuleRun) -> None:
    plan = plan_of(*sorted(set(ACTIONS) - WITH_HELM))
    in_cluster = {"plan": plan, "backup_namespace": BACKUPS}
    checked = run("permission_info", plan=plan)["checked"]
    assert checked > 30
    assert run("permission_info", **in_cluster)["checked"] > checked
    assert run("permission_info", check=True, **in_cluster)["checked"] > checked


@pytest.mark.parametrize("action", sorted(WITH_HELM))
def test_with_helm_an_administrator_is_asked_for(
    run: ModuleRun, cluster: ControlPlane, tmp_path: Path, action: str
) -> None:
    error = run.error("permission_info", plan=plan_of("nudge", action))
    assert error["code"] == "forbidden"
    assert list(error["details"]["missing"]) == [f"01-{action}"]
    assert "cluster-admin" in error["remedy"]
    assert ModuleRun(cluster, tmp_path)("permission_info", plan=plan_of(action))["checked"] > 50


def test_an_account_that_only_reads_is_told_all_at_once(
    cluster: ControlPlane, tmp_path: Path
) -> None:
    blind = ModuleRun(cluster, tmp_path, cluster.user("rights-blind"))
    plan = plan_of("nudge", "resync_bundle")
    missing = blind.error("permission_info", plan=plan, backup_namespace=BACKUPS)["details"]
    assert set(missing["missing"]) == {
        "backup",
        "harvester-ops-remediation",
        "00-nudge",
        "01-resync_bundle",
    }


def test_the_rights_that_were_asked_for_are_those_that_count(
    run: ModuleRun, cluster: ControlPlane, tmp_path: Path
) -> None:
    """The lock, a step of each way to write, the journal's Event and the backup, as that account."""
    bundle = new(FLEET, "Bundle", "mcc-harvester", "fleet-local", spec={"forceSyncGeneration": 1})
    repo = new("catalog.cattle.io/v1", "ClusterRepo", "rancher-charts", spec={"gitRepo": "x"})
    local = new("provisioning.cattle.io/v1", "Cluster", "local", "fleet-local", spec={}, status={})
    create(cluster, bundle, repo, local)
    cluster.kubectl("delete", "secret", "-n", "cattle-system", "stv-aggregation", check=False)
    run("remediation_lock", holder="rights")
    for module, options in (
        ("fleet_bundle", {"name": "mcc-harvester", "generation": 2}),
        ("cluster_repo", {"state": "nudged"}),
        ("fleet_workspace", {}),
        ("stv_aggregation_secret", {}),
    ):
        assert run(module, **options)["changed"], module
    entry = {"event": "step-done", "step": "01-resync-bundle"}
    options = {"directory": str(tmp_path), "run_id": "r", "holder": "rights", "entry": entry}
    for document in (bundle, repo):
        found = read(cluster, document)
        assert found is not None
        reference = {
            "api_version": found["apiVersion"],
            "kind": found["kind"],
            **{key: found["metadata"].get(key) for key in ("namespace", "name", "uid")},
        }
        told = run("remediation_journal", object=reference, **options)
        assert told["event_error"] is None, told
    assert run("remediation_lock", holder="rights", state="released")["changed"]
    kube_system = read(cluster, new("v1", "Namespace", "kube-system"))
    assert kube_system is not None
    made = Plan.from_dict(plan_of("resync_bundle"))
    plan = replace(made, cluster_uid=kube_system["metadata"]["uid"]).to_dict()
    backup = {"directory": str(tmp_path), "location": "both", "keep": 1, "plan": plan}
    assert run("remediation_backup", run_id="r", check=True, **backup)["changed"]
    saved = run("remediation_backup", run_id="r", **backup)["backup"]
    assert [each for each in saved["missing"] if "forbidden" in str(each)] == []
    assert (saved["namespace"], saved["retention_note"]) == (BACKUPS, "")


def test_no_right_of_the_file_is_without_a_use() -> None:
    """Every verb on every resource is asked for by a step, or by the backup, the journal or the lock."""
    (document,) = yaml.safe_load_all((RIGHTS / "remediate.yml").read_text())
    used = {
        ("create", "events"),
        ("list", "clusters"),
        ("list", "bundles"),
        ("list", "bundledeployments"),
        ("list", "managedcharts"),
        ("get", "customresourcedefinitions"),
        ("list", "customresourcedefinitions"),
    }
    plan = Plan.from_dict(plan_of(*sorted(set(ACTIONS) - WITH_HELM)))
    for permissions in needed_by(plan, BACKUPS).values():
        for each in permissions:
            tail = f"/{each.subresource}" if each.subresource else ""
            used.add((each.verb, each.resource + tail))
    kinds = {"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}
    granted = {
        (verb, resource)
        for item in document["items"]
        for rule in item.get("rules", ())
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }
    assert {each for each in granted - used if each[1] not in kinds} == set()
