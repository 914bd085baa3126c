# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follow an upgrade until a diagnosis settles it; documented in plugins/modules/upgrade_progress.py."""

from __future__ import annotations

import time
from typing import Any

from ..module_utils._core.errors import RemediationError
from ..module_utils._diagnosis.diagnose import diagnose
from ..module_utils._diagnosis.facts.actors import idleness
from ..module_utils._documents.evidence import Evidence, Release
from ..module_utils._documents.vocabulary import Condition
from ..module_utils._waits.watch import REACHED
from ..modules import upgrade_info
from ..plugin_utils._controller_action import written
from ..plugin_utils._documented_action import Result
from ..plugin_utils._module_action import connection_of, name_of
from ..plugin_utils._progress import tell
from ..plugin_utils._waiting import WaitingAction

_MOST_OPERATIONS = 3
"""So many operations are waited for one after the other; who still begins then, begins for ever."""


class ActionModule(WaitingAction):
    """Waits with cheap looks, and diagnoses when they show no progress: the explanation is then a new one."""

    def act(self, options: dict[str, Any]) -> Result:
        """The last diagnosis."""
        wanted = options["wait"] and not self._task.check_mode
        return self._followed() if wanted else self._at_rest()

    def _followed(self) -> Result:
        """Wait and diagnose in turns, as long as the diagnosis says that the upgrade moves."""
        end = time.monotonic() + self._options["timeout"]
        earlier = ""
        while True:
            left = max(0.0, end - time.monotonic())
            outcome, stopped = self._waited(int(left))
            seen = self._at_rest()
            verdict, headline = seen["findings"]["verdict"], seen["findings"]["headline"]
            if outcome == REACHED or _is_settled(verdict, earlier):
                return seen
            if stopped is not None:
                raise stopped
            # What could not be judged is looked at once more: only of what moves it may be said that it does.
            if verdict == Condition.MOVING and end <= time.monotonic():
                raise _timed_out(self._options["timeout"], headline)
            tell(f"Still waiting: {headline}", self._variables)
            earlier = verdict

    def _waited(self, left: int) -> tuple[str, RemediationError | None]:
        """How a wait ended, and the error for which it can never end well; a diagnosis says more than that."""
        arguments = {
            **connection_of(self._task.args),
            "condition": "system_services_upgraded",
            "timeout": min(left, self._options["diagnose_every"]),
            "still_after": self._options["still_after"],
            "lock_holder": self._options["lock_holder"],
            "required": False,
        }
        try:
            return str(self.wait(arguments)["outcome"]), None
        except RemediationError as error:
            if error.code != "stalled":
                raise
            return "failed", error

    def _at_rest(self) -> Result:
        """The diagnosis when nobody works on a release: what is stuck while a helm runs is another state in a moment."""
        seen = self._diagnosed()
        for _operation in range(_MOST_OPERATIONS):
            busy = _worked_on(seen)
            if busy is None or self._task.check_mode:
                break
            ended = {
                **connection_of(self._task.args),
                "condition": "actor_finished",
                "namespace": busy.namespace,
                "release": busy.release,
                "stale_after": self._options["stale_after"],
                "timeout": self._options["stale_after"],
                "lock_holder": self._options["lock_holder"],
                "required": False,
            }
            self.wait(ended)
            seen = self._diagnosed()
        return seen

    def _diagnosed(self) -> Result:
        read = {name: self._options[name] for name in ("stale_after", "expected_versions")}
        evidence = self.call(name_of(upgrade_info), read)["evidence"]
        findings = diagnose(evidence, self._options["rules_dirs"])
        documents = {"evidence-after.json": evidence, "findings-after.json": findings}
        written(self._options["directory"], self._options["run_id"], documents)
        return {"evidence": evidence, "findings": findings}


def _worked_on(seen: Result) -> Release | None:
    """A release on which helm is at work in a stuck upgrade."""
    if seen["findings"]["verdict"] != Condition.STUCK:
        return None
    evidence = Evidence.from_dict(seen["evidence"])
    for each in evidence.releases:
        if (
            each.namespace
            and each.release
            and idleness(evidence, each.namespace, each.release).actor
        ):
            return each
    return None


def _is_settled(verdict: str, earlier: str) -> bool:
    """Whether waiting changes nothing. What cannot be read now (the API server restarts during an upgrade) can be soon."""
    if verdict == Condition.UNKNOWN:
        return earlier == Condition.UNKNOWN
    return verdict != Condition.MOVING


def _timed_out(seconds: int, headline: str) -> RemediationError:
    return RemediationError(
        "stalled",
        f"The upgrade job did not end within {seconds} s. The last diagnosis: {headline}",
        "The upgrade still makes progress, only slowly: run the same playbook again with a larger"
        " remediation_verify_timeout, or watch the upgrade in the Harvester UI.",
        retryable=True,
    )
