# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX runs them: ansible-runner, a private data folder, a home that is thrown away.

What a job gets is made of the assets: variables and type of its template, the environment and files of its
credential, the artifacts of the jobs before. As with AWX only the variables of a template may hold expressions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_runner import interface

from awx.assets import CHECKOUT, Document, inject, job_template

BIN = Path(sys.executable).parent
# What AWX sets for every job (awx/settings/defaults.py), as far as a playbook can notice it.
OF_AWX = {
    "ANSIBLE_FORCE_COLOR": "True",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "JOB_ID": "7",
    "LANG": "C.UTF-8",
}
DEADLINE = 900


@dataclass(frozen=True)
class Finished:
    """A job that has ended: ``successful``, ``failed``, or ``timeout`` for one that waited for an answer."""

    status: str
    output: str
    artifacts: Document

    def __repr__(self) -> str:
        return f"<{self.status}, {self.artifacts}; it said:\n{self.output[-6000:]}>"


def checked_out(folder: Path) -> Path:
    """The project as AWX has it: the files of the checkout, which nobody may write to."""
    listing = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", ":!tests")
    names = subprocess.run(listing, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (CHECKOUT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target)
            target.chmod(0o444)
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o555)
    return folder


def files_of(project: Path) -> set[tuple[str, int, int]]:
    """Name, size and time of everything in the project: root may write whatever the mode says."""
    paths = [path for path in project.rglob("*") if "__pycache__" not in path.parts]
    return {(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths}


def run_job(
    folder: Path,
    project: Path,
    template: str,
    credential: Mapping[str, Any],
    given: Mapping[str, Any],
) -> Finished:
    """Run a job template; `given` are answers, the variables of a node and artifacts, none of which is trusted."""
    asset = job_template(template)
    private, home = folder / "private", folder / "home"
    for path in (private / "env", private / "inventory", home, folder / "files", folder / "tmp"):
        path.mkdir(parents=True)
    (private / "inventory/hosts").write_text("localhost ansible_connection=local\n")
    (private / "env/extravars").write_text(extra_vars(asset["extra_vars"], given))
    check = ["--check"] if asset["job_type"] == "check" else []
    diff = ["--diff"] if asset.get("diff_mode") else []
    done = interface.run(
        private_data_dir=str(private),
        project_dir=str(project),
        playbook=asset["playbook"],
        cmdline=" ".join(check + diff) or None,
        envvars={
            **OF_AWX,
            **inject(credential, folder / "files"),
            "HOME": str(home),
            "TMPDIR": str(folder / "tmp"),
            "PATH": f"{BIN}:{os.environ['PATH']}",
        },
        settings={"job_timeout": DEADLINE, "idle_timeout": DEADLINE},
        quiet=True,
    )
    return Finished(done.status, done.stdout.read(), handed_over(done))


def extra_vars(trusted: str, given: Mapping[str, Any]) -> str:
    """The file of variables: what is given is tagged so that no expression in it is evaluated."""
    lines = [line for line in trusted.splitlines() if line.partition(":")[0] not in given]
    return "\n".join([*lines, *(f"{name}: {_tagged(value)}" for name, value in given.items())])


def _tagged(value: Any) -> str:
    if isinstance(value, str):
        return f"!unsafe {json.dumps(value)}"
    if isinstance(value, list):
        return f"[{', '.join(map(_tagged, value))}]"
    return json.dumps(value)


def handed_over(done: Any) -> Document:
    """What AWX keeps as artifacts of the job: the last event says it."""
    artifacts: Document = {}
    for event in done.events:
        artifacts = event.get("event_data", {}).get("artifact_data") or artifacts
    return artifacts
