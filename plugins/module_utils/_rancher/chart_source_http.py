# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts over HTTP: from a Helm repository, a ClusterRepo with a URL, or Rancher's own API (FM 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit

from ansible.module_utils.urls import ConnectionError as AnsibleConnectionError
from ansible.module_utils.urls import NoSSLError, SSLValidationError, open_url

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_archive import (
    MAX_ARCHIVE_BYTES,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ChartRequest,
    FetchedChart,
    not_found,
)

MAX_INDEX_BYTES = 64 * 1024 * 1024
TIMEOUT = 60


@dataclass(frozen=True)
class HttpAccess:
    """How to reach a web server; the credentials go to that server only."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_path: str | None = None
    validate_certs: bool = True


class _MissingError(Exception):
    """The server has no such document."""


Download = Callable[[str, int], bytes]


def without_user(url: str) -> str:
    """A URL without user name and password, for messages."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _failed(url: str, why: str, *, retryable: bool = False) -> RemediationError:
    return RemediationError(
        "chart-not-found",
        f"{without_user(url)} cannot be downloaded: {why}.",
        "Check address, credentials and certificate, or give another chart source.",
        retryable=retryable,
        details={"url": without_user(url)},
    )


def _headers(access: HttpAccess) -> dict[str, str]:
    return {"Authorization": f"Bearer {access.token}"} if access.token else {}


def _open(url: str, access: HttpAccess) -> Any:
    request: Callable[..., Any] = open_url
    return request(
        url,
        headers=_headers(access),
        url_username=access.username,
        url_password=access.password,
        force_basic_auth=bool(access.username),
        ca_path=access.ca_path,
        validate_certs=access.validate_certs,
        timeout=TIMEOUT,
        http_agent="harvester_ops.remediation",
        unredirected_headers=["Authorization"],
    )


def downloader(access: HttpAccess, home: str) -> Download:
    """A function (URL, limit in bytes) -> content. Credentials are sent to the host of C(home) only."""

    def download(url: str, limit: int) -> bytes:
        same_host = urlsplit(url).netloc == urlsplit(home).netloc
        used = (
            access
            if same_host
            else HttpAccess(ca_path=access.ca_path, validate_certs=access.validate_certs)
        )
        if urlsplit(url).scheme not in ("http", "https"):
            raise _failed(url, "only http and https addresses are fetched")
        try:
            with _open(url, used) as response:
                content: bytes = response.read(limit + 1)
        except HTTPError as error:
            if error.code in (404, 410):
                raise _MissingError from error
            raise _failed(url, f"HTTP status {error.code}", retryable=error.code >= 500) from error
        except (URLError, OSError, ValueError, NoSSLError, SSLValidationError) as error:
            reason = getattr(error, "reason", None) or error
            raise _failed(url, str(reason), retryable=True) from error
        except AnsibleConnectionError as error:
            raise _failed(url, str(error), retryable=True) from error
        if len(content) > limit:
            raise _failed(url, f"it is larger than {limit} bytes")
        return content

    return download


def _index_urls(index: bytes, request: ChartRequest, where: str) -> list[str]:
    import yaml

    try:
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        document = yaml.load(index, Loader=loader)
        versions = document["entries"][request.chart]
        found = [each for each in versions if each["version"] == request.version]
        return [str(url) for each in found for url in each["urls"]]
    except (KeyError, TypeError):
        return []
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _failed(where, f"it is no YAML ({type(error).__name__})") from error


def fetch_from_helm_repository(url: str, request: ChartRequest, download: Download) -> FetchedChart:
    """The chart out of a Helm repository, by its index.yaml. Raises C(chart-not-found)."""
    index_url = urljoin(url.rstrip("/") + "/", "index.yaml")
    try:
        urls = _index_urls(download(index_url, MAX_INDEX_BYTES), request, index_url)
    except _MissingError:
        raise not_found(request, f"at {without_user(url)}: it has no index.yaml") from None
    return _first(url, urls, request, download, "helm_repo")


def _first(
    url: str, urls: list[str], request: ChartRequest, download: Download, source: str
) -> FetchedChart:
    for each in urls:
        address = urljoin(url.rstrip("/") + "/", each)
        try:
            content = download(address, MAX_ARCHIVE_BYTES)
        except _MissingError:
            continue
        return FetchedChart(content=content, source=source, origin=without_user(address))
    known = "its index does not list it" if not urls else "the addresses in its index do not exist"
    raise not_found(request, f"at {without_user(url)}: {known}")


def fetch_from_cluster_repo_url(request: ChartRequest, download: Download) -> FetchedChart:
    """The chart of a ClusterRepo that is a Helm repository, by the index Rancher keeps of it."""
    url = (request.repo.url if request.repo else None) or ""
    urls = list(request.entry.urls) if request.entry else []
    if not urls:
        return fetch_from_helm_repository(url, request, download)
    return _first(url, urls, request, download, "cluster_repo")


def fetch_from_rancher_api(
    rancher_url: str, request: ChartRequest, download: Download
) -> FetchedChart:
    """The chart through Rancher's catalog API (C(link=chart)); it needs a Rancher token.

    From 2.12 on a follower that answers may not have the chart (FM 3.4): then this is not found.
    """
    query = f"link=chart&chartName={quote(request.chart, safe='')}&version={quote(request.version, safe='')}"
    path = f"v1/catalog.cattle.io.clusterrepos/{quote(request.repo_name, safe='')}?{query}"
    address = urljoin(rancher_url.rstrip("/") + "/", path)
    try:
        content = download(address, MAX_ARCHIVE_BYTES)
    except _MissingError:
        raise not_found(request, f"through {without_user(rancher_url)}") from None
    return FetchedChart(content=content, source="cluster_repo", origin=without_user(address))
