# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rancher_chart against Rancher pods that carry their charts in a git repository, over the real exec."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration import closed_network
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import (
    MODULES,
    ModuleRun,
)
from ansible_collections.harvester_ops.remediation.tests.integration.rancher_cluster import (
    rancher_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.web_site import (
    RancherApi,
    Site,
)
from controlplane.build import build
from controlplane.ports import free_ports
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


# Runs a module as Ansible does, and notes every address it or a library of it connects to, and every name
# it looks up. (ansible-core looks up 127.0.0.1 when it is imported, which asks nobody.)
_WATCHED = """
import json, os, runpy, sys
def note(event, args):
    address = None
    if event == "socket.connect":
        address = args[1]
    elif event == "socket.getaddrinfo" and args[0] != "127.0.0.1":
        address = args[:2]
    if address is not None:
        with open(os.environ["ADDRESSES"], "a") as file:
            file.write(json.dumps([str(part) for part in address]) + "\\n")
sys.addaudithook(note)
# A module takes what stands on its command line for its options.
runpy.run_module(sys.argv.pop(), run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(
    not closed_network.is_possible(), reason="no network namespaces on this machine"
)
@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("rancher_chart", {"chart": "fleet"}),
        ("rancher_values_info", {"namespace": "cattle-fleet-system", "release": "fleet"}),
    ],
)
def test_no_address_is_contacted_but_the_api_server(
    rancher_cluster: StuckCluster, tmp_path: Path, module: str, options: dict[str, Any]
) -> None:
    control_plane = rancher_cluster.control_plane
    if module == "rancher_chart":
        options = {
            **options,
            "version": rancher_cluster.expected()["fleet"],
            "dest": str(tmp_path / "x"),
        }
    arguments = {"ANSIBLE_MODULE_ARGS": {"kubeconfig": str(control_plane.kubeconfig), **options}}
    addresses = tmp_path / "addresses"
    with closed_network.ClosedNetwork(control_plane.server, tmp_path) as network:
        done = subprocess.run(
            [*network.prefix, sys.executable, "-c", _WATCHED, f"{MODULES}.{module}"],
            input=json.dumps(arguments).encode(),
            env={**os.environ, "ADDRESSES": str(addresses)},
            capture_output=True,
            check=False,
        )
        assert network.passed_on > 0
    result = json.loads(done.stdout)
    assert not result.get("failed"), result
    port = str(urlsplit(control_plane.server).port)
    asked = {tuple(json.loads(line)) for line in addresses.read_text().splitlines()}
    assert asked == {("127.0.0.1", port)}


def test_a_pod_whose_charts_went_with_the_cluster_repo_is_passed_over(
    rancher_cluster: StuckCluster, run: ModuleRun, wanted: dict[str, Any], tmp_path: Path
) -> None:
    clones = sorted(
        rancher_cluster.directory.glob("**/root/var/lib/rancher-data/local-catalogs/v2")
    )
    assert len(clones) == 2
    origins = set()
    for number, clone in enumerate(clones):
        hidden = clone.rename(clone.with_name("hidden"))
        try:
            result = run("rancher_chart", **wanted, dest=str(tmp_path / str(number)))
        finally:
            hidden.rename(clone)
        assert result["digest_verified"]
        origins.add(result["origin"].partition("Pod/")[2].split()[0])
    assert len(origins) == 2


def test_the_nearest_versions_and_what_the_chart_wants_of_kubernetes_are_told(
    rancher_cluster: StuckCluster, run: ModuleRun, wanted: dict[str, Any], tmp_path: Path
) -> None:
    candidate = rancher_cluster.illness.installed["fleet"][-1]
    version = candidate.partition("+")[0] + "+up0.0.1"
    error = run.error("rancher_chart", chart="fleet", version=version, dest=str(tmp_path / "x"))
    assert "Nearest there: " in error["message"]
    assert candidate in error["message"]
    result = run("rancher_chart", **wanted, dest=str(tmp_path / "y"))
    assert result["kubernetes"]["server"] == rancher_cluster.control_plane.server_version


@pytest.fixture(scope="session")
def registry() -> Iterator[str]:
    """The address of a real registry, which keeps what is pushed in memory."""
    program = build(["registry"])["registry"]
    (port,) = free_ports(1)
    process = subprocess.Popen([program, "-port", str(port)], stderr=subprocess.DEVNULL)
    try:
        for _attempt in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_a_chart_that_helm_has_pushed_is_pulled_from_a_registry(
    rancher_cluster: StuckCluster,
    run: ModuleRun,
    wanted: dict[str, Any],
    registry: str,
    tmp_path: Path,
    helm: str,
) -> None:
    address = f"oci://{registry}/{helm}"
    program = getattr(rancher_cluster.control_plane, helm)
    candidate = rancher_cluster.illness.installed["fleet"][-1]
    for version in (wanted["version"], candidate):
        archive = tmp_path / f"fleet-{version}.tgz"
        archive.write_bytes(bundled(rancher_cluster, "fleet", version))
        push = [str(program), "push", str(archive), address, "--plain-http"]
        subprocess.run(push, check=True, capture_output=True)
    options = {"source": "oci", "repository": address, "repository_plain_http": True}
    result = run("rancher_chart", **wanted, **options, dest=str(tmp_path / "x"))
    assert (result["source"], result["digest_verified"]) == ("oci", True)
    assert Path(result["path"]).read_bytes() == bundled(rancher_cluster, **wanted)

    other = {"chart": "fleet", "version": "1.2.3", "dest": str(tmp_path / "y")}
    message = run.error("rancher_chart", **other, **options)["message"]
    assert wanted["version"] in message
    assert candidate in message


def test_web_servers_are_asked_as_the_options_say(
    rancher_cluster: StuckCluster, run: ModuleRun, wanted: dict[str, Any], tmp_path: Path
) -> None:
    archive = bundled(rancher_cluster, **wanted)
    entry = {"version": wanted["version"], "urls": ["charts/fleet.tgz"]}
    with Site() as site, RancherApi("t0ken", {("fleet", wanted["version"]): archive}) as rancher:
        site.pages["/index.yaml"] = json.dumps({"entries": {"fleet": [entry]}}).encode()
        site.pages["/charts/fleet.tgz"] = archive
        sources: dict[str, dict[str, Any]] = {
            "helm_repo": {"repository": site.url},
            "cluster_repo": {"rancher_url": rancher.url, "rancher_token": "t0ken"},
        }
        for source, options in sources.items():
            dest = str(tmp_path / source)
            result = run("rancher_chart", **wanted, source=source, dest=dest, **options)
            assert (result["source"], result["digest_verified"]) == (source, True)
            assert "t0ken" not in json.dumps(result)
        # Without a pod to ask, auto goes on to what is given next.
        options = {"rancher_version": "v0.0.0", "repository": site.url}
        result = run("rancher_chart", **wanted, dest=str(tmp_path / "auto"), **options)
        assert result["source"] == "helm_repo"


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
