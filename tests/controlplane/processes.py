# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts processes that outlive us and stops exactly those again.

A process is known by its pid and its start time (``/proc/<pid>/stat``), so a pid that the kernel
gave to somebody else meanwhile is never touched. Each leads a session of its own; what it starts
(the commands of ``kubectl exec``) belongs to that session and is stopped with it.

The record is written by the child itself before it becomes the program, while it still holds our
lock: whoever gets the lock next sees every process there can be, even if we were killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from controlplane.failure import ControlPlaneError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Record:
    """A process we started. ``started`` is in clock ticks since boot ``boot_id``."""

    name: str
    pid: int
    started: int
    boot_id: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return self.boot_id == boot_id() and _start_time(self.pid) == self.started


def boot_id() -> str:
    """Names the running boot of this machine: pids of another one mean nothing."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def die_with_parent() -> None:
    """For ``preexec_fn``: have the kernel kill this process when the parent goes away."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def start(
    name: str,
    command: Sequence[str],
    records: Path,
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own, its record under ``records``, output to ``log``."""
    target = records / f"{name}.json"
    this_boot = boot_id()

    def write_record() -> None:
        started = _start_time(os.getpid())
        record = Record(name, os.getpid(), started or 0, this_boot)
        partial = target.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(record)), encoding="utf-8")
        partial.rename(target)

    with log.open("ab") as output:
        try:
            return subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, **(environment or {})),
                cwd="/",
                start_new_session=True,
                preexec_fn=write_record,
            )
        except OSError as error:
            raise ControlPlaneError(
                f"cannot start {name} ({command[0]}): {error.strerror or error}"
            ) from error


def recorded(records: Path) -> list[Record]:
    """All processes recorded under ``records``, oldest first. Raises ControlPlaneError."""
    found = []
    for path in records.glob("*.json"):
        try:
            found.append(Record(**json.loads(path.read_text(encoding="utf-8"))))
        except (ValueError, TypeError) as error:
            raise ControlPlaneError(
                f"{path} is not a process record ({error}). Look for a process it may have meant, "
                "then delete the file."
            ) from error
    return sorted(found, key=lambda record: (record.started, record.pid))


def stop(records: Path, grace: float = 3.0) -> list[str]:
    """Stop all recorded processes, newest first, and forget them; names of those that ran.

    They get SIGTERM, after ``grace`` seconds SIGKILL, and so does what they started. Raises
    ControlPlaneError when one survives.
    """
    stopped = []
    for record in reversed(recorded(records)):
        if _stop_session(record, grace):
            stopped.append(record.name)
        records.joinpath(f"{record.name}.json").unlink()
    return stopped


def _stop_session(record: Record, grace: float) -> bool:
    if record.boot_id != boot_id():
        return False
    members = _session_members(record)
    if not members:
        return False
    if record.alive:
        _send(record.pid, record.started, signal.SIGTERM)
        _wait_until_gone(record, grace)
    for _attempt in range(3):  # a member may start another one while we look
        members = _session_members(record)
        for pid, started in members:
            _send(pid, started, signal.SIGKILL)
        if not members:
            return True
        _wait_for_empty_session(record, 5.0)
    if _session_members(record):
        raise ControlPlaneError(f"{record.name} (pid {record.pid}) does not end, not even killed")
    return True


def _wait_until_gone(record: Record, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while record.alive and time.monotonic() < deadline:
        time.sleep(0.02)


def _wait_for_empty_session(record: Record, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _session_members(record) and time.monotonic() < deadline:
        time.sleep(0.02)


def _send(pid: int, started: int, sign: signal.Signals) -> None:
    """Signal the process with this pid and start time, and no other."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if _start_time(pid) == started:
            signal.pidfd_send_signal(handle, sign)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _session_members(record: Record) -> list[tuple[int, int]]:
    """Pid and start time of the living processes in the session that ``record`` leads or led.

    The kernel keeps a session's number from being given out again while it has members, so a
    different process under that pid means that ours is gone with all it started.
    """
    leader = _stat(record.pid)
    if leader is not None and leader.started != record.started:
        return []
    members = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = _stat(int(entry))
            if stat and stat.session == record.pid and stat.running:
                members.append((int(entry), stat.started))
    return members


@dataclass(frozen=True)
class _Stat:
    running: bool
    session: int
    started: int


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before it may hold anything
    return _Stat(running=fields[0] not in "ZX", session=int(fields[3]), started=int(fields[19]))


def _start_time(pid: int) -> int | None:
    stat = _stat(pid)
    return stat.started if stat and stat.running else None
