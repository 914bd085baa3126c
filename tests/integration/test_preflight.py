# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""preflight.yml against a real cluster before its upgrade: no Upgrade exists, and an earlier one left a lock behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    Finished,
    Playbook,
)
from controlplane.handle import ControlPlane
from doubles import faults, helm_storage
from doubles.cluster import Illness, StuckCluster

PREFLIGHT = "harvester_ops.remediation.preflight"
MATRIX = "harvester_ops.remediation.upgrade_matrix"
FLEET = "Release/cattle-fleet-system/fleet"
# What v1.6.0 carries, without the gate on Kubernetes: the control plane's is newer than any Harvester's.
TARGET = {
    "harvesters": [{"version": "v1.6.0", "rancher": "v2.12.0", "min_upgradable_version": "v1.5.0"}],
    "ranchers": [
        {
            "version": "v2.12.0",
            "charts": {
                "fleet-crd": "107.0.0+up0.13.0",
                "fleet": "107.0.0+up0.13.0",
                "rancher-webhook": "107.0.0+up0.8.0",
            },
        }
    ],
}


@pytest.fixture(scope="module")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StuckCluster]:
    """Harvester v1.5.0 at rest: Rancher 2.11.0 and its charts, and no upgrade."""
    directory = tmp_path_factory.mktemp("resting")
    control_plane = ControlPlane.up(directory / "controlplane")
    try:
        illness = Illness(rancher="v2.11.0", play_job=False)
        cluster = StuckCluster.create(control_plane, directory / "cluster", illness)
        try:
            _settle(cluster)
            yield cluster
        finally:
            cluster.stop()
    finally:
        control_plane.down()


def _settle(cluster: StuckCluster) -> None:
    """What a Harvester that is not upgraded right now looks like."""
    setting = {
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Setting",
        "metadata": {"name": "server-version"},
        "value": "v1.5.0",
    }
    cluster.cluster.ensure(setting)
    for chart in cluster.cluster.list("managedcharts.management.cattle.io", "fleet-local"):
        name = chart["metadata"]["name"]
        cluster.cluster.patch(
            "managedcharts.management.cattle.io", name, {"spec": {"paused": False}}, "fleet-local"
        )


@pytest.fixture
def playbook(resting: StuckCluster, tmp_path: Path) -> Playbook:
    table = tmp_path / "releases.yml"
    table.write_text(yaml.safe_dump(TARGET))
    options = {
        "remediation_kubeconfig": str(resting.control_plane.kubeconfig),
        "preflight_releases": [str(table)],
        "preflight_target_version": "v1.6.0",
    }
    return Playbook(tmp_path / "artifacts", options)


def run(playbook: Playbook, **options: Any) -> Finished:
    return replace(playbook, options={**playbook.options, **options}).run(PREFLIGHT)


def checks(done: Finished, *outcomes: str) -> set[tuple[str, str]]:
    """Id and subject of the checks with these outcomes."""
    return {
        (check["id"], check["subject"])
        for check in done.document("preflight")["checks"]
        if check["outcome"] in outcomes
    }


def test_a_cluster_without_an_upgrade_and_without_a_lock_is_safe(playbook: Playbook) -> None:
    done = run(playbook)
    assert done.code == 0, done
    document = done.document("preflight")
    assert (document["verdict"], document["current"]["harvester"]) == ("safe", "v1.5.0"), done
    assert checks(done, "fail", "warn", "unknown") == set()
    outcomes = {row["chart"]: row["outcome"] for row in document["dependencies"] if row["awaited"]}
    assert outcomes == dict.fromkeys(("fleet-crd", "fleet", "rancher-webhook"), "upgraded")
    assert done.document("evidence")["upgrade"] is None
    assert "Pre-flight verdict: safe" in done.output
    assert done.changed == 0


def test_the_same_evidence_tells_the_same_without_the_cluster(playbook: Playbook) -> None:
    online = run(playbook)
    evidence = playbook.artifacts / "evidence.json"
    offline = playbook.writing_to(playbook.artifacts.with_name("again"))
    again = run(offline, remediation_evidence_file=str(evidence), remediation_kubeconfig="/none")
    assert again.code == online.code == 0, again
    assert again.bytes("preflight.json") == online.bytes("preflight.json")


def test_a_lock_of_an_earlier_upgrade_blocks(playbook: Playbook, resting: StuckCluster) -> None:
    """The check that Harvester's own pre-check lacks (FM 8.3): a helm that was killed an hour ago."""
    before = helm_storage.last(resting.cluster, "cattle-fleet-system", "fleet")
    assert before is not None
    faults.kill_upgrade(resting, "fleet", "106.0.0+up0.12.0")
    try:
        blocked = run(playbook)
        assert blocked.code == 2, blocked
        assert blocked.document("preflight")["verdict"] == "blocked"
        assert checks(blocked, "fail") == {("release-lock", FLEET), ("dependency", FLEET)}
        rollback = f"helm rollback fleet {before.number} -n cattle-fleet-system --wait"
        assert rollback in " ".join(blocked.output.split())
        assert run(playbook, preflight_fail_on=[]).code == 0
    finally:
        resting.run_helm("rollback", "fleet", str(before.number), "-n", "cattle-fleet-system")
    after = run(playbook)
    assert (after.code, checks(after, "fail")) == (0, set()), after


def test_a_read_only_account_that_may_see_nothing_is_not_told_safe(
    playbook: Playbook, resting: StuckCluster
) -> None:
    nobody = str(resting.control_plane.user("nobody-at-all"))
    done = run(
        playbook,
        remediation_kubeconfig=nobody,
        preflight_current_version="v1.5.0",
        preflight_fail_on=["risky", "blocked"],
    )
    assert done.code == 2, done
    assert done.document("preflight")["verdict"] == "risky"
    assert ("not-seen", "Source/releases") in checks(done, "unknown")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"preflight_target_version": ""}, "The target Harvester version is not given."),
        ({"preflight_offline": True}, "The current Harvester version is not given."),
        ({"preflight_release_file": "/none.yaml"}, "The release file /none.yaml cannot be read"),
        ({"preflight_fail_on": ["safe"]}, "safe is not one of risky, blocked"),
    ],
)
def test_wrong_settings_are_one_clear_error(
    playbook: Playbook, options: dict[str, Any], said: str
) -> None:
    done = run(playbook, **options)
    assert done.code == 2, done
    assert said in done.output


def test_the_matrix_needs_no_cluster(tmp_path: Path) -> None:
    options = {"preflight_target_version": "v1.5.0", "remediation_kubeconfig": "/none"}
    done = Playbook(tmp_path / "artifacts", options).run(MATRIX)
    assert done.code == 0, done
    pairs = {pair["current"]: pair["verdict"] for pair in done.document("upgrade-matrix")["pairs"]}
    assert (pairs["v1.4.2"], pairs["v1.5.0-rc2"]) == ("safe", "blocked")
    assert "from v1.5.0-rc2: blocked" in done.output
    page = done.bytes("upgrade-matrix.md")
    assert page.startswith(b"# Upgrade matrix")
    assert b"## To v1.5.0 (Rancher v2.11.0)" in page
