# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.action.repair_plan import ActionModule
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import Step
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

GA, OLD = "106.0.0+up0.12.0", "105.0.2+up0.11.2"
LOCKED = {
    "waiting_for": {"release": "fleet", "version": GA, "age": 1990},
    "releases": {"fleet": [[7, "pending-upgrade", OLD, 5000], [6, "deployed", OLD, 900000]]},
}
CONFLICT = {
    "object": "ConfigMap/cattle-fleet-system/fleet-controller",
    "field": ".data.config",
    "manager": "harvester",
}


class Tried(ActionModule):
    """The action with the answer of the one module that it asks."""

    def __init__(self, answer: dict[str, Any] | RemediationError) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def fetch(self, step: Step, chart_options: Mapping[str, Any]) -> str:
        del chart_options
        return f"/charts/{step.params['chart']}.tgz"

    def call(
        self, name: str, arguments: Mapping[str, Any], *, apart: bool = False
    ) -> dict[str, Any]:
        del apart
        self.asked.append((name, arguments))
        if isinstance(self.answer, RemediationError):
            raise self.answer
        return self.answer

    def plan(self, applied: str | None) -> dict[str, Any]:
        """The plan for a locked release whose revisions were applied in this way."""
        evidence = build(LOCKED)
        for release in evidence["releases"]:
            for revision in release["revisions"]:
                revision["apply_method"] = applied
        options = {
            "evidence": evidence,
            "findings": diagnose(evidence),
            "options": {},
            "carried_from": "",
            "chart_options": {},
            "helm_binary": "/opt/helm4",
        }
        plan: dict[str, Any] = self.act(options)["plan"]
        return plan


@pytest.mark.parametrize("applied", ["csa", None])
def test_a_release_applied_by_the_client_is_not_tried(applied: str | None) -> None:
    action = Tried({})
    plan = action.plan(applied)
    assert action.asked == []
    assert plan["options"]["conflicts"] == {}


def test_what_the_dry_run_finds_shapes_the_plan() -> None:
    action = Tried({"conflicts": [CONFLICT], "unchecked": []})
    plan = action.plan("ssa")
    ((name, arguments),) = action.asked
    assert (name, arguments["chart_version"]) == ("helm_conflict_info", GA)
    assert (arguments["chart_path"], arguments["helm_binary"]) == (
        "/charts/fleet.tgz",
        "/opt/helm4",
    )
    actions = [step["action"] for step in plan["steps"]]
    assert actions == ["unlock_release", "upgrade_release", "restore_fleet_config"]
    assert any(".data.config" in each for each in plan["steps"][1]["changes"])


def test_a_dry_run_that_cannot_be_made_stops_nothing() -> None:
    error = RemediationError("helm-missing", "There is no helm program helm in PATH.", "")
    plan = Tried(error).plan("ssa")
    upgrade = next(step for step in plan["steps"] if step["action"] == "upgrade_release")
    assert any("There is no helm program" in each for each in upgrade["changes"])
