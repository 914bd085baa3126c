# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command in a container and bring back its output byte for byte.

The stream helper of the kubernetes library sends no impersonation headers, has no deadline for the
connection and expects an exit code cause in every failure; this speaks the same protocol
(``v5.channel.k8s.io``, else ``v4``) with those three things right.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlparse

from .._core.errors import RemediationError
from . import paths
from .client import KubeClient

_STDOUT, _STDERR, _STATUS = 1, 2, 3
_SUBPROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]


@dataclass(frozen=True)
class ExecResult:
    """How a command ended.

    `exit_code` is None when the command failed and the kubelet did not say with which code; `error` is
    then its text. A command that succeeded has `exit_code` 0 and an empty `error`.
    """

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    error: str

    @property
    def ok(self) -> bool:
        """Whether the command ended with code 0."""
        return self.exit_code == 0


def exec_in_pod(
    client: KubeClient,
    namespace: str,
    pod: str,
    container: str,
    argv: Sequence[str],
    *,
    timeout: float,
    on_stdout: Callable[[bytes], object] | None = None,
) -> ExecResult:
    """Run `argv` (no shell) in a container, for at most `timeout` seconds over all.

    With `on_stdout` its output is handed over piece by piece as it comes, and the result has none.

    Raises `timeout`, `server-unreachable`, `forbidden`, `not-found`, `unauthorized`, `api-error`. A command that
    ends with a code other than 0 is a result, not an error.
    """
    deadline = time.monotonic() + timeout
    where = f"Pod/{namespace}/{pod}"
    query = [("container", container), ("stdout", "true"), ("stderr", "true")]
    query += [("command", argument) for argument in argv]
    path = paths.subresource(paths.core("v1", "pods", namespace, pod), "exec")
    socket = _connect(client, f"{path}?{urlencode(query)}", where, timeout)
    try:
        return _collect(socket, deadline, f"{argv[0]} in {where}", timeout, on_stdout)
    finally:
        socket.close()


def _connect(client: KubeClient, path: str, where: str, timeout: float) -> Any:
    import websocket

    configuration = client.connection.configuration
    url = client.server.replace("http", "ws", 1) + path
    headers = [
        f"{name}: {line}"
        for name, value in client.request_headers().items()
        for line in value.split("\n")
    ]
    client.count_request()
    socket: Any = websocket.WebSocket(sslopt=_tls(configuration), skip_utf8_validation=True)
    try:
        socket.connect(
            url,
            header=headers,
            subprotocols=_SUBPROTOCOLS,
            timeout=timeout,
            suppress_origin=True,
            **_proxy(configuration),
        )
    except websocket.WebSocketBadStatusException as exc:
        raise _refused(where, exc) from exc
    except (websocket.WebSocketException, OSError) as exc:
        raise RemediationError(
            "server-unreachable",
            f"No exec connection to {where} through {client.server}: {exc}.",
            "Check that the pod runs and that its node answers: kubectl exec needs the same way.",
            retryable=True,
        ) from exc
    return socket


def _tls(configuration: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}
    if configuration.verify_ssl:
        options = {"cert_reqs": ssl.CERT_REQUIRED}
        if configuration.ssl_ca_cert:
            options["ca_certs"] = configuration.ssl_ca_cert
        if configuration.assert_hostname is not None:
            options["check_hostname"] = configuration.assert_hostname
    if configuration.cert_file:
        options["certfile"] = configuration.cert_file
    if configuration.key_file:
        options["keyfile"] = configuration.key_file
    if configuration.tls_server_name:
        options["server_hostname"] = configuration.tls_server_name
    return options


def _proxy(configuration: Any) -> dict[str, Any]:
    if not configuration.proxy:
        return {"http_no_proxy": ["*"]}
    proxy = urlparse(configuration.proxy)
    options: dict[str, Any] = {
        "http_proxy_host": proxy.hostname,
        "http_proxy_port": proxy.port,
        "proxy_type": proxy.scheme if proxy.scheme.startswith("socks") else "http",
    }
    if proxy.username:
        options["http_proxy_auth"] = (proxy.username, proxy.password or "")
    if configuration.no_proxy:
        options["http_no_proxy"] = configuration.no_proxy.split(",")
    return options


def _refused(where: str, exc: Any) -> RemediationError:
    """The API server answered the upgrade to a stream with an ordinary error."""
    body = exc.resp_body or b""
    try:
        said = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        said = str(exc)
    code = {401: "unauthorized", 403: "forbidden", 404: "not-found"}.get(
        exc.status_code, "api-error"
    )
    remedy = {
        "unauthorized": "Renew the token or certificate, or choose another context.",
        "forbidden": "The account needs create on pods/exec in that namespace.",
        "not-found": "Read the pods again: it may have been replaced.",
    }.get(code, "Check that the pod runs and that its node answers.")
    return RemediationError(
        code,
        f"Exec in {where} was refused with HTTP status {exc.status_code}: {said.rstrip('.')}.",
        remedy,
        retryable=exc.status_code >= 500,
        details={"http_status": exc.status_code},
    )


def _collect(
    socket: Any,
    deadline: float,
    what: str,
    timeout: float,
    on_stdout: Callable[[bytes], object] | None = None,
) -> ExecResult:
    import websocket

    streams = {_STDOUT: bytearray(), _STDERR: bytearray(), _STATUS: bytearray()}
    takers: dict[int, Callable[[bytes], object]] = {
        number: stream.extend for number, stream in streams.items()
    }
    if on_stdout is not None:
        takers[_STDOUT] = on_stdout
    text_or_binary = (websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY)
    while True:
        remaining = deadline - time.monotonic()
        try:
            if remaining <= 0:
                raise websocket.WebSocketTimeoutException
            socket.settimeout(remaining)
            opcode, frame = socket.recv_data(control_frame=True)
        except websocket.WebSocketTimeoutException as exc:
            raise RemediationError(
                "timeout",
                f"{what} did not end within {timeout:g} s.",
                "Look at the load of that node, or allow more time.",
                retryable=True,
            ) from exc
        except (websocket.WebSocketException, OSError) as exc:
            return _result(streams, f"the connection broke: {exc}")
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return _result(streams, "the stream ended without a status")
        if opcode in text_or_binary and frame and frame[0] in takers:
            takers[frame[0]](frame[1:])


def _result(streams: dict[int, bytearray], ending: str) -> ExecResult:
    exit_code, error = _exit_status(bytes(streams[_STATUS]), ending)
    return ExecResult(bytes(streams[_STDOUT]), bytes(streams[_STDERR]), exit_code, error)


def _exit_status(status: bytes, ending: str) -> tuple[int | None, str]:
    """Exit code and error text of the Status object on the error channel.

    A kubelet names the code in a cause of reason ExitCode; other implementations of the same API may send
    a bare `Internal error`.
    """
    if not status:
        return None, ending
    try:
        parsed = json.loads(status)
    except ValueError:
        return None, status.decode("utf-8", "replace")
    if not isinstance(parsed, dict):
        return None, str(parsed)
    if parsed.get("status") == "Success":
        return 0, ""
    message = str(parsed.get("message") or "")
    causes = (parsed.get("details") or {}).get("causes") or []
    for cause in causes:
        if cause.get("reason") == "ExitCode" and str(cause.get("message", "")).isdigit():
            return int(cause["message"]), message
    return None, message or "failed without a message"
