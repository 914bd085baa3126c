# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    SOURCES,
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    GROUPS,
    CollectOptions,
    collect,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UPGRADE,
    UpgradingCluster,
    add_release,
    pod,
    stuck_cluster,
)

FLEET = "cattle-fleet-system"
HARVESTER = "/apis/harvesterhci.io/v1beta1/namespaces/harvester-system/upgrades"


def evidence_of(cluster: UpgradingCluster, **options: Any) -> dict[str, Any]:
    evidence = collect(cluster, CollectOptions(**options), exec_in=cluster.exec_in_pod)  # type: ignore[arg-type]
    again = Evidence.from_dict(json.loads(json.dumps(evidence, allow_nan=False)))
    assert again.to_dict() == evidence, "what the collector writes is in its own schema"
    return evidence


def release_of(evidence: dict[str, Any], name: str, namespace: str = FLEET) -> dict[str, Any]:
    (found,) = [
        each
        for each in evidence["releases"]
        if (each["release"], each["namespace"]) == (name, namespace)
    ]
    return dict(found)


def forbid(*parts: str) -> Callable[[str, str], RemediationError | None]:
    """Refuse every path that contains one of these parts."""

    def fail(_verb: str, path: str) -> RemediationError | None:
        if any(part in path for part in parts):
            return RemediationError("forbidden", f"No permission to GET {path}.")
        return None

    return fail


def test_the_stuck_cluster() -> None:
    evidence = evidence_of(stuck_cluster(), expected_versions={"fleet": "1"}, stale_after_seconds=5)
    assert evidence["collected_at"] == "2026-11-23T15:00:00Z"
    assert evidence["cluster"] == {
        "uid": "uid-kube-system",
        "server": "https://10.0.0.10:6443",
        "kubernetes_version": "v1.32.3+rke2r1",
    }
    assert evidence["options"] == {"stale_after_seconds": 5, "expected_versions": {"fleet": "1"}}
    assert evidence["upgrade"]["name"] == UPGRADE
    assert evidence["upgrade"]["target_rancher_version"] == "v2.11.0"
    assert evidence["job"]["active"] == 1
    assert evidence["wait"]["release"] == "fleet"
    assert (evidence["wait"]["since"], evidence["wait"]["age_seconds"]) == (
        "2026-11-23T13:00:00Z",
        7200,
    )
    assert evidence["release_file"]["source"] == "job-log"
    assert evidence["release_file"]["rancher_dependencies"]["fleet"]["chart"] == "106.0.0+up0.12.0"
    fleet = release_of(evidence, "fleet")["revisions"][0]
    assert (fleet["status"], fleet["chart_version"]) == ("deployed", "106.0.0+up0.12.0-rc.3")
    assert evidence["chart_index"]["charts"]["fleet"][0]["version"] == "106.0.0+up0.12.0"
    assert evidence["rancher"]["leader"] == "rancher-1"
    assert evidence["leader_log"]["matches"][0]["kind"] == "find-failed"
    assert evidence["fleet"]["config"]["api_server_url"] == "https://10.53.1.1/"
    assert evidence["services"] == {"rancher_cluster_ip": "10.53.1.1", "ingress": []}
    assert evidence["upgrade_repo"]["kind"] == "VirtualMachine"
    assert evidence["problems"] == []
    assert set(evidence["sources"]) == set(SOURCES)
    assert {each for group in GROUPS for each in group.sources} == set(SOURCES)


def test_it_only_reads_and_asks_for_nothing_twice() -> None:
    cluster = stuck_cluster()
    evidence = evidence_of(cluster)
    assert {verb for verb, _path in cluster.requests} == {"get", "list", "exec"}
    assert len(set(cluster.requests)) == len(cluster.requests)
    assert evidence["api_requests"] == len(cluster.requests) < 65


def test_nothing_there_at_all() -> None:
    evidence = evidence_of(UpgradingCluster())
    assert evidence["upgrade"] is None
    assert evidence["sources"]["upgrade"]["state"] == "absent"
    assert "harvesterhci.io/latestUpgrade=true" in evidence["sources"]["upgrade"]["reason"]
    assert {source["state"] for source in evidence["sources"].values()} <= {"ok", "absent"}
    assert {each["read"] for each in evidence["releases"]} == {"absent"}


def test_two_latest_upgrades_are_both_named_and_the_newer_one_is_looked_at() -> None:
    cluster = stuck_cluster()
    cluster.add(
        f"{HARVESTER}/hvst-upgrade-older",
        metadata={
            "creationTimestamp": "2026-11-01T00:00:00Z",
            "labels": {"harvesterhci.io/latestUpgrade": "true"},
        },
    )
    upgrade = evidence_of(cluster)["upgrade"]
    assert upgrade["latest_names"] == ["hvst-upgrade-older", UPGRADE]
    assert upgrade["name"] == UPGRADE


def test_an_earlier_upgrade_is_seen_beside_the_latest_and_without_one() -> None:
    cluster = stuck_cluster()
    labels = {
        "harvesterhci.io/upgradeState": "Succeeded",
        "harvesterhci.io/upgradeCleanup": "Pending",
    }
    cluster.add(f"{HARVESTER}/hvst-upgrade-older", metadata={"labels": labels})
    evidence = evidence_of(cluster)
    earlier = {"name": "hvst-upgrade-older", "state": "Succeeded", "cleanup": "Pending"}
    assert evidence["upgrade"]["latest_names"] == [UPGRADE]
    assert evidence["earlier_upgrades"] == [earlier]
    alone = UpgradingCluster()
    alone.add(f"{HARVESTER}/hvst-upgrade-older", metadata={"labels": labels})
    evidence = evidence_of(alone)
    assert (evidence["upgrade"], evidence["sources"]["upgrade"]["state"]) == (None, "absent")
    assert evidence["earlier_upgrades"] == [earlier]


@pytest.mark.parametrize("code", ["unauthorized", "server-unreachable"])
def test_no_server_or_no_credentials_end_it_at_once(code: str) -> None:
    cluster = stuck_cluster()
    cluster.fail = lambda _verb, _path: RemediationError(code, "no")
    with pytest.raises(RemediationError) as caught:
        evidence_of(cluster)
    assert caught.value.code == code
    assert len(cluster.requests) == 1


def test_an_account_that_may_read_nothing_gets_an_answer_that_says_so() -> None:
    cluster = stuck_cluster()
    cluster.fail = forbid("/")
    evidence = evidence_of(cluster)
    assert {source["state"] for source in evidence["sources"].values()} == {"forbidden"}
    for source in evidence["sources"].values():
        assert "No permission" in source["reason"]
    assert {each["read"] for each in evidence["releases"]} == {"forbidden"}
    for part in ("upgrade", "job", "wait", "settings", "nodes", "operations", "bundles"):
        assert evidence[part] is None
    assert {each["present"] for each in evidence["secrets"]} == {None}
    assert evidence["cluster"]["uid"] is None


