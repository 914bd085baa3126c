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
from ansible import constants
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import add_fragments

from ansible_collections.harvester_ops.remediation.plugins.inventory import harvester_clusters
from ansible_collections.harvester_ops.remediation.plugins.inventory.harvester_clusters import (
    DOCUMENTATION,
    InventoryModule,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.managed_clusters import (
    managed_cluster,
)

TOKEN = "token-abcde:Xk93-not-for-anybody"
CLUSTERS = [
    managed_cluster("c-m-1", "edge-north", labels={"site": "north"}),
    managed_cluster("c-m-2", "edge-south", labels={"site": "south"}, connected="False"),
    managed_cluster("c-m-3", "guest", provider="rke2"),
    managed_cluster("c-m-4", "sly", labels={"site": "{{ 6 * 7 }}"}),
]


class Rancher:
    """Rancher's API, as far as it lists clusters: two on a page, for one token."""

    def __init__(self) -> None:
        self.server = ApiServer(self.answer)
        self.down = False

    def answer(self, request: Request) -> Answer:
        if self.down:
            return Answer({"message": "no"}, 503)
        if request.header("Authorization") != [f"Bearer {TOKEN}"]:
            return Answer({"type": "error", "status": "401", "message": "must authenticate"}, 401)
        if request.path != "/v1/management.cattle.io.clusters":
            return Answer(b"404 page not found", 404)
        start = int(request.query.get("continue", "0"))
        answer: dict[str, Any] = {"data": CLUSTERS[start : start + 2]}
        if start + 2 < len(CLUSTERS):
            answer["continue"] = str(start + 2)
        return Answer(answer)


def plugin_of_this_process() -> InventoryModule:
    """The plugin with its options known, as Ansible's loader gives it."""
    documentation = yaml.safe_load(DOCUMENTATION)
    add_fragments(documentation, harvester_clusters.__file__, fragment_loader)
    constants.config.initialize_plugin_configuration_definitions(
        "inventory", InventoryModule.NAME, documentation["options"]
    )
    plugin = InventoryModule()
    plugin._load_name = plugin.ansible_name = InventoryModule.NAME
    plugin._redirected_names = [InventoryModule.NAME]
    return plugin


@pytest.fixture
def rancher() -> Iterator[Rancher]:
    double = Rancher()
    with double.server:
        yield double


class Inventory:
    """An inventory file, and ansible-inventory."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.content: dict[str, Any] = {
            "plugin": "harvester_ops.remediation.harvester_clusters",
            "rancher_url": url,
        }
        self.environment = {"RANCHER_TOKEN": TOKEN}
        self.file = "harvester_clusters.yml"

    @property
    def path(self) -> Path:
        return self.folder / self.file

    def write(self) -> None:
        self.path.write_text(yaml.safe_dump(self.content))

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """ansible-inventory or ansible-playbook with the file as its inventory."""
        self.write()
        return subprocess.run(
            [Path(sys.executable).with_name(program), "-i", self.path, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={
                **os.environ,
                "HOME": str(self.folder),
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
                **self.environment,
            },
            check=False,
        )

    def parse(self, cache: bool = True) -> InventoryData:
        """Read the file in this process, which is much faster."""
        self.write()
        plugin = plugin_of_this_process()
        data = InventoryData()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            assert plugin.verify_file(str(self.path))
            plugin.parse(data, DataLoader(), str(self.path), cache=cache)
            if self.content.get("cache"):
                plugin.update_cache_if_changed()
        return data

    def variables(self, host: str) -> dict[str, Any]:
        found: dict[str, Any] = self.parse().hosts[host].vars
        return found

    def failure(self, **options: Any) -> str:
        with pytest.raises(AnsibleError) as caught:
            self.parse(**options)
        assert TOKEN not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def inventory(rancher: Rancher, tmp_path: Path) -> Inventory:
    return Inventory(tmp_path, rancher.server.url)


def variables(listed: dict[str, Any], host: str) -> dict[str, Any]:
    found: dict[str, Any] = listed["_meta"]["hostvars"][host]
    return found


def test_lists_the_harvester_clusters_and_the_way_to_them(
    rancher: Rancher, inventory: Inventory
) -> None:
    done = inventory.run("ansible-inventory", "--list")
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    listed = json.loads(done.stdout)
    assert listed["harvester_clusters"]["hosts"] == ["edge-north", "edge-south", "sly"]
    found = variables(listed, "edge-north")
    assert found["ansible_connection"] == "local"
    assert found["remediation_host"] == f"{rancher.server.url}/k8s/clusters/c-m-1"
    assert found["rancher_cluster_id"] == "c-m-1"
    assert found["rancher_cluster_ready"] is True
    assert found["rancher_cluster_kubernetes_version"] == "v1.32.4+rke2r1"
    assert "lookup('ansible.builtin.env', 'RANCHER_TOKEN')" in found["remediation_api_key"]
    assert variables(listed, "edge-south")["rancher_cluster_ready"] is False


def check_in_play(inventory: Inventory, *tasks: dict[str, Any]) -> str:
    """Run tasks that must succeed on edge-north; what the terminal shows."""
    play = [{"hosts": "edge-north", "gather_facts": False, "tasks": list(tasks)}]
    (inventory.folder / "play.json").write_text(json.dumps(play))
    done = inventory.run("ansible-playbook", str(inventory.folder / "play.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_token_is_there_when_a_play_runs(inventory: Inventory) -> None:
    shown = check_in_play(
        inventory,
        {"assert": {"that": f"remediation_api_key == '{TOKEN}'", "quiet": True}},
        {"debug": {"msg": "{{ hostvars['sly'].rancher_cluster_labels.site }}"}},
    )
    assert "6 * 7" in shown  # other people's text is no template


def test_groups_and_variables_are_composed(inventory: Inventory) -> None:
    inventory.content.update(
        keyed_groups=[{"key": "rancher_cluster_labels['site']", "prefix": "site"}],
        groups={"disconnected": "not rancher_cluster_ready"},
        compose={"remediation_verify_timeout": "100 + rancher_cluster_name | length"},
    )
    data = inventory.parse()
    assert [host.name for host in data.groups["site_north"].hosts] == ["edge-north"]
    assert [host.name for host in data.groups["disconnected"].hosts] == ["edge-south"]
    assert data.hosts["edge-north"].vars["remediation_verify_timeout"] == 110


def test_strict_makes_a_template_that_fails_an_error(inventory: Inventory) -> None:
    inventory.content["compose"] = {"x": "no_such_variable + 1"}
    assert "x" not in inventory.variables("edge-north")
    inventory.content["strict"] = True
    assert "Could not set x for host edge-north" in inventory.failure()


def test_the_list_is_kept_in_the_cache_and_no_token_with_it(
    rancher: Rancher, inventory: Inventory
) -> None:
    kept = inventory.folder / "cache"
    inventory.content.update(cache=True, cache_plugin="jsonfile", cache_connection=str(kept))
    first = inventory.variables("edge-south")
    rancher.down = True
    assert inventory.variables("edge-south") == first
    (file,) = kept.iterdir()
    assert TOKEN not in file.read_text()
    assert "not-for-anybody" not in file.read_text()
    assert "HTTP status 503" in inventory.failure(cache=False)  # --flush-cache, refresh_inventory


def test_the_cache_of_another_rancher_is_not_used(rancher: Rancher, inventory: Inventory) -> None:
    inventory.content.update(
        cache=True, cache_plugin="jsonfile", cache_connection=str(inventory.folder / "cache")
    )
    inventory.parse()
    rancher.down = True
    inventory.content["rancher_url"] = rancher.server.url.replace("127.0.0.1", "localhost")
    assert "HTTP status 503" in inventory.failure()


def test_the_token_can_be_in_a_file(inventory: Inventory) -> None:
    (inventory.folder / "token's").write_text(TOKEN + "\n")
    inventory.content["token_file"] = "token's"
    inventory.environment = {}
    assert TOKEN not in str(inventory.variables("edge-north"))
    check_in_play(inventory, {"assert": {"that": f"remediation_api_key == '{TOKEN}'"}})


def kubeconfig(path: Path, server: str, **user: str) -> None:
    names = {"cluster": "home", "user": "me"}
    content = {
        "current-context": "home",
        "clusters": [{"name": "home", "cluster": {"server": server}}],
        "contexts": [{"name": "home", "context": names}],
        "users": [{"name": "me", "user": user}],
    }
    path.write_text(yaml.safe_dump(content))


@pytest.fixture
def local_cluster() -> Iterator[ApiServer]:
    """The Kubernetes API of the cluster that Rancher runs on, also through Rancher itself."""

    def answer(request: Request) -> Answer:
        if request.path.endswith("/apis/management.cattle.io/v3/clusters"):
            return Answer({"items": CLUSTERS, "metadata": {}})
        return Answer(b"404 page not found", 404)

    with ApiServer(answer) as server:
        yield server


def test_listed_on_ranchers_own_cluster(inventory: Inventory, local_cluster: ApiServer) -> None:
    kubeconfig(inventory.folder / "local", local_cluster.url, token=TOKEN)
    inventory.environment = {}
    inventory.content = {
        "plugin": inventory.content["plugin"],
        "kubeconfig": "local",
        "kubeconfigs": {"edge-north": "north"},
        "kubeconfig_pattern": "all/{name}-{id}",
    }
    hosts = inventory.parse().hosts
    north, south = (hosts[name].vars for name in ("edge-north", "edge-south"))
    assert north["remediation_kubeconfig"] == str(inventory.folder / "north")
    assert south["remediation_kubeconfig"] == str(inventory.folder / "all/edge-south-c-m-2")
    assert "remediation_api_key" not in north


def test_a_kubeconfig_that_rancher_issued_leads_to_all(
    inventory: Inventory, local_cluster: ApiServer
) -> None:
    server = f"{local_cluster.url}/k8s/clusters/local"
    kubeconfig(inventory.folder / "local", server, token=TOKEN)
    inventory.environment = {}
    inventory.content = {"plugin": inventory.content["plugin"], "kubeconfig": "local"}
    found = inventory.variables("edge-north")
    assert found["remediation_host"] == f"{local_cluster.url}/k8s/clusters/c-m-1"
    assert found["remediation_kubeconfig"] == str(inventory.folder / "local")
    assert "remediation_api_key" not in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rancher_url": "rancher.example.com"}, "which is no address of a Rancher"),
        ({"token_file": "nowhere"}, "cannot be read"),
        ({"token_variable": TOKEN}, "not the name of an environment variable"),
        ({"token_variable": "NOTHING_HERE"}, "NOTHING_HERE holds no API key"),
        ({"kubeconfig": "nowhere"}, "cannot be read"),
        ({"hostname": "colour"}, "hostname"),
        ({"rancher_url": "http://127.0.0.1:9"}, "No connection to http://127.0.0.1:9"),
    ],
)
def test_what_is_wrong_is_said(inventory: Inventory, change: dict[str, Any], words: str) -> None:
    inventory.content.update(change)
    assert words in inventory.failure()


def test_a_token_that_is_not_known(inventory: Inventory) -> None:
    inventory.environment = {"RANCHER_TOKEN": "token-other:wrong"}
    said = inventory.failure()
    assert "did not accept the token" in said
    assert "token-other" not in said


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("harvester_clusters.yaml", True),
        ("prod.harvester_clusters.yml", True),
        ("clusters.yml", False),
        ("my_harvester_clusters.yml", False),
    ],
)
def test_which_files_are_for_it(inventory: Inventory, name: str, ours: bool) -> None:
    inventory.file = name
    inventory.write()
    plugin = plugin_of_this_process()
    assert plugin.verify_file(str(inventory.path)) is ours
