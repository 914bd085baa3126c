# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is where in the folder of one control plane, and who may change it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from controlplane import cache
from controlplane.failure import ControlPlaneError
from controlplane.progress import say


class Layout:
    """Paths under ``directory``; ``down`` removes ``private`` and ``kubeconfig`` and no more."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.expanduser().absolute()
        self.kubeconfig = self.directory / "kubeconfig"
        self.logs = self.directory / "logs"
        self.audit_log = self.logs / "audit.log"
        self.exec_path = self.directory / "exec-path"
        self.private = self.directory / ".controlplane"
        self.records = self.private / "processes"
        self.certificates = self.private / "certificates"
        self.etcd = self.private / "etcd"
        self._answer = self.private / "answer.json"
        self._lock = self.directory / ".controlplane.lock"

    def create(self) -> None:
        """Make the folders. Raises ControlPlaneError."""
        try:
            for folder in (self.records, self.certificates, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            self.exec_path.mkdir(mode=0o755, exist_ok=True)
            self.private.chmod(0o700)
        except OSError as error:
            raise ControlPlaneError(
                f"cannot use {self.directory} as a control plane's folder: "
                f"{error.strerror} ({error.filename}). Name another with --dir."
            ) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold this folder against any other ``up`` or ``down``.

        A process that is being started holds the lock with us until it has become the program it
        is to run, by when its record is written.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ControlPlaneError(
                f"cannot use {self.directory} as a control plane's folder: "
                f"{error.strerror} ({error.filename}). Name another with --dir."
            ) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"another controlplane command is at work in {self.directory}: waiting for it")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read_answer(self) -> dict[str, Any] | None:
        """What the last complete ``up`` answered, if nothing was stopped since."""
        try:
            answer: dict[str, Any] = json.loads(self._answer.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return answer

    def write_answer(self, answer: dict[str, Any]) -> None:
        """Remember the answer; its presence says that ``up`` came to its end."""
        partial = self._answer.with_suffix(".partial")
        partial.write_text(json.dumps(answer) + "\n", encoding="utf-8")
        partial.rename(self._answer)

    def clear(self) -> None:
        """Remove what belongs to processes that are no more; logs and exec-path stay."""
        self.kubeconfig.unlink(missing_ok=True)
        cache.remove_tree(self.private)
