# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.cli import HelmCli
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher import (
    chart_source_http as source,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog import (
    ClusterRepo,
    IndexEntry,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ChartRequest,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_source_oci import (
    chart_address,
    fetch_from_registry,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import chart_archive
from ansible_collections.harvester_ops.remediation.tests.unit.builders.scripted_helm import (
    ScriptedHelm,
)

GA = "106.0.0+up0.12.0"
REQUEST = ChartRequest("fleet", GA)
CHART = chart_archive("fleet", GA)


class Site:
    """A web server with pages by path; notes path and headers of each request."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | int] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append((self.path, dict(self.headers)))
                page = site.pages.get(self.path, 404)
                self.send_response(page if isinstance(page, int) else 200)
                self.end_headers()
                self.wfile.write(b"" if isinstance(page, int) else page)

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,))
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


def index_of(*urls: str, version: str = GA) -> bytes:
    entry = {"name": "fleet", "version": version, "urls": list(urls)}
    return yaml.safe_dump({"apiVersion": "v1", "entries": {"fleet": [entry]}}).encode()


def download(site: Site, **access: Any) -> source.Download:
    return source.downloader(source.HttpAccess(**access), site.url)


@pytest.mark.parametrize("url", ["fleet.tgz", "sub/fleet.tgz", "{site}/repo/fleet.tgz"])
def test_a_chart_is_found_by_the_index_of_a_helm_repository(site: Site, url: str) -> None:
    url = url.format(site=site.url)
    site.pages["/repo/index.yaml"] = index_of("missing.tgz", url)
    site.pages["/repo/" + url.rpartition("/repo/")[2]] = CHART
    fetched = source.fetch_from_helm_repository(site.url + "/repo/", REQUEST, download(site))
    assert fetched.content == CHART
    assert fetched.origin.startswith(site.url)


@pytest.mark.parametrize(
    "index", [b"", b"entries: 3", b"{}", index_of("x.tgz", version="106.0.0"), index_of()]
)
def test_an_index_without_the_version_is_not_found(site: Site, index: bytes) -> None:
    site.pages["/index.yaml"] = index
    with pytest.raises(RemediationError) as caught:
        source.fetch_from_helm_repository(site.url, REQUEST, download(site))
    assert caught.value.code == "chart-not-found"
    assert "does not list it" in caught.value.message


@pytest.mark.parametrize(
    ("page", "told"), [(404, "no index.yaml"), (500, "HTTP status 500"), (b"a: [", "no YAML")]
)
def test_a_bad_repository_is_told(site: Site, page: bytes | int, told: str) -> None:
    site.pages["/index.yaml"] = page
    with pytest.raises(RemediationError, match=told):
        source.fetch_from_helm_repository(site.url, REQUEST, download(site))


def test_an_unreachable_server_is_told_without_its_password() -> None:
    url = "http://me:hunter2@127.0.0.1:9"
    with pytest.raises(RemediationError) as caught:
        source.fetch_from_helm_repository(url, REQUEST, source.downloader(source.HttpAccess(), url))
    assert caught.value.code == "chart-not-found"
    assert "127.0.0.1:9" in caught.value.message
    assert "hunter2" not in str(caught.value.to_dict())


def test_a_download_is_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_ARCHIVE_BYTES", 10)
    site.pages["/index.yaml"] = index_of("fleet.tgz")
    site.pages["/fleet.tgz"] = CHART
    with pytest.raises(RemediationError, match="larger than 10 bytes"):
        source.fetch_from_helm_repository(site.url, REQUEST, download(site))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_web_addresses_are_fetched(site: Site, url: str) -> None:
    site.pages["/index.yaml"] = index_of(url)
    with pytest.raises(RemediationError, match="only http and https"):
        source.fetch_from_helm_repository(site.url, REQUEST, download(site))


def test_credentials_go_to_the_repository_and_to_no_other_host(site: Site) -> None:
    other = site.url.replace("127.0.0.1", "localhost")
    site.pages["/index.yaml"] = index_of(f"{other}/fleet.tgz")
    site.pages["/fleet.tgz"] = CHART
    access = download(site, username="me", password="hunter2")
    source.fetch_from_helm_repository(site.url, REQUEST, access)
    (_path, first), (_other_path, second) = site.requests
    assert first["Authorization"] == "Basic " + base64.b64encode(b"me:hunter2").decode()
    assert "Authorization" not in second


def test_ranchers_api_gets_the_plus_encoded_and_the_token(site: Site) -> None:
    path = (
        "/v1/catalog.cattle.io.clusterrepos/rancher-charts"
        "?link=chart&chartName=fleet&version=106.0.0%2Bup0.12.0"
    )
    site.pages[path] = CHART
    fetched = source.fetch_from_rancher_api(site.url, REQUEST, download(site, token="t0ken"))
    assert fetched.content == CHART
    assert site.requests[0][1]["Authorization"] == "Bearer t0ken"
    with pytest.raises(RemediationError) as caught:
        source.fetch_from_rancher_api(site.url, ChartRequest("fleet", "1.0.0"), download(site))
    assert caught.value.code == "chart-not-found"


def test_a_cluster_repo_with_a_url_is_read_by_ranchers_index(site: Site) -> None:
    site.pages["/charts/fleet.tgz"] = CHART
    repo = ClusterRepo("harvester-charts", "uid", "1", url=site.url + "/charts")
    request = ChartRequest("fleet", GA, repo=repo, entry=IndexEntry(GA, urls=("fleet.tgz",)))
    assert source.fetch_from_cluster_repo_url(request, download(site)).content == CHART


def test_a_registry_is_asked_through_helm(tmp_path: Path) -> None:
    helm = ScriptedHelm.make(tmp_path / "helm")
    with pytest.raises(RemediationError, match="left 0 archives"):
        fetch_from_registry("oci://r.example/charts", REQUEST, HelmCli(str(helm.path), {}), None)
    argv = helm.calls[0]["argv"]
    assert argv[:4] == ["pull", "oci://r.example/charts/fleet", "--version", GA]


def test_a_registry_without_it_is_not_found_with_what_helm_said(tmp_path: Path) -> None:
    stderr = "Error: r.example/charts/fleet:1.0.0: not found\n"
    helm = ScriptedHelm.make(tmp_path / "helm", pull={"stderr": stderr, "code": 1})
    with pytest.raises(RemediationError) as caught:
        fetch_from_registry("oci://r.example/charts", REQUEST, HelmCli(str(helm.path), {}), None)
    assert caught.value.code == "chart-not-found"
    assert "r.example/charts/fleet:1.0.0: not found" in caught.value.message


def test_a_registry_address_may_end_in_the_chart() -> None:
    assert chart_address("oci://r/charts/", "fleet") == "oci://r/charts/fleet"
    assert chart_address("oci://r/charts/fleet", "fleet") == "oci://r/charts/fleet"
