# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ansible-playbook at a terminal of 80 columns: what is typed, and Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import termios
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    REMEDIATE,
    Finished,
    Playbook,
)

COLUMNS = 80
CTRL_C = b"\x03"


@dataclass
class Terminal:
    """A run that has a terminal."""

    pid: int
    descriptor: int
    artifacts: Path
    _seen: bytearray = field(default_factory=bytearray)

    @classmethod
    def start(cls, operator: Playbook, *arguments: str, playbook: str = REMEDIATE) -> Terminal:
        """Start it; what it shows is read beside the test, as a terminal would."""
        command, environment = operator.command(playbook, *arguments)
        operator.artifacts.mkdir(parents=True, exist_ok=True)
        pid, descriptor = pty.fork()
        if pid == 0:
            os.chdir(operator.artifacts.parent)
            os.execve(command[0], command, environment)
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
        terminal = cls(pid, descriptor, operator.artifacts)
        threading.Thread(target=terminal._read, daemon=True).start()
        return terminal

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self.descriptor, 4096)
            except OSError:
                return
            if not chunk:
                return
            self._seen += chunk

    @property
    def output(self) -> str:
        """What it shows so far."""
        return self._seen.decode(errors="replace").replace("\r\n", "\n")

    def wait_for(self, words: str, timeout: float = 300.0) -> None:
        """Wait until it shows these words."""
        deadline = time.monotonic() + timeout
        while words not in self.output:
            assert time.monotonic() < deadline, f"never shows {words!r}:\n{self.output}"
            time.sleep(0.1)

    def answer(self, question: str, keys: bytes, timeout: float = 300.0) -> None:
        """Wait for a question and press keys; again only while the prompt still listens.

        What is typed before it does is thrown away. It is done when the terminal works by lines again
        or shows more than an echo; with the next keys a busy machine would interrupt the run.
        """
        self.wait_for(question, timeout)
        deadline = time.monotonic() + timeout
        shown, patience = -1, 0.0
        while shown < 0 or len(self._seen) <= shown + len(keys) + 16:
            assert time.monotonic() < deadline, f"{keys!r} does nothing:\n{self.output}"
            listens = self._listens()
            if listens and time.monotonic() > patience:
                shown, patience = len(self._seen), time.monotonic() + 5.0
                os.write(self.descriptor, keys)
            elif shown >= 0 and not listens:
                return
            time.sleep(0.1)

    def _listens(self) -> bool:
        """Whether a prompt reads key by key; a run without one leaves the terminal to its lines."""
        return not termios.tcgetattr(self.descriptor)[3] & termios.ICANON

    def interrupt(self) -> None:
        """Ctrl-C, once, where no prompt listens: the terminal makes a signal of it."""
        os.write(self.descriptor, CTRL_C)

    def finish(self, timeout: float = 300.0) -> Finished:
        """Wait for its end."""
        deadline = time.monotonic() + timeout
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"not done after {timeout:.0f} s:\n{self.output}")
            time.sleep(0.1)
        time.sleep(0.2)
        os.close(self.descriptor)
        return Finished(os.waitstatus_to_exitcode(status), self.output, self.artifacts)