@pytest.mark.parametrize(
    ("parts", "sources"),
    [
        (("/upgrades",), {"upgrade", "upgrade_repo"}),
        (("/jobs",), {"job"}),
        (("/pods/job-1/log",), {"job_logs", "release_file"}),
        (("harvester-system/pods",), {"job_pods", "job_logs", "release_file"}),
        (("management.cattle.io/v3/settings",), {"settings"}),
        (("/settings/server-version",), {"harvester_version"}),
        (("/features",), {"features"}),
        (("/rancher-config",), {"rancher_config"}),
        (("cattle-system/deployments",), {"rancher_deployment"}),
        (("cattle-system/pods",), {"rancher_pods", "helm_pods", "leader_log", "pods", "leader_environment", "bundled_charts"}),
        (("/pods/rancher-1/log",), {"leader_log"}),
        (("/leases",), {"leader", "leader_log", "leader_environment", "bundled_charts"}),
        (("/exec",), {"leader_environment", "bundled_charts"}),
        (("/clusterrepos",), {"cluster_repos", "chart_index"}),
        (("configmaps/rancher-charts-0",), {"chart_index"}),
        (("/operations",), {"operations"}),
        (("/managedcharts",), {"managed_charts"}),
        (("/bundles",), {"bundles"}),
        (("fleet-local/machines",), {"machines"}),
        (("v3/clusters/local",), {"management_cluster"}),
        (("fleet-local/clusters/local",), {"fleet_cluster", "capi_cluster", "provisioning_cluster"}),
        (("/fleet-controller",), {"fleet_config", "fleet_agentmanagement_log"}),
        (("customresourcedefinitions",), {"fleet_crd"}),
        (("validatingwebhookconfigurations",), {"webhook_configurations"}),
        (("cattle-turtles-system/pods",), {"capi_pods"}),
        (("cattle-capi-system/pods",), {"capi_pods"}),
        (("secrets/stv-aggregation",), {"secrets"}),
        (("secrets/cattle-webhook-tls",), {"webhook_certificate"}),
        (("/nodes",), {"nodes"}),
        (("/priorityclasses",), {"priority_classes"}),
        (("/plans",), {"plans"}),
        (("cattle-system/services/rancher",), {"services"}),
        (("/secrets/sh.helm.release",), {"releases"}),
    ],
)  # fmt: skip
def test_a_missing_permission_costs_what_it_is_for(
    parts: tuple[str, ...], sources: set[str]
) -> None:
    cluster = stuck_cluster()
    cluster.fail = forbid(*parts)
    evidence = evidence_of(cluster)
    refused = {
        name for name, source in evidence["sources"].items() if source["state"] == "forbidden"
    }
    assert refused == sources
    for name in refused:
        assert "No permission" in evidence["sources"][name]["reason"]


def test_the_local_cluster_as_cluster_api_and_rancher_see_it() -> None:
    cluster = stuck_cluster()
    capi = "/apis/cluster.x-k8s.io/v1beta2/namespaces/fleet-local"
    cluster.add(f"{capi}/clusters/local", spec={"paused": True}, status={"phase": "Provisioned"})
    cluster.add(
        "/apis/management.cattle.io/v3/clusters/local",
        metadata={"annotations": {"provisioning.cattle.io/administrated": "true"}},
    )
    older = "/apis/cluster.x-k8s.io/v1beta1/namespaces/fleet-local/machines"
    cluster.add(f"{older}/custom-1", status={"phase": "Running", "nodeRef": {"name": "node-1"}})
    labels = {"cluster.x-k8s.io/cluster-name": "local"}
    cluster.add(
        "/api/v1/namespaces/fleet-local/secrets/local-kubeconfig", metadata={"labels": labels}
    )
    cluster.add("/api/v1/namespaces/kube-system/services/rke2-traefik")
    evidence = evidence_of(cluster)
    assert (evidence["capi_cluster"]["paused"], evidence["capi_cluster"]["phase"]) == (
        True,
        "Provisioned",
    )
    assert evidence["management_cluster"] == {"administrated": "true"}
    assert [(each["name"], each["node"]) for each in evidence["machines"]] == [
        ("custom-1", "node-1")
    ]
    assert evidence["fleet"]["kubeconfig_secret"]["cluster_name"] == "local"
    assert evidence["services"]["ingress"] == ["rke2-traefik"]


def test_the_harvester_version_is_the_installed_one() -> None:
    cluster = stuck_cluster()
    assert evidence_of(cluster)["harvester_version"] is None
    setting = "/apis/harvesterhci.io/v1beta1/settings/server-version"
    cluster.add(setting, default="v1.4.2-dev", value="v1.4.2")
    evidence = evidence_of(cluster)
    assert evidence["harvester_version"] == "v1.4.2"
    assert evidence["sources"]["harvester_version"]["state"] == "ok"


def test_without_a_list_over_all_namespaces_those_of_the_dependencies_are_listed() -> None:
    cluster = stuck_cluster()
    cluster.fail = lambda verb, path: (
        RemediationError("forbidden", "No permission to LIST Secret.")
        if (verb, path) == ("list", "/api/v1/secrets")
        else None
    )
    evidence = evidence_of(cluster)
    assert release_of(evidence, "fleet")["revisions"][0]["status"] == "deployed"
    assert evidence["sources"]["releases"]["state"] == "ok"
    assert "No permission" in evidence["sources"]["releases"]["reason"]


def test_a_namespace_that_does_not_exist_holds_no_release() -> None:
    cluster = stuck_cluster()

    def fail(verb: str, path: str) -> RemediationError | None:
        listed = verb == "list" and path.endswith("/secrets")
        known = FLEET in path or "/cattle-system/" in path or "fleet-local" in path
        return RemediationError("forbidden", "No.") if listed and not known else None

    cluster.fail = fail
    evidence = evidence_of(cluster)
    assert evidence["sources"]["releases"]["state"] == "ok"
    turtles = release_of(evidence, "rancher-turtles", "cattle-turtles-system")
    assert turtles["read"] == "absent"
    del cluster.objects["/api/v1/namespaces/cattle-fleet-system"]
    assert release_of(evidence_of(cluster), "fleet")["read"] == "absent"


