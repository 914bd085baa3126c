# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask for the approval of a plan; documented in plugins/modules/plan_approval.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.utils.display import Display

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.vocabulary import ApprovedHow
from ..module_utils._plan.approval import approval
from ..module_utils._run.journal import now
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._job import is_unattended

PROMPT = (
    "Carry out this plan now? Type the first four characters of its fingerprint to approve it,\n"
    "anything else to stop here without a change: "
)
ANSWER_LENGTH = 4
#: What was given in place of a fingerprint can be anything, and is quoted in messages.
_LONGEST_GIVEN = 64
_NOTHING: dict[str, Any] = {
    "approved": False,
    "how": ApprovedHow.NOTHING_TO_APPROVE.value,
    "missing_risks": [],
}


class ActionModule(ControllerAction):
    """Runs on the controller because only it can talk to the person at the terminal."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Decide from the approvals given beforehand, else from the answer at the terminal."""
        if options["differences"]:
            raise RemediationError(
                "plan-drifted",
                f"The plan in {options['carried_from']} no longer fits the cluster:"
                f" {'; '.join(options['differences'])}.",
                "Read the new plan of this run, approve it, and run again without remediation_plan_file.",
            )
        if not options["needed"]:
            return {"approval": {**_NOTHING}}
        plan, approved_plan = options["plan"], options["approved_plan"]
        decision: dict[str, Any] = {**approval(plan, approved_plan, options["auto_approve"])}
        if decision["how"] == ApprovedHow.OTHER_FINGERPRINT:
            decision["given"] = approved_plan.strip()[:_LONGEST_GIVEN]
        settled = decision["approved"] or approved_plan or self._task.check_mode
        if options["ask"] and not settled and not is_unattended(self._variables):
            decision.update(_answer(plan["fingerprint"]))
        decision["at"] = now()
        return {"approval": decision}


def _answer(fingerprint: str) -> dict[str, Any]:
    """What the answer at the terminal changes; nothing where no person can answer (a pipe)."""
    try:
        answer: bytes = Display().prompt_until(PROMPT, private=False)
    except (AnsiblePromptInterrupt, AnsiblePromptNoninteractive):
        return {}
    typed = answer.decode(errors="replace").strip().lower()
    if len(typed) >= ANSWER_LENGTH and fingerprint.startswith(typed):
        return {"approved": True, "how": ApprovedHow.PROMPT.value, "missing_risks": []}
    return {"how": ApprovedHow.DECLINED.value}
