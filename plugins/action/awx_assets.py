# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import assets into AWX; documented in plugins/modules/awx_assets.py."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.module_utils.common.parameters import env_fallback

from ..module_utils._awx.assets import AssetImport, replaced, without
from ..module_utils._awx.capacity import with_capacity
from ..module_utils._awx.clusters import for_clusters, joined
from ..module_utils._awx.controller import Controller
from ..plugin_utils._controller_action import ControllerAction


def _from(variable: str) -> dict[str, Any]:
    """The variables are those of the command line tool awx."""
    return {"fallback": (env_fallback, [f"CONTROLLER_{variable}", f"TOWER_{variable}"])}


#: Who approves has to read the plan, which is the output of a job: Read on the job templates, besides Approve.
_APPROVER = {"workflow_job_templates": "approval_role", "job_templates": "read_role"}


class ActionModule(ControllerAction):
    """Talks HTTP from the machine that runs Ansible; the cluster is not involved."""

    FURTHER: ClassVar = {
        "clusters": {"no_log": True},
        "controller_host": _from("HOST"),
        "controller_token": {**_from("OAUTH_TOKEN"), "no_log": True},
        "controller_username": _from("USERNAME"),
        "controller_password": {**_from("PASSWORD"), "no_log": True},
        "controller_validate_certs": _from("VERIFY_SSL"),
    }

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Import, or in check mode find out what would be done."""
        assets = replaced(options["assets"], options["organization"], options["overrides"])
        if options["clusters"]:
            assets = for_clusters(assets, options["clusters"])
        assets = joined(assets, replaced(options["shared_assets"], options["organization"], {}))
        for kind in options["leave_out"]:
            assets = without(assets, kind)
        assets = with_capacity(assets, options["instance_groups"], options["job_slice_count"])
        controller = Controller(
            host=options["controller_host"],
            token=options["controller_token"] or "",
            username=options["controller_username"] or "",
            password=options["controller_password"] or "",
            validate_certs=options["controller_validate_certs"] is not False,
            api_path=options["controller_api_path"],
        )
        task = AssetImport(controller, dry_run=bool(self._task.check_mode))
        task.run(assets)
        for team in options["approver_teams"]:
            task.grant(team, options["organization"], _APPROVER, assets)
        return {"changed": task.changed, "objects": task.outcomes}
