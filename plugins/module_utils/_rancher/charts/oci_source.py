# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts out of an OCI registry, by the distribution API (OCI distribution-spec 1.1, Helm's media types)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..._core.errors import RemediationError
from .archive import MAX_ARCHIVE_BYTES
from .request import ChartRequest, FetchedChart, not_found
from .sink import ChartSink
from .web import ChallengeError, HttpAccess, MissingError, Web, download_failed

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CHART_LAYER_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
MAX_MANIFEST_BYTES = 4 * 1024 * 1024
_PARAMETER = re.compile(r'([a-z]+)="([^"]*)"')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def chart_address(registry: str, chart: str) -> str:
    """The address of a chart below a registry path that may already end in its name."""
    address = registry.rstrip("/")
    return address if address.rpartition("/")[2] == chart else f"{address}/{chart}"


def tag_of(version: str) -> str:
    """The tag of a chart version: a tag cannot hold a +, Helm writes _ for it."""
    return version.replace("+", "_")


@dataclass(frozen=True)
class Registry:
    """How to reach a registry; C(plain_http) for one without TLS."""

    access: HttpAccess
    plain_http: bool = False

    def repository(self, address: str) -> _Repository:
        """The repository at C(oci://host/path)."""
        scheme = "http" if self.plain_http else "https"
        host, _slash, name = address.removeprefix("oci://").partition("/")
        return _Repository(f"{scheme}://{host}", name, self.access)


class _Repository:
    """One repository of a registry; logs in when the registry asks for it."""

    def __init__(self, home: str, name: str, access: HttpAccess) -> None:
        self._base, self._access = f"{home}/v2/{name}", access
        self._web = Web(home, access.without_credentials())

    def read(self, path: str, accept: str = "application/json") -> Any:
        """A JSON document of the registry."""
        url, headers = f"{self._base}/{path}", {"Accept": accept}
        text = self._authorized(lambda: self._web.read(url, MAX_MANIFEST_BYTES, headers))
        try:
            return json.loads(text)
        except ValueError as error:
            raise download_failed(url, "it is no JSON") from error

    def stream(self, digest: str, sink: ChartSink) -> None:
        """A blob, into the sink."""
        self._authorized(lambda: self._web.stream(f"{self._base}/blobs/{digest}", sink))

    def _authorized(self, request: Any) -> Any:
        try:
            return request()
        except ChallengeError as challenge:
            self._web = self._answer(challenge)
            return request()

    def _answer(self, error: ChallengeError) -> Web:
        """The registry with what it asks for: user name and password, or a token got with them."""
        kind, _space, rest = error.challenge.partition(" ")
        parameters = dict(_PARAMETER.findall(rest))
        if kind.lower() == "basic" and self._access.username:
            return Web(self._web.home, self._access)
        realm = parameters.get("realm", "")
        if kind.lower() != "bearer" or not realm or not self._is_trusted(realm):
            raise error
        query = {key: parameters[key] for key in ("service", "scope") if parameters.get(key)}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        answer = json.loads(Web(realm, self._access).read(url, MAX_MANIFEST_BYTES) or b"{}")
        token = answer.get("token") or answer.get("access_token")
        if not token:
            raise error
        return self._web.with_token(str(token))

    def _is_trusted(self, realm: str) -> bool:
        """Whether a password may go to the token server: not in the clear when the registry has TLS."""
        return urlsplit(realm).scheme in ("https", urlsplit(self._web.home).scheme)


def _chart_layer(manifest: Any, address: str) -> tuple[str, int]:
    layers = manifest.get("layers") if isinstance(manifest, dict) else None
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict) and layer.get("mediaType") == CHART_LAYER_TYPE:
            digest, size = layer.get("digest"), layer.get("size")
            if isinstance(digest, str) and _DIGEST.fullmatch(digest) and isinstance(size, int):
                return digest, size
    raise download_failed(address, "its manifest has no Helm chart with a SHA-256")


def _tags(repository: _Repository) -> list[str]:
    """The versions that the registry has; none when it does not say."""
    try:
        tags = repository.read("tags/list?n=1000").get("tags")
    except (MissingError, RemediationError, AttributeError):
        return []
    return [str(tag).replace("_", "+") for tag in tags] if isinstance(tags, list) else []


def fetch_from_registry(
    url: str, request: ChartRequest, registry: Registry, sink: ChartSink
) -> FetchedChart:
    """The chart out of C(oci://host/path), verified by the digest in its manifest.

    Raises C(chart-not-found), with the nearest versions the registry has.
    """
    address = chart_address(url, request.chart)
    repository = registry.repository(address)
    try:
        manifest = repository.read(f"manifests/{tag_of(request.version)}", MANIFEST_TYPE)
        digest, size = _chart_layer(manifest, address)
        if size > MAX_ARCHIVE_BYTES:
            raise download_failed(address, f"its manifest says {size} bytes")
        repository.stream(digest, sink)
    except MissingError:
        raise not_found(request, f"at {address}", available=_tags(repository)) from None
    if sink.size != size:
        raise download_failed(address, f"{sink.size} of {size} bytes arrived", retryable=True)
    return FetchedChart(
        "oci",
        f"{address}:{tag_of(request.version)}",
        digest=digest.removeprefix("sha256:"),
        digest_from=f"manifest of {address}:{tag_of(request.version)}",
    )
