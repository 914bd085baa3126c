# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""support_logs_info against a real API server, which fetches the upgrade's log from a Service for it."""

from __future__ import annotations

import gzip
import io
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from controlplane.handle import ControlPlane

RIGHTS = Path(__file__).parents[2] / "files" / "rbac"
NAMESPACE = "harvester-system"
LOG = "hvst-upgrade-x7k2p-upgradelog"
MEMBER = "harvester-system.hvst-upgrade-x7k2p-apply-manifests-4qz8c.apply.20261123.log"


def address() -> str:
    """One of this machine that is no loopback address, to which an API server sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("needs an address that is not a loopback address")
        return str(probe.getsockname()[0])


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr(f"logs/{MEMBER}.gz", gzip.compress(b"wait helm release\n" * 100_000))
    return content.getvalue()


class Downloader(BaseHTTPRequestHandler):
    """What Harvester's log downloader is: a web server over the folder of the archives."""

    def do_GET(self) -> None:
        content = archive() if self.path == "/archive-1.zip" else b""
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def downloader(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """A cluster with an UpgradeLog, whose Service leads to a web server."""
    with ThreadingHTTPServer((address(), 0), Downloader) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        control_plane.apply(_crd(), {"apiVersion": "v1", "kind": "Namespace", **_named(NAMESPACE)})
        kubectl = control_plane.kubectl
        crd = "crd/upgradelogs.harvesterhci.io"
        kubectl("wait", "--for", "condition=established", crd, "--timeout=30s")
        host, port = server.server_address[:2]
        control_plane.apply(_upgrade_log(), _pod(), *_service(str(host), port))
        status = json.dumps({"status": {"podIP": host, "podIPs": [{"ip": host}]}})
        patch = ("--subresource=status", "--type=merge", "-p", status)
        kubectl("patch", "pod", f"{LOG}-downloader", "-n", NAMESPACE, *patch)
        yield control_plane
        server.shutdown()
        for name in ("collect-upgrade-log.yml", "diagnose.yml"):
            kubectl("delete", "--ignore-not-found", "-f", str(RIGHTS / name), check=False)


def _named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **more}}


def _crd() -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1beta1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        **_named("upgradelogs.harvesterhci.io"),
        "spec": {
            "group": "harvesterhci.io",
            "scope": "Namespaced",
            "names": {"kind": "UpgradeLog", "plural": "upgradelogs", "singular": "upgradelog"},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


def _upgrade_log() -> dict[str, Any]:
    archives = {"archive-1": {"generatedTime": "2026-11-23T14:00:00Z", "ready": True}}
    kind = {"apiVersion": "harvesterhci.io/v1beta1", "kind": "UpgradeLog"}
    return {**kind, **_named(LOG, namespace=NAMESPACE), "status": {"archives": archives}}


def _pod() -> dict[str, Any]:
    """A pod that no scheduler sees, so that its address is what the test says."""
    container = {"name": "downloader", "image": "nginx"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        **_named(f"{LOG}-downloader", namespace=NAMESPACE),
        "spec": {"schedulerName": "none", "containers": [container]},
    }


def _service(host: str, port: int) -> tuple[dict[str, Any], dict[str, Any]]:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        **_named(LOG, namespace=NAMESPACE),
        "spec": {"ports": [{"name": "http", "port": 80, "targetPort": port}]},
    }
    # What the API server goes by when it leads to a Service: to pods alone, each at its own address.
    pod = {"kind": "Pod", "namespace": NAMESPACE, "name": f"{LOG}-downloader"}
    endpoints = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        **_named(LOG, namespace=NAMESPACE),
        "subsets": [
            {
                "addresses": [{"ip": host, "targetRef": pod}],
                "ports": [{"name": "http", "port": port}],
            }
        ],
    }
    return service, endpoints


def _as_account(control_plane: ControlPlane, folder: Path, *files: str) -> ModuleRun:
    """With the ServiceAccount and the rights of some files."""
    for name in files:
        # Bindings to namespaces that this cluster does not have fail, as the file says.
        control_plane.kubectl("apply", "-f", str(RIGHTS / name), check=False)
    token = control_plane.kubectl("create", "token", "harvester-ops-diagnose", "-n", NAMESPACE)
    kubeconfig = yaml.safe_load(control_plane.kubeconfig.read_text())
    for user in kubeconfig["users"]:
        user["user"] = {"token": token.stdout.decode().strip()}
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    return ModuleRun(control_plane, folder, path)


def test_the_log_of_the_upgrade_is_fetched_with_the_shipped_rights(
    downloader: ControlPlane, tmp_path: Path
) -> None:
    run = _as_account(downloader, tmp_path, "diagnose.yml")
    refused = run("support_logs_info", upgrade_log=True)
    assert refused["upgrade_log"] == {}
    (told,) = [each for each in refused["missing"] if each["what"] == "upgrade-log"]
    assert "No permission" in told["reason"]
    run = _as_account(downloader, tmp_path, "collect-upgrade-log.yml")
    found = run("support_logs_info", upgrade_log=True)
    assert list(found["upgrade_log"]) == [f"logs/{MEMBER}"], str(found["missing"][-1])
    text = found["upgrade_log"][f"logs/{MEMBER}"]
    assert (text.count("\n"), found["changed"]) == (100_000, False)


def test_an_archive_that_is_gone_is_told(downloader: ControlPlane, tmp_path: Path) -> None:
    archives = {"archive-2": {"generatedTime": "2026-11-23T15:00:00Z", "ready": True}}
    downloader.apply({**_upgrade_log(), "status": {"archives": archives}})
    found = ModuleRun(downloader, tmp_path)("support_logs_info", upgrade_log=True)
    (told,) = [each for each in found["missing"] if each["what"] == "upgrade-log"]
    assert LOG in told["reason"]
