# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name a run and read what it is asked for; documented in plugins/modules/remediation_run.py."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from ..module_utils._documents.run import RunJob
from ..module_utils._run.journal import now
from ..module_utils._run.phases import REPORT, check, phases
from ..module_utils._run.settings import read_settings
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._job import job_of

REMEDIATION = "remediate_stuck_upgrade"
# Those that are done cluster by cluster, each with its own ending.
_ONE_BY_ONE = frozenset({"diagnose", "preflight", "backup"})


# The roles whose options are settings of a run, and which of them; none for all.
_ROLES = {
    "settings": (),
    "detect": ("detect_fail_on",),
    "preflight": ("preflight_fail_on",),
}
_LOCATION = "remediation_backup_location"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ActionModule(ControllerAction):
    """What all roles of a run have in common, in one registered result."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """The run as a document."""
        variables, work = self._variables, options["work"]
        job = job_of(variables)
        settings = self._settings(job)
        tags, skipped = variables["ansible_run_tags"], variables["ansible_skip_tags"]
        found = phases(tags, skipped)
        if work == REMEDIATION:
            check(found, tags, skipped)
        # A slice of a job that looks after many clusters may have one of them: it hands over what the others do.
        sliced = job is not None and "remediation_hosts" in variables
        alone = len(variables["ansible_play_hosts_all"]) == 1 and not sliced
        at, suffix = now(), secrets.token_hex(3)
        # Relative to the folder the command was given in.
        root = os.path.abspath(Path(settings["artifacts_dir"]).expanduser())
        folder = _folder(variables["inventory_hostname"])
        return {
            "id": f"{re.sub('[-:]', '', at)}-{suffix}",
            "started_at": at,
            "holder": f"{job or _person()} run {suffix}",
            "work": work,
            "tasks": _tasks(work, found.asked, alone),
            "alone": alone,
            "root": root,
            "folder": folder,
            "artifacts_dir": os.path.join(root, folder) if folder else root,
            "asked": None if found.is_everything else sorted(found.asked),
            "phases": list(found.needed),
            "job": None if job is None else asdict(job),
            "settings": settings,
            # The settings are not news, and -v would print all of them.
            "_ansible_verbose_override": True,
        }

    def _settings(self, job: RunJob | None) -> dict[str, Any]:
        """All settings but the secret ones, by their names without C(remediation_)."""
        asked = _asked()
        # The folder of a job is gone when the job has ended.
        asked[_LOCATION]["default"] = "both" if job else "directory"
        given = {name: self._variables[name] for name in asked if name in self._variables}
        read = read_settings(asked, self._templar.template(given))
        return {name.removeprefix("remediation_"): value for name, value in read.items()}


def _asked() -> dict[str, Any]:
    """The options that an operator gives a playbook: of the role settings, and those that playbooks leave to a role."""
    asked: dict[str, Any] = {}
    for role, names in _ROLES.items():
        path = Path(__file__).parents[2] / "roles" / role / "meta/argument_specs.yml"
        document = yaml.load(path.read_bytes(), Loader=_LOADER)
        options = document["argument_specs"]["main"]["options"]
        asked |= {name: options[name] for name in names or options}
    return {name: option for name, option in asked.items() if not option.get("no_log")}


def _person() -> str:
    return f"{os.environ.get('USER') or 'unknown'}@{os.uname().nodename}"


def _tasks(work: str, asked: tuple[str, ...], alone: bool) -> str:
    """The file of playbooks/tasks that does it."""
    if work == REMEDIATION and asked == (REPORT,):
        return "report_again"
    return "one_of_many" if work in _ONE_BY_ONE and not alone else work


def _folder(host: str) -> str:
    """Clusters of an inventory keep their documents apart, also when only one of them is looked after."""
    if host == "localhost":
        return ""
    return "clusters/" + re.sub(r"[^A-Za-z0-9._-]|^[.]+", "_", host)
