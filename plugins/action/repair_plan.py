# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the repair, and try what can be tried of it; documented in plugins/modules/repair_plan.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._core.errors import RemediationError
from ..module_utils._core.lenient import mappings
from ..module_utils._diagnosis.facts.derive import derive
from ..module_utils._documents.loading import load_document
from ..module_utils._documents.plan import Plan, Step
from ..module_utils._helm.capabilities import APPLY_SERVER_SIDE
from ..module_utils._plan.drift import check_plan
from ..module_utils._plan.make import make_plan
from ..modules import helm_conflict_info
from ..plugin_utils._document_filter import plain
from ..plugin_utils._documented_action import ModuleFailedError, Result
from ..plugin_utils._module_action import ModuleAction, name_of

Names = set[tuple[Any, Any]]
_TRIED = ("upgrade_release", "roll_back_release")
_OPTIONS = (
    "namespace",
    "release",
    "revision",
    "chart",
    "chart_version",
    "app_version",
    "chart_digest",
    "drop_pinned_values",
)


class ActionModule(ModuleAction):
    """Plans twice where releases were applied server-side: with a draft to know what to try, and with what that found.

    What cannot be tried is said in the plan, and stops nothing.
    """

    def act(self, options: dict[str, Any]) -> Result:
        """The plan, and how one that was carried along differs from it."""
        evidence, findings, chosen = (
            plain(options[name]) for name in ("evidence", "findings", "options")
        )
        facts = derive(evidence)
        plan = make_plan(evidence, findings, facts, chosen)
        tried = self._conflicts(plan, _applied_server_side(evidence), options)
        if tried:
            chosen = {**chosen, "conflicts": tried}
            plan = make_plan(evidence, findings, facts, chosen)
        differences: list[str] = []
        if options["carried_from"]:
            # Before the new plan is kept, which can be in the same place.
            carried = load_document(options["carried_from"], "plan")
            differences = check_plan(carried, evidence, findings, facts, chosen)
        return {"plan": plan.to_dict(), "differences": differences}

    def _conflicts(self, plan: Plan, server_side: Names, options: dict[str, Any]) -> Result:
        """What the dry runs of the plan's steps found, by namespace and release."""
        found: Result = {}
        for step in plan.steps:
            name = (step.params.get("namespace"), step.params.get("release"))
            if step.action not in _TRIED or name not in server_side:
                continue
            label, tried = "/".join(map(str, name)), self._tried(step, options)
            before = found.get(label, {"conflicts": [], "unchecked": []})
            found[label] = {key: [*before[key], *tried[key]] for key in before}
        return found

    def _tried(self, step: Step, options: dict[str, Any]) -> Result:
        """What the dry run of a step found; that it could not be made is an answer, too."""
        asked = {name: step.params[name] for name in _OPTIONS if name in step.params}
        try:
            if "chart" in asked:
                asked["chart_path"] = self.fetch(step, options["chart_options"])
            asked["helm_binary"] = options["helm_binary"]
            found = self.call(name_of(helm_conflict_info), asked)
        except (RemediationError, ModuleFailedError) as error:
            return {"conflicts": [], "unchecked": [str(error)]}
        return {"conflicts": found["conflicts"], "unchecked": found["unchecked"]}


def _applied_server_side(evidence: Mapping[str, Any]) -> Names:
    """The releases with a revision that Helm 4 has applied server-side."""
    return {
        (each.get("namespace"), each.get("release"))
        for each in mappings(evidence.get("releases"))
        if any(
            revision.get("apply_method") == APPLY_SERVER_SIDE
            for revision in mappings(each.get("revisions"))
        )
    }
