# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
KIBIBYTE = 1024
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a command took: wall seconds, CPU seconds, and the most memory at once, in MiB.

    Memory that processes share is counted once; `controller_mib` is that of the first process alone.
    """

    seconds: float
    cpu_seconds: float
    mib: float
    controller_mib: float

    def __str__(self) -> str:
        return (
            f"{self.seconds:.0f} s, {self.cpu_seconds:.0f} CPU s, at most {self.mib:.0f} MiB, "
            f"of it {self.controller_mib:.0f} MiB in the first process"
        )


class Meter:
    """Watches a process and all its descendants from time to time, as a context, until it ends."""

    def __init__(self, pid: int, interval: float = 0.5) -> None:
        self._pid, self._interval = pid, interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._most = self._controller = self._cpu = 0.0

    def __enter__(self) -> Meter:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.seconds = time.monotonic() - self._started
        self._over.set()
        self._thread.join()

    @property
    def usage(self) -> Usage:
        """What was seen."""
        return Usage(self.seconds, self._cpu, self._most, self._controller)

    def _watch(self) -> None:
        while not self._over.is_set():
            family = list(_family(self._pid))
            sizes = [_mib(pid) for pid in family]
            self._most = max(self._most, sum(sizes))
            self._controller = max(self._controller, sizes[0] if sizes else 0.0)
            self._cpu = max(self._cpu, _cpu_seconds(self._pid))
            self._over.wait(self._interval)


def _family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        current = waiting.pop(0)
        yield current
        waiting += children.get(current, [])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, ...; empty when it has ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _mib(pid: int) -> float:
    """Proportional set size."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    sizes = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return sum(sizes) / KIBIBYTE


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process and of those descendants that have ended."""
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15]) / TICKS if len(fields) > 14 else 0.0
