# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out one step of a plan; documented in plugins/modules/remediation_step.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from ansible.utils.display import Display

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.actions import ACTIONS, Action, row
from ..module_utils._documents.plan import Step
from ..module_utils._documents.vocabulary import StepOutcome
from ..module_utils._run.journal import now
from ..modules import remediation_journal, remediation_lock, remediation_wait
from ..plugin_utils._documented_action import ModuleFailedError, Result, failure
from ..plugin_utils._module_action import connection_of, name_of
from ..plugin_utils._waiting import WaitingAction

_NEXT = "Steps after this one were not begun; a new run starts from what is there now."
_MOST_ATTEMPTS = 3


class ActionModule(WaitingAction):
    """Keeps the cluster lock, writes the journal, has the step's module do the work, and says what came of it."""

    def act(self, options: dict[str, Any]) -> Result:
        """One task for one step; the result of its module with ``steps``, the outcomes up to this one."""
        before = options["steps_before"]
        try:
            step = Step.from_dict(options["step"])
            action = row(step)
            if self._task.check_mode and step.depends_on:
                return {"skipped": True, "steps": before}
            self._start(step, action)
        except RemediationError as error:
            return {**failure(error), "steps": before}
        except ModuleFailedError as failed:
            return {**failed.result, "steps": before}
        return self._carried_out(step, action, before)

    def _start(self, step: Step, action: Action) -> None:
        """Nothing is done without the lock, nor without a line in the journal."""
        if not self._task.check_mode:
            renewal = {
                "state": "renewed",
                "holder": self._options["holder"],
                "duration": action.lock_seconds,
            }
            self.call(name_of(remediation_lock), renewal)
            self._write_down(step, "step-begun")

    def _carried_out(self, step: Step, action: Action, before: list[Result]) -> Result:
        begun_at = now()
        stopped: RemediationError | None = None
        try:
            done = self._act(step, action)
            done_as = StepOutcome.CHANGED if done["changed"] else StepOutcome.UNCHANGED
            outcome = (StepOutcome.TRIED if self._task.check_mode else done_as).value
            detail = done.get("note") or ""
        except (RemediationError, ModuleFailedError) as error:
            stopped = _of_step(step, error)
            done, outcome, detail = failure(stopped), StepOutcome.FAILED.value, str(error)
        record = {
            "id": step.id,
            "outcome": outcome,
            "detail": detail,
            "begun_at": begun_at,
            "ended_at": now(),
        }
        result = {**done, "steps": [*before, record]}
        if stopped is not None:
            result["put_back"] = self._to_put_back(result["steps"])
        try:
            said = f"{outcome}: {detail}" if detail else outcome
            event, told = ("step-failed", detail) if stopped else ("step-done", said)
            self._write_down(step, event, told)
        except RemediationError as error:
            return {**result, **failure(stopped or error)}
        return result

    def _to_put_back(self, done: list[Result]) -> list[dict[str, Any]]:
        """The steps of the plan that put back what those done so far, the one that failed included, may have broken."""
        tried = {each["id"] for each in done}
        later = [Step.from_dict(each) for each in self._options["steps_of_plan"]]
        return [
            step.to_dict()
            for step in later
            if step.id not in tried and row(step).puts_back and tried & set(step.depends_on)
        ]

    def _act(self, step: Step, action: Action) -> Result:
        """Wait until nobody works on the release, and do it. Rancher may begin in between: then once more."""
        if not action.needs_idle or self._task.check_mode:
            return self._done(step, action)
        attempts = count(1)
        while True:
            self._wait_until_idle(step)
            try:
                return self._done(step, action)
            except RemediationError as error:
                # Nothing was changed: helm, or the look right before the change, found another at work.
                if error.code != "release-busy" or next(attempts) == _MOST_ATTEMPTS:
                    raise

    def _done(self, step: Step, action: Action) -> Result:
        run = {**self._run_values(), **self._own_values(step, action)}
        arguments = action.arguments(step, run)
        if action.module == name_of(remediation_wait):
            return self.wait({**connection_of(self._task.args), **arguments})
        # What ends a helm, or the process that waits for it, must not end this worker with it.
        return self.call(action.module, arguments, apart=action.uses_helm)

    def _wait_until_idle(self, step: Step) -> None:
        """An operation that has begun since the plan was made is waited for.

        What it leads to is judged by the step's module: done already, as planned, or no longer what was approved.
        """
        run = self._run_values()
        idle = {"condition": "actor_finished", **connection_of(self._task.args)}
        idle |= {name: step.params[name] for name in ("namespace", "release")}
        idle |= {name: run[value] for name, value in ACTIONS["wait_for_actor"].from_run.items()}
        self.wait(idle)

    def _run_values(self) -> dict[str, Any]:
        """What the run gives every step, by the names that the registry of actions uses."""
        options = self._options
        return {
            "stale_after": options["stale_after"],
            "timeout": options["timeout"],
            "actor_timeout": options["stale_after"] + options["timeout"],
            "rancher_grace": options["rancher_grace"],
            "helm_binary": options["helm_binary"],
            "lock_holder": options["holder"],
            "wait_lock_holder": options["holder"] if options["lock_held"] else "",
        }

    def _own_values(self, step: Step, action: Action) -> dict[str, Any]:
        """What only this step is given: its chart, and what the backup holds of its object."""
        wanted, own = set(action.from_run.values()), {}
        if "chart" in wanted:
            release = str(step.params["release"])
            own["chart"] = self._options["charts"].get(release) or self.fetch(
                step, self._options["chart_options"]
            )
        if "saved_object" in wanted and not self._task.check_mode:
            own["saved_object"] = _saved_object(self._options["backup"], step)
        if "backup_path" in wanted:
            own |= _saved_revision(self._options["backup"], step)
        return own

    def _write_down(self, step: Step, event: str, detail: str = "") -> None:
        if self._task.check_mode:
            return
        entry = {"event": event, "step": step.id, "title": step.title, "detail": detail}
        written = {
            "directory": self._options["directory"],
            "run_id": self._options["run_id"],
            "holder": self._options["holder"],
            "entry": entry,
            "object": step.to_dict()["object"],
        }
        told = self.call(name_of(remediation_journal), written)
        for warning in told.get("warnings", ()):
            Display().warning(warning)


