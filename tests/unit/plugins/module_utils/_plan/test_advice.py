# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.advice import (
    snapshot_advice,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.plan import (
    plan_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    render_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.report import (
    build_report,
)


def plan(action: str, release: str) -> dict[str, Any]:
    step = {
        "id": "1",
        "action": action,
        "params": {"release": release},
        "title": "x",
        "risk": "low",
    }
    return {"fingerprint": "3f9c2a71d0b84e56", "risks": ["low"], "steps": [step]}


@pytest.mark.parametrize("action", ["upgrade_release", "roll_back_release", "let_rancher_upgrade"])
@pytest.mark.parametrize("release", ["fleet-crd", "harvester-crd", "rancher-turtles"])
def test_where_definitions_change(action: str, release: str) -> None:
    advice = snapshot_advice(plan(action, release))
    assert advice is not None
    assert release in advice.why
    assert advice.commands[0] == "rke2 etcd-snapshot save --name before-3f9c2a71d0b84e56"


@pytest.mark.parametrize(
    ("action", "release"),
    [("upgrade_release", "fleet"), ("unlock_release", "fleet-crd"), ("nudge", "")],
)
def test_where_none_change(action: str, release: str) -> None:
    assert snapshot_advice(plan(action, release)) is None
    assert "snapshot" not in render_text(plan_page(plan(action, release)))


def test_it_is_said_before_the_question_and_changes_no_verdict() -> None:
    touching = plan("upgrade_release", "fleet-crd")
    assert "rke2 etcd-snapshot save" in render_text(plan_page(touching))
    run = {"id": "r", "findings_before": {"verdict": "stuck"}, "plan": touching}
    report = build_report(run)
    assert report["verdict"] == "needs_approval"
    assert "snapshot of etcd" in report["instructions"][0]["title"]
    approved = {
        **run,
        "approval": {"approved": True},
        "findings_after": {"verdict": "healthy"},
        "steps": [{"id": "1", "outcome": "changed"}],
    }
    assert build_report(approved)["verdict"] == "repaired"
    assert build_report(approved)["instructions"] == []
