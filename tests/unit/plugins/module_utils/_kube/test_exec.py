# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
from typing import Any

import pytest
import websocket

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import auth
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import (
    exec as execution,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    failure,
)

BINARY, CLOSE, PING = (
    websocket.ABNF.OPCODE_BINARY,
    websocket.ABNF.OPCODE_CLOSE,
    websocket.ABNF.OPCODE_PING,
)
SUCCESS = b"\x03" + json.dumps({"status": "Success"}).encode()


class Socket:
    """Frames that come in; an exception among them is raised."""

    def __init__(self, frames: list[Any]) -> None:
        self.frames = frames

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv_data(self, control_frame: bool) -> tuple[int, bytes]:
        assert control_frame, "without control frames the end of the stream is not seen"
        frame = self.frames.pop(0)
        if isinstance(frame, Exception):
            raise frame
        return frame  # type: ignore[no-any-return]


def collect(*frames: Any) -> execution.ExecResult:
    return execution._collect(Socket(list(frames)), time.monotonic() + 60, "true in Pod/a/b", 60)


def test_output_is_kept_byte_for_byte() -> None:
    result = collect(
        (BINARY, b"\x01\x00\xff"),
        (BINARY, b"\x02warn"),
        (PING, b""),
        (BINARY, b"\x01\x1f\x8b"),
        (BINARY, b"\x01"),
        (BINARY, SUCCESS),
        (CLOSE, b""),
    )
    assert result == execution.ExecResult(b"\x00\xff\x1f\x8b", b"warn", 0, "")
    assert result.ok


@pytest.mark.parametrize(
    ("status", "exit_code", "error"),
    [
        (
            {
                "status": "Failure",
                "reason": "NonZeroExitCode",
                "message": "command terminated with non-zero exit code",
                "details": {"causes": [{"reason": "ExitCode", "message": "128"}]},
            },
            128,
            "command terminated with non-zero exit code",
        ),
        ({"status": "Failure", "message": "Internal error: x"}, None, "Internal error: x"),
        ({"status": "Failure"}, None, "failed without a message"),
        ([1], None, "[1]"),
    ],
)
def test_how_a_command_ended(status: Any, exit_code: int | None, error: str) -> None:
    result = collect((BINARY, b"\x03" + json.dumps(status).encode()), (CLOSE, b""))
    assert (result.exit_code, result.error, result.ok) == (exit_code, error, False)


def test_a_stream_that_ends_early_is_not_a_success() -> None:
    assert collect((BINARY, b"\x01half"), (CLOSE, b"")).error == "the stream ended without a status"
    broken = collect((BINARY, b"\x01half"), websocket.WebSocketConnectionClosedException("reset"))
    assert (broken.stdout, broken.ok) == (b"half", False)
    assert "reset" in broken.error
    assert collect((BINARY, b"\x03rubbish"), (CLOSE, b"")).error == "rubbish"


def test_the_deadline_is_for_the_whole_command() -> None:
    for socket, deadline in (
        (Socket([websocket.WebSocketTimeoutException()]), time.monotonic() + 60),
        (Socket([]), time.monotonic() - 1),
    ):
        with pytest.raises(RemediationError) as caught:
            execution._collect(socket, deadline, "git in Pod/a/b", 60)
        assert caught.value.code == "timeout"
        assert "git in Pod/a/b" in caught.value.message


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (failure(403, "Forbidden", "u cannot create pods/exec"), "forbidden"),
        (failure(404, "NotFound", 'pods "b" not found'), "not-found"),
        (failure(401, "Unauthorized", "Unauthorized"), "unauthorized"),
        (Answer(b"bad gateway", 502), "api-error"),
    ],
)
def test_a_refused_stream_has_the_code_of_its_reason(answer: Answer, code: str) -> None:
    with ApiServer(lambda _: answer) as server:
        options = {"host": server.url, "api_key": "t", "impersonate_user": "u"}
        client = KubeClient(auth.resolve(options))
        with pytest.raises(RemediationError) as caught:
            execution.exec_in_pod(client, "a", "b", "c", ["git", "show", "a b"], timeout=5)
    assert caught.value.code == code
    assert "Pod/a/b" in caught.value.message
    (request,) = server.requests
    assert request.header("Authorization") == ["Bearer t"]
    assert request.header("Impersonate-User") == ["u"]
    assert client.request_count == 1


def test_no_server_there() -> None:
    with ApiServer(lambda _: Answer()) as server:
        url = server.url
    client = KubeClient(auth.resolve({"host": url, "api_key": "t"}))
    with pytest.raises(RemediationError) as caught:
        execution.exec_in_pod(client, "a", "b", "c", ["true"], timeout=5)
    assert caught.value.code == "server-unreachable"
