# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cluster_repo against the double of Rancher's repository handler (FM 3.2), on a real API server."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.integration.rancher_cluster import (
    RANCHER,
    rancher_cluster,
)
from doubles.cluster import StuckCluster

__all__ = ["rancher_cluster"]

REPO = "clusterrepos.catalog.cattle.io"
SETTINGS = "settings.management.cattle.io"


@pytest.fixture
def run(rancher_cluster: StuckCluster, tmp_path: Path) -> ModuleRun:
    return ModuleRun(rancher_cluster.control_plane, tmp_path, defaults={"timeout": 60})


@pytest.fixture
def charts(rancher_cluster: StuckCluster) -> list[dict[str, str]]:
    """What the index has to list."""
    expected = rancher_cluster.expected()
    return [{"chart": name, "version": expected[name]} for name in ("fleet", "fleet-crd")]


def repo(stuck: StuckCluster) -> dict[str, Any]:
    found: dict[str, Any] = stuck.cluster.get(REPO, "rancher-charts")
    return found


def config_map(stuck: StuckCluster) -> dict[str, Any]:
    name = repo(stuck)["status"]["indexConfigMapName"]
    found: dict[str, Any] = stuck.control_plane.get("configmap", name, "-n", "cattle-system")
    return found


def set_content(stuck: StuckCluster, content: bytes) -> None:
    """Overwrite the index with one chunk."""
    patch = {
        "metadata": {"annotations": {"catalog.cattle.io/next": ""}},
        "binaryData": {"content": base64.b64encode(content).decode()},
    }
    name = config_map(stuck)["metadata"]["name"]
    stuck.control_plane.kubectl(
        *("patch", "configmap", name, "-n", "cattle-system", "--type=merge"),
        *("-p", json.dumps(patch)),
    )


def make_stale(stuck: StuckCluster) -> None:
    """An index of an earlier Rancher, at the commit of this one (FM 6.8)."""
    entry = {"name": "fleet", "version": "106.0.0+up0.12.0", "urls": ["x.tgz"]}
    index = {"apiVersion": "v1", "entries": {"fleet": [entry]}}
    set_content(stuck, gzip.compress(json.dumps(index).encode()))


def test_an_index_that_is_right_is_left_alone(
    rancher_cluster: StuckCluster, run: ModuleRun, charts: list[dict[str, str]]
) -> None:
    before = repo(rancher_cluster)["metadata"]["generation"]
    for state in ("refreshed", "rebuilt"):
        result = run("cluster_repo", state=state, charts=charts)
        assert not result["changed"]
        assert result["before"]["index"]["state"] == "ok"
    assert not run("cluster_repo", state="present")["changed"]
    assert repo(rancher_cluster)["metadata"]["generation"] == before


def test_a_stale_index_of_the_same_commit_needs_a_rebuild(
    rancher_cluster: StuckCluster, run: ModuleRun, charts: list[dict[str, str]]
) -> None:
    make_stale(rancher_cluster)
    missing = [f"{each['chart']} {each['version']}" for each in charts]
    dry = run("cluster_repo", check=True, diff=True, state="rebuilt", charts=charts)
    assert dry["changed"]
    assert dry["deleted"]
    assert dry["before"]["index"]["missing"] == missing
    assert config_map(rancher_cluster)["metadata"]["name"] in dry["deleted"]

    error = run.error("cluster_repo", state="refreshed", charts=charts)
    assert error["code"] == "stalled"
    assert "Delete ConfigMap/cattle-system/rancher-charts-" in error["remedy"]

    result = run("cluster_repo", state="rebuilt", charts=charts)
    assert result["changed"]
    assert result["after"]["index"]["state"] == "ok"
    assert result["after"]["index"]["missing"] == []
    assert not run("cluster_repo", state="rebuilt", charts=charts)["changed"]


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"{}" * 50)[:-4]])
def test_a_damaged_index_is_rebuilt(
    rancher_cluster: StuckCluster, run: ModuleRun, content: bytes
) -> None:
    set_content(rancher_cluster, content)
    result = run("cluster_repo", state="rebuilt")
    assert result["before"]["index"]["state"] == "corrupt"
    assert result["after"]["index"]["state"] == "ok"


def test_a_missing_index_comes_back_by_a_refresh(
    rancher_cluster: StuckCluster, run: ModuleRun, charts: list[dict[str, str]]
) -> None:
    name = config_map(rancher_cluster)["metadata"]["name"]
    rancher_cluster.control_plane.kubectl("delete", "configmap", name, "-n", "cattle-system")
    result = run("cluster_repo", state="refreshed", charts=charts)
    assert result["before"]["index"]["state"] == "absent"
    assert result["after"]["index"]["missing"] == []


def test_a_nudge_makes_rancher_look_at_its_charts(
    rancher_cluster: StuckCluster, run: ModuleRun
) -> None:
    before = repo(rancher_cluster)["metadata"]
    assert run("cluster_repo", state="nudged")["changed"]
    after = repo(rancher_cluster)["metadata"]
    assert after["generation"] == before["generation"]
    assert after["annotations"] != before.get("annotations")


def test_a_deleted_repository_is_created_again_as_rancher_makes_it(
    rancher_cluster: StuckCluster, run: ModuleRun
) -> None:
    kubectl = rancher_cluster.control_plane.kubectl
    name = "rancher-rke2-charts"
    original = rancher_cluster.cluster.get(REPO, name)["spec"]
    kubectl("delete", REPO, name)
    kubectl("delete", SETTINGS, "chart-default-branch", "--ignore-not-found")
    assert run("cluster_repo", check=True, state="present", name=name)["changed"]
    assert run("cluster_repo", state="present", name=name)["created"] == [f"ClusterRepo/{name}"]
    assert rancher_cluster.cluster.get(REPO, name)["spec"] == original
    assert not run("cluster_repo", state="present", name=name)["changed"]

    created = run("cluster_repo", state="present")["created"]
    assert created == ["Setting/chart-default-branch"]
    setting = rancher_cluster.cluster.get(SETTINGS, "chart-default-branch")
    assert setting["default"] == f"release-{RANCHER.rpartition('.')[0]}"


def test_an_absent_or_replaced_repository_is_told(run: ModuleRun) -> None:
    error = run.error("cluster_repo", state="refreshed", name="nowhere")
    assert error["code"] == "not-found"
    assert "ClusterRepo/nowhere" in error["message"]
    error = run.error("cluster_repo", state="nudged", expected_uid="another")
    assert error["code"] == "precondition-failed"
