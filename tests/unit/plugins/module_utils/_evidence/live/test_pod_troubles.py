# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why pods do not start or keep crashing, as the collector reads it."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
    collect,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UpgradingCluster,
    pod,
    stuck_cluster,
)

AGENT = "cattle-fleet-local-system"
USAGE = "Error: environment variable CATTLE_ELECTION_LEASE_DURATION not set\nUsage:\n" + "".join(
    f"  --flag-{number} string\n" for number in range(30)
)


def evidence_of(cluster: UpgradingCluster) -> dict[str, Any]:
    return collect(cluster, CollectOptions())  # type: ignore[arg-type]


def add(cluster: UpgradingCluster, namespace: str, name: str, **status: Any) -> dict[str, Any]:
    """A pod of the Deployment of its name without the last two parts."""
    owner, template, _random = name.rsplit("-", 2)
    replica_set = {"kind": "ReplicaSet", "name": f"{owner}-{template}"}
    return pod(
        cluster,
        f"/api/v1/namespaces/{namespace}/pods/{name}",
        metadata={"labels": {"pod-template-hash": template}, "ownerReferences": [replica_set]},
        status={"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}], **status},
        spec={"containers": [{"name": "main", "image": "rancher/x:v1"}]},
    )


def container(name: str = "main", **fields: Any) -> dict[str, Any]:
    return {"name": name, "restartCount": 0, **fields}


def test_a_pod_that_fits_on_no_node() -> None:
    cluster = stuck_cluster()
    message = "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules."
    conditions = [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    ]
    add(cluster, "cattle-system", "rancher-6d5f9-abcde", conditions=conditions)
    (trouble,) = evidence_of(cluster)["pod_troubles"]
    assert (trouble["owner_kind"], trouble["owner"]) == ("Deployment", "rancher")
    assert (trouble["unschedulable"], trouble["age_seconds"]) == (message, 7320)


def test_a_pod_whose_image_cannot_be_pulled() -> None:
    cluster = stuck_cluster()
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "rancher/x:v1"'}
    add(
        cluster,
        "cattle-system",
        "rancher-webhook-6d5f9-abcde",
        containerStatuses=[container(state={"waiting": waiting})],
    )
    (trouble,) = evidence_of(cluster)["pod_troubles"]
    assert trouble["waiting_reason"] == "ImagePullBackOff"
    assert trouble["waiting_message"] == waiting["message"]
    assert trouble["image"] == "rancher/x:v1"
    assert not [path for _verb, path in cluster.requests if path.endswith("abcde/log")]


def test_a_pod_that_keeps_crashing_and_its_last_words() -> None:
    cluster = stuck_cluster()
    status = container(
        restartCount=12,
        state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
        lastState={
            "terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-23T14:58:00Z"}
        },
    )
    for number in range(9):
        name = f"fleet-agent-6d5f9-abcd{number}"
        add(cluster, AGENT, name, phase="Running", containerStatuses=[status])
        cluster.previous_logs[AGENT, name, "main"] = USAGE
    troubles = evidence_of(cluster)["pod_troubles"]
    assert len(troubles) == 9
    told = [each for each in troubles if each["last_words"]]
    assert len(told) == 1, "one log for each workload"
    assert (told[0]["exit_code"], told[0]["restarts"]) == (1, 12)
    assert "CATTLE_ELECTION_LEASE_DURATION not set" in told[0]["last_words"][0]
    asked = [path for _verb, path in cluster.requests if "fleet-agent-6d5f9" in path]
    assert len(asked) == 1


def test_no_more_logs_than_a_few() -> None:
    cluster = stuck_cluster()
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-23T14:58:00Z"}}
    for number in range(30):
        status = container(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended)
        add(cluster, "cattle-system", f"a{number}-6d5f9-abcde", containerStatuses=[status])
    evidence = evidence_of(cluster)
    assert len(evidence["pod_troubles"]) == 30
    assert len([path for _verb, path in cluster.requests if path.endswith("abcde/log")]) == 4


def test_an_init_container_is_the_culprit() -> None:
    cluster = stuck_cluster()
    add(
        cluster,
        "cattle-fleet-system",
        "fleet-controller-6d5f9-abcde",
        initContainerStatuses=[
            container("first", state={"terminated": {"exitCode": 0}}),
            container("second", state={"waiting": {"reason": "CreateContainerConfigError"}}),
        ],
        containerStatuses=[container(state={"waiting": {"reason": "PodInitializing"}})],
    )
    (trouble,) = evidence_of(cluster)["pod_troubles"]
    assert (trouble["container"], trouble["init"]) == ("second", True)
    assert trouble["waiting_reason"] == "CreateContainerConfigError"


def test_a_hook_that_failed_and_what_it_said() -> None:
    cluster = stuck_cluster()
    pod(
        cluster,
        "/api/v1/namespaces/cattle-system/pods/rancher-pre-upgrade-x1",
        phase="Failed",
        metadata={
            "annotations": {"helm.sh/hook": "pre-upgrade"},
            "ownerReferences": [{"kind": "Job", "name": "rancher-pre-upgrade"}],
        },
        status={
            "phase": "Failed",
            "containerStatuses": [container(state={"terminated": {"exitCode": 2}})],
        },
    )
    cluster.logs["cattle-system", "rancher-pre-upgrade-x1", "main"] = "image check failed: x\n"
    (trouble,) = evidence_of(cluster)["pod_troubles"]
    assert (trouble["hook"], trouble["owner"]) == ("pre-upgrade", "rancher-pre-upgrade")
    assert trouble["last_words"] == ["image check failed: x"]


