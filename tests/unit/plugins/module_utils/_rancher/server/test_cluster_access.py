# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.cluster_access import (
    ClusterAccess,
    beside,
    host_names,
    rancher_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.managed_clusters import (
    ManagedCluster,
)

EDGE = ManagedCluster("c-m-1", "edge", "harvester", True)
RANCHER = "https://rancher.example.com"
TOKEN = "{{ lookup('ansible.builtin.env', 'RANCHER_TOKEN') }}"


def test_through_rancher_with_a_token() -> None:
    access = ClusterAccess(RANCHER, TOKEN, network={"ca_cert": "/ca.pem", "validate_certs": False})
    assert access.variables(EDGE) == {
        "remediation_host": f"{RANCHER}/k8s/clusters/c-m-1",
        "remediation_api_key": TOKEN,
        "remediation_ca_cert": "/ca.pem",
        "remediation_validate_certs": False,
    }


def test_through_rancher_with_the_kubeconfig_it_issued() -> None:
    access = ClusterAccess(RANCHER, TOKEN, "/kube/rancher", "home", network={"proxy": "http://p"})
    assert access.variables(EDGE) == {
        "remediation_host": f"{RANCHER}/k8s/clusters/c-m-1",
        "remediation_kubeconfig": "/kube/rancher",
        "remediation_context": "home",
    }


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"kubeconfigs": {"edge": "/by/name"}, "kubeconfig_pattern": "/all/{id}"}, "/by/name"),
        ({"kubeconfigs": {"c-m-1": "/by/id"}}, "/by/id"),
        ({"kubeconfig_pattern": "/all/{name}/{id}.yaml"}, "/all/edge/c-m-1.yaml"),
    ],
)
def test_a_kubeconfig_of_its_own_comes_first(given: dict[str, Any], path: str) -> None:
    access = ClusterAccess(RANCHER, TOKEN, **given)
    assert access.variables(EDGE) == {"remediation_kubeconfig": path}


def test_others_still_go_through_rancher() -> None:
    access = ClusterAccess(RANCHER, TOKEN, kubeconfigs={"core": "/core"})
    assert "remediation_host" in access.variables(EDGE)


def test_no_way_at_all_is_refused() -> None:
    with pytest.raises(RemediationError, match=r"no way to cluster edge \(c-m-1\)"):
        ClusterAccess(token_template=TOKEN).variables(EDGE)


@pytest.mark.parametrize(
    ("server", "rancher"),
    [
        (f"{RANCHER}/k8s/clusters/local", RANCHER),
        (f"{RANCHER}:8443/base/k8s/clusters/c-m-1/", f"{RANCHER}:8443/base"),
        ("https://10.0.0.1:6443", ""),
        (f"{RANCHER}/k8s/clusters/", ""),
    ],
)
def test_which_rancher_a_server_is_behind(server: str, rancher: str) -> None:
    assert rancher_of(server) == rancher


def test_hosts_are_called_by_name_or_id() -> None:
    assert list(host_names([EDGE], "name")) == ["edge"]
    assert list(host_names([EDGE], "id")) == ["c-m-1"]


@pytest.mark.parametrize("name", ["../../etc", "two words", "", "-rf", "a,b", "all:!b"])
def test_a_name_that_cannot_be_a_folder_gives_way_to_the_id(name: str) -> None:
    assert list(host_names([ManagedCluster("c-m-2", name, "harvester", True)], "name")) == ["c-m-2"]


def test_two_clusters_of_one_name_are_refused() -> None:
    twin = ManagedCluster("c-m-2", "edge", "harvester", True)
    with pytest.raises(RemediationError, match="c-m-1 and c-m-2") as caught:
        host_names([EDGE, twin], "name")
    assert "hostname" in caught.value.remedy
    assert len(host_names([EDGE, twin], "id")) == 2


def test_paths_lie_beside_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    folder = Path("/inventory")
    assert beside(folder, "a/b") == "/inventory/a/b"
    assert beside(folder, "/c") == "/c"
    assert beside(folder, "~/d") == "/home/me/d"
