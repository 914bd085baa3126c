# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Rancher that manages clusters: its list of them, and the way through it to each.

Serves ``/v1/management.cattle.io.clusters`` and ``/k8s/clusters/<id>/...`` by HTTPS on the loopback, for
one API key. What it forwards goes to a real API server with the credentials of a kubeconfig, as Rancher's
own proxy uses those of the agent in the cluster; streams (exec, watch) pass as they are.
"""

from __future__ import annotations

import functools
import json
import select
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kubernetes import client, config

from controlplane.certificates import Authority

LIST_PATH = "/v1/management.cattle.io.clusters"
THROUGH = "/k8s/clusters/"
HEAD_LIMIT = 65536
CHUNK = 65536
PAGE = 20


@dataclass(frozen=True)
class Head:
    """The first line and the headers of a request, and what of its body came with them."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    rest: bytes

    def header(self, name: str) -> str:
        """The value of a header; "" without it."""
        found = (value for key, value in self.headers if key.lower() == name)
        return next(found, "")


class ManagingRancher:
    """The server; use it as a context.

    ``clusters`` are Cluster objects (management.cattle.io/v3), ``ways`` maps the ids of those whose agent is
    connected to the kubeconfig that leads there. ``requests`` holds what was asked, method and path.
    """

    def __init__(
        self,
        folder: Path,
        token: str,
        clusters: Sequence[Mapping[str, Any]],
        ways: Mapping[str, Path],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        authority = Authority(folder)
        authority.create()
        pair = authority.server("rancher", ["IP:127.0.0.1", "DNS:localhost"])
        self.ca_certificate = authority.pair.certificate
        self.token = token
        self.clusters = list(clusters)
        self.ways = dict(ways)
        self.requests: list[str] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(pair.certificate, pair.key)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> ManagingRancher:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with self._tls.wrap_socket(connection, server_side=True) as stream:
                head = _read_head(stream)
                if head is not None:
                    self._answer(stream, head)
        except OSError:  # the other side has gone, or does not trust us: its business
            connection.close()

    def _answer(self, stream: ssl.SSLSocket, head: Head) -> None:
        path = urlsplit(head.target).path
        self.requests.append(f"{head.method} {path}")
        if head.header("authorization") != f"Bearer {self.token}":
            _send(stream, 401, {"type": "error", "status": "401", "message": "must authenticate"})
        elif path == LIST_PATH:
            _send(stream, 200, self._page(head))
        elif path.startswith(THROUGH):
            self._forward(stream, head)
        else:
            _send(stream, 404, {"type": "error", "status": "404", "message": "not found"})

    def _page(self, head: Head) -> dict[str, Any]:
        query = parse_qs(urlsplit(head.target).query)
        start = int(query.get("continue", ["0"])[0])
        page: dict[str, Any] = {
            "type": "collection",
            "data": self.clusters[start : start + PAGE],
        }
        if start + PAGE < len(self.clusters):
            page["continue"] = str(start + PAGE)
        return page

    def _forward(self, stream: ssl.SSLSocket, head: Head) -> None:
        identity, _slash, rest = head.target.removeprefix(THROUGH).partition("/")
        kubeconfig = self.ways.get(identity)
        if kubeconfig is None:
            message = f"cluster {identity} is not connected"
            _send(stream, 503, {"type": "error", "status": "503", "message": message})
            return
        with _connect(kubeconfig) as server:
            server.sendall(_forwarded(head, f"/{rest}"))
            _splice(stream, server)


def _read_head(stream: ssl.SSLSocket) -> Head | None:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = stream.recv(CHUNK)
        if not chunk or len(received) > HEAD_LIMIT:
            return None
        received += chunk
    text, _end, rest = received.partition(b"\r\n\r\n")
    first, *lines = text.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return Head(method, target, tuple((name, value.strip()) for name, _colon, value in pairs), rest)


def _forwarded(head: Head, target: str) -> bytes:
    """The request as the cluster's own API server gets it: one on each connection, without the API key."""
    upgrade = head.header("upgrade")
    kept = [
        f"{name}: {value}"
        for name, value in head.headers
        if name.lower() not in ("authorization", "connection", "host")
    ]
    lines = [
        f"{head.method} {target} HTTP/1.1",
        "Host: kubernetes",
        f"Connection: {'Upgrade' if upgrade else 'close'}",
        *kept,
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + head.rest


@functools.cache
def _way(kubeconfig: Path) -> tuple[str, int, ssl.SSLContext]:
    """Host and port of the server of a kubeconfig, and what it takes to be let in."""
    configuration = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=configuration)
    server = urlsplit(str(configuration.host))
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    context.load_cert_chain(str(configuration.cert_file), str(configuration.key_file))
    return server.hostname or "", server.port or 443, context


def _connect(kubeconfig: Path) -> ssl.SSLSocket:
    host, port, context = _way(kubeconfig)
    plain = socket.create_connection((host, port), timeout=60)
    plain.settimeout(None)
    return context.wrap_socket(plain, server_hostname=host)


def _splice(one: ssl.SSLSocket, other: ssl.SSLSocket) -> None:
    """Copy both ways until one side has said all. In one thread: a TLS connection is not for two."""
    one.setblocking(False)
    other.setblocking(False)
    while True:
        ready = [each for each in (one, other) if each.pending()]
        if not ready:
            ready = _wait(select.POLLIN, one, other)
        for source in ready:
            try:
                chunk = source.recv(CHUNK)
            except ssl.SSLWantReadError:
                continue
            if not chunk:
                return
            _send_all(one if source is other else other, chunk)


def _send_all(target: ssl.SSLSocket, data: bytes) -> None:
    while data:
        try:
            data = data[target.send(data) :]
        except ssl.SSLWantWriteError:
            _wait(select.POLLOUT, target)


def _wait(event: int, *streams: ssl.SSLSocket) -> list[ssl.SSLSocket]:
    """Those that are ready for it, when the first is."""
    by_number = {stream.fileno(): stream for stream in streams}
    poll = select.poll()
    for number in by_number:
        poll.register(number, event)
    return [by_number[number] for number, _event in poll.poll()]


def _send(stream: ssl.SSLSocket, status: int, body: Mapping[str, Any]) -> None:
    data = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} double\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    stream.sendall(head.encode() + data)
