# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server import (
    pods as choice,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

IMAGE = "rancher/rancher:v2.12.2"


def pod(
    name: str, created: str = "2026-11-23T10:00:00Z", image: str = IMAGE, **status: Any
) -> dict[str, Any]:
    running = {"name": "rancher", "ready": True, "state": {"running": {}}}
    return {
        "metadata": {
            "name": name,
            "namespace": "cattle-system",
            "creationTimestamp": created,
            "labels": {"app": "rancher"},
        },
        "spec": {
            "containers": [{"name": "proxy", "image": "x:1"}, {"name": "rancher", "image": image}]
        },
        "status": {"phase": "Running", "containerStatuses": [running], **status},
    }


def cluster_of(
    *pods: dict[str, Any], leader: str | None = None, image: str | None = IMAGE
) -> Cluster:
    cluster = Cluster()
    for each in pods:
        cluster.add(f"/api/v1/namespaces/cattle-system/pods/{each['metadata']['name']}", each)
    if leader:
        cluster.add(choice.LEADER_LEASE, {"metadata": {}, "spec": {"holderIdentity": leader}})
    if image:
        containers = [{"name": "rancher", "image": image}]
        spec = {"template": {"spec": {"containers": containers}}}
        cluster.add(choice.DEPLOYMENT, {"metadata": {}, "spec": spec})
    return cluster


def names(cluster: Cluster, wanted_tag: str | None = None) -> list[str]:
    return [each.name for each in choice.rancher_pods(cluster, wanted_tag).pods]


def test_the_leader_comes_last_and_the_newest_ready_pod_first() -> None:
    cluster = cluster_of(
        pod("old", "2026-11-23T08:00:00Z"),
        pod("new", "2026-11-23T12:00:00Z"),
        pod("leader", "2026-11-23T13:00:00Z"),
        pod(
            "starting",
            "2026-11-23T14:00:00Z",
            containerStatuses=[{"name": "rancher", "ready": False, "state": {"running": {}}}],
        ),
        leader="leader",
    )
    assert names(cluster) == ["new", "old", "starting", "leader"]


def deleted(name: str) -> dict[str, Any]:
    gone = pod(name)
    gone["metadata"]["deletionTimestamp"] = "2026-11-23T14:00:00Z"
    return gone


@pytest.mark.parametrize(
    "unfit",
    [
        pod("x", phase="Pending"),
        pod("x", phase="Succeeded"),
        pod("x", containerStatuses=[{"name": "rancher", "state": {"waiting": {}}}]),
        pod("x", containerStatuses=[]),
        deleted("x"),
    ],
)
def test_a_pod_that_does_not_run_is_not_asked(unfit: dict[str, Any]) -> None:
    found = choice.rancher_pods(cluster_of(unfit))
    assert (list(found.pods), dict(found.passed_over)) == ([], {})


def test_without_a_lease_every_pod_may_be_asked() -> None:
    assert names(cluster_of(pod("a"), pod("b"))) == ["b", "a"]


def test_a_pod_of_another_version_is_not_asked_while_rancher_rolls_out() -> None:
    old = pod("old", "2026-11-23T14:00:00Z", image="rancher/rancher:v2.11.3")
    mirrored = pod("mirrored", image="mirror.example:5000/rancher/rancher:v2.12.2")
    by_digest = pod("by-digest", image="rancher/rancher@sha256:00")
    cluster = cluster_of(old, mirrored, by_digest)
    found = choice.rancher_pods(cluster)
    assert [each.name for each in found.pods] == ["mirrored", "by-digest"]
    assert found.passed_over == {"old": "runs rancher/rancher:v2.11.3, wanted is v2.12.2"}
    assert names(cluster, "v2.11.3") == ["old", "by-digest"]


@pytest.mark.parametrize("image", [None, "rancher/rancher@sha256:00"])
def test_without_a_version_to_compare_every_pod_may_be_asked(image: str | None) -> None:
    assert names(cluster_of(pod("a"), pod("b", image="rancher/rancher:v2"), image=image)) == [
        "b",
        "a",
    ]


@pytest.mark.parametrize("path", [choice.LEADER_LEASE, choice.DEPLOYMENT])
def test_what_may_not_be_read_is_done_without_and_what_fails_is_told(path: str) -> None:
    cluster = cluster_of(pod("a"))
    cluster.failures["get", path] = RemediationError("forbidden", "no", "")
    assert names(cluster) == ["a"]
    cluster.failures["get", path] = RemediationError("server-unreachable", "no", "")
    with pytest.raises(RemediationError):
        names(cluster)


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("rancher/rancher:v2.12.2", "v2.12.2"),
        ("localhost:5000/rancher/rancher", None),
        ("r:5000/rancher/rancher:v2@sha256:00", "v2"),
        ("", None),
    ],
)
def test_the_tag_of_an_image(image: str, tag: str | None) -> None:
    assert choice.image_tag(image) == tag