def test_when_time_is_over_the_rest_is_an_error_not_absent() -> None:
    ticks = itertools.count()
    cluster = stuck_cluster()
    evidence = collect(cluster, CollectOptions(timeout=2, parallelism=1), clock=lambda: next(ticks))  # type: ignore[arg-type]
    late = [source for source in evidence["sources"].values() if source["state"] == "error"]
    assert late
    assert any("time for collecting was over" in source["reason"] for source in late)
    assert len(cluster.requests) < 5


SECRET = "hunter2hunter2hunter2"


def cluster_full_of_secrets() -> UpgradingCluster:
    cluster = stuck_cluster()
    add_release(
        cluster,
        FLEET,
        "fleet",
        2,
        config={
            "apiServerCA": SECRET,
            "git": {"password": SECRET},
            "proxy": f"http://u:{SECRET}@p:1",
        },
        info={"description": f"failed: password={SECRET}"},
    )
    cluster.add(
        "/api/v1/namespaces/cattle-system/configmaps/rancher-config",
        data={
            "fleet": f"apiServerCA: {SECRET}\nn: 1\n",
            "rancher-webhook": f"password: [{SECRET}",
        },
    )
    settings_path = "/apis/management.cattle.io/v3/settings"
    cluster.add(f"{settings_path}/internal-cacerts", value=SECRET)
    cluster.add(f"{settings_path}/server-url", value=f"https://u:{SECRET}@x")
    cluster.add(
        "/api/v1/namespaces/fleet-local/secrets/local-kubeconfig",
        type="Opaque",
        data={"apiServerURL": SECRET, "token": SECRET},
    )
    deployment = cluster.objects["/apis/apps/v1/namespaces/cattle-system/deployments/rancher"]
    deployment["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "HTTP_PROXY", "value": f"http://u:{SECRET}@p:1"},
        {"name": "CATTLE_BOOTSTRAP_PASSWORD", "value": SECRET},
    ]
    upgrade = cluster.objects[f"{HARVESTER}/{UPGRADE}"]
    upgrade["status"]["conditions"][0]["message"] = f"Authorization: Basic {SECRET}"
    return cluster


def test_secrets_stay_where_they_are() -> None:
    cluster = cluster_full_of_secrets()
    cluster.logs["harvester-system", "job-1", "apply"] += (
        f"2026-11-23T13:00:01Z bootstrapPassword: {SECRET}\n"
        f"2026-11-23T13:00:02Z Error: UPGRADE FAILED: token={SECRET}\n"
    )
    cluster.logs[
        "cattle-system", "rancher-1", "rancher"
    ] += f"2026-11-23T14:59:01Z Failed to install system chart fleet: Bearer {SECRET}\n"
    evidence = evidence_of(cluster)
    assert SECRET not in json.dumps(evidence)
    assert evidence["fleet"]["kubeconfig_secret"] == {
        "present": True,
        "has_api_server_url": True,
        "cluster_name": "",
    }
    assert "line 1: expected" in evidence["rancher_config"]["errors"]["rancher-webhook"]


def test_what_was_equal_before_redaction_is_equal_after() -> None:
    evidence = evidence_of(cluster_full_of_secrets())
    values = release_of(evidence, "fleet")["config"]
    assert evidence["rancher"]["env"]["HTTP_PROXY"] == values["proxy"]
    assert values["apiServerCA"].startswith("redacted:")
    assert evidence["settings"]["internal-cacerts"]["value"] == values["apiServerCA"]
    text = evidence["rancher_config"]["charts"]["fleet"]
    assert text == f"apiServerCA: {values['apiServerCA']}\n\"false\": 1\n"


def test_earlier_attempts_are_read_too_and_an_ended_pod_waits_for_nothing() -> None:
    cluster = stuck_cluster()
    labels = cluster.objects["/api/v1/namespaces/harvester-system/pods/job-1"]["metadata"]["labels"]
    failed = {
        "phase": "Failed",
        "containerStatuses": [
            {
                "name": "apply",
                "state": {
                    "terminated": {
                        "exitCode": 1,
                        "reason": "Error",
                        "finishedAt": "2026-11-23T14:00:00Z",
                    }
                },
            }
        ],
    }
    pod(
        cluster,
        "/api/v1/namespaces/harvester-system/pods/job-2",
        metadata={"labels": labels, "creationTimestamp": "2026-11-23T14:30:00Z"},
        status=failed,
    )
    log = (
        'Error from server (NotFound): clusterrepos.catalog.cattle.io "rancher-charts" not found\n'
    )
    cluster.logs["harvester-system", "job-2", "apply"] = log
    evidence = evidence_of(cluster)
    newest, oldest = evidence["job_pods"]
    assert (newest["name"], newest["exit_code"], newest["finished_at"]) == (
        "job-2",
        1,
        "2026-11-23T14:00:00Z",
    )
    assert newest["log"]["events"][0]["kind"] == "cluster-repo-not-found"
    assert oldest["log"]["events"][-1]["kind"] == "helm-release"
    assert evidence["wait"] is None
    assert evidence["release_file"]["source"] == "job-log"


@pytest.mark.parametrize(
    ("phase", "waits"), [("Running", True), ("Pending", True), ("Failed", False)]
)
def test_only_a_live_pod_waits(phase: str, waits: bool) -> None:
    cluster = stuck_cluster()
    path = "/api/v1/namespaces/harvester-system/pods/job-1"
    cluster.objects[path]["status"]["phase"] = phase
    assert (evidence_of(cluster)["wait"] is not None) is waits


def test_pods_of_another_upgrade_are_not_ours() -> None:
    cluster = stuck_cluster()
    pod(
        cluster,
        "/api/v1/namespaces/harvester-system/pods/old",
        metadata={
            "labels": {
                "harvesterhci.io/upgrade": "hvst-upgrade-old",
                "harvesterhci.io/upgradeComponent": "manifest",
            },
            "creationTimestamp": "2026-11-23T14:59:00Z",
        },
    )
    assert [each["name"] for each in evidence_of(cluster)["job_pods"]] == ["job-1"]


def test_a_container_that_has_not_started_has_no_log() -> None:
    cluster = stuck_cluster()
    cluster.fail = lambda _verb, path: (
        RemediationError("api-error", "waiting to start", details={"http_status": 400})
        if path.endswith("/job-1/log")
        else None
    )
    evidence = evidence_of(cluster)
    assert evidence["sources"]["job_logs"]["state"] == "absent"
    assert evidence["job_pods"][0]["log"]["state"] == "absent"
    assert evidence["release_file"]["source"] == "repo-info"


