# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log level of a Rancher pod: whatever happens while it is raised, it is put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import resolve
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.log_level import (
    LEVEL_BEFORE,
    Capture,
    capture,
    put_back,
    restore_all,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
    failure,
)

SKIPPING = (
    "2026-11-23T15:00:01.5Z [DEBUG] Skipping installing/upgrading desired version "
    "106.0.0+up0.12.0 for release fleet, since current version 106.0.0+up0.12.0-rc.3 is greater or "
    "equal to minimal required version 106.0.0+up0.12.0"
)


class Rancher:
    """A leader with its level, and the annotations of its pod."""

    def __init__(self) -> None:
        self.level = "info"
        self.annotations: dict[str, Any] = {}
        self.commands: list[list[str]] = []
        self.exec_fails: Callable[[list[str]], bool] = lambda _argv: False
        self.log_status = 200

    def run(self, pod: str, argv: Sequence[str]) -> ExecResult:
        assert pod == "rancher-a"
        self.commands.append(list(argv))
        if self.exec_fails(list(argv)):
            return ExecResult(b"", b"curl: cannot connect", 7, "")
        if len(argv) == 3:
            self.level = argv[2]
            return ExecResult(b"OK\n", b"", 0, "")
        return ExecResult(f"{self.level}\n".encode(), b"", 0, "")

    def answer(self, request: Request) -> Answer:
        pod = {"metadata": {"name": "rancher-a", "annotations": self.annotations}}
        if request.path.endswith("/leases/cattle-controllers"):
            return Answer({"spec": {"holderIdentity": "rancher-a"}})
        if request.path.endswith("/log"):
            if self.log_status != 200:
                return failure(self.log_status, "InternalError", "no log")
            return Answer(SKIPPING.encode())
        if request.method == "PATCH":
            changed = request.body["metadata"]["annotations"]
            merged = {**self.annotations, **changed}
            self.annotations = {key: value for key, value in merged.items() if value is not None}
            return Answer(pod)
        return Answer({"items": [pod]} if request.path.endswith("/pods") else pod)


@pytest.fixture
def rancher() -> Rancher:
    return Rancher()


@pytest.fixture
def client(rancher: Rancher) -> Iterator[KubeClient]:
    with ApiServer(rancher.answer) as server:
        yield KubeClient(resolve({"host": server.url, "api_key": "t"}, tmpdir="/nonexistent"))


def listen(rancher: Rancher, seen: list[Any]) -> Capture:
    """Notes the level and the note on the pod while it listens."""
    return Capture(
        sleep=lambda _seconds: seen.append((rancher.level, dict(rancher.annotations))),
        nudge=lambda: seen.append("nudged"),
    )


def test_it_is_raised_heard_and_put_back(rancher: Rancher, client: KubeClient) -> None:
    seen: list[Any] = []
    result = capture(client, rancher.run, listen(rancher, seen))
    assert seen == ["nudged", ("debug", {LEVEL_BEFORE: "info"})]
    assert (rancher.level, rancher.annotations) == ("info", {})
    assert (result["pod"], result["level_before"], result["level_after"]) == (
        "rancher-a",
        "info",
        "info",
    )
    assert result["matches"][0]["kind"] == "skip-min"
    assert result["matches"][0]["current"] == "106.0.0+up0.12.0-rc.3"


@pytest.mark.parametrize("when", ["nudge", "sleep"])
def test_it_is_put_back_when_listening_fails(
    rancher: Rancher, client: KubeClient, when: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise RemediationError("refused", "Stopped by SIGTERM.")

    wanted = Capture(nudge=fail) if when == "nudge" else Capture(sleep=fail)
    with pytest.raises(RemediationError, match="SIGTERM"):
        capture(client, rancher.run, wanted)
    assert (rancher.level, rancher.annotations) == ("info", {})


def test_it_is_put_back_when_the_log_cannot_be_read(rancher: Rancher, client: KubeClient) -> None:
    rancher.log_status = 500
    with pytest.raises(RemediationError, match="no log"):
        capture(client, rancher.run, listen(rancher, []))
    assert rancher.level == "info"


def test_what_a_killed_run_left_is_put_back(rancher: Rancher, client: KubeClient) -> None:
    rancher.level, rancher.annotations = "debug", {LEVEL_BEFORE: "error"}
    assert restore_all(client, rancher.run, dry_run=True) == [
        {"pod": "rancher-a", "level": "error"}
    ]
    assert rancher.level == "debug"
    restore_all(client, rancher.run, dry_run=False)
    assert (rancher.level, rancher.annotations) == ("error", {})
    assert restore_all(client, rancher.run, dry_run=False) == []


def test_a_later_capture_goes_back_to_the_level_before_the_killed_one(
    rancher: Rancher, client: KubeClient
) -> None:
    rancher.level, rancher.annotations = "debug", {LEVEL_BEFORE: "info"}
    assert capture(client, rancher.run, listen(rancher, []))["level_before"] == "info"
    assert rancher.level == "info"


def test_what_cannot_be_put_back_is_said_with_the_command(
    rancher: Rancher, client: KubeClient
) -> None:
    rancher.level = "debug"
    rancher.exec_fails = lambda argv: "--set" in argv
    with pytest.raises(RemediationError) as caught:
        put_back(client, rancher.run, "rancher-a", "info")
    assert caught.value.code == "stalled"
    assert "exec rancher-a -c rancher -- loglevel --set info" in caught.value.remedy
    assert len(rancher.commands) == 3


def test_a_passing_failure_is_tried_again(rancher: Rancher, client: KubeClient) -> None:
    rancher.level = "debug"
    rancher.exec_fails = lambda _argv: len(rancher.commands) == 1
    put_back(client, rancher.run, "rancher-a", "info")
    assert rancher.level == "info"


def test_without_loglevel_nothing_is_raised(rancher: Rancher, client: KubeClient) -> None:
    rancher.exec_fails = lambda _argv: True
    with pytest.raises(RemediationError, match="cannot connect"):
        capture(client, rancher.run, listen(rancher, []))
    assert rancher.annotations == {}
    assert not any("--set" in command for command in rancher.commands)
