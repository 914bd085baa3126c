# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.plugin_utils._child import in_child


def test_the_work_is_done_by_another_process() -> None:
    result = in_child(lambda: {"pid": os.getpid(), "long": "x" * 1_000_000, "none": None})
    assert result["pid"] != os.getpid()
    assert (len(result["long"]), result["none"]) == (1_000_000, None)
    with pytest.raises(ProcessLookupError):
        os.kill(result["pid"], 0)


@pytest.mark.parametrize("error", [ValueError("no wonder"), SystemExit(3), KeyboardInterrupt()])
def test_what_goes_wrong_in_it_is_told(error: BaseException) -> None:
    def work() -> dict[str, Any]:
        raise error

    result = in_child(work)
    assert result["failed"]
    assert repr(error) in result["msg"]
    assert "def work" not in result["msg"]
    assert "in work" in result["exception"]


def test_a_result_that_is_no_json_is_told() -> None:
    assert "not JSON serializable" in in_child(lambda: {"path": Path("/tmp")})["msg"]


def test_a_killed_child_is_a_failure_and_ends_only_itself() -> None:
    result = in_child(lambda: {"left": os.kill(os.getpid(), signal.SIGKILL)})
    assert result == {
        "failed": True,
        "msg": "The process of the module was killed by signal 9 without a result.",
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_handlers_of_the_worker_are_not_its_own(number: signal.Signals) -> None:
    """The worker's pass a signal on to everything in its process group."""
    called: list[int] = []
    before = signal.signal(number, lambda got, _frame: called.append(got))

    def work() -> dict[str, Any]:
        os.kill(os.getpid(), number)
        time.sleep(10)
        return {}

    try:
        result = in_child(work)
    finally:
        signal.signal(number, before)
    assert result["failed"]
    assert called == []


def test_what_it_starts_does_not_keep_the_parent_waiting() -> None:
    """A helm can work on when the process that started it is gone."""

    def work() -> dict[str, Any]:
        with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
            return {"died": os.kill(os.getpid(), signal.SIGKILL), "pid": process.pid}

    begun = time.monotonic()
    assert in_child(work)["failed"]
    assert time.monotonic() - begun < 30