def _saved_revision(backup: Mapping[str, Any], step: Step) -> dict[str, Any]:
    """Where the backup has the revision of a step: a file, or where that is encrypted or in the cluster its digest."""
    secrets = backup.get("secrets") or {}
    saved = secrets.get(f"{step.object.namespace}/{step.object.name}") or {}
    if "path" in saved:
        return {"backup_path": saved["path"], "backup_sha256": saved.get("sha256")}
    return {"backup_content_sha256": saved.get("content_sha256")}


def _saved_object(backup: Mapping[str, Any], step: Step) -> Any:
    """The object of a step as it was saved; None where the set has no file to read (encrypted, or in the cluster)."""
    saved = (backup.get("objects") or {}).get(step.object.label) or {}
    if "path" not in saved:
        return None
    try:
        return json.loads(Path(saved["path"]).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RemediationError(
            "backup-invalid",
            f"{step.object.label} cannot be read back from the backup set: {error}.",
            "Look after the artifacts folder; a new run writes a new set.",
        ) from error


def _of_step(step: Step, error: RemediationError | ModuleFailedError) -> RemediationError:
    """The error with the name of the step, and with what becomes of those after it."""
    if isinstance(error, ModuleFailedError):
        return RemediationError("internal", f"{step.title}: {error}", _NEXT)
    return RemediationError(
        error.code,
        f"{step.title}: {error.message}",
        f"{error.remedy} {_NEXT}".strip(),
        retryable=error.retryable,
        details=error.details,
    )
