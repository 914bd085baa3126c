# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find out what a plan lacks before the cluster is touched; documented in plugins/modules/plan_preparation.py."""

from __future__ import annotations

from typing import Any

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.actions import row
from ..module_utils._documents.plan import Plan
from ..module_utils._kube.auth import AUTH_ARGUMENT_SPEC
from ..modules import helm_info, permission_info
from ..plugin_utils._module_action import ModuleAction, ModuleFailedError, Result, failure, name_of

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "plan": {"type": "dict", "required": True},
    "backup_namespace": {"type": "str", "default": ""},
    "helm_binary": {"type": "str", "default": "helm"},
    "chart_options": {"type": "dict", "default": {}},
}


class ActionModule(ModuleAction):
    """Asks for the permissions, looks for helm where a step uses it, and fetches the charts the index has a digest of."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        """The charts, release to path, and how many permissions were checked."""
        self.begin(tmp, task_vars)
        _result, options = self.validate_argument_spec(
            argument_spec={**AUTH_ARGUMENT_SPEC, **ARGUMENT_SPEC}
        )
        try:
            return {"changed": False, **self._prepared(options, dict(task_vars or {}))}
        except ModuleFailedError as failed:
            return failed.result
        except RemediationError as error:
            return failure(error)

    def _prepared(self, options: dict[str, Any], variables: dict[str, Any]) -> Result:
        plan = Plan.from_dict(options["plan"])
        asked = {"plan": options["plan"], "backup_namespace": options["backup_namespace"]}
        checked = self.call(name_of(permission_info), asked, variables)["checked"]
        if any(row(step).uses_helm for step in plan.steps):
            self.call(name_of(helm_info), {"helm_binary": options["helm_binary"]}, variables)
        charts = {}
        for step in plan.steps:
            if "chart" in step.params and step.params.get("chart_digest"):
                release = str(step.params["release"])
                charts[release] = self.fetch(step, options["chart_options"], variables)
        return {"checked": checked, "charts": charts}
