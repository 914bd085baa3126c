# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

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
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import become_old
from controlplane.ports import free_ports
from doubles.managing_rancher import ManagingRancher
from doubles.scenarios import scenario

# The tests share a cluster, and the later ones build on the earlier.
TOKEN = "token-abcde:Xk93-not-for-anybody"
# A credential plugin that cannot run: whoever mixes this kubeconfig in fails.
NO_PROGRAM = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "/nowhere/credentials",
    "interactiveMode": "Never",
}
HARVESTER = {"provider.cattle.io": "harvester"}


def cluster(identity: str, name: str, **labels: str) -> dict[str, Any]:
    """A Cluster object of Rancher."""
    return {
        "metadata": {"name": identity, "labels": labels},
        "spec": {"displayName": name},
        "status": {"conditions": [{"type": "Connected", "status": "True"}]},
    }


@dataclass(frozen=True)
class Fleet:
    """Clusters of a Rancher: one sick, one whose agent is away, one without a server, one with a wrong account."""

    sick: SickCluster
    rancher: ManagingRancher
    folder: Path

    def operator(self, name: str, **options: Any) -> Playbook:
        """An operator who looks after all of them, and whose own environment names another cluster."""
        patience = {
            key.removeprefix("remediation_"): value
            for key, value in self.sick.operator.options.items()
            if key != "remediation_kubeconfig"
        }
        environment = {
            "RANCHER_TOKEN": TOKEN,
            "K8S_AUTH_HOST": "https://127.0.0.1:9",
            "K8S_AUTH_API_KEY": "of-another-cluster",
            "KUBECONFIG": str(self.folder / "decoy"),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        }
        plain = Playbook(self.folder / name / "artifacts", environment=environment)
        return plain.with_options(**{**patience, "hosts": "all", **options})

    def run(self, playbook: str, operator: Playbook, *arguments: str) -> Finished:
        """Run a playbook over all clusters; the token is nowhere to be seen."""
        finished = operator.run(playbook, "-i", str(self.inventory), *arguments)
        assert TOKEN not in finished.output
        return finished

    @property
    def inventory(self) -> Path:
        """The inventory file."""
        return self.folder / "harvester_clusters.yml"


def kubeconfig(path: Path, server: str, **user: Any) -> str:
    """A kubeconfig with such a user."""
    names = {"cluster": "there", "user": "me"}
    there = {"server": server, "insecure-skip-tls-verify": True}
    content = {
        "current-context": "there",
        "clusters": [{"name": "there", "cluster": there}],
        "contexts": [{"name": "there", "context": names}],
        "users": [{"name": "me", "user": user}],
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), folder) as sick:
        clusters = [
            cluster("c-m-1", "sick", **HARVESTER),
            cluster("c-m-2", "away", **HARVESTER),
            cluster("c-m-3", "dark", **HARVESTER),
            cluster("c-m-4", "locked", **HARVESTER),
            cluster("c-m-5", "guest", **{"provider.cattle.io": "rke2"}),
        ]
        ways = {"c-m-1": sick.kubeconfig}
        dead = f"https://127.0.0.1:{free_ports(1)[0]}"
        kubeconfig(folder / "decoy", dead, exec=NO_PROGRAM)
        with ManagingRancher(folder / "rancher", TOKEN, clusters, ways) as rancher:
            own = {
                "dark": kubeconfig(folder / "dark.yaml", dead, token="any"),
                "locked": kubeconfig(
                    folder / "locked.yaml", sick.control_plane.server, token="no-such-account"
                ),
            }
            found = Fleet(sick, rancher, folder)
            inventory = {
                "plugin": "harvester_ops.remediation.harvester_clusters",
                "rancher_url": rancher.url,
                "ca_cert": "rancher/ca.crt",
                "kubeconfigs": own,
                "strict": True,
            }
            found.inventory.write_text(yaml.safe_dump(inventory))
            become_old(sick)
            yield found


def rows(run: Finished) -> dict[str, dict[str, Any]]:
    """The index of a run, by host."""
    index = run.document("index")
    return {row["host"]: row for row in index["clusters"]}


