# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX runs them: ansible-runner, a private data folder, a home that is thrown away.

What a job gets is made of the assets: variables and type of its template, the environment and files of its
credential, the artifacts of the jobs before. As with AWX only the variables of a template may hold expressions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_runner import interface

from awx.assets import CHECKOUT, Document, inject, job_template

BIN = Path(sys.executable).parent
# What AWX sets for every job (awx/settings/defaults.py), as far as a playbook can notice it.
OF_AWX = {
    "ANSIBLE_FORCE_COLOR": "True",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "AWX_HOST": "https://awx.example.com",
    "JOB_ID": "7",
    "LANG": "C.UTF-8",
}
# What AWX says of every job of a person in extra variables (awx_meta_vars), here and again with "tower_".
META = {
    f"{prefix}_{name}": value
    for prefix in ("awx", "tower")
    for name, value in {
        "job_id": 7,
        "job_launch_type": "manual",
        "user_id": 3,
        "user_name": "alice",
        "user_email": "",
        "user_first_name": "",
        "user_last_name": "",
        "inventory_id": 1,
        "inventory_name": "Harvester remediation",
    }.items()
}
DEADLINE = 900
LOCALHOST = {"localhost": {"ansible_connection": "local"}}
# The folders with the programs of ansible-core: the one of .venv, and the oldest that the collection supports.
NEWEST_CORE, OLDEST_CORE = BIN, BIN.parent / "oldest/bin"


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
    core: Path = NEWEST_CORE,
    *,
    hosts: Mapping[str, Mapping[str, Any]] | None = None,
    number: int = 7,
) -> Finished:
    """Run a job template; `given` are answers, the variables of a node and artifacts, none of which is trusted.

    `hosts` are those of the inventory, or of a slice of it, with their variables; `number` is that of the job.
    """
    asset = job_template(template)
    private, home = folder / "private", folder / "home"
    for path in (private / "env", private / "inventory", home, folder / "files", folder / "tmp"):
        path.mkdir(parents=True)
    (private / "inventory/hosts.yml").write_text(
        yaml.safe_dump({"all": {"hosts": dict(hosts or LOCALHOST)}})
    )
    (private / "env/extravars").write_text(extra_vars(asset, given, number))
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
            "JOB_ID": str(number),
            "HOME": str(home),
            "TMPDIR": str(folder / "tmp"),
            **path_of(core),
        },
        settings={"job_timeout": DEADLINE, "idle_timeout": DEADLINE},
        quiet=True,
    )
    return Finished(done.status, done.stdout.read(), handed_over(done))


def path_of(core: Path) -> dict[str, str]:
    """The environment in which the programs of that ansible-core run."""
    found = {"PATH": f"{core}:{BIN}:{os.environ['PATH']}"}
    return found if core == NEWEST_CORE else {**found, "PYTHONPATH": str(core.parent)}


class UnsafeDumper(yaml.SafeDumper):
    """Tags every text, keys too, as AWX does (awx/main/utils/safe_yaml.py)."""

    def represent_data(self, data: Any) -> yaml.Node:
        if isinstance(data, str):
            return self.represent_scalar("!unsafe", data)
        return super().represent_data(data)


def extra_vars(asset: Document, given: Mapping[str, Any], number: int) -> str:
    """The file of variables: template, defaults of its survey, what is given, what AWX says of the job.

    Whatever is not of the template itself is tagged, so that no expression in it is evaluated.
    """
    trusted = yaml.safe_load(asset["extra_vars"])
    meta = META | {f"{prefix}_job_id": number for prefix in ("awx", "tower")}
    variables = {**trusted, **survey_defaults(asset), **given, **meta}
    dumped = []
    for name, value in variables.items():
        dumper = yaml.SafeDumper if trusted.get(name, UnsafeDumper) == value else UnsafeDumper
        dumped.append(yaml.dump({name: value}, Dumper=dumper, default_flow_style=False))
    return "".join(dumped)


def survey_defaults(asset: Document) -> Document:
    """Of every question with a default that is a valid answer; the text of a multiselect is none.

    See _update_unified_job_kwargs and _survey_element_validation in awx/main/models/mixins.py.
    """
    questions = asset.get("related", {}).get("survey_spec", {}).get("spec", [])
    return {
        each["variable"]: each["default"]
        for each in questions
        if each["default"] is not None
        and (each["type"] != "integer" or isinstance(each["default"], int))
        and (each["type"] != "multiselect" or isinstance(each["default"], list))
        and (each["type"] != "multiplechoice" or each["default"] in each["choices"].split("\n"))
    }


def handed_over(done: Any) -> Document:
    """What AWX keeps as artifacts of the job: the last event says it."""
    artifacts: Document = {}
    for event in done.events:
        artifacts = event.get("event_data", {}).get("artifact_data") or artifacts
    return artifacts
