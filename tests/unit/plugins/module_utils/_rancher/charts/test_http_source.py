# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog.cluster_repo import (
    ClusterRepo,
    IndexEntry,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts import (
    http_source as source,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.request import (
    ChartRequest,
    FetchedChart,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.sink import (
    ChartSink,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.web import (
    HttpAccess,
    Web,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import chart_archive
from ansible_collections.harvester_ops.remediation.tests.unit.builders.web_site import (
    RancherApi,
    Site,
)

RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"
REQUEST = ChartRequest("fleet", GA)
CHART = chart_archive("fleet", GA)
DIGEST = hashlib.sha256(CHART).hexdigest()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def web(site: Site, token: str | None = None) -> Web:
    return Web(site.url, HttpAccess(token=token), sleep=lambda _seconds: None)


def index_of(*urls: str, version: str = GA, digest: str = DIGEST) -> bytes:
    entry = {"name": "fleet", "version": version, "urls": list(urls), "digest": digest}
    return yaml.safe_dump({"apiVersion": "v1", "entries": {"fleet": [entry]}}).encode()


def from_repository(site: Site, path: str = "") -> tuple[FetchedChart, bytes]:
    content = io.BytesIO()
    sink = ChartSink(content)
    fetched = source.fetch_from_helm_repository(site.url + path, REQUEST, web(site), sink)
    return fetched, content.getvalue()


@pytest.mark.parametrize("url", ["fleet.tgz", "sub/fleet.tgz", "{site}/repo/fleet.tgz"])
def test_a_chart_is_found_by_the_index_of_a_helm_repository(site: Site, url: str) -> None:
    url = url.format(site=site.url)
    site.pages["/repo/index.yaml"] = index_of("missing.tgz", url)
    site.pages["/repo/" + url.rpartition("/repo/")[2]] = CHART
    fetched, content = from_repository(site, "/repo/")
    assert content == CHART
    assert fetched.origin.startswith(site.url)
    assert (fetched.digest, fetched.digest_from) == (DIGEST, f"{site.url}/repo/index.yaml")


def test_an_index_without_digests_says_none(site: Site) -> None:
    site.pages["/index.yaml"] = index_of("fleet.tgz", digest="")
    site.pages["/fleet.tgz"] = CHART
    assert from_repository(site)[0].digest is None


@pytest.mark.parametrize(
    "index",
    [b"", b"entries: 3", b"{}", b"[]", b"entries: {fleet: [3, {}]}", index_of(version="106.0.0")],
)
def test_an_index_without_the_version_is_not_found(site: Site, index: bytes) -> None:
    site.pages["/index.yaml"] = index
    with pytest.raises(RemediationError) as caught:
        from_repository(site)
    assert caught.value.code == "chart-not-found"
    assert "does not list it" in caught.value.message


def test_the_nearest_versions_of_a_repository_are_named(site: Site) -> None:
    site.pages["/index.yaml"] = index_of("x.tgz", version=RC)
    with pytest.raises(RemediationError, match=r"Nearest there: 106\.0\.0\+up0\.12\.0-rc\.3\."):
        from_repository(site)


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (404, "no index.yaml"),
        (403, "HTTP status 403"),
        (b"a: [", "no YAML"),
        (index_of(), "do not exist"),
        (index_of("gone.tgz"), "do not exist"),
        (index_of("file:///etc/passwd"), "only http and https"),
    ],
)
def test_a_bad_repository_is_told(site: Site, page: bytes | int, told: str) -> None:
    site.pages["/index.yaml"] = page
    with pytest.raises(RemediationError, match=told) as caught:
        from_repository(site)
    assert caught.value.code == "chart-not-found"


def from_rancher(api: RancherApi, request: ChartRequest, token: str) -> tuple[FetchedChart, bytes]:
    content = io.BytesIO()
    sink = ChartSink(content)
    fetched = source.fetch_from_rancher_api(f"{api.url}/", request, web(api, token), sink)
    return fetched, content.getvalue()


def test_ranchers_two_links_are_spoken() -> None:
    with RancherApi("t0ken", {("fleet", GA): CHART}) as api:
        fetched, content = from_rancher(api, REQUEST, "t0ken")
        assert (content, fetched.source, fetched.digest) == (CHART, "cluster_repo", DIGEST)
        assert "version=106.0.0%2Bup0.12.0" in api.requests[-1][0]
        # With the digest of the cluster's own index Rancher's, many megabytes long, is not needed.
        known = replace(REQUEST, entry=IndexEntry(GA), digest=DIGEST)
        assert from_rancher(api, known, "t0ken")[0].digest is None
        assert [path.partition("?link=")[2][:5] for path, _headers in api.requests] == [
            *("index", "chart", "chart")
        ]


def test_a_rancher_without_it_or_without_a_right_token_is_told() -> None:
    with RancherApi("t0ken", {("fleet", RC): CHART}) as api:
        with pytest.raises(RemediationError) as caught:
            from_rancher(api, REQUEST, "t0ken")
        assert caught.value.code == "chart-not-found"
        assert f"Nearest there: {RC}." in caught.value.message
        with pytest.raises(RemediationError, match="HTTP status 401"):
            from_rancher(api, REQUEST, "another")


@pytest.mark.parametrize("index", [404, 500])
def test_a_rancher_that_cannot_list_may_have_the_chart_all_the_same(site: Site, index: int) -> None:
    base = "/v1/catalog.cattle.io.clusterrepos/rancher-charts"
    site.pages[f"{base}?link=index&skipFilter=true"] = index
    site.pages[f"{base}?link=chart&chartName=fleet&version=106.0.0%2Bup0.12.0"] = CHART
    sink = ChartSink(io.BytesIO())
    assert source.fetch_from_rancher_api(site.url, REQUEST, web(site), sink).digest is None
    assert sink.size == len(CHART)


def test_a_cluster_repo_with_a_url_is_read_by_ranchers_index(site: Site) -> None:
    site.pages["/charts/fleet.tgz"] = CHART
    repo = ClusterRepo("harvester-charts", "uid", "1", url=site.url + "/charts")
    request = ChartRequest("fleet", GA, repo=repo, entry=IndexEntry(GA, urls=("fleet.tgz",)))
    sink = ChartSink(io.BytesIO())
    fetched = source.fetch_from_cluster_repo_url(request, web(site), sink)
    assert (fetched.source, sink.size) == ("cluster_repo", len(CHART))
    missing = replace(request, entry=IndexEntry(GA, urls=("gone.tgz",)))
    with pytest.raises(RemediationError, match="do not exist"):
        source.fetch_from_cluster_repo_url(missing, web(site), sink)
    with pytest.raises(RemediationError, match=r"no index\.yaml"):
        source.fetch_from_cluster_repo_url(replace(request, entry=None), web(site), sink)
