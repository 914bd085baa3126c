# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher may begin on a release between the look that found it idle and the step."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.action.remediation_step import (
    ActionModule,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

BUSY = RemediationError("release-busy", "Another operation is in progress.")
FAILED = RemediationError("helm-failed", "The chart does not render.")
LOCKED = {
    "waiting_for": {"release": "fleet", "version": "106.0.0+up0.12.0", "age": 1990},
    "releases": {
        "fleet": [
            [7, "pending-upgrade", "105.0.2+up0.11.2", 5000],
            [6, "deployed", "105.0.2+up0.11.2", 900000],
        ]
    },
}


class Tried(ActionModule):
    """The action whose step's module answers in turn; what was done is in ``done``."""

    def __init__(self, *answers: RemediationError | dict[str, Any]) -> None:
        self.answers, self.done = list(answers), []
        self._task = SimpleNamespace(check_mode=False, args={})

    def wait(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.done.append(arguments["condition"])
        return {"outcome": "reached"}

    def call(
        self, name: str, arguments: Mapping[str, Any], *, apart: bool = False
    ) -> dict[str, Any]:
        del arguments, apart
        if name in ("remediation_lock", "remediation_journal"):
            return {}
        self.done.append(name)
        answer = self.answers.pop(0)
        if isinstance(answer, RemediationError):
            raise answer
        return answer

    def outcome(self) -> str:
        """What becomes of the step that unlocks fleet."""
        evidence = build(LOCKED)
        steps = make_plan(evidence, diagnose(evidence), derive(evidence)).to_dict()["steps"]
        self._options = {
            **dict.fromkeys(("holder", "directory", "run_id", "helm_binary"), "x"),
            **dict.fromkeys(("stale_after", "timeout", "rancher_grace"), 10),
            "lock_held": True,
            "steps_of_plan": steps,
            "steps_before": [],
            "step": next(step for step in steps if step["action"] == "unlock_release"),
            "backup": {},
        }
        return str(self.act(self._options)["steps"][-1]["outcome"])


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ([BUSY, {"changed": True}], "changed"),
        ([BUSY, BUSY, {"changed": False}], "unchanged"),
        ([BUSY, BUSY, BUSY], "failed"),
        ([FAILED], "failed"),
        ([BUSY, FAILED], "failed"),
    ],
)
def test_a_step_refused_by_an_operation_is_tried_again_after_it(
    answers: list[Any], outcome: str
) -> None:
    action = Tried(*answers)
    assert action.outcome() == outcome
    assert action.done == ["actor_finished", "helm_release"] * len(answers)
