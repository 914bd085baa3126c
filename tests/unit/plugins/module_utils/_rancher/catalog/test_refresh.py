# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import waiting
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog import (
    refresh as repo_refresh,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog.cluster_repo import (
    cluster_repo_path,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog.refresh import (
    RefreshRequest,
    RepoSpec,
    WantedChart,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.catalog import (
    REPO_UID,
    cluster_repo,
    index_config_maps,
    index_document,
    packed_index,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

OLD, NEW = "109.0.0+up0.15.0", "109.0.2+up0.15.2"
PATH = cluster_repo_path()
SETTING = "/apis/management.cattle.io/v3/settings/chart-default-branch"
SERVER_VERSION = "/apis/management.cattle.io/v3/settings/server-version"
REQUEST = RefreshRequest(charts=[WantedChart("fleet", NEW)], timeout=30)
Act = Callable[[Cluster, RefreshRequest], repo_refresh.RepoOutcome]


def index_maps(version: str = OLD, **changes: Any) -> list[dict[str, Any]]:
    return index_config_maps(packed_index(index_document(("fleet", version))), **changes)


class Rancher:
    """Refreshes the ClusterRepo when its spec has changed, as Rancher 2.9 and newer do (FM 3.2)."""

    def __init__(self, cluster: Cluster, version: str = NEW, *, same_commit: bool = False) -> None:
        self.cluster, self.version, self.same_commit = cluster, version, same_commit

    def __call__(self, _seconds: float) -> None:
        self.cluster.time += timedelta(seconds=2)
        repo = self.cluster.objects[PATH]
        status = repo["status"]
        if status["observedGeneration"] >= repo["metadata"]["generation"]:
            return
        status["observedGeneration"] = repo["metadata"]["generation"]
        status["downloadTime"] = self.cluster.time.strftime("%Y-%m-%dT%H:%M:%SZ")
        names = [path.rpartition("/")[2] for path in self.cluster.objects]
        if self.same_commit and status["indexConfigMapName"] in names:
            return
        for config_map in index_maps(self.version):
            self.cluster.add_config_map(config_map)
            status["indexConfigMapName"] = config_map["metadata"]["name"]


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[float], None]], None]:
    """Give the waiting a clock of its own: what is passed runs in place of each sleep."""

    def install(rancher: Callable[[float], None]) -> None:
        time = [0.0]

        def sleep(seconds: float) -> None:
            time[0] += max(seconds, 0.1)
            rancher(seconds)

        real = waiting.poll

        def poll(*args: Any, **kwargs: Any) -> Any:
            return real(*args, **kwargs, clock=lambda: time[0], sleep=sleep)

        monkeypatch.setattr(repo_refresh, "poll", poll)

    return install


def stale_cluster(*maps: dict[str, Any], **status: Any) -> Cluster:
    cluster = Cluster()
    cluster.add(PATH, cluster_repo(**status))
    for config_map in maps or index_maps():
        cluster.add_config_map(config_map)
    return cluster


def patches(cluster: Cluster) -> list[dict[str, Any]]:
    return [body for verb, _path, body, _dry in cluster.writes if verb == "patch"]


def deletions(cluster: Cluster) -> list[str]:
    return [path.rpartition("/")[2] for verb, path, _b, _d in cluster.writes if verb == "delete"]


def test_a_stale_index_is_refreshed_and_waited_for(sleeps: Any) -> None:
    cluster = stale_cluster()
    sleeps(Rancher(cluster))
    outcome = repo_refresh.refresh(cluster, REQUEST)
    assert outcome.changed
    assert outcome.before.missing(REQUEST.charts) == [f"fleet {NEW}"]
    assert outcome.after.missing(REQUEST.charts) == []
    assert patches(cluster) == [
        {"metadata": {"uid": REPO_UID}, "spec": {"forceUpdate": "2026-11-23T15:00:00Z"}}
    ]
    assert deletions(cluster) == []


@pytest.mark.parametrize("act", [repo_refresh.refresh, repo_refresh.rebuild])
def test_an_index_that_lists_the_charts_is_left_alone(act: Act) -> None:
    cluster = stale_cluster(*index_maps(NEW))
    outcome = act(cluster, REQUEST)
    assert not outcome.changed
    assert cluster.writes == []


def test_it_can_be_forced(sleeps: Any) -> None:
    cluster = stale_cluster(*index_maps(NEW))
    sleeps(Rancher(cluster))
    assert repo_refresh.refresh(cluster, replace(REQUEST, force=True)).changed


def test_a_refresh_that_does_not_bring_the_chart_is_stalled_with_the_way_on(sleeps: Any) -> None:
    cluster = stale_cluster()
    sleeps(Rancher(cluster, same_commit=True))
    with pytest.raises(RemediationError) as caught:
        repo_refresh.refresh(cluster, REQUEST)
    assert caught.value.code == "stalled"
    assert f"still lacks fleet {NEW}" in caught.value.message
    assert "Delete ConfigMap/cattle-system/rancher-charts-" in caught.value.remedy


def test_a_rebuild_helps_where_the_commit_is_the_same(sleeps: Any) -> None:
    cluster = stale_cluster()
    sleeps(Rancher(cluster, same_commit=True))
    outcome = repo_refresh.rebuild(cluster, REQUEST)
    assert outcome.changed
    assert outcome.after.missing(REQUEST.charts) == []
    assert list(outcome.deleted) == deletions(cluster) == [f"rancher-charts-0-{REPO_UID}"]


def test_a_rebuild_leaves_an_index_alone_that_was_built_since(sleeps: Any) -> None:
    cluster = stale_cluster()
    sleeps(Rancher(cluster, same_commit=True))
    name = f"rancher-charts-0-{REPO_UID}"
    request = replace(REQUEST, expected_config_maps={name: "of-an-earlier-one"})
    with pytest.raises(RemediationError) as caught:
        repo_refresh.rebuild(cluster, request)
    assert caught.value.code == "precondition-failed"
    assert name in caught.value.message
    assert deletions(cluster) == []


@pytest.mark.parametrize(
    "maps",
    [
        index_maps(owner_uid="of-an-earlier-one"),
        index_config_maps(b"no gzip"),
        index_config_maps(b""),
    ],
)
def test_a_damaged_or_foreign_index_is_rebuilt_without_being_told_charts(
    sleeps: Any, maps: list[dict[str, Any]]
) -> None:
    cluster = stale_cluster(*maps)
    sleeps(Rancher(cluster, same_commit=True))
    outcome = repo_refresh.rebuild(cluster, replace(REQUEST, charts=()))
    assert outcome.changed
    assert outcome.after.reading is not None
    assert outcome.after.reading.state == "ok"


def test_only_index_config_maps_of_this_repository_are_deleted(sleeps: Any) -> None:
    cluster = stale_cluster(*index_maps(chunk=60))
    others = [
        f"rancher-charts-1-{REPO_UID.replace('0', '1')}",
        f"rancher-partner-charts-0-{REPO_UID}",
        "rancher-charts-notes",
        "rancher-config",
    ]
    for name in others:
        cluster.add_config_map(
            {"metadata": {"name": name, "namespace": "cattle-system", "uid": "u"}}
        )
    sleeps(Rancher(cluster))
    outcome = repo_refresh.rebuild(cluster, REQUEST)
    assert others[0] in outcome.deleted
    assert not set(others[1:]) & set(outcome.deleted)
    assert len(outcome.deleted) == len(index_maps(chunk=60)) + 1


@pytest.mark.parametrize("act", [repo_refresh.refresh, repo_refresh.rebuild, repo_refresh.nudge])
def test_check_mode_sends_dry_runs_and_waits_for_nothing(act: Act) -> None:
    cluster = stale_cluster()
    objects = dict(cluster.objects)
    assert act(cluster, replace(REQUEST, dry_run=True)).changed
    assert cluster.writes
    assert all(dry_run for _verb, _path, _body, dry_run in cluster.writes)
    assert cluster.objects == objects


@pytest.mark.parametrize("act", [repo_refresh.refresh, repo_refresh.rebuild, repo_refresh.nudge])
def test_an_absent_or_replaced_cluster_repo_is_told(act: Act) -> None:
    with pytest.raises(RemediationError) as caught:
        act(Cluster(), REQUEST)
    assert caught.value.code == "not-found"
    cluster = stale_cluster()
    with pytest.raises(RemediationError) as caught:
        act(cluster, replace(REQUEST, expected_uid="another"))
    assert caught.value.code == "precondition-failed"
    cluster.objects[PATH]["metadata"]["deletionTimestamp"] = "2026-11-23T15:00:00Z"
    with pytest.raises(RemediationError, match="being deleted"):
        act(cluster, REQUEST)
    assert cluster.writes == []


def test_a_rancher_that_does_not_answer_is_a_timeout_with_its_message(sleeps: Any) -> None:
    failed = {"type": "Downloaded", "status": "False", "message": "git fetch: no route to host"}
    cluster = stale_cluster(conditions=[failed])
    sleeps(lambda _seconds: None)
    with pytest.raises(RemediationError) as caught:
        repo_refresh.refresh(cluster, REQUEST)
    assert caught.value.code == "timeout"
    assert "git fetch: no route to host" in caught.value.message


def test_progress_is_told(sleeps: Any) -> None:
    cluster = stale_cluster()
    told: list[str] = []
    sleeps(Rancher(cluster))
    repo_refresh.refresh(cluster, replace(REQUEST, on_change=told.append))
    assert told[0].startswith("downloaded at 2026-11-23T14:00:00Z, generation 2 of 3")
    assert told[-1] == "index read"


def test_a_nudge_is_an_annotation_and_nothing_else() -> None:
    cluster = stale_cluster()
    assert repo_refresh.nudge(cluster, REQUEST).changed
    annotations = {repo_refresh.NUDGE_ANNOTATION: "2026-11-23T15:00:00Z"}
    assert patches(cluster) == [{"metadata": {"uid": REPO_UID, "annotations": annotations}}]
    assert cluster.objects[PATH]["metadata"]["generation"] == 2


def empty_cluster(version: str = "v2.14.2") -> Cluster:
    cluster = Cluster()
    cluster.add(
        SERVER_VERSION, {"metadata": {"name": "server-version", "uid": "u"}, "value": version}
    )
    return cluster


@pytest.mark.parametrize(
    ("version", "branch"),
    [("v2.14.2", "release-v2.14"), ("v2.11.0-rc5", "release-v2.11"), ("v2.8.5", "release-v2.8")],
)
def test_rancher_charts_is_created_with_the_branch_of_the_running_rancher(
    version: str, branch: str
) -> None:
    cluster = empty_cluster(version)
    outcome = repo_refresh.ensure_present(cluster, RefreshRequest(), RepoSpec())
    assert outcome.created == ("Setting/chart-default-branch", "ClusterRepo/rancher-charts")
    assert cluster.objects[PATH]["spec"] == {
        "gitRepo": "https://git.rancher.io/charts",
        "gitBranch": branch,
    }
    assert (cluster.objects[SETTING]["default"], cluster.objects[SETTING]["value"]) == (branch, "")
    again = repo_refresh.ensure_present(cluster, RefreshRequest(), RepoSpec())
    assert not again.changed


@pytest.mark.parametrize("name", ["rancher-rke2-charts", "rancher-partner-charts"])
def test_the_other_repositories_follow_main_and_need_no_setting(name: str) -> None:
    cluster = empty_cluster()
    outcome = repo_refresh.ensure_present(cluster, RefreshRequest(name=name), RepoSpec())
    assert outcome.created == (f"ClusterRepo/{name}",)
    spec = cluster.objects[cluster_repo_path(name)]["spec"]
    assert spec["gitBranch"] == "main"
    assert spec["gitRepo"].endswith(name.removeprefix("rancher").lstrip("-"))


def test_what_exists_is_left_as_it_is() -> None:
    cluster = stale_cluster()
    before = dict(cluster.objects[PATH])
    outcome = repo_refresh.ensure_present(
        cluster, RefreshRequest(), RepoSpec("https://elsewhere", "main", branch_setting=False)
    )
    assert not outcome.changed
    assert cluster.objects[PATH] == before


def test_creation_in_check_mode_is_a_dry_run() -> None:
    cluster = empty_cluster()
    outcome = repo_refresh.ensure_present(cluster, RefreshRequest(dry_run=True), RepoSpec())
    assert outcome.changed
    assert [dry for _v, _p, _b, dry in cluster.writes] == [True, True]
    assert PATH not in cluster.objects


def test_an_unknown_repository_or_rancher_needs_to_be_told_more() -> None:
    with pytest.raises(RemediationError, match="its address is not known"):
        repo_refresh.ensure_present(empty_cluster(), RefreshRequest(name="mine"), RepoSpec())
    cluster = empty_cluster("dev")
    with pytest.raises(RemediationError, match="git_branch"):
        repo_refresh.ensure_present(cluster, RefreshRequest(), RepoSpec())
    assert cluster.writes == []
    spec = RepoSpec(git_branch="release-v2.11")
    assert repo_refresh.ensure_present(cluster, RefreshRequest(), spec).changed


def test_rancher_being_faster_is_no_error() -> None:
    cluster = empty_cluster()

    def rancher_starts(server: Cluster, verb: str, _path: str) -> None:
        if verb == "create":
            server.objects.setdefault(PATH, cluster_repo())
            server.objects.setdefault(SETTING, {"metadata": {"name": "chart-default-branch"}})

    cluster.before.append(rancher_starts)
    outcome = repo_refresh.ensure_present(cluster, RefreshRequest(), RepoSpec())
    assert not outcome.changed


def test_config_map_content_is_never_returned() -> None:
    cluster = stale_cluster()
    content = index_maps()[0]["binaryData"]["content"]
    assert base64.b64decode(content)
    seen = repo_refresh.view(cluster, "rancher-charts").to_dict(REQUEST.charts)
    assert content not in str(seen)
    assert seen["index"]["missing"] == [f"fleet {NEW}"]
