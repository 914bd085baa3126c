# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    Object,
    create,
    install_kinds,
    new,
)
from controlplane.handle import ControlPlane
from doubles.managing_rancher import ManagingRancher

TOKEN = "token-abcde:Xk93-not-for-anybody"
KIND = "clusters.management.cattle.io"
CONNECTED = {"conditions": [{"type": "Connected", "status": "True"}]}


def managed(identity: str, name: str, provider: str) -> Object:
    """A Cluster as Rancher keeps it on the cluster it runs on."""
    return new(
        "management.cattle.io/v3",
        "Cluster",
        identity,
        labels={"provider.cattle.io": provider, "site": name.partition("-")[2]},
        spec={"displayName": name},
        status={**CONNECTED, "provider": provider},
    )


CLUSTERS = [
    managed("c-m-1", "edge-north", "harvester"),
    managed("c-m-2", "edge-south", "harvester"),
    managed("c-m-3", "guest-south", "rke2"),
]


@pytest.fixture(scope="module")
def local(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """The cluster a Rancher runs on, as far as it keeps clusters."""
    install_kinds(control_plane)
    create(control_plane, *CLUSTERS)
    yield control_plane
    control_plane.kubectl("delete", KIND, "--all")


def inventory(folder: Path, **content: Any) -> subprocess.CompletedProcess[str]:
    """ansible-inventory --list on a file of these options."""
    path = folder / "harvester_clusters.yml"
    plugin = {"plugin": "harvester_ops.remediation.harvester_clusters"}
    path.write_text(yaml.safe_dump({**plugin, **content}))
    environment = {"RANCHER_TOKEN": TOKEN, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), "-i", path, "--list"],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def hosts(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The variables of all hosts."""
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["_meta"]["hostvars"]
    return found


def test_the_clusters_kept_on_ranchers_own_cluster(local: ControlPlane, tmp_path: Path) -> None:
    pattern = "kubeconfigs/{name}.yaml"
    done = inventory(tmp_path, kubeconfig=str(local.kubeconfig), kubeconfig_pattern=pattern)
    found = hosts(done)
    assert sorted(found) == ["edge-north", "edge-south"]
    assert found["edge-south"]["remediation_kubeconfig"] == str(
        tmp_path / "kubeconfigs/edge-south.yaml"
    )
    assert found["edge-south"]["rancher_cluster_ready"] is True


def test_an_account_that_may_not_list_them(local: ControlPlane, tmp_path: Path) -> None:
    kubeconfig = local.user("inventory-nobody")
    done = inventory(tmp_path, kubeconfig=str(kubeconfig), kubeconfig_pattern="{id}")
    assert done.returncode != 0
    assert "No permission to list Cluster" in " ".join(done.stderr.split())


def test_a_kubeconfig_issued_by_rancher_lists_and_leads_through_it(
    local: ControlPlane, tmp_path: Path
) -> None:
    """Rancher's own proxy serves its local cluster, too: one kubeconfig for everything."""
    ways = {"local": local.kubeconfig, "c-m-1": local.kubeconfig}
    with ManagingRancher(tmp_path / "rancher", TOKEN, [], ways) as rancher:
        issued = tmp_path / "issued"
        there = {
            "server": f"{rancher.url}/k8s/clusters/local",
            "certificate-authority": str(rancher.ca_certificate),
        }
        content = {
            "current-context": "local",
            "clusters": [{"name": "local", "cluster": there}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": "me"}}],
            "users": [{"name": "me", "user": {"token": TOKEN}}],
        }
        issued.write_text(yaml.safe_dump(content))
        found = hosts(inventory(tmp_path, kubeconfig="issued"))["edge-north"]
        assert found["remediation_host"] == f"{rancher.url}/k8s/clusters/c-m-1"
        assert found["remediation_kubeconfig"] == str(issued)
        assert read_kube_system(tmp_path, found) == uid_of_kube_system(local)
        assert any(line.startswith("GET /k8s/clusters/c-m-1/") for line in rancher.requests)


def test_the_clusters_rancher_shows_lead_through_it(local: ControlPlane, tmp_path: Path) -> None:
    ways = {"c-m-2": local.kubeconfig}
    with ManagingRancher(tmp_path / "rancher", TOKEN, CLUSTERS, ways) as rancher:
        ca = str(rancher.ca_certificate)
        done = inventory(tmp_path, rancher_url=rancher.url, ca_cert=ca)
        assert TOKEN not in done.stdout
        found = hosts(done)["edge-south"]
        assert read_kube_system(tmp_path, found) == uid_of_kube_system(local)
        untrusted = inventory(tmp_path, rancher_url=rancher.url)
        assert "CERTIFICATE_VERIFY_FAILED" in untrusted.stderr
        assert hosts(inventory(tmp_path, rancher_url=rancher.url, validate_certs=False))


def uid_of_kube_system(local: ControlPlane) -> str:
    return str(local.get("namespace", "kube-system")["metadata"]["uid"])


def read_kube_system(folder: Path, variables: dict[str, Any]) -> str:
    """The uid of a cluster, found by a playbook of the collection with these variables of a host."""
    other = folder / "one.yml"
    other.write_text(yaml.safe_dump({"all": {"hosts": {"edge": variables}}}))
    artifacts = folder / "artifacts"
    options = {"remediation_hosts": "edge", "remediation_artifacts_dir": str(artifacts)}
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            "harvester_ops.remediation.diagnose",
            "-i",
            other,
            "-e",
            json.dumps(options),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "RANCHER_TOKEN": TOKEN},
        check=False,
    )
    assert done.returncode == 0, done.stdout
    evidence = json.loads((artifacts / "clusters/edge/evidence.json").read_text())
    return str(evidence["cluster"]["uid"])