def test_the_truth_about_a_revision_is_in_its_blob_and_a_lock_shows_what_is_below() -> None:
    cluster = stuck_cluster()
    add_release(cluster, FLEET, "fleet", 2, "106.0.0+up0.12.0", status="superseded")
    add_release(
        cluster,
        FLEET,
        "fleet",
        3,
        "106.1.0+up0.12.1",
        status="pending-upgrade",
        label_status="deployed",
    )
    last, below, first = release_of(evidence_of(cluster), "fleet")["revisions"]
    assert (last["status"], last["label_status"]) == ("pending-upgrade", "deployed")
    assert (below["revision"], below["decoded"], below["status"]) == (2, True, "superseded")
    assert below["config"] == {"apiServerURL": "", "image": {"tag": "v0.12.0-rc.3"}}
    assert (first["decoded"], first["status"]) == (True, "deployed")


def test_old_revisions_are_not_fetched() -> None:
    cluster = stuck_cluster()
    for number in range(2, 6):
        add_release(cluster, FLEET, "fleet", number, status="superseded")
    add_release(cluster, FLEET, "fleet", 6)
    cluster.objects.pop(f"/api/v1/namespaces/{FLEET}/secrets/sh.helm.release.v1.fleet.v1")
    revisions = release_of(evidence_of(cluster), "fleet")["revisions"]
    assert [each["revision"] for each in revisions if each["decoded"]] == [6]
    assert [each["label_status"] for each in revisions[1:]] == ["superseded"] * 4
    fetched = [
        path for verb, path in cluster.requests if verb == "get" and "release.v1.fleet.v" in path
    ]
    assert len(fetched) == 1


def test_no_deployed_revision_means_all_are_looked_into() -> None:
    cluster = stuck_cluster()
    cluster.objects.pop(f"/api/v1/namespaces/{FLEET}/secrets/sh.helm.release.v1.fleet.v1")
    for number, status in ((1, "superseded"), (2, "failed"), (3, "failed")):
        add_release(cluster, FLEET, "fleet", number, status=status)
    revisions = release_of(evidence_of(cluster), "fleet")["revisions"]
    assert [each["status"] for each in revisions] == ["failed", "failed", "superseded"]


def test_below_a_lock_over_a_damaged_revision_all_are_looked_into() -> None:
    """A rollback has to go somewhere, and only a revision that was read is a target."""
    cluster = stuck_cluster()
    for number, status, more in (
        (2, "superseded", {}),
        (3, "deployed", {"stored": "????"}),
        (4, "failed", {}),
        (5, "pending-upgrade", {}),
    ):
        add_release(cluster, FLEET, "fleet", number, status=status, **more)
    cluster.objects.pop(f"/api/v1/namespaces/{FLEET}/secrets/sh.helm.release.v1.fleet.v1")
    revisions = release_of(evidence_of(cluster), "fleet")["revisions"]
    assert [each["decoded"] for each in revisions] == [True, True, False, True]
    assert revisions[3]["status"] == "superseded"


def test_an_undecodable_revision_says_why() -> None:
    cluster = stuck_cluster()
    add_release(cluster, FLEET, "fleet", 2, stored="????")
    fleet = release_of(evidence_of(cluster), "fleet")
    assert fleet["revisions"][0]["decoded"] is False
    assert "base64" in fleet["revisions"][0]["error"]
    assert fleet["config"] is None
    assert fleet["read"] == "ok"


def test_a_release_in_a_wrong_place_is_found() -> None:
    cluster = stuck_cluster()
    cluster.objects.pop(f"/api/v1/namespaces/{FLEET}/secrets/sh.helm.release.v1.fleet.v1")
    add_release(cluster, "fleet-system", "fleet", 1, "0.13.2")
    evidence = evidence_of(cluster)
    right = release_of(evidence, "fleet")
    assert (right["read"], right["revisions"], right["elsewhere"]) == (
        "absent",
        [],
        ["fleet-system"],
    )
    wrong = release_of(evidence, "fleet", "fleet-system")
    assert (wrong["dependency"], wrong["revisions"][0]["chart_version"]) == (None, "0.13.2")


def test_a_revision_that_vanishes_while_it_is_read_is_looked_up_again() -> None:
    cluster = stuck_cluster()
    path = f"/api/v1/namespaces/{FLEET}/secrets/sh.helm.release.v1.fleet.v1"

    def fail(_verb: str, requested: str) -> RemediationError | None:
        if requested == path and path in cluster.objects:
            del cluster.objects[path]
            add_release(cluster, FLEET, "fleet", 2, "106.0.0+up0.12.0")
        return None

    cluster.fail = fail
    fleet = release_of(evidence_of(cluster), "fleet")
    assert [(each["revision"], each["status"]) for each in fleet["revisions"]] == [(2, "deployed")]
    assert fleet["read"] == "ok"


def test_releases_of_bundles_come_in_when_they_are_in_trouble() -> None:
    cluster = stuck_cluster()
    bundles = "/apis/fleet.cattle.io/v1alpha1/namespaces/fleet-local/bundles"
    add_release(cluster, "harvester-system", "harvester", 1)
    cluster.add(
        f"{bundles}/mcc-harvester",
        spec={"helm": {"releaseName": "harvester"}, "defaultNamespace": "harvester-system"},
        status={"summary": {"desiredReady": 1, "ready": 1}},
    )
    assert not any(each["release"] == "harvester" for each in evidence_of(cluster)["releases"])
    message = "another operation (install/upgrade/rollback) is in progress"
    cluster.add(
        f"{bundles}/mcc-other",
        spec={
            "helm": {"releaseName": "other"},
            "defaultNamespace": "other-system",
            "valuesHash": "x",
        },
        status={
            "summary": {"desiredReady": 1, "errApplied": 1, "notReady": 1},
            "conditions": [{"type": "Ready", "status": "False", "message": message}],
        },
    )
    add_release(cluster, "other-system", "other", 4, status="pending-upgrade")
    evidence = evidence_of(cluster)
    assert (
        release_of(evidence, "other", "other-system")["revisions"][0]["status"] == "pending-upgrade"
    )
    ready, broken = evidence["bundles"]
    assert (ready["state"], broken["state"], broken["message"]) == ("Ready", "ErrApplied", message)
    assert (ready["values_secret_missing"], broken["values_secret_missing"]) == (False, True)


def test_a_locked_release_of_harvester_comes_in_too() -> None:
    cluster = stuck_cluster()
    add_release(cluster, "harvester-system", "harvester", 9, status="pending-upgrade")
    revisions = release_of(evidence_of(cluster), "harvester", "harvester-system")["revisions"]
    assert revisions[0]["status"] == "pending-upgrade"


def helm_pod(cluster: UpgradingCluster, name: str, phase: str, state: dict[str, Any]) -> None:
    pod(
        cluster,
        f"/api/v1/namespaces/cattle-system/pods/helm-operation-{name}",
        spec={"containers": [{"name": "helm", "image": "rancher/shell:v0.1.26"}]},
        metadata={"creationTimestamp": "2026-11-23T14:55:00Z"},
        status={"phase": phase, "containerStatuses": [{"name": "helm", "state": state}]},
    )


