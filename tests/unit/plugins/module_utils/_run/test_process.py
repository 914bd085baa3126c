# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.process import (
    HOLDER_VARIABLE,
    RunProcess,
    left_behind,
)

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process with the lock of a run in its environment; what it runs is waiting for its input."""
    environment = {**os.environ, HOLDER_VARIABLE: "ops@jump1 run 3f9c2a"}
    command = [sys.executable, "-c", "input()"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    yield process
    process.kill()
    process.communicate()


def of(process: subprocess.Popen[bytes]) -> RunProcess:
    found = RunProcess.of(process.pid)
    assert found is not None
    return found


def test_it_lives_until_it_ends(child: subprocess.Popen[bytes]) -> None:
    found = of(child)
    assert RunProcess.parse(found.text()) == found
    assert not found.is_gone()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert found.is_gone(), "a zombie has ended"
    child.wait()
    assert found.is_gone()


def test_another_process_of_its_number_is_not_it(child: subprocess.Popen[bytes]) -> None:
    assert replace(of(child), started=1).is_gone()


@pytest.mark.parametrize("other", [{"boot": "x"}, {"namespace": "pid:[1]"}, {"user": 4711}])
def test_what_cannot_be_looked_up_from_here_is_not_gone(
    child: subprocess.Popen[bytes], other: dict[str, object]
) -> None:
    away = replace(of(child), started=1, **other)  # type: ignore[arg-type]
    assert not away.is_gone()


def test_without_proc_nothing_is_known(tmp_path: Path) -> None:
    assert RunProcess.of(os.getpid(), tmp_path) is None
    assert left_behind("x", tmp_path) is None
    here = RunProcess.of(os.getpid())
    assert here is not None
    assert not here.is_gone(tmp_path)


@pytest.mark.parametrize(
    "text", ["", None, "boot", "boot ns 0 1 x", "boot ns 0 -1 1", "a b 1 2 3 4"]
)
def test_only_its_own_line_is_read(text: str | None) -> None:
    assert RunProcess.parse(text) is None


def test_what_a_run_has_started_is_found_by_its_lock(child: subprocess.Popen[bytes]) -> None:
    assert left_behind("ops@jump1 run 3f9c2a") == child.pid
    assert left_behind("ops@jump1 run 3f9c2") is None
