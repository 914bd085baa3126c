# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted API server on a loopback port: the border at which unit tests replace a cluster."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: list[tuple[str, str]]
    body: Any

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True)
class Answer:
    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Request], Answer]


def failure(status: int, reason: str = "", message: str = "", **extra: Any) -> Answer:
    """A Status object as the API server sends it."""
    return Answer(
        {
            "kind": "Status",
            "status": "Failure",
            "code": status,
            "reason": reason,
            "message": message,
            **extra,
        },
        status,
    )


class _Handler(BaseHTTPRequestHandler):
    """Hands every request to the script of the server it belongs to."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        """Record the request and send the script's answer."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        split = urlsplit(self.path)
        request = Request(
            self.command,
            split.path,
            {key: values[0] for key, values in parse_qs(split.query).items()},
            list(self.headers.items()),
            json.loads(raw) if raw else None,
        )
        self.server.requests.append(request)
        self._send(self.server.script(request))

    def _send(self, answer: Answer) -> None:
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        # send_response adds a Date of its own.
        send = self.send_response_only if "Date" in answer.headers else self.send_response
        send(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def __getattr__(self, name: str) -> Any:
        # http.server looks for do_GET, do_POST, ...
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing on standard error."""


class _Server(ThreadingHTTPServer):
    script: Script
    requests: list[Request]


class ApiServer:
    """Answers every request by `script`; keeps what was asked in `requests`."""

    def __init__(self, script: Script) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.script, self._server.requests = script, []
        self.requests = self._server.requests
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ApiServer:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
