# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name a run and read what it is asked for; documented in plugins/modules/remediation_run.py."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any, ClassVar

from ..module_utils._run.journal import now
from ..module_utils._run.phases import REPORT, check, phases
from ..plugin_utils._controller_action import ControllerAction

REMEDIATION = "remediate_stuck_upgrade"
# Those that are done cluster by cluster, each with its own ending.
_ONE_BY_ONE = frozenset({"diagnose", "preflight", "backup"})


class ActionModule(ControllerAction):
    """What all roles of a run have in common, in one registered result."""

    ARGUMENT_SPEC: ClassVar[dict[str, dict[str, Any]]] = {
        "work": {"type": "str", "default": ""},
        "artifacts_dir": {"type": "path", "required": True},
    }

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """The run as a document."""
        variables, work = self._variables, options["work"]
        tags, skipped = variables["ansible_run_tags"], variables["ansible_skip_tags"]
        found = phases(tags, skipped)
        if work == REMEDIATION:
            check(found, tags, skipped)
        alone = len(variables["ansible_play_hosts_all"]) == 1
        at, suffix = now(), secrets.token_hex(3)
        user, machine = os.environ.get("USER") or "unknown", os.uname().nodename
        # Relative to the folder the command was given in.
        root = os.path.abspath(Path(options["artifacts_dir"]).expanduser())
        folder = _folder(variables["inventory_hostname"])
        return {
            "id": f"{re.sub('[-:]', '', at)}-{suffix}",
            "started_at": at,
            "holder": f"{user}@{machine} run {suffix}",
            "work": work,
            "tasks": _tasks(work, found.asked, alone),
            "alone": alone,
            "root": root,
            "folder": folder,
            "artifacts_dir": os.path.join(root, folder) if folder else root,
            "asked": None if found.is_everything else sorted(found.asked),
            "phases": list(found.needed),
        }


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
