# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait and tell what changes; documented in plugins/modules/remediation_wait.py."""

from __future__ import annotations

from functools import partial
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.errors import RemediationError
from ..module_utils._kube.auth import AUTH_ARGUMENT_SPEC
from ..module_utils._waits.conditions import CONDITIONS, title_of
from ..module_utils._waits.observation import Observation
from ..module_utils._waits.options import ARGUMENT_SPEC, REQUIRED_IF, filled
from ..module_utils._waits.watch import PENDING, REACHED, WatchRequest, follow
from ..plugin_utils._interruption import InterruptedRunError, end_children, noticing_interruption
from ..plugin_utils._progress import tell

_INTERRUPTION = "Ctrl-C stops the waiting; what was done stays, and the cluster lock is given back."
MODULE = "harvester_ops.remediation.remediation_wait"
LOCK_MODULE = "harvester_ops.remediation.remediation_lock"


class ModuleFailedError(Exception):
    """The module failed otherwise than with one of the collection's errors."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(str(result.get("msg")))
        self.result = result


class ActionModule(ActionBase):
    """Runs the module again and again, because only the controller can print while a task runs."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Wait; a RemediationError becomes a failure of the common shape."""
        super().run(tmp, task_vars)
        _result, options = self.validate_argument_spec(
            argument_spec={**AUTH_ARGUMENT_SPEC, **ARGUMENT_SPEC}, required_if=REQUIRED_IF
        )
        options = filled(options)
        variables = dict(task_vars or {})
        try:
            if self._task.check_mode:
                return {"changed": False, **self._look_once(variables)}
            with noticing_interruption():
                return {"changed": False, **self._follow(options, variables)}
        except InterruptedRunError:
            self._give_lock_back(options["lock_holder"], variables)
            raise
        except ModuleFailedError as failed:
            return failed.result
        except RemediationError as error:
            return {"changed": False, "failed": True, "msg": str(error), "error": error.to_dict()}

    def _give_lock_back(self, holder: str, variables: dict[str, Any]) -> None:
        """Nothing of this run is at work while it waits, so the next one need not wait for its lock to expire."""
        end_children()
        if holder:
            own = {
                key: value for key, value in self._task.args.items() if key in AUTH_ARGUMENT_SPEC
            }
            self._execute_module(
                module_name=LOCK_MODULE,
                module_args={**own, "state": "released", "holder": holder},
                task_vars=variables,
            )

    def _look_once(self, variables: dict[str, Any]) -> dict[str, Any]:
        seen = self._observe({}, variables)
        if seen.failure is not None:
            raise seen.failure
        outcome = REACHED if seen.done else PENDING
        return {"outcome": outcome, "state": seen.state, "waited_seconds": 0}

    def _follow(self, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        condition = CONDITIONS[options["condition"]]
        request = WatchRequest(
            what=title_of(options["condition"], options),
            remedy=condition.remedy,
            timeout=options["timeout"],
            interval=options["interval"],
            start_within=options["start_within"],
            required=options["required"],
        )

        say = partial(tell, variables=variables)
        hints = [_INTERRUPTION] if options["lock_holder"] else []

        def observe(last: Observation | None, seconds: float) -> Observation:
            # What is there at the first look is not waited for.
            if last is not None and hints:
                say(hints.pop())
            before = {} if last is None else last.to_dict()
            return self._observe({**before, "seconds": seconds}, variables)

        return follow(observe, request, say)

    def _observe(self, before: dict[str, Any], variables: dict[str, Any]) -> Observation:
        arguments = {**self._task.args, "observation": before}
        result: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args=arguments, task_vars=variables
        )
        if result.get("failed"):
            error = result.get("error")
            if not isinstance(error, dict):
                raise ModuleFailedError(result)
            raise RemediationError(**error)
        return Observation.from_dict(result["observation"])