def test_helm_operation_pods_and_what_their_logs_prove() -> None:
    cluster = stuck_cluster()
    cluster.add(
        f"/apis/catalog.cattle.io/v1/namespaces/{FLEET}/operations/helm-operation-abc",
        status={"releaseName": "fleet", "namespace": FLEET, "podName": "helm-operation-abc"},
    )
    helm_pod(cluster, "abc", "Failed", {"terminated": {"exitCode": 1}})
    helm_pod(cluster, "abd", "Pending", {"waiting": {"reason": "ErrImagePull"}})
    helm_pod(cluster, "abe", "Succeeded", {"terminated": {"exitCode": 0}})
    cluster.logs["cattle-system", "helm-operation-abc", "helm"] = (
        "helm upgrade --take-ownership=true fleet\nError: unknown flag: --take-ownership\n"
    )
    evidence = evidence_of(cluster)
    succeeded, waiting, failed = evidence["helm_pods"]
    assert (failed["release"], failed["exit_code"], failed["age_seconds"]) == ("fleet", 1, 300)
    assert failed["log_kinds"] == ["unknown-flag"]
    assert "Error: unknown flag: --take-ownership" in failed["log_lines"]
    assert (waiting["waiting_reason"], waiting["log_kinds"]) == ("ErrImagePull", [])
    assert (succeeded["exit_code"], succeeded["image"]) == (0, "rancher/shell:v0.1.26")
    read = [path for _verb, path in cluster.requests if "helm-operation" in path]
    assert len(read) == 1, "only what can tell something is read"
    assert evidence["helm_jobs"] == []


@pytest.mark.parametrize(
    ("printed", "release"),
    [
        (["fleet"], ("fleet", FLEET)),
        (["monitoring-crd", "monitoring"], (None, None)),
        ([], (None, None)),
    ],
)
def test_a_helm_pod_whose_operation_is_gone_prints_its_release(
    printed: list[str], release: tuple[str | None, str | None]
) -> None:
    cluster = stuck_cluster()
    helm_pod(cluster, "abc", "Failed", {"terminated": {"exitCode": 123}})
    cluster.logs["cattle-system", "helm-operation-abc", "helm"] = "".join(
        f"helm upgrade --history-max=5 --install=true --namespace={FLEET} --reset-values=true"
        f" --values=/home/shell/helm/values-{name}-1.yaml --version=1 {name}"
        f" /home/shell/helm/{name}-1.tgz\nError: UPGRADE FAILED: no\n"
        for name in printed
    )
    (found,) = evidence_of(cluster)["helm_pods"]
    assert (found["release"], found["release_namespace"]) == release


@pytest.mark.parametrize(
    ("reconciling", "stalled", "finished", "failed"),
    [
        ("True", "False", False, False),
        ("False", "True", True, True),
        ("False", "False", True, False),
    ],
)
def test_how_an_operation_stands(
    reconciling: str, stalled: str, finished: bool, failed: bool
) -> None:
    cluster = stuck_cluster()
    cluster.add(
        f"/apis/catalog.cattle.io/v1/namespaces/{FLEET}/operations/o",
        status={
            "conditions": [
                {"type": "Reconciling", "status": reconciling},
                {"type": "Stalled", "status": stalled, "message": "exit code: 1"},
            ]
        },
    )
    (operation,) = evidence_of(cluster)["operations"]
    assert (operation["finished"], operation["failed"]) == (finished, failed)
    assert operation["message"] == "exit code: 1"


@pytest.mark.parametrize(
    ("container", "runs_helm"),
    [
        ({"command": ["helm", "upgrade", "fleet", "x.tgz"]}, True),
        ({"command": ["/usr/bin/helm"], "args": ["rollback", "fleet", "3"]}, True),
        ({"command": ["sh", "-c", "cd /x && helm upgrade --install fleet x.tgz"]}, True),
        ({"image": "rancher/klipper-helm:v0.9", "args": ["install"]}, True),
        ({"command": ["helmops"], "args": ["upgrade"]}, False),
        ({"command": ["fleetcontroller", "helmops"]}, False),
        ({"command": ["helm", "history", "fleet"]}, False),
        ({"command": ["sh", "-c", "echo helm"]}, False),
        ({"image": "rancher/fleet:v0.12.0"}, False),
    ],
)
def test_who_else_runs_helm(container: dict[str, Any], runs_helm: bool) -> None:
    cluster = stuck_cluster()
    pod(cluster, f"/api/v1/namespaces/{FLEET}/pods/somebody", spec={"containers": [container]})
    assert bool(evidence_of(cluster)["helm_jobs"]) is runs_helm


def test_a_helm_chart_job_names_its_release() -> None:
    cluster = stuck_cluster()
    pod(
        cluster,
        "/api/v1/namespaces/cattle-system/pods/helm-install-x-1",
        metadata={"ownerReferences": [{"kind": "Job", "name": "helm-install-x"}]},
        spec={
            "containers": [
                {
                    "image": "rancher/klipper-helm:v0.9",
                    "env": [
                        {"name": "NAME", "value": "x"},
                        {"name": "TARGET_NAMESPACE", "value": "y"},
                    ],
                }
            ]
        },
    )
    (actor,) = evidence_of(cluster)["helm_jobs"]
    assert (actor["kind"], actor["name"], actor["release"], actor["release_namespace"]) == (
        "Job",
        "helm-install-x",
        "x",
        "y",
    )


@pytest.mark.parametrize(
    ("end", "target"),
    [
        (
            "2026-11-23T14:59:00Z Rancher patch file to be run via helm upgrade",
            ("cattle-system", "rancher"),
        ),
        ("2026-11-23T13:00:00Z Rancher patch file to be run via helm upgrade", None),
        ("2026-11-23T14:59:00Z deadline exceeded. rolling back fleet", (FLEET, "fleet")),
        ("2026-11-23T14:59:00Z Wait for Rancher deployment rollout...", None),
    ],
)
def test_the_upgrade_job_is_an_actor_while_it_runs_helm_itself(
    end: str, target: tuple[str, str] | None
) -> None:
    cluster = stuck_cluster()
    cluster.logs["harvester-system", "job-1", "apply"] += end + "\n"
    actors = evidence_of(cluster)["helm_jobs"]
    assert [(each["release_namespace"], each["release"]) for each in actors] == (
        [target] if target else []
    )


