# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of a run, and the proof that it is gone.

A Lease has to be waited for, because a process on another machine may live although it is silent. One
that ran on this very machine can be looked up: the same boot, the same PID namespace, the same user,
and no process of that number and start time any more. Where /proc is missing nothing is proven.
"""

from __future__ import annotations

import os
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

PROC = Path("/proc")
HOLDER_VARIABLE = "HARVESTER_OPS_REMEDIATION_HOLDER"
_AFTER_NAME = 2  # the fields of /proc/PID/stat behind the name start with the third
_START_TIME = 22 - _AFTER_NAME - 1


@dataclass(frozen=True)
class RunProcess:
    """A process as only one ever was: started is in clock ticks since the boot."""

    boot: str
    namespace: str
    user: int
    pid: int
    started: int

    def text(self) -> str:
        """It as the one line that stands at the lock."""
        return " ".join(str(part) for part in astuple(self))

    @classmethod
    def parse(cls, text: str | None) -> RunProcess | None:
        """Read such a line; None for anything else."""
        parts = (text or "").split(" ")
        if len(parts) != len(cls.__dataclass_fields__) or not all(map(str.isdecimal, parts[2:])):
            return None
        return cls(parts[0], parts[1], int(parts[2]), int(parts[3]), int(parts[4]))

    @classmethod
    def of(cls, pid: int, proc: Path = PROC) -> RunProcess | None:
        """A process of this machine; None when there is none of that number, or no /proc."""
        started = _started(pid, proc)
        try:
            boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
            namespace = os.readlink(proc / "self/ns/pid")
            user = (proc / str(pid)).stat().st_uid
        except OSError:
            return None
        return None if started is None else cls(boot, namespace, user, pid, started)

    def is_gone(self, proc: Path = PROC) -> bool:
        """Whether it is certain that it has ended: not just not seen from here."""
        here = RunProcess.of(os.getpid(), proc)
        if here is None:
            return False
        same = ("boot", "namespace", "user")
        if any(asdict(self)[each] != asdict(here)[each] for each in same):
            return False
        return _started(self.pid, proc) != self.started


def left_behind(holder: str, proc: Path = PROC) -> int | None:
    """A process that a run with that lock has started and that still works; None when there is none.

    helm goes on when the run that started it is killed, and it must not be disturbed.
    """
    marker = f"{HOLDER_VARIABLE}={holder}".encode()
    for each in sorted(proc.glob("[0-9]*/environ")):
        try:
            variables = each.read_bytes().split(b"\0")
        except OSError:  # somebody else's, or just ended
            continue
        if marker in variables:
            return int(each.parent.name)
    return None


def _started(pid: int, proc: Path) -> int | None:
    """The start time of a process that has not ended; a zombie has."""
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if fields[0] in ("Z", "X") else int(fields[_START_TIME])
