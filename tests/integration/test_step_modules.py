# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules behind single steps of a plan, on a real API server: each tries, acts and then rests."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    Object,
    create,
    install_kinds,
    new,
    read,
    set_status,
    setting,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from controlplane.handle import ControlPlane

FLEET = "fleet.cattle.io/v1alpha1"
AGENT = new(
    FLEET,
    "Cluster",
    "local",
    "fleet-local",
    spec={"redeployAgentGeneration": 3},
    status={"agentDeployedGeneration": 4},
)
BUNDLE = new(FLEET, "Bundle", "mcc-harvester", "fleet-local", spec={"forceSyncGeneration": 1})
SHELL = setting("shell-image", "rancher/shell:v0.1.26", "rancher/shell:v0.4.0")
LOCAL = new("provisioning.cattle.io/v1", "Cluster", "local", "fleet-local", spec={}, status={})
STV = new("v1", "Secret", "stv-aggregation", "cattle-system")
CONFIG = new(
    "v1",
    "ConfigMap",
    "fleet-controller",
    "cattle-fleet-system",
    data={"config": json.dumps({"apiServerURL": "", "apiServerCA": "", "debugLevel": 1})},
)
URL, CA = "https://10.53.0.1", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> ControlPlane:
    install_kinds(control_plane)
    return control_plane


@pytest.fixture
def run(cluster: ControlPlane, tmp_path: Path) -> ModuleRun:
    return ModuleRun(cluster, tmp_path)


def live(cluster: ControlPlane, document: Object) -> Object:
    found = read(cluster, document)
    assert found is not None
    return found


def try_act_rest(
    run: ModuleRun, module: str, seen: Callable[[], Any], **options: Any
) -> dict[str, Any]:
    """In check mode it says the same and changes nothing; then it acts; then there is nothing to do."""
    at_first = seen()
    tried = run(module, check=True, diff=True, **options)
    assert tried["changed"]
    assert seen() == at_first
    done = run(module, diff=True, **options)
    assert done["changed"]
    assert (done["before"], done["after"]) == (tried["before"], tried["after"])
    assert done["diff"] == tried["diff"]
    assert seen() != at_first
    again = run(module, **options)
    assert not again["changed"]
    assert again["before"] == again["after"] == done["after"]
    return done


def test_the_agent_is_deployed_again_once(run: ModuleRun, cluster: ControlPlane) -> None:
    create(cluster, AGENT)

    def generation() -> Any:
        return live(cluster, AGENT)["spec"]["redeployAgentGeneration"]

    done = try_act_rest(run, "fleet_agent", generation, generation=5)
    assert generation() == 5
    assert done["object"] == "Cluster/fleet-local/local"
    assert not run("fleet_agent", generation=4)["changed"]
    assert generation() == 5


def test_a_bundle_is_deployed_again_once(run: ModuleRun, cluster: ControlPlane) -> None:
    create(cluster, BUNDLE)

    def generation() -> Any:
        return live(cluster, BUNDLE)["spec"]["forceSyncGeneration"]

    try_act_rest(run, "fleet_bundle", generation, name="mcc-harvester", generation=2)
    assert run("fleet_bundle", name="mcc-harvester")["after"] == {"forceSyncGeneration": 3}
    error = run.error("fleet_bundle", name="nothing")
    assert (error["code"], "Bundle/fleet-local/nothing" in error["message"]) == ("not-found", True)


def test_a_setting_is_reset_from_the_planned_value_only(
    run: ModuleRun, cluster: ControlPlane
) -> None:
    create(cluster, SHELL)
    error = run.error("rancher_setting", name="shell-image", value="", expected_value="other")
    assert error["code"] == "precondition-failed"
    assert live(cluster, SHELL)["value"] == "rancher/shell:v0.1.26"
    try_act_rest(
        run,
        "rancher_setting",
        lambda: live(cluster, SHELL)["value"],
        name="shell-image",
        value="",
        expected_value="rancher/shell:v0.1.26",
    )
    assert live(cluster, SHELL)["value"] == ""
    refused = run.error("rancher_setting", name="server-version", value="v2.11.0")
    assert refused["code"] == "refused"


