# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that stands in for helm: it notes how it was called and answers as it was told."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROGRAM = """
import json, os, signal, sys, time
here = os.path.dirname(os.path.abspath(__file__))
answers = json.load(open(os.path.join(here, "answers.json")))
log = os.path.join(here, "calls.jsonl")
command = sys.argv[1]
call = {"argv": sys.argv[1:], "stdin": sys.stdin.buffer.read().decode(), "env": dict(os.environ),
        "pid": os.getpid(), "group": os.getpgrp(), "session": os.getsid(0)}
with open(log, "a") as calls:
    print(json.dumps(call), file=calls)
queue = answers.get(command, [{}])
count = sum(json.loads(line)["argv"][0] == command for line in open(log))
answer = queue[min(count, len(queue)) - 1]
if answer.get("ignore_term"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if answer.get("started"):
    open(answer["started"], "w").close()
if answer.get("until"):
    while not os.path.exists(answer["until"]):
        time.sleep(0.01)
sys.stdout.write(answer.get("stdout", ""))
sys.stdout.flush()
sys.stderr.write(answer.get("stderr", ""))
if answer.get("done"):
    open(answer["done"], "w").close()
if answer.get("kill"):
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(answer.get("code", 0))
"""


@dataclass(frozen=True)
class ScriptedHelm:
    """The program at C(path). C(calls) are its calls so far: argv, stdin, env, pid, group, session."""

    path: Path

    @classmethod
    def make(cls, directory: Path, version: str = "v3.22.0", **answers: Any) -> ScriptedHelm:
        """Write the program.

        An answer, by helm command, is a mapping of stdout, stderr, code, until, started, done, kill and
        ignore_term; a list of them is one per call.
        """
        directory.mkdir(parents=True, exist_ok=True)
        queues = {
            name: each if isinstance(each, list) else [each] for name, each in answers.items()
        }
        queues.setdefault("version", [{"stdout": version}])
        (directory / "answers.json").write_text(json.dumps(queues), encoding="utf-8")
        path = directory / "helm"
        path.write_text(f"#!{sys.executable} -I\n{_PROGRAM}", encoding="utf-8")
        path.chmod(0o755)
        return cls(path)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """How it was called."""
        try:
            lines = (self.path.parent / "calls.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]
