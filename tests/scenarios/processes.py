# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes a run has started, to be killed as an accident would."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path


def helm_of(kubeconfig: Path) -> list[int]:
    """The helm processes that work with a kubeconfig, by pid."""
    return [
        pid
        for pid, command, environment in _processes()
        if Path(command[0]).name in ("helm", "helm3", "helm4")
        and (str(kubeconfig) in command or f"KUBECONFIG={kubeconfig}" in environment)
    ]


def descendants(pid: int) -> list[int]:
    """The children of a process, their children, and so on."""
    parents = {child: _parent(child) for child, _command, _environment in _processes()}
    found, wanted = [], {pid}
    while wanted:
        wanted = {child for child, parent in parents.items() if parent in wanted}
        found += sorted(wanted)
    return found


def module_of(helm: int) -> int:
    """The process of the module that has started a helm: a supervisor is between the two."""
    return _parent(_parent(helm))


def kill(pids: list[int]) -> None:
    """SIGKILL, and wait until they are gone; one that has ended meanwhile is as good."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 120
    while any(_is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still running: {pids}"
        time.sleep(0.05)


def _processes() -> Iterator[tuple[int, list[str], list[str]]]:
    """Pid, command line and environment of every process of ours that is alive."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            if command[0]:
                yield int(folder.name), command, environment


def _stat(pid: int) -> list[str]:
    """State, parent and so on: what follows the name in /proc/PID/stat."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return text.rpartition(")")[2].split()


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(_stat(pid)[1])
    return 0


def _is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return _stat(pid)[0] != "Z"
    return False
