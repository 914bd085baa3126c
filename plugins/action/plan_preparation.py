# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out what a plan lacks before the cluster is touched; documented in plugins/modules/plan_preparation.py."""

from __future__ import annotations

from typing import Any

from ..module_utils._documents.actions import row
from ..module_utils._documents.plan import Plan
from ..modules import helm_info, permission_info
from ..plugin_utils._documented_action import Result
from ..plugin_utils._module_action import ModuleAction, name_of


class ActionModule(ModuleAction):
    """Asks for the permissions, looks for helm where a step uses it, and fetches the charts the index has a digest of."""

    def act(self, options: dict[str, Any]) -> Result:
        """The charts, release to path, and how many permissions were checked."""
        plan = Plan.from_dict(options["plan"])
        asked = {"plan": options["plan"], "backup_namespace": options["backup_namespace"]}
        checked = self.call(name_of(permission_info), asked)["checked"]
        if any(row(step).uses_helm for step in plan.steps):
            self.call(name_of(helm_info), {"helm_binary": options["helm_binary"]})
        charts = {}
        for step in plan.steps:
            if "chart" in step.params and step.params.get("chart_digest"):
                release = str(step.params["release"])
                charts[release] = self.fetch(step, options["chart_options"])
        return {"checked": checked, "charts": charts}