def test_pods_that_are_not_let_in_leave_nothing_but_the_word_of_their_deployment() -> None:
    cluster = stuck_cluster()
    why = 'pods "rancher-6d5f9-x" is forbidden: exceeded quota: no-more-pods, requested: pods=1'
    path = "/apis/apps/v1/namespaces/cattle-system/deployments/rancher"
    refusal = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": why,
        "lastTransitionTime": "2026-07-11T22:40:00Z",
    }
    cluster.objects[path]["status"]["conditions"] = [refusal]
    (trouble,) = evidence_of(cluster)["pod_troubles"]
    owner = (trouble["namespace"], trouble["owner_kind"], trouble["owner"])
    assert owner == ("cattle-system", "Deployment", "rancher")
    assert (trouble["name"], trouble["reason"]) == (None, "FailedCreate")
    assert trouble["waiting_message"] == why
    assert trouble["created_at"] == "2026-07-11T22:40:00Z"


def test_what_is_no_trouble() -> None:
    cluster = stuck_cluster()
    path = "/api/v1/namespaces/cattle-system/pods/"
    pod(cluster, path + "job-1", phase="Succeeded")
    pod(cluster, path + "old-1", phase="Failed", status={"phase": "Failed", "reason": "Evicted"})
    pod(cluster, path + "gone-1", "Pending", metadata={"deletionTimestamp": "2026-11-23T14:59:00Z"})
    long_ago = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-20T14:58:00Z"}}
    pod(
        cluster,
        path + "crashed-1",
        status={
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [container(restartCount=7, lastState=long_ago)],
        },
    )
    assert evidence_of(cluster)["pod_troubles"] == []


def test_a_secret_in_the_last_words_is_redacted() -> None:
    cluster = stuck_cluster()
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-23T14:58:00Z"}}
    status = container(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended)
    add(cluster, "cattle-system", "a-6d5f9-abcde", containerStatuses=[status])
    secret = "token-abcde:" + "a1" * 27
    cluster.previous_logs["cattle-system", "a-6d5f9-abcde", "main"] = f"error: refused {secret}\n"
    (trouble,) = evidence_of(cluster)["pod_troubles"]
    assert secret not in trouble["last_words"][0]


def waiting_cluster(namespace: str, kind: str, name: str) -> UpgradingCluster:
    cluster = stuck_cluster()
    cluster.logs["harvester-system", "job-1", "apply"] = (
        "2026-11-23T13:00:00Z Upgrading Rancher\n"
        f"2026-11-23T14:00:00Z wait rollout -n {namespace} {kind} {name}\n"
    )
    return cluster


def test_the_workload_whose_rollout_the_job_waits_for() -> None:
    cluster = waiting_cluster("cattle-monitoring-system", "daemonset", "exporter")
    cluster.add(
        "/apis/apps/v1/namespaces/cattle-monitoring-system/daemonsets/exporter",
        status={"desiredNumberScheduled": 3, "numberReady": 1, "updatedNumberScheduled": 3},
    )
    add(cluster, "cattle-monitoring-system", "exporter-6d5f9-abcde")
    evidence = evidence_of(cluster)
    assert evidence["wait"]["kind"] == "rollout"
    awaited = evidence["awaited_workload"]
    assert (awaited["kind"], awaited["ready"], awaited["replicas"]) == ("DaemonSet", 1, 3)
    assert [each["name"] for each in evidence["pod_troubles"]] == ["exporter-6d5f9-abcde"]


def test_what_may_not_be_read_there_is_a_hole() -> None:
    cluster = waiting_cluster("cattle-monitoring-system", "daemonset", "exporter")
    cluster.fail = lambda _verb, path: (
        RemediationError("forbidden", f"No permission to GET {path}.")
        if "cattle-monitoring-system" in path
        else None
    )
    evidence = evidence_of(cluster)
    assert evidence["awaited_workload"] is None
    assert evidence["sources"]["pods"]["state"] == "forbidden"
    assert evidence["pod_troubles"] == []


def test_the_core_of_cluster_api_is_looked_at_too() -> None:
    cluster = stuck_cluster()
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}
    add(
        cluster,
        "cattle-capi-system",
        "capi-controller-manager-6d5f9-abcde",
        containerStatuses=[container(restartCount=9, state={"waiting": waiting})],
    )
    (trouble,) = evidence_of(cluster)["pod_troubles"]
    assert (trouble["namespace"], trouble["owner"]) == (
        "cattle-capi-system",
        "capi-controller-manager",
    )


def test_a_namespace_of_cluster_api_that_cannot_be_read_hides_no_other_pod() -> None:
    cluster = stuck_cluster()
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
    name = "rancher-webhook-6d5f9-abcde"
    add(cluster, "cattle-system", name, containerStatuses=[container(state={"waiting": waiting})])
    refused = RemediationError("forbidden", "no")
    cluster.fail = lambda _verb, path: refused if "cattle-capi-system/pods" in path else None
    evidence = evidence_of(cluster)
    assert [each["name"] for each in evidence["pod_troubles"]] == [name]
    states = {each: evidence["sources"][each]["state"] for each in ("pods", "capi_pods")}
    assert states == {"pods": "ok", "capi_pods": "forbidden"}
