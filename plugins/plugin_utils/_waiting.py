# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for a condition and say meanwhile what changes, which only the controller can."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._kube.auth import AUTH_ARGUMENT_SPEC
from ..module_utils._waits.conditions import CONDITIONS, title_of
from ..module_utils._waits.observation import Observation
from ..module_utils._waits.options import ARGUMENT_SPEC, REQUIRED_IF, filled
from ..module_utils._waits.watch import PENDING, REACHED, WatchRequest, follow
from ..modules import remediation_lock, remediation_wait
from ._documented_action import Result
from ._interruption import InterruptedRunError, end_children, noticing_interruption
from ._module_action import ModuleAction, connection_of, name_of, succeeded
from ._progress import tell

_INTERRUPTION = "Ctrl-C stops the waiting; what was done stays, and the cluster lock is given back."


class WaitingAction(ModuleAction):
    """Runs the module remediation_wait again and again."""

    def wait(self, arguments: Mapping[str, Any]) -> Result:
        """The result of the module's documentation.

        Raises RemediationError, ModuleFailedError, and InterruptedRunError with the lock given back.
        """
        options = _checked(arguments)
        try:
            if self._task.check_mode:
                return {"changed": False, **self._look_once(arguments)}
            with noticing_interruption():
                return {"changed": False, **self._follow(options, arguments)}
        except InterruptedRunError:
            self._give_lock_back(options["lock_holder"], arguments)
            raise

    def _give_lock_back(self, holder: str, arguments: Mapping[str, Any]) -> None:
        """Nothing of this run is at work while it waits, so the next one need not wait for its lock to expire."""
        end_children()
        if holder:
            released = {"state": "released", "holder": holder}
            self.run_module(name_of(remediation_lock), {**connection_of(arguments), **released})

    def _look_once(self, arguments: Mapping[str, Any]) -> Result:
        seen = self._observe(arguments, {})
        if seen.failure is not None:
            raise seen.failure
        outcome = REACHED if seen.done else PENDING
        return {"outcome": outcome, "state": seen.state, "waited_seconds": 0}

    def _follow(self, options: dict[str, Any], arguments: Mapping[str, Any]) -> Result:
        condition = CONDITIONS[options["condition"]]
        request = WatchRequest(
            what=title_of(options["condition"], options),
            remedy=condition.remedy,
            timeout=options["timeout"],
            interval=options["interval"],
            start_within=options["start_within"],
            still_after=options["still_after"],
            required=options["required"],
        )

        say = partial(tell, variables=self._variables)
        hints = [_INTERRUPTION] if options["lock_holder"] else []

        def observe(last: Observation | None, seconds: float) -> Observation:
            # What is there at the first look is not waited for.
            if last is not None and hints:
                say(hints.pop())
            before = {} if last is None else last.to_dict()
            return self._observe(arguments, {**before, "seconds": seconds})

        return follow(observe, request, say)

    def _observe(self, arguments: Mapping[str, Any], before: dict[str, Any]) -> Observation:
        asked = {**arguments, "observation": before}
        result = succeeded(self.run_module(name_of(remediation_wait), asked))
        return Observation.from_dict(result["observation"])


def _checked(arguments: Mapping[str, Any]) -> dict[str, Any]:
    checked = ArgumentSpecValidator(
        {**AUTH_ARGUMENT_SPEC, **ARGUMENT_SPEC}, required_if=REQUIRED_IF
    ).validate(dict(arguments))
    if checked.error_messages:
        raise AnsibleActionFail("; ".join(checked.error_messages))
    return filled(checked.validated_parameters)
