# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rancher_chart against Rancher pods that carry their charts in a git repository, over the real exec."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.integration.rancher_cluster import (
    rancher_cluster,
)
from doubles.chart_repository import head
from doubles.cluster import StuckCluster

__all__ = ["rancher_cluster"]


@pytest.fixture
def run(rancher_cluster: StuckCluster, tmp_path: Path) -> ModuleRun:
    return ModuleRun(rancher_cluster.control_plane, tmp_path)


@pytest.fixture
def wanted(rancher_cluster: StuckCluster) -> dict[str, Any]:
    """The chart that the upgrade waits for."""
    return {"chart": "fleet", "version": rancher_cluster.expected()["fleet"]}


def bundled(stuck: StuckCluster, chart: str, version: str) -> bytes:
    """The archive as it was committed to the repository of the Rancher image."""
    repository = stuck.chart_repository(stuck.illness.rancher)
    return (repository / f"assets/{chart}/{chart}-{version}.tgz").read_bytes()


def test_a_chart_comes_out_of_a_follower_as_it_was_committed(
    rancher_cluster: StuckCluster, run: ModuleRun, wanted: dict[str, Any], tmp_path: Path
) -> None:
    result = run("rancher_chart", **wanted, dest=str(tmp_path / "charts"))
    assert result["changed"]
    path = Path(result["path"])
    original = bundled(rancher_cluster, **wanted)
    assert path.read_bytes() == original
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert result["sha256"] == hashlib.sha256(original).hexdigest()
    assert result["digest_verified"]
    assert result["source"] == "rancher_pod"
    assert result["head_commit"] == head(
        rancher_cluster.chart_repository(rancher_cluster.illness.rancher)
    )
    assert result["index"] == {"state": "ok", "reason": "", "lists_version": True}
    lease = rancher_cluster.cluster.get("leases", "cattle-controllers", "kube-system")
    assert lease["spec"]["holderIdentity"] not in result["origin"]

    second = run("rancher_chart", **wanted, dest=str(tmp_path / "charts"))
    assert (second["changed"], second["source"]) == (False, "present")


def test_check_mode_fetches_verifies_and_keeps_nothing(
    run: ModuleRun, wanted: dict[str, Any], tmp_path: Path
) -> None:
    dest = tmp_path / "charts"
    result = run("rancher_chart", check=True, **wanted, dest=str(dest))
    assert result["changed"]
    assert result["digest_verified"]
    assert result["path"] == str(dest / f"fleet-{wanted['version']}.tgz")
    assert not dest.exists()


def test_another_version_is_never_taken_in_its_place(run: ModuleRun, tmp_path: Path) -> None:
    error = run.error("rancher_chart", chart="fleet", version="107.0.2", dest=str(tmp_path / "x"))
    assert error["code"] == "chart-not-found"
    assert "107.0.2" in error["message"]
    assert not (tmp_path / "x").exists()


def test_a_digest_that_does_not_fit_stops_it(
    run: ModuleRun, wanted: dict[str, Any], tmp_path: Path
) -> None:
    error = run.error("rancher_chart", **wanted, digest="0" * 64, dest=str(tmp_path / "x"))
    assert error["code"] == "chart-digest-mismatch"
    assert list((tmp_path / "x").glob("*")) == []


def test_a_chart_carried_in_by_hand_is_verified_against_the_index(
    rancher_cluster: StuckCluster, run: ModuleRun, wanted: dict[str, Any], tmp_path: Path
) -> None:
    carried = tmp_path / "carried"
    carried.mkdir()
    archive = carried / f"fleet-{wanted['version'].replace('+', '-')}.tgz"
    archive.write_bytes(bundled(rancher_cluster, **wanted))
    options = {**wanted, "source": "path", "path": str(carried), "dest": str(tmp_path / "charts")}
    result = run("rancher_chart", **options)
    assert (result["source"], result["digest_verified"]) == ("path", True)

    archive.write_bytes(archive.read_bytes()[:-30])
    dest = {"dest": str(tmp_path / "elsewhere")}
    assert run.error("rancher_chart", **{**options, **dest})["code"] == "chart-archive-invalid"


def test_a_user_without_exec_is_told(
    rancher_cluster: StuckCluster, wanted: dict[str, Any], tmp_path: Path
) -> None:
    control_plane = rancher_cluster.control_plane
    kubeconfig = control_plane.user("carla")
    control_plane.kubectl(
        *("create", "clusterrole", "chart-reader", "--verb=get,list"),
        *("--resource=pods,leases.coordination.k8s.io,configmaps,clusterrepos.catalog.cattle.io",),
        check=False,
    )
    control_plane.kubectl(
        *("create", "clusterrolebinding", "chart-reader", "--clusterrole=chart-reader"),
        "--user=carla",
        check=False,
    )
    carla = ModuleRun(control_plane, tmp_path, kubeconfig=kubeconfig)
    error = carla.error("rancher_chart", **wanted, dest=str(tmp_path / "x"))
    assert error["code"] == "forbidden"
    assert "pods/exec" in error["remedy"]


def test_the_values_rancher_would_pass_are_told_with_their_sources(
    rancher_cluster: StuckCluster, run: ModuleRun
) -> None:
    options = {"namespace": "cattle-fleet-system", "release": "fleet"}
    result = run("rancher_values_info", **options)
    assert result["rancher_version"] == rancher_cluster.illness.rancher
    sources = {each["path"]: each["source"] for each in result["sources"]}
    assert sources["bootstrap.enabled"] == "computed"
    assert sources["agentTLSMode"] == "Setting/agent-tls-mode"
    assert result["rests"]
    assert result["pinned_keys"] == []
    assert "values" not in result
    revealed = run("rancher_values_info", **options, reveal=True)["values"]
    assert revealed["bootstrap"] == {
        "enabled": False,
        "agentNamespace": "cattle-fleet-local-system",
    }
    webhook = run("rancher_values_info", namespace="cattle-system", release="rancher-webhook")
    sources = {each["path"]: each["source"] for each in webhook["sources"]}
    assert sources["capi"] == "dropped because null"


def test_many_releases_are_read_with_few_requests(run: ModuleRun) -> None:
    releases = [
        {"namespace": "cattle-fleet-system", "release": "fleet"},
        {"namespace": "cattle-fleet-system", "release": "fleet-crd"},
        {"namespace": "cattle-system", "release": "rancher-webhook"},
        {"namespace": "cattle-system", "release": "not-there"},
    ]
    result = run("helm_release_info", releases=releases)
    found = result["releases"]
    assert [found[f"{each['namespace']}/{each['release']}"]["state"] for each in releases] == [
        *("deployed", "deployed", "deployed", "absent")
    ]
    assert found["cattle-fleet-system/fleet"]["last"]["chart_version"].endswith("-rc.1")
    assert "config" not in found["cattle-fleet-system/fleet"]["last"]
    assert result["api_requests"] <= 2 * len(releases)
