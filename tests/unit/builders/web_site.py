# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Web servers on loopback: one with pages to set, one that is Rancher's catalog API, one that is a registry."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Page:
    """An answer; C(claims) is the length it claims to have when that is not its own."""

    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    claims: int | None = None


class Site:
    """A web server. C(pages) maps paths to answers; a list is used up one by one, its last stays."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.pages: dict[str, Any] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append((self.path, dict(self.headers)))
                page = site.answer(self.path, dict(self.headers))
                self.send_response(page.status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                length = len(page.content) if page.claims is None else page.claims
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(page.content)

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{scheme}://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, headers: Mapping[str, str]) -> Page:
        """The page of a path, also as a proxy asks for it."""
        del headers
        page = self.pages.get(path, 404)
        if isinstance(page, list):
            page = page.pop(0) if len(page) > 1 else page[0]
        if isinstance(page, Page):
            return page
        return Page(status=page) if isinstance(page, int) else Page(page)


class RancherApi(Site):
    """Rancher's catalog API with its two links (FM 3.4), for whoever has the token."""

    def __init__(self, token: str, charts: Mapping[tuple[str, str], bytes]) -> None:
        super().__init__()
        self._token, self._charts = token, charts

    def answer(self, path: str, headers: Mapping[str, str]) -> Page:
        """What Rancher answers; a + that is not encoded arrives as a blank, as it does there."""
        if headers.get("Authorization") != f"Bearer {self._token}":
            return Page(b"{}", 401)
        parts = urlsplit(path)
        if parts.path != "/v1/catalog.cattle.io.clusterrepos/rancher-charts":
            return Page(b"{}", 404)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if query.get("link") == "index":
            return Page(json.dumps(self._index()).encode())
        archive = self._charts.get((query.get("chartName", ""), query.get("version", "")))
        if query.get("link") != "chart" or archive is None:
            return Page(b"{}", 404)
        return Page(archive, headers={"Content-Type": "application/gzip"})

    def _index(self) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for (chart, version), archive in self._charts.items():
            digest = hashlib.sha256(archive).hexdigest()
            entries.setdefault(chart, []).append({"version": version, "digest": digest})
        return {"apiVersion": "v1", "entries": entries}


class Registry(Site):
    """A registry that speaks the distribution API, and asks for a login as C(auth) says."""

    LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

    def __init__(self, auth: str = "none", user: str = "me", password: str = "hunter2") -> None:
        super().__init__()
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._auth, self._basic = auth, f"Basic {basic}"

    def push(self, name: str, tag: str, archive: bytes, media_type: str = LAYER) -> None:
        """Put a chart where helm push would."""
        digest = f"sha256:{hashlib.sha256(archive).hexdigest()}"
        other = {"mediaType": "application/vnd.cncf.helm.chart.provenance.v1.prov", "size": 1}
        layer = {"mediaType": media_type, "digest": digest, "size": len(archive)}
        manifest = {"schemaVersion": 2, "layers": [other, layer]}
        self.pages[f"/v2/{name}/manifests/{tag}"] = json.dumps(manifest).encode()
        self.pages[f"/v2/{name}/blobs/{digest}"] = archive
        tags = json.loads(self.pages.get(f"/v2/{name}/tags/list?n=1000", b'{"tags": []}'))["tags"]
        listed = json.dumps({"name": name, "tags": [*tags, tag]}).encode()
        self.pages[f"/v2/{name}/tags/list?n=1000"] = listed

    def answer(self, path: str, headers: Mapping[str, str]) -> Page:
        """What a registry answers to whom."""
        authorization = headers.get("Authorization")
        if path.startswith("/token?"):
            return Page(b'{"token": "t0ken"}') if authorization == self._basic else Page(status=401)
        challenges = {
            "basic": ('Basic realm="registry"', self._basic),
            "bearer": (
                f'Bearer realm="{self.url}/token",service="r",scope="repository:charts/fleet:pull"',
                "Bearer t0ken",
            ),
        }
        if self._auth in challenges and authorization != challenges[self._auth][1]:
            return Page(status=401, headers={"WWW-Authenticate": challenges[self._auth][0]})
        return super().answer(path, headers)
