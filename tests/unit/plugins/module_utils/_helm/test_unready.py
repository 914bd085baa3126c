# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a release does not become ready, from objects as the API serves them."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.unready import (
    release_state,
    told,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

NS = "cattle-fleet-system"
PODS = f"/api/v1/namespaces/{NS}/pods"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NS}/deployments"


def deployment(name: str, release: str, ready: int = 0, **status: Any) -> dict[str, Any]:
    """A Deployment of one replica that belongs to a release."""
    return {
        "metadata": {
            "name": name,
            "namespace": NS,
            "annotations": {"meta.helm.sh/release-name": release},
        },
        "spec": {"replicas": 1},
        "status": {"updatedReplicas": ready, "readyReplicas": ready, **status},
    }


def pod(name: str, owner: str, kind: str = "ReplicaSet", **status: Any) -> dict[str, Any]:
    """A pod that is not ready."""
    return {
        "metadata": {
            "name": name,
            "namespace": NS,
            "labels": {"pod-template-hash": "abc"},
            "ownerReferences": [{"kind": kind, "name": owner}],
        },
        "spec": {},
        "status": {"phase": "Pending", **status},
    }


def cluster(*objects: tuple[str, dict[str, Any]]) -> Cluster:
    found = Cluster()
    for path, each in objects:
        found.add(f"{path}/{each['metadata']['name']}", each)
    return found


UNSCHEDULABLE = {
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 node(s) didn't match Pod's node selector.",
        }
    ]
}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {
        "containerStatuses": [
            {"name": "c", "state": {"waiting": {"reason": reason, "message": message}}}
        ]
    }


def test_the_scheduler_is_quoted() -> None:
    client = cluster(
        (DEPLOYMENTS, deployment("gitjob", "fleet")),
        (PODS, pod("gitjob-abc-1", "gitjob-abc", **UNSCHEDULABLE)),
    )
    assert told(client, NS, "fleet") == (
        f"Not ready: Pod/{NS}/gitjob-abc-1: Pending: 0/3 nodes are available: 3 node(s) didn't match Pod's node"
        " selector."
    )


def test_pods_that_are_refused_leave_only_the_workload_to_say_so() -> None:
    refused = {
        "conditions": [
            {
                "type": "ReplicaFailure",
                "status": "True",
                "message": "pods is forbidden: exceeded quota",
            }
        ]
    }
    client = cluster((DEPLOYMENTS, deployment("gitjob", "fleet", **refused)))
    (found,) = release_state(client, NS, "fleet").unready
    assert (found.subject, found.why) == (
        f"Deployment/{NS}/gitjob",
        "pods is forbidden: exceeded quota",
    )
    assert found.lasting


def test_images_last_and_crashes_may_pass() -> None:
    client = cluster(
        (DEPLOYMENTS, deployment("gitjob", "fleet")),
        (PODS, pod("gitjob-abc-1", "gitjob-abc", **waiting("ImagePullBackOff", "not found"))),
        (PODS, pod("gitjob-abc-2", "gitjob-abc", **waiting("CrashLoopBackOff"))),
    )
    found = {
        each.subject[-1]: (each.why, each.lasting)
        for each in release_state(client, NS, "fleet").unready
    }
    assert found == {"1": ("ImagePullBackOff (not found)", True), "2": ("CrashLoopBackOff", False)}


def test_hooks_of_the_release_count() -> None:
    client = cluster(
        (PODS, pod("fleet-cleanup-x", "fleet-cleanup", "Job", **waiting("ErrImagePull")))
    )
    (found,) = release_state(client, NS, "fleet").unready
    assert found.why == "ErrImagePull"


def test_others_and_what_is_ready_do_not_count() -> None:
    client = cluster(
        (DEPLOYMENTS, deployment("other", "somebody-else")),
        (DEPLOYMENTS, deployment("gitjob", "fleet", ready=1)),
        (PODS, pod("other-abc-1", "other-abc", **UNSCHEDULABLE)),
        (PODS, pod("gitjob-abc-1", "gitjob-abc", **UNSCHEDULABLE)),
        (PODS, pod("starting-abc-1", "gitjob-abc", **waiting("ContainerCreating"))),
    )
    assert told(client, NS, "fleet") == ""


def test_a_container_that_starts_again_is_no_step_forward() -> None:
    def state(restarts: int) -> object:
        crashing = waiting("CrashLoopBackOff")
        crashing["containerStatuses"][0]["restartCount"] = restarts
        client = cluster((PODS, pod("gitjob-abc-1", "gitjob-abc", **crashing)))
        return release_state(client, NS, "fleet").counts

    assert state(1) == state(7)


def test_what_cannot_be_read_is_left_out() -> None:
    client = cluster()
    client.failures["list", PODS] = RemediationError("forbidden", "may not list pods")
    assert told(client, NS, "fleet") == ""