def test_the_empty_secret_is_made_once(run: ModuleRun, cluster: ControlPlane) -> None:
    cluster.kubectl("delete", "secret", "-n", "cattle-system", STV["metadata"]["name"], check=False)
    try_act_rest(run, "stv_aggregation_secret", lambda: read(cluster, STV) is not None)
    assert "data" not in live(cluster, STV)


def test_the_workspace_is_set(run: ModuleRun, cluster: ControlPlane) -> None:
    create(cluster, LOCAL)

    def fields() -> Any:
        found = live(cluster, LOCAL)
        return found["metadata"].get("labels"), found.get("status")

    try_act_rest(run, "fleet_workspace", fields)
    labels, status = fields()
    assert labels == {"provisioning.cattle.io/management-cluster-name": "local"}
    assert status["fleetWorkspaceName"] == "fleet-local"


def config(cluster: ControlPlane) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(live(cluster, CONFIG)["data"]["config"])
    return content


def test_lost_url_and_ca_come_from_the_settings(run: ModuleRun, cluster: ControlPlane) -> None:
    create(cluster, CONFIG, setting("internal-server-url", URL), setting("internal-cacerts", CA))
    done = try_act_rest(run, "fleet_config", lambda: config(cluster))
    assert config(cluster) == {
        "apiServerURL": URL,
        "apiServerCA": base64.b64encode(CA.encode()).decode(),
        "debugLevel": 1,
    }
    assert done["sources"] == {"apiServerURL": "settings", "apiServerCA": "settings"}
    assert base64.b64encode(CA.encode()).decode() not in json.dumps(done)


def test_a_url_that_is_there_stays(run: ModuleRun, cluster: ControlPlane) -> None:
    own = {"apiServerURL": "https://own", "apiServerCA": ""}
    create(cluster, {**CONFIG, "data": {"config": json.dumps(own)}})
    create(cluster, setting("internal-server-url", URL), setting("internal-cacerts", CA))
    run("fleet_config")
    assert config(cluster)["apiServerURL"] == "https://own"
    assert config(cluster)["apiServerCA"]


def test_without_settings_the_service_gives_the_url(run: ModuleRun, cluster: ControlPlane) -> None:
    create(cluster, CONFIG, setting("internal-server-url", ""), setting("internal-cacerts", ""))
    create(cluster, setting("cacerts", CA))
    rancher = new("v1", "Service", "rancher", "cattle-system", spec={"ports": [{"port": 443}]})
    create(cluster, rancher)
    address = live(cluster, rancher)["spec"]["clusterIP"]
    done = run("fleet_config")
    assert config(cluster)["apiServerURL"] == f"https://{address}/"
    assert done["sources"]["apiServerURL"] == "service"


def test_a_configuration_in_yaml_stays_yaml(run: ModuleRun, cluster: ControlPlane) -> None:
    text = 'apiServerURL: ""\ndebugLevel: 1\n'
    create(cluster, {**CONFIG, "data": {"config": text}}, setting("internal-server-url", URL))
    run("fleet_config")
    written = live(cluster, CONFIG)["data"]["config"]
    assert written.startswith(f"apiServerURL: {URL}\ndebugLevel: 1\n")


def webhooks(kind: str, service: str) -> Object:
    webhook = {
        "name": "default.cluster.cluster.x-k8s.io",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Ignore",
        "clientConfig": {"service": {"namespace": "cattle-system", "name": service}},
    }
    name = "mutating-webhook-configuration"
    return new("admissionregistration.k8s.io/v1", kind, name, webhooks=[webhook])


