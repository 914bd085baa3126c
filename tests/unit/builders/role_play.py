# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a part of a role in a real play, without a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Played:
    """How the play ended: the facts asked for, the error of the collection that stopped it, the terminal."""

    facts: Document
    error: Document | None
    output: str


def play_role(
    folder: Path,
    role: str,
    variables: Document,
    facts: dict[str, str],
    *arguments: str,
    tasks_from: str = "main",
) -> Played:
    """Include the role, whatever its tags, then read facts: name to template."""
    (folder / "vars.json").write_text(json.dumps(variables))
    (folder / "play.json").write_text(json.dumps([_play(folder, role, tasks_from, facts)]))
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "play.json", "-e", "@vars.json", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((folder / "facts.json").read_text())
    return Played(told, told.pop("error"), done.stdout)


def _play(folder: Path, role: str, tasks_from: str, facts: dict[str, str]) -> Document:
    included = {
        "name": f"harvester_ops.remediation.{role}",
        "tasks_from": tasks_from,
        "public": True,
    }
    told = {**facts, "error": "{{ stopped | default(none) }}"}
    written = {"directory": str(folder), "documents": {"facts.json": told}}
    block: Document = {
        "tags": ["always"],
        "block": [{"include_role": included}],
        "rescue": [{"set_fact": {"stopped": "{{ ansible_failed_result.error }}"}}],
        "always": [{"harvester_ops.remediation.write_artifacts": written}],
    }
    return {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [block]}
