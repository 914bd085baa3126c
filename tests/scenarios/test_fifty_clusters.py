# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.scenarios.meter import Meter
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    DIAGNOSE,
    REMEDIATE,
    Finished,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from doubles.managing_rancher import ManagingRancher
from doubles.scenarios import scenario

# An API server is one cluster: fifty hosts share two of them under different ids of one Rancher. What
# is real is the run over fifty hosts; what is not is fifty different servers.
TOKEN = "token-abcde:Xk93-not-for-anybody"
STUCK, HEALTHY, AWAY, LOCKED = 25, 18, 4, 3
HOSTS = STUCK + HEALTHY + AWAY + LOCKED


@dataclass(frozen=True)
class Fleet:
    """The Rancher of fifty clusters, its inventory, and the one cluster behind the stuck ones."""

    stuck: SickCluster
    inventory: Path
    folder: Path

    def run(self, playbook: str, forks: int) -> Finished:
        """Run a playbook over all of them; what it took is printed."""
        options = {
            name.removeprefix("remediation_"): value
            for name, value in self.stuck.operator.options.items()
            if name != "remediation_kubeconfig"
        }
        name = f"{playbook.rpartition('.')[2]}-{forks}"
        environment = {"RANCHER_TOKEN": TOKEN}
        operator = Playbook(self.folder / name / "artifacts", environment=environment)
        started = operator.with_options(**{**options, "hosts": "all"}).start(
            playbook, "-i", str(self.inventory), "--forks", str(forks)
        )
        with Meter(started.process.pid) as meter:
            finished = started.finish(1800)
        print(f"\n{playbook} on {HOSTS} clusters with {forks} forks: {meter.usage}")
        return finished


def cluster(number: int, kind: str) -> dict[str, Any]:
    """A Cluster object of Rancher."""
    return {
        "metadata": {"name": f"c-m-{number:02}", "labels": {"provider.cattle.io": "harvester"}},
        "spec": {"displayName": f"{kind}-{number:02}"},
        "status": {"conditions": [{"type": "Connected", "status": "True"}]},
    }


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fifty")
    with (
        sick_cluster(scenario("rc-to-ga-skip-fleet"), folder / "stuck") as stuck,
        sick_cluster(scenario("healthy"), folder / "healthy") as healthy,
    ):
        kinds = ["stuck"] * STUCK + ["healthy"] * HEALTHY + ["away"] * AWAY + ["locked"] * LOCKED
        clusters = [cluster(number, kind) for number, kind in enumerate(kinds)]
        kubeconfigs = {
            "stuck": stuck.kubeconfig,
            "healthy": healthy.kubeconfig,
        }
        ways = {
            each["metadata"]["name"]: kubeconfigs[kind]
            for each, kind in zip(clusters, kinds, strict=True)
            if kind in kubeconfigs
        }
        wrong = folder / "wrong.yaml"
        _write_kubeconfig(wrong, stuck.control_plane.server)
        locked = {
            each["metadata"]["name"]: str(wrong)
            for each, kind in zip(clusters, kinds, strict=True)
            if kind == "locked"
        }
        with ManagingRancher(folder / "rancher", TOKEN, clusters, ways) as rancher:
            inventory = folder / "harvester_clusters.yml"
            content = {
                "plugin": "harvester_ops.remediation.harvester_clusters",
                "rancher_url": rancher.url,
                "ca_cert": str(rancher.ca_certificate),
                "kubeconfigs": locked,
            }
            inventory.write_text(yaml.safe_dump(content))
            yield Fleet(stuck, inventory, folder)


def _write_kubeconfig(path: Path, server: str) -> None:
    names = {"cluster": "there", "user": "me"}
    content = {
        "current-context": "there",
        "clusters": [
            {"name": "there", "cluster": {"server": server, "insecure-skip-tls-verify": True}}
        ],
        "contexts": [{"name": "there", "context": names}],
        "users": [{"name": "me", "user": {"token": "no-such-account"}}],
    }
    path.write_text(yaml.safe_dump(content))


@pytest.mark.parametrize("forks", [5, 10])
@pytest.mark.parametrize(
    ("playbook", "stuck", "healthy"),
    [(DIAGNOSE, "stuck", "healthy"), (REMEDIATE, "needs_approval", "healthy")],
)
def test_fifty_clusters_in_one_run(
    fleet: Fleet, playbook: str, stuck: str, healthy: str, forks: int
) -> None:
    log = fleet.stuck.audit.mark()
    run = fleet.run(playbook, forks)
    assert run.code == 2, run
    index = run.document("index")
    wanted = {"failed": AWAY + LOCKED, stuck: STUCK, healthy: HEALTHY}
    others = {row["headline"] for row in index["clusters"] if row["verdict"] not in wanted}
    assert index["verdicts"] == wanted, others
    codes = [row["error_code"] for row in index["clusters"] if row["verdict"] == "failed"]
    assert sorted(codes) == ["api-error"] * AWAY + ["unauthorized"] * LOCKED
    assert len(index["needs_attention"]) == HOSTS - HEALTHY
    assert [len(group) for group in index["same_cluster"]] == [HEALTHY, STUCK]
    for row in index["clusters"]:
        assert row["report"] is None or (run.artifacts / row["report"]).exists()
    assert log.writes() == []
    assert TOKEN not in run.output