def test_only_a_webhook_nobody_answers_for_is_deleted(
    run: ModuleRun, cluster: ControlPlane
) -> None:
    kind = "MutatingWebhookConfiguration"
    name = "mutating-webhook-configuration"
    there = new("v1", "Service", "capi-there", "cattle-system", spec={"ports": [{"port": 443}]})
    create(cluster, webhooks(kind, "capi-there"), there)
    used = run.error("capi_webhooks", kind=kind, name=name)
    assert (used["code"], "Service/cattle-system/capi-there" in used["message"]) == (
        "refused",
        True,
    )
    create(cluster, webhooks(kind, "capi-gone"))
    other = run.error("capi_webhooks", kind=kind, name=name, uid="another")
    assert other["code"] == "precondition-failed"
    uid = live(cluster, webhooks(kind, ""))["metadata"]["uid"]
    assert run("capi_webhooks", kind=kind, name=name, uid=uid, check=True)["changed"]
    assert live(cluster, webhooks(kind, ""))["metadata"]["uid"] == uid
    assert run("capi_webhooks", kind=kind, name=name, uid=uid)["changed"]
    assert read(cluster, webhooks(kind, "")) is None
    assert not run("capi_webhooks", kind=kind, name=name, uid=uid)["changed"]
    strange = run.error("capi_webhooks", kind=kind, name="rancher.cattle.io")
    assert strange["code"] == "refused"


def test_the_upgrade_controller_is_restarted_once_per_plan(
    run: ModuleRun, cluster: ControlPlane
) -> None:
    labels = {"upgrade.cattle.io/controller": "system-upgrade-controller"}
    deployment = new(
        "apps/v1",
        "Deployment",
        "system-upgrade-controller",
        "cattle-system",
        spec={
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "rancher/suc:v0.15.2"}]},
            },
        },
    )
    plan = new(
        "upgrade.cattle.io/v1",
        "Plan",
        "hvst-upgrade-x-skip-restart-rancher-system-agent",
        "cattle-system",
        spec={},
    )
    create(cluster, deployment, plan)
    name = plan["metadata"]["name"]
    try_act_rest(
        run,
        "system_upgrade_controller",
        lambda: live(cluster, deployment)["spec"]["template"]["metadata"].get("annotations"),
        plan=name,
    )
    assert run.error("system_upgrade_controller", plan="nothing")["code"] == "not-found"
    other = run.error("system_upgrade_controller", plan=name, expected_plan_uid="an-earlier-one")
    assert other["code"] == "precondition-failed"


def test_another_workspace_is_corrected(run: ModuleRun, cluster: ControlPlane) -> None:
    create(cluster, LOCAL)
    set_status(cluster, LOCAL, {"fleetWorkspaceName": "other"})
    error = run.error("fleet_workspace", expected_workspace="")
    assert (error["code"], "'other'" in error["message"]) == ("precondition-failed", True)
    create(cluster, LOCAL)
    set_status(cluster, LOCAL, {"fleetWorkspaceName": "other"})
    result = run("fleet_workspace")
    assert result["before"]["fleetWorkspaceName"] == "other"
    assert live(cluster, LOCAL)["status"]["fleetWorkspaceName"] == "fleet-local"


@pytest.mark.parametrize(
    ("document", "module", "options"),
    [
        (AGENT, "fleet_agent", {"generation": 50}),
        (BUNDLE, "fleet_bundle", {"name": "mcc-harvester", "generation": 50}),
        (LOCAL, "fleet_workspace", {}),
        (CONFIG, "fleet_config", {}),
    ],
    ids=["agent", "bundle", "workspace", "config"],
)
def test_an_object_made_anew_since_the_plan_is_left_alone(
    run: ModuleRun, cluster: ControlPlane, document: Object, module: str, options: dict[str, Any]
) -> None:
    create(cluster, document, setting("internal-server-url", URL))
    before = live(cluster, document)
    error = run.error(module, expected_uid="of-an-earlier-one", **options)
    assert error["code"] == "precondition-failed"
    assert before["metadata"]["name"] in error["message"]
    assert live(cluster, document) == before
    assert run(module, expected_uid=before["metadata"]["uid"], **options)["changed"]


def test_without_a_permission_nothing_is_changed(cluster: ControlPlane, tmp_path: Path) -> None:
    create(cluster, BUNDLE)
    blind = ModuleRun(cluster, tmp_path, cluster.user("step-blind"))
    error = blind.error("fleet_bundle", name="mcc-harvester", generation=9)
    assert error["code"] == "forbidden"
    assert live(cluster, BUNDLE)["spec"]["forceSyncGeneration"] == 1
