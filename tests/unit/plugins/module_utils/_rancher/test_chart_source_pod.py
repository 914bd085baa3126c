# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import (
    ExecResult,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher import (
    chart_source_pod as source,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog import (
    ClusterRepo,
    IndexEntry,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ChartRequest,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.catalog import cluster_repo
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import chart_archive
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

GA = "106.0.0+up0.12.0"
REQUEST = ChartRequest("fleet", GA)
USUAL_PATH = f"assets/fleet/fleet-{GA}.tgz"
BUNDLED, WORKING, MANAGED = source.bundle_directories(
    "rancher-charts", "https://git.rancher.io/charts"
)
COMMIT = "9f3c0a6f5d0c1a4b2e7f88d0c3b1a5e4d6f70812"
CHART = chart_archive("fleet", GA)


def pod(name: str, created: str = "2026-11-23T10:00:00Z", **status: Any) -> dict[str, Any]:
    running = {"name": "rancher", "ready": True, "state": {"running": {}}}
    return {
        "metadata": {
            "name": name,
            "namespace": "cattle-system",
            "creationTimestamp": created,
            "labels": {"app": "rancher"},
        },
        "status": {"phase": "Running", "containerStatuses": [running], **status},
    }


def cluster_of(*pods: dict[str, Any], leader: str | None = None) -> Cluster:
    cluster = Cluster()
    for each in pods:
        cluster.add(f"/api/v1/namespaces/cattle-system/pods/{each['metadata']['name']}", each)
    if leader:
        cluster.add(source.LEADER_LEASE, {"metadata": {}, "spec": {"holderIdentity": leader}})
    return cluster


class Pods:
    """Pods with git repositories in them: (pod, directory) -> path -> content."""

    def __init__(self, content: Mapping[tuple[str, str], Mapping[str, bytes]]) -> None:
        self.content = content
        self.commands: list[tuple[str, list[str]]] = []

    def run(self, name: str, argv: Sequence[str]) -> ExecResult:
        self.commands.append((name, list(argv)))
        assert list(argv[:4]) == ["git", "-c", "safe.directory=*", "-C"]
        clone = self.content.get((name, argv[4]))
        if clone is None:
            text = f"fatal: cannot change to '{argv[4]}': No such file or directory\n"
            # What the test bed answers, and some kubelets: no exit code.
            return ExecResult(b"", text.encode(), None, "Internal error occurred")
        if argv[5] == "rev-parse":
            return ExecResult(COMMIT.encode() + b"\n", b"", 0, "")
        found = clone.get(argv[-1].removeprefix("HEAD:"))
        if found is None:
            return ExecResult(b"", b"fatal: path does not exist in 'HEAD'\n", 128, "exit 128")
        return ExecResult(found, b"", 0, "")


def rancher(name: str) -> source.RancherPod:
    return source.RancherPod(name, "", True, False)


def test_the_directory_is_named_by_the_hash_of_the_url() -> None:
    assert BUNDLED.endswith("/4b40cac650031b74776e87c1a726b0484d0877c3ec137da0872547ff9b73a721")
    assert BUNDLED.startswith("/var/lib/rancher-data/local-catalogs/v2/rancher-charts/")
    other = source.bundle_directories("mine", "https://example.com/charts.git")
    digest = hashlib.sha256(b"https://example.com/charts.git").hexdigest()
    assert other == [f"{base}/mine/{digest}" for base in source.BASE_DIRECTORIES]


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
    assert [each.name for each in source.rancher_pods(cluster)] == [
        *("new", "old", "starting", "leader")
    ]


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
    assert source.rancher_pods(cluster_of(unfit)) == []


def test_without_a_lease_every_pod_may_be_asked() -> None:
    assert [each.name for each in source.rancher_pods(cluster_of(pod("a"), pod("b")))] == ["b", "a"]


@pytest.mark.parametrize("directory", [BUNDLED, WORKING, MANAGED])
def test_the_chart_is_found_in_every_place_rancher_looks(directory: str) -> None:
    pods = Pods({("a", directory): {USUAL_PATH: CHART}})
    fetched = source.fetch_from_pods([rancher("a")], REQUEST, pods.run)
    assert fetched.content == CHART
    assert fetched.head_commit == COMMIT
    assert "Pod/cattle-system/a" in fetched.origin
    assert pods.commands[-1][1][-2:] == ["show", f"HEAD:{USUAL_PATH}"]


def test_the_path_in_the_index_comes_first() -> None:
    entry = IndexEntry(
        GA, urls=("assets/moved/f.tgz", "https://x/y.tgz", "../../etc/passwd", "/etc/x")
    )
    pods = Pods({("a", BUNDLED): {"assets/moved/f.tgz": CHART}})
    request = ChartRequest("fleet", GA, entry=entry)
    assert source.fetch_from_pods([rancher("a")], request, pods.run).content == CHART
    assert request.repository_paths == ["assets/moved/f.tgz", USUAL_PATH]


def test_the_repository_of_the_cluster_repo_counts() -> None:
    obj = cluster_repo("mine")
    obj["spec"]["gitRepo"] = "https://example.com/charts.git"
    request = ChartRequest("fleet", GA, repo_name="mine", repo=ClusterRepo.from_object(obj))
    directory = source.bundle_directories("mine", "https://example.com/charts.git")[0]
    pods = Pods({("a", directory): {USUAL_PATH: CHART}})
    assert source.fetch_from_pods([rancher("a")], request, pods.run).content == CHART


def test_a_chart_kept_as_a_directory_is_packed() -> None:
    entry = IndexEntry(GA, urls=(f"charts/fleet/{GA}",))
    pods = Pods({("a", BUNDLED): {f"charts/fleet/{GA}": CHART}})
    request = ChartRequest("fleet", GA, entry=entry)
    fetched = source.fetch_from_pods([rancher("a")], request, pods.run)
    assert fetched.repacked
    assert pods.commands[-1][1][5:] == [
        *("archive", "--format=tar.gz", "--prefix=fleet/", f"HEAD:charts/fleet/{GA}")
    ]


def test_the_next_pod_is_asked_when_one_does_not_have_it() -> None:
    pods = Pods({("a", BUNDLED): {}, ("c", BUNDLED): {USUAL_PATH: CHART}})
    fetched = source.fetch_from_pods([rancher("a"), rancher("b"), rancher("c")], REQUEST, pods.run)
    assert "Pod/cattle-system/c" in fetched.origin


def test_a_pod_that_hangs_does_not_hide_the_next() -> None:
    pods = Pods({("b", BUNDLED): {USUAL_PATH: CHART}})

    def run(name: str, argv: Sequence[str]) -> ExecResult:
        if name == "a":
            raise RemediationError("timeout", "git in Pod/cattle-system/a did not end.", "")
        return pods.run(name, argv)

    fetched = source.fetch_from_pods([rancher("a"), rancher("b")], REQUEST, run)
    assert fetched.content == CHART


def test_a_missing_permission_is_told_at_once() -> None:
    def run(_name: str, _argv: Sequence[str]) -> ExecResult:
        raise RemediationError("forbidden", "no exec", "")

    with pytest.raises(RemediationError) as caught:
        source.fetch_from_pods([rancher("a"), rancher("b")], REQUEST, run)
    assert caught.value.code == "forbidden"


def test_not_found_tells_what_each_pod_said() -> None:
    pods = Pods({("a", BUNDLED): {}})
    with pytest.raises(RemediationError) as caught:
        source.fetch_from_pods([rancher("a"), rancher("b")], REQUEST, pods.run)
    assert caught.value.code == "chart-not-found"
    assert "a: fatal: path does not exist" in caught.value.message
    assert "b: fatal: cannot change to" in caught.value.message


def test_no_rancher_pod_is_told() -> None:
    with pytest.raises(RemediationError, match="none runs"):
        source.fetch_from_pod(cluster_of(), REQUEST)


def test_an_empty_answer_is_no_chart() -> None:
    pods = Pods({("a", BUNDLED): {USUAL_PATH: b""}})
    with pytest.raises(RemediationError) as caught:
        source.fetch_from_pods([rancher("a")], REQUEST, pods.run)
    assert caught.value.code == "chart-not-found"