@pytest.fixture(scope="module")
def unapproved(fleet: Fleet) -> tuple[Finished, list[str]]:
    """A run over all that nobody approved, at high verbosity, with what it wrote to the cluster."""
    log = fleet.sick.audit.mark()
    return fleet.run(REMEDIATE, fleet.operator("unapproved"), "-vvv"), log.writes()


def test_each_cluster_has_its_verdict_and_none_stops_the_others(
    unapproved: tuple[Finished, list[str]],
) -> None:
    run, writes = unapproved
    assert run.code == 2, run
    assert writes == []
    found = {host: (row["verdict"], row["error_code"]) for host, row in rows(run).items()}
    assert found == {
        "sick": ("needs_approval", None),
        "away": ("failed", "api-error"),
        "dark": ("failed", "server-unreachable"),
        "locked": ("failed", "unauthorized"),
    }, run
    assert run.document("index")["headline"] == "4 of 4 clusters need attention."


def test_the_table_is_the_last_word(unapproved: tuple[Finished, list[str]]) -> None:
    run, _writes = unapproved
    last = run.output.rpartition("Show all clusters]")[2].partition("PLAY RECAP")[0]
    assert "4 of 4 clusters need attention." in last
    assert "needs_approval" in last
    assert f"-e @{run.artifacts}/plans-to-approve.json" in last
    recap = run.output.rpartition("PLAY RECAP")[2]
    assert recap.count("failed=1") == 4


def test_every_cluster_has_a_folder_of_its_own(unapproved: tuple[Finished, list[str]]) -> None:
    run, _writes = unapproved
    for host, row in rows(run).items():
        report = run.artifacts / row["report"]
        assert report.name == "report.html"
        assert report.read_text() == (run.artifacts / f"clusters/{host}/report.html").read_text()
    page = run.bytes("index.html").decode()
    assert f'href="{rows(run)["sick"]["report"]}"' in page
    files = [path for path in run.artifacts.rglob("*") if path.is_file()]
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


def test_one_cluster_of_the_inventory_may_ask_and_keeps_its_folder(fleet: Fleet) -> None:
    run = fleet.run(DIAGNOSE, fleet.operator("limited"), "--limit", "sick")
    assert run.code == 0, run
    assert (run.artifacts / "clusters/sick/findings.json").exists()
    assert not (run.artifacts / "index.json").exists()
    assert "Rancher" in (run.artifacts / "clusters/sick/diagnosis.txt").read_text()


def test_approved_plans_are_carried_out_through_rancher(
    fleet: Fleet, unapproved: tuple[Finished, list[str]]
) -> None:
    plans = unapproved[0].artifacts / "plans-to-approve.json"
    fingerprint = rows(unapproved[0])["sick"]["plan_fingerprint"]
    assert json.loads(plans.read_text()) == {"remediation_approved_plans": {"sick": fingerprint}}
    fleet.rancher.requests.clear()
    run = fleet.run(REMEDIATE, fleet.operator("approved"), "-e", f"@{plans}")
    assert run.code == 2, run
    assert rows(run)["sick"]["verdict"] == "repaired", run
    assert rows(run)["dark"]["verdict"] == "failed"
    assert fleet.sick.is_as_wanted()
    written = [line for line in fleet.rancher.requests if not line.startswith("GET ")]
    assert any(line.startswith("POST /k8s/clusters/c-m-1/api/v1/") for line in written)


def test_a_calm_fleet_ends_well(fleet: Fleet) -> None:
    """After the repair; two names for one cluster are pointed out."""
    operator = fleet.operator("calm", hosts="calm")
    own = fleet.sick.operator.options["remediation_kubeconfig"]
    hosts = {name: {"remediation_kubeconfig": own} for name in ("sick", "twin")}
    other = fleet.folder / "calm.yml"
    other.write_text(yaml.safe_dump({"calm": {"hosts": hosts}}))
    run = replace(fleet, folder=fleet.folder).run(DIAGNOSE, operator, "-i", str(other))
    assert run.code == 0, run
    index = run.document("index")
    assert index["needs_attention"] == []
    assert index["same_cluster"] == [["sick", "twin"]]
    assert "sick, twin are one and the same cluster" in run.output
