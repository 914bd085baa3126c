# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts over HTTP: from a Helm repository, a ClusterRepo with a URL, or Rancher's own API (FM 3.4)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urljoin

from ..._core.errors import RemediationError
from ..catalog.cluster_repo import IndexEntry
from .request import ChartRequest, FetchedChart, not_found
from .sink import ChartSink
from .web import MissingError, Web, download_failed, without_user

MAX_INDEX_BYTES = 64 * 1024 * 1024


def _parse_index(text: bytes, where: str) -> Any:
    # Rancher answers JSON, which is read a hundred times faster than the YAML it also is.
    with contextlib.suppress(ValueError):
        return json.loads(text)
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise download_failed(where, f"it is no YAML ({type(error).__name__})") from error


def _entries(text: bytes, chart: str, where: str) -> list[IndexEntry]:
    """The versions of a chart in an index; none when it does not know the chart, or is no index."""
    document = _parse_index(text, where)
    charts = document.get("entries") if isinstance(document, dict) else None
    listed = charts.get(chart) if isinstance(charts, dict) else None
    found = []
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("version"), str):
            urls = each.get("urls")
            addresses = tuple(str(url) for url in urls) if isinstance(urls, list) else ()
            digest = str(each.get("digest") or "").lower().removeprefix("sha256:")
            found.append(IndexEntry(each["version"], urls=addresses, digest=digest or None))
    return found


def _find(entries: Sequence[IndexEntry], version: str) -> IndexEntry | None:
    return next((each for each in entries if each.version == version), None)


def fetch_from_helm_repository(
    url: str, request: ChartRequest, web: Web, sink: ChartSink
) -> FetchedChart:
    """The chart out of a Helm repository, by its index.yaml. Raises C(chart-not-found)."""
    index_url = urljoin(url.rstrip("/") + "/", "index.yaml")
    where = f"at {without_user(url)}"
    try:
        entries = _entries(web.read(index_url, MAX_INDEX_BYTES), request.chart, index_url)
    except MissingError:
        raise not_found(request, f"{where}: it has no index.yaml") from None
    entry = _find(entries, request.version)
    if entry is None:
        versions = [each.version for each in entries]
        raise not_found(request, f"{where}: its index does not list it", available=versions)
    address = _download(url, entry.urls, web, sink)
    if address is None:
        raise not_found(request, f"{where}: the addresses in its index do not exist")
    return FetchedChart(
        "helm_repo", address, digest=entry.digest, digest_from=without_user(index_url)
    )


def _download(url: str, urls: Sequence[str], web: Web, sink: ChartSink) -> str | None:
    """The first of the addresses of an index entry that exists, its archive in the sink."""
    for each in urls:
        address = urljoin(url.rstrip("/") + "/", each)
        try:
            web.stream(address, sink)
        except MissingError:
            continue
        return without_user(address)
    return None


def fetch_from_cluster_repo_url(request: ChartRequest, web: Web, sink: ChartSink) -> FetchedChart:
    """The chart of a ClusterRepo that is a Helm repository, by the index Rancher keeps of it."""
    url = (request.repo.url if request.repo else None) or ""
    if request.entry is None or not request.entry.urls:
        return fetch_from_helm_repository(url, request, web, sink)
    address = _download(url, request.entry.urls, web, sink)
    if address is None:
        raise not_found(request, f"at {without_user(url)}: the addresses in its index do not exist")
    return FetchedChart("cluster_repo", address)


def fetch_from_rancher_api(
    rancher_url: str, request: ChartRequest, web: Web, sink: ChartSink
) -> FetchedChart:
    """The chart through Rancher's catalog API (C(link=chart)); it needs a Rancher token.

    From 2.12 on a follower that answers may not have the chart (FM 3.4): then this is not found. What
    Rancher lists (C(link=index)) gives the digest where the cluster's own index could not be read.
    """
    chart, version = quote(request.chart, safe=""), quote(request.version, safe="")
    base = urljoin(
        rancher_url.rstrip("/") + "/",
        f"v1/catalog.cattle.io.clusterrepos/{quote(request.repo_name, safe='')}",
    )
    address = f"{base}?link=chart&chartName={chart}&version={version}"
    listed = _listed(f"{base}?link=index&skipFilter=true", request, web)
    try:
        web.stream(address, sink)
    except MissingError:
        versions = [each.version for each in listed]
        where = f"through {without_user(rancher_url)}"
        raise not_found(request, where, available=versions) from None
    entry = _find(listed, request.version)
    return FetchedChart(
        "cluster_repo",
        without_user(address),
        digest=entry.digest if entry else None,
        digest_from=f"index of ClusterRepo/{request.repo_name} through {without_user(rancher_url)}",
    )


def _listed(address: str, request: ChartRequest, web: Web) -> list[IndexEntry]:
    """What Rancher lists of the chart; nothing when it cannot say: the chart may be there all the same."""
    if request.entry is not None and request.digest:
        return []
    try:
        return _entries(web.read(address, MAX_INDEX_BYTES), request.chart, address)
    except MissingError:
        return []
    except RemediationError as error:
        if error.retryable:
            return []
        raise
