# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks run as an operator runs them: a process, options on the command line, an exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
REMEDIATE = "harvester_ops.remediation.remediate_stuck_upgrade"
DIAGNOSE = "harvester_ops.remediation.diagnose"
Document = dict[str, Any]


@dataclass(frozen=True)
class Finished:
    """A run that has ended: its exit code, what the terminal showed, what it wrote."""

    code: int
    output: str
    artifacts: Path

    def bytes(self, name: str) -> bytes:
        """A file of the artifacts folder."""
        return (self.artifacts / name).read_bytes()

    def document(self, name: str) -> Document:
        """One of the JSON documents: ``report``, ``findings``, ``plan``, ``evidence``."""
        document: Document = json.loads(self.bytes(f"{name}.json"))
        return document

    @property
    def report(self) -> Document:
        """The report of a remediation."""
        return self.document("report")

    @property
    def changed(self) -> int:
        """How many tasks the recap counts as changed."""
        recap = self.output.rpartition("PLAY RECAP")[2]
        return int(recap.partition("changed=")[2].split()[0])

    @property
    def end(self) -> str:
        """The last lines of the terminal, to be shown when something is not as it should be."""
        return "\n".join(self.output.splitlines()[-60:])

    def __repr__(self) -> str:
        return f"<exit code {self.code}; the terminal ended with:\n{self.end}>"


@dataclass(frozen=True)
class Playbook:
    """ansible-playbook with the options that every run of a test shares."""

    artifacts: Path
    options: Document = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()

    def with_options(self, **options: Any) -> Playbook:
        """The same with further options, given without their prefix ``remediation_``."""
        named = {f"remediation_{name}": value for name, value in options.items()}
        return replace(self, options={**self.options, **named})

    def writing_to(self, artifacts: Path) -> Playbook:
        """The same with another artifacts folder."""
        return replace(self, artifacts=artifacts)

    def diagnose(self, **options: Any) -> Finished:
        """Run the diagnosis to its end."""
        return self.with_options(**options).run(DIAGNOSE)

    def remediate(self, *arguments: str, **options: Any) -> Finished:
        """Run the remediation to its end."""
        return self.with_options(**options).run(REMEDIATE, *arguments)

    def run(self, playbook: str, *arguments: str, timeout: float = 1200.0) -> Finished:
        """Run a playbook to its end; what a run that hangs has said is in the error."""
        return self.start(playbook, *arguments).finish(timeout)

    def command(self, playbook: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """The command line of a run, and its environment."""
        options = {**self.options, "remediation_artifacts_dir": str(self.artifacts)}
        program = Path(sys.executable).with_name("ansible-playbook")
        command = [*self.prefix, str(program), playbook, "-e", json.dumps(options), *arguments]
        config = {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg")}
        return command, {**os.environ, **config, **self.environment}

    def start(self, playbook: str, *arguments: str) -> Running:
        """Start a playbook, not waiting for it."""
        command, environment = self.command(playbook, *arguments)
        self.artifacts.mkdir(parents=True, exist_ok=True)
        log = self.artifacts.with_name(f"{self.artifacts.name}.log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.artifacts.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Running(process, log, self.artifacts)


@dataclass(frozen=True)
class Running:
    """A run that was started."""

    process: subprocess.Popen[bytes]
    log: Path
    artifacts: Path

    @property
    def output(self) -> str:
        """What the terminal shows so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def finish(self, timeout: float = 1200.0) -> Finished:
        """Wait for its end."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"not done after {timeout:.0f} s:\n{self.output}") from None
        return Finished(code, self.output, self.artifacts)

    def kill(self) -> None:
        """SIGKILL to all of its process group, as a lost machine would end it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