def test_webhooks_without_anything_behind_them() -> None:
    cluster = stuck_cluster()
    cluster.add(
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/w",
        webhooks=[
            {"name": name, "clientConfig": {"service": {"namespace": "a", "name": name}}}
            for name in ("gone", "idle", "fine")
        ]
        + [{"name": "url", "clientConfig": {"url": "https://x"}}],
    )
    for name, ready in (("idle", False), ("fine", True)):
        cluster.add(f"/api/v1/namespaces/a/services/{name}")
        cluster.add(
            f"/apis/discovery.k8s.io/v1/namespaces/a/endpointslices/{name}-1",
            metadata={"labels": {"kubernetes.io/service-name": name}},
            endpoints=[{"conditions": {"ready": ready}}],
        )
    (configuration,) = evidence_of(cluster)["webhook_configurations"]
    assert [
        (each["name"], each["service_exists"], each["ready_endpoints"])
        for each in configuration["webhooks"]
    ] == [("gone", False, False), ("idle", True, False), ("fine", True, True), ("url", None, None)]


@pytest.mark.parametrize(("value", "counts"), [("true", True), ("", False), (None, False)])
def test_the_control_plane_is_what_rancher_takes_for_it(value: str | None, counts: bool) -> None:
    """The tolerations of Rancher's charts come from the taints of these nodes alone."""
    cluster = stuck_cluster()
    node = cluster.objects["/api/v1/nodes/node-1"]
    node["metadata"]["labels"] = {"node-role.kubernetes.io/master": "true"}
    if value is not None:
        node["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = value
    found = {each["name"]: each["control_plane"] for each in evidence_of(cluster)["nodes"]}
    assert found["node-1"] is counts


def test_plans_and_the_nodes_that_have_not_carried_them_out() -> None:
    cluster = stuck_cluster()
    cluster.add(
        "/api/v1/nodes/node-2",
        metadata={"labels": {"plan.upgrade.cattle.io/p": "h1", "harvesterhci.io/managed": "true"}},
    )
    cluster.objects["/api/v1/nodes/node-1"]["metadata"]["labels"] = {
        "harvesterhci.io/managed": "true"
    }
    cluster.add("/api/v1/nodes/unmanaged")
    plan = cluster.add(
        "/apis/upgrade.cattle.io/v1/namespaces/cattle-system/plans/p",
        spec={
            "nodeSelector": {
                "matchLabels": {"harvesterhci.io/managed": "true"},
                "matchExpressions": [{"key": "x", "operator": "DoesNotExist"}],
            },
            "secrets": [{"name": "stv-aggregation"}],
        },
        status={"latestHash": "h1"},
    )
    (found,) = evidence_of(cluster)["plans"]
    assert (found["complete"], found["missing_nodes"]) == (False, ["node-1"])
    assert found["secrets"] == ["stv-aggregation"]
    assert found["selected"] < len(evidence_of(cluster)["nodes"])
    cluster.objects["/api/v1/nodes/node-1"]["metadata"]["labels"]["plan.upgrade.cattle.io/p"] = "h1"
    assert evidence_of(cluster)["plans"][0]["complete"] is True
    plan["status"] = {}
    assert evidence_of(cluster)["plans"][0]["complete"] is False


def test_images_of_the_same_tag_that_are_not_the_same() -> None:
    cluster = stuck_cluster()
    cluster.objects["/api/v1/nodes/node-1"]["status"]["images"] = [
        {"names": ["docker.io/rancher/rancher@sha256:aa", "docker.io/rancher/rancher:v2.11.0"]},
        {"names": ["docker.io/rancher/rancher@sha256:bb", "docker.io/rancher/rancher:v2.10.1"]},
        {
            "names": [
                "docker.io/rancher/rancher-agent@sha256:cc",
                "docker.io/rancher/rancher-agent:v2.11.0",
            ]
        },
    ]
    assert evidence_of(cluster)["rancher"]["node_images"] == {"node-1": ["sha256:aa"]}


def test_the_setting_config_map_name_selects_the_map_of_the_priority_class_only() -> None:
    cluster = stuck_cluster()
    cluster.add("/apis/management.cattle.io/v3/settings/config-map-name", value="mine")
    maps = "/api/v1/namespaces/cattle-system/configmaps"
    cluster.add(f"{maps}/mine", data={"fleet": "a: 1", "priorityClassName": "other"})
    cluster.add(f"{maps}/rancher-config", data={"fleet": "b: 2", "priorityClassName": "x"})
    config = evidence_of(cluster)["rancher_config"]
    assert (config["name"], config["charts"]) == ("rancher-config", {"fleet": "b: 2\n"})
    assert (config["priority_class_map"], config["priority_class_name"]) == ("mine", "other")
    del cluster.objects[f"{maps}/mine"]
    assert evidence_of(cluster)["rancher_config"]["priority_class_name"] is None
    del cluster.objects[f"{maps}/rancher-config"]
    evidence = evidence_of(cluster)
    assert evidence["rancher_config"] is None
    assert evidence["sources"]["rancher_config"]["state"] == "absent"


def test_the_environment_of_the_leader_beats_the_value_of_a_setting() -> None:
    cluster = stuck_cluster()
    cluster.environment |= {
        "CATTLE_FLEET_VERSION": "106.0.1+up0.12.1",
        "CATTLE_CACERTS": "an authority",
        "CATTLE_BOOTSTRAP_PASSWORD": SECRET,
        "NO_PROXY": "",
    }
    evidence = evidence_of(cluster)
    fleet = evidence["settings"]["fleet-version"]
    assert (fleet["value"], fleet["effective"]) == ("106.0.0+up0.12.0", "106.0.1+up0.12.1")
    assert (fleet["environment"], fleet["overruled"]) == ("106.0.1+up0.12.1", True)
    assert evidence["settings"]["cacerts"]["effective"].startswith("redacted:")
    variables = evidence["rancher"]["process_env"]
    assert set(variables) == {
        "CATTLE_SERVER_VERSION", "CATTLE_FLEET_VERSION", "CATTLE_CACERTS", "NO_PROXY"
    }  # fmt: skip
    text = json.dumps(evidence)
    assert SECRET not in text
    assert "an authority" not in text
    assert evidence["bundled_head"] == "5f0c1ab"


def test_a_setting_that_a_person_wrote_is_believed_only_where_the_environment_is_known() -> None:
    cluster = stuck_cluster()
    written = [{"manager": "kubectl-patch", "fieldsV1": {"f:value": {}}}]
    path = "/apis/management.cattle.io/v3/settings/fleet-version"
    cluster.objects[path]["metadata"]["managedFields"] = written
    setting = evidence_of(cluster)["settings"]["fleet-version"]
    assert (setting["doubt"], setting["overruled"]) == (None, False)
    cluster.fail = forbid("/exec")
    evidence = evidence_of(cluster)
    assert "kubectl-patch has changed its value" in evidence["settings"]["fleet-version"]["doubt"]
    assert evidence["rancher"]["process_env"] is None
    written[0]["manager"] = "rancher"
    cluster.objects[path]["metadata"]["managedFields"] = written
    setting = evidence_of(cluster)["settings"]["fleet-version"]
    assert (setting["doubt"], setting["overruled"]) == (None, True)


def test_what_the_deployment_sets_is_known_without_exec() -> None:
    cluster = stuck_cluster()
    cluster.fail = forbid("/exec")
    (container,) = cluster.objects[
        "/apis/apps/v1/namespaces/cattle-system/deployments/rancher"
    ]["spec"]["template"]["spec"]["containers"]  # fmt: skip
    container["env"] = [
        {"name": "CATTLE_FLEET_VERSION", "value": "1.0.0"},
        {"name": "CATTLE_CACERTS", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
        {"name": "HTTP_PROXY"},
    ]
    evidence = evidence_of(cluster)
    assert evidence["settings"]["fleet-version"]["effective"] == "1.0.0"
    assert "from another object" in evidence["settings"]["cacerts"]["doubt"]
    assert evidence["rancher"]["env"] == {"CATTLE_FLEET_VERSION": "1.0.0", "HTTP_PROXY": ""}


NO_PROGRAM = ExecResult(b"", b"", 126, 'exec: "grep": executable file not found in $PATH')
GIT_IS_GONE = ExecResult(b"", b"fatal: cannot change to '/var/lib': No such file", 128, "")


@pytest.mark.parametrize(
    ("program", "answer", "source", "state", "reason"),
    [
        ("grep", NO_PROGRAM, "leader_environment", "error", "cannot run grep"),
        ("grep", ExecResult(b"", b"grep: Permission denied", 2, ""), "leader_environment", "error", "code 2"),
        ("grep", ExecResult(b"", b"", 1, ""), "leader_environment", "error", "it is not Rancher"),
        ("grep", ExecResult(b"x" * 70_000, b"", 0, ""), "leader_environment", "error", "more than"),
        ("git", GIT_IS_GONE, "bundled_charts", "absent", "has no /var/lib/rancher-data"),
        ("git", ExecResult(b"rubbish", b"", 0, ""), "bundled_charts", "error", "did not give the commit"),
        ("git", ExecResult(b"", b"", None, "the connection broke"), "bundled_charts", "error", "exec failed"),
    ],
)  # fmt: skip
def test_why_the_leader_did_not_answer_is_told(
    program: str, answer: ExecResult, source: str, state: str, reason: str
) -> None:
    cluster = stuck_cluster()
    cluster.answers[program] = answer
    evidence = evidence_of(cluster)
    found = evidence["sources"][source]
    assert found["state"] == state
    assert reason in found["reason"]
    others = {name: each for name, each in evidence["sources"].items() if name != source}
    assert {each["state"] for each in others.values()} <= {"ok", "absent"}


@pytest.mark.parametrize(("code", "state"), [("forbidden", "forbidden"), ("timeout", "error")])
def test_an_exec_that_is_refused_or_hangs_costs_its_own_sources_only(code: str, state: str) -> None:
    cluster = stuck_cluster()
    cluster.fail = lambda verb, _path: RemediationError(code, code) if verb == "exec" else None
    evidence = evidence_of(cluster)
    states = {name: each["state"] for name, each in evidence["sources"].items()}
    assert states.pop("leader_environment") == states.pop("bundled_charts") == state
    assert set(states.values()) <= {"ok", "absent"}
    assert (evidence["bundled_head"], evidence["rancher"]["process_env"]) == (None, None)


CODES = st.sampled_from(["forbidden", "not-found", "api-error", "server-unreachable", "timeout"])


@settings(max_examples=40)
@given(st.data())
def test_whatever_cannot_be_read_is_never_called_fine(data: st.DataObject) -> None:
    cluster = stuck_cluster()
    known = sorted(cluster.objects)
    broken = {
        path: data.draw(CODES) for path in data.draw(st.lists(st.sampled_from(known), max_size=8))
    }

    def fail(verb: str, path: str) -> RemediationError | None:
        for hit, code in broken.items():
            if path in (hit, hit.rpartition("/")[0]):
                return RemediationError(code, f"{verb} {path} failed.")
        return None

    cluster.fail = fail
    evidence = evidence_of(cluster)
    for name, source in evidence["sources"].items():
        assert source["state"] in ("ok", "absent", "forbidden", "error"), name
        if source["state"] in ("forbidden", "error"):
            assert source["reason"], name
    if f"{HARVESTER}/{UPGRADE}" in broken:
        assert evidence["upgrade"] is None
        expected = {"forbidden": "forbidden", "not-found": "absent"}
        code = broken[f"{HARVESTER}/{UPGRADE}"]
        assert evidence["sources"]["upgrade"]["state"] == expected.get(code, "error")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


@settings(max_examples=100)
@given(st.data(), JUNK)
def test_objects_of_any_shape_do_not_stop_it(data: st.DataObject, junk: Any) -> None:
    cluster = stuck_cluster()
    path = data.draw(st.sampled_from(sorted(cluster.objects)))
    obj = copy.deepcopy(cluster.objects[path])
    place = data.draw(
        st.sampled_from([each for each in places(obj) if each and each != ("metadata",)])
    )
    target = obj
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = junk
    cluster.objects[path] = obj
    evidence = evidence_of(cluster)
    assert not evidence["problems"], evidence["problems"]


def planned_cluster() -> UpgradingCluster:
    """The stuck cluster, upgraded by an UpgradePlan instead of an Upgrade."""
    cluster = stuck_cluster()
    del cluster.objects[f"{HARVESTER}/{UPGRADE}"]
    cluster.add(
        "/apis/management.harvesterhci.io/v1beta1/upgradeplans/up-1",
        metadata={"creationTimestamp": "2026-11-23T12:00:00Z"},
        spec={"version": "v1.9.0"},
        status={
            "currentPhase": "ClusterUpgrading",
            "previousVersion": "v1.8.1",
            "releaseMetadata": {"harvester": "v1.9.0", "rancher": "v2.15.0"},
        },
    )
    labels = {
        "management.harvesterhci.io/upgrade-plan": "up-1",
        "management.harvesterhci.io/upgrade-component": "cluster-upgrade",
    }
    for path, obj in list(cluster.objects.items()):
        if obj["metadata"].get("labels", {}).get("harvesterhci.io/upgradeComponent") == "manifest":
            cluster.objects[path]["metadata"]["labels"] = labels
    return cluster


def test_an_upgrade_of_the_second_kind() -> None:
    evidence = evidence_of(planned_cluster())
    upgrade = evidence["upgrade"]
    assert (upgrade["kind"], upgrade["name"], upgrade["state"]) == (
        "UpgradePlan",
        "up-1",
        "UpgradingSystemServices",
    )
    assert upgrade["target_rancher_version"] == "v2.15.0"
    assert upgrade["latest_names"] == ["up-1"]
    assert evidence["job"]["active"] == 1
    assert evidence["wait"]["release"] == "fleet"
    for name in ("upgrade", "job", "job_pods", "job_logs"):
        assert evidence["sources"][name]["state"] == "ok"


def test_the_repository_of_an_upgrade_of_the_second_kind() -> None:
    cluster = planned_cluster()
    assert evidence_of(cluster)["sources"]["upgrade_repo"]["state"] == "absent"
    path = "/apis/apps/v1/namespaces/harvester-system/deployments/up-1-repo"
    cluster.add(path, spec={"replicas": 2}, status={"replicas": 2, "readyReplicas": 0})
    evidence = evidence_of(cluster)
    assert evidence["upgrade_repo"] == {
        "kind": "Deployment",
        "name": "up-1-repo",
        "ready": False,
        "status": "0/2 ready",
    }
    assert evidence["sources"]["upgrade_repo"]["state"] == "ok"
    assert not any("virtualmachines" in path for _verb, path in cluster.requests)


def test_no_upgrade_is_only_absent_when_both_kinds_can_be_listed() -> None:
    cluster = planned_cluster()
    cluster.fail = forbid("upgradeplans")
    assert evidence_of(cluster)["sources"]["upgrade"]["state"] == "forbidden"


def test_a_list_of_the_second_kind_that_is_refused_does_not_hide_an_upgrade() -> None:
    cluster = stuck_cluster()
    cluster.fail = forbid("upgradeplans")
    evidence = evidence_of(cluster)
    assert evidence["sources"]["upgrade"]["state"] == "ok"
    assert evidence["upgrade"]["kind"] is None


def test_the_last_line_of_the_log() -> None:
    cluster = stuck_cluster()
    cluster.logs[
        "harvester-system", "job-1", "apply"
    ] += "2026-11-23T14:00:00Z waiting for the moon\n2026-11-23T14:30:00Z password=geheim123\n"
    log = evidence_of(cluster)["job_pods"][0]["log"]
    assert log["last_line_known"] is False
    assert log["last_line_since"] == "2026-11-23T14:00:00Z"
    assert "geheim123" not in str(log)


WORKLOAD = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template: {spec: {containers: [{name: web, image: "web:1"}]}}
"""
SELECTOR = "spec.template.spec.nodeSelector"


def with_selector(manifest: str) -> str:
    return manifest.replace("containers:", "nodeSelector: {disk: hunter2}, containers:")


def test_what_only_a_pending_revision_has_set_is_named_without_values() -> None:
    cluster = stuck_cluster()
    add_release(cluster, FLEET, "fleet", 8, manifest=WORKLOAD)
    for number, manifest in ((9, with_selector(WORKLOAD)), (10, WORKLOAD)):
        add_release(cluster, FLEET, "fleet", number, status="pending-upgrade", manifest=manifest)
    evidence = evidence_of(cluster)
    revisions = release_of(evidence, "fleet")["revisions"]
    assert [each["half_applied"] for each in revisions[:3]] == [
        [],
        [f"Deployment/web {SELECTOR}"],
        None,
    ]
    assert "hunter2" not in json.dumps(evidence)


@pytest.mark.parametrize("below", [{"stored": "%%%"}, {"manifest": "a: ["}])
def test_what_cannot_be_compared_is_not_known(below: dict[str, Any]) -> None:
    cluster = stuck_cluster()
    add_release(cluster, FLEET, "fleet", 8, **below)
    add_release(cluster, FLEET, "fleet", 9, status="pending-upgrade", manifest=WORKLOAD)
    assert release_of(evidence_of(cluster), "fleet")["revisions"][0]["half_applied"] is None


def left_over(cluster: UpgradingCluster, status: str = "failed") -> None:
    """Release fleet, with a nodeSelector in its live workload that only an older revision has."""
    add_release(cluster, FLEET, "fleet", 9, status=status, manifest=WORKLOAD)
    cluster.add(
        "/apis/apps/v1",
        resources=[{"kind": "Deployment", "name": "deployments", "namespaced": True}],
    )
    fields = {"f:spec": {"f:template": {"f:spec": {"f:nodeSelector": {}, "f:dnsPolicy": {}}}}}
    owner = {"manager": "helm", "apiVersion": "apps/v1", "fieldsV1": fields}
    cluster.add(
        f"/apis/apps/v1/namespaces/{FLEET}/deployments/web",
        metadata={"managedFields": [owner]},
        spec={
            "template": {"spec": {"nodeSelector": {"disk": "none"}, "dnsPolicy": "ClusterFirst"}}
        },
    )


def test_what_is_left_over_is_looked_for_where_the_last_revision_has_failed() -> None:
    cluster = stuck_cluster()
    left_over(cluster)
    assert release_of(evidence_of(cluster), "fleet")["leftovers"] == [
        {
            "object": f"Deployment/{FLEET}/web",
            "field": SELECTOR,
            "value": "{'disk': 'none'}",
            "revision": None,
        }
    ]
    assert release_of(evidence_of(cluster), "fleet-crd")["leftovers"] is None


@pytest.mark.parametrize(
    ("ready", "created", "owner", "looked"),
    [
        ("False", "2026-11-23T14:00:00Z", "ReplicaSet", True),
        ("True", "2026-11-23T14:00:00Z", "ReplicaSet", False),
        ("False", "2026-11-23T14:59:30Z", "ReplicaSet", False),
        ("False", "2026-11-23T14:00:00Z", "Job", False),
    ],
)
def test_of_a_deployed_release_only_where_pods_have_waited_for_a_while(
    ready: str, created: str, owner: str, looked: bool
) -> None:
    cluster = stuck_cluster()
    left_over(cluster, "deployed")
    pod(
        cluster,
        f"/api/v1/namespaces/{FLEET}/pods/web-1",
        metadata={
            "creationTimestamp": created,
            "ownerReferences": [{"kind": owner, "name": "web-5d"}],
        },
        status={"phase": "Pending", "conditions": [{"type": "Ready", "status": ready}]},
    )
    found = release_of(evidence_of(cluster), "fleet")["leftovers"]
    assert (found is not None) is looked
    asked = [path for _verb, path in cluster.requests if path.endswith("/deployments/web")]
    assert len(asked) == looked
