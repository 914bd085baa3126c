# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An import writes only where something differs, and check mode tells the same beforehand."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._awx.assets import (
    AssetImport,
    replaced,
    without,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from awx.assets import FOUNDATION, TEMPLATES
from awx.fake_controller import FakeController, InProcess

CREDENTIAL = TEMPLATES["job_templates"][0]["related"]["credentials"][0]
ALL: dict[str, Any] = {
    **FOUNDATION,
    **TEMPLATES,
    "credentials": [
        {
            "name": "Harvester cluster",
            "organization": CREDENTIAL["organization"],
            "credential_type": CREDENTIAL["credential_type"],
            "inputs": {"kubeconfig": "secret"},
            "natural_key": CREDENTIAL,
        }
    ],
}


@pytest.fixture
def awx() -> FakeController:
    return FakeController()


def run(awx: FakeController, assets: Any = ALL, *, dry_run: bool = False) -> AssetImport:
    task = AssetImport(InProcess(awx), dry_run=dry_run, sleep=lambda _seconds: None)
    task.run(assets)
    return task


def actions(task: AssetImport) -> dict[str, str]:
    return {each["object"]: each["action"] for each in task.outcomes}


def test_everything_is_made_and_hangs_together(awx: FakeController) -> None:
    task = run(awx)
    assert task.changed
    assert set(actions(task).values()) == {"created"}
    nodes = {
        each["identifier"]: each for each in awx.objects["workflow_job_template_node"].values()
    }
    assert nodes["diagnose"]["failure_nodes"] == [nodes["plan"]["id"]]
    approval = awx.objects["workflow_approval_template"][nodes["approve"]["approval"]]
    assert approval["name"] == "Carry out the plan?"
    diagnose = awx.named("job_template", "Harvester upgrade: diagnose")
    assert diagnose["survey_spec"]["spec"][0]["variable"] == "remediation_stale_after"
    assert diagnose["credentials"] == [awx.named("credential", "Harvester cluster")["id"]]


def test_a_second_time_changes_nothing(awx: FakeController) -> None:
    run(awx)
    before = awx.state()
    awx.changes.clear()
    task = run(awx)
    assert not task.changed
    assert set(actions(task).values()) == {"unchanged"}
    assert (awx.changes, awx.state()) == ([], before)


def test_a_dry_run_tells_the_same_and_writes_nothing(awx: FakeController) -> None:
    before = awx.state()
    told = run(awx, dry_run=True).outcomes
    assert awx.state() == before
    assert told == run(awx).outcomes
    assert not run(awx, dry_run=True).changed


def test_only_what_differs_is_written(awx: FakeController) -> None:
    run(awx)
    awx.named("job_template", "Harvester upgrade: plan")["timeout"] = 5
    awx.named("job_template", "Harvester upgrade: remediate")["credentials"] = []
    awx.named("job_template", "Harvester upgrade: restore")["survey_spec"] = {}
    awx.named("workflow_approval_template", "Carry out the plan?")["timeout"] = 1
    told = run(awx, dry_run=True).outcomes
    task = run(awx)
    assert told == task.outcomes
    changed = {each["object"]: each["fields"] for each in task.outcomes if each["fields"]}
    assert changed == {
        "job_template/Harvester upgrade: plan": ["timeout"],
        "job_template/Harvester upgrade: remediate": ["credentials: credential/Harvester cluster"],
        "job_template/Harvester upgrade: restore": ["survey_spec"],
        "workflow_job_template_node/approve": ["approval"],
    }
    assert not run(awx).changed


def test_a_secret_that_is_there_is_kept(awx: FakeController) -> None:
    run(awx)
    other = copy.deepcopy(ALL)
    other["credentials"][0]["inputs"] = {"kubeconfig": "another"}
    assert not run(awx, other).changed
    assert awx.named("credential", "Harvester cluster")["inputs"] == {"kubeconfig": "secret"}


def test_what_is_referred_to_has_to_exist(awx: FakeController) -> None:
    with pytest.raises(RemediationError, match="no project/Harvester remediation") as caught:
        run(awx, TEMPLATES)
    assert caught.value.code == "not-found"


def test_a_project_that_cannot_be_fetched_ends_it(awx: FakeController) -> None:
    awx.project_status = "failed"
    with pytest.raises(RemediationError, match="first update is failed"):
        run(awx)


def test_a_project_that_never_is_ready_ends_it(awx: FakeController) -> None:
    awx.project_status = "running"
    with pytest.raises(RemediationError, match="first update is running"):
        run(awx)


def test_unknown_kinds_are_refused(awx: FakeController) -> None:
    with pytest.raises(RemediationError, match="Assets of the kind users"):
        run(awx, {"users": []})


def test_another_organization_and_other_values(awx: FakeController) -> None:
    awx.create("organization", {"name": "Ops"})
    moved = replaced(ALL, "Ops", {"projects": {"scm_branch": "main"}})
    run(awx, moved)
    project = awx.named("project", "Harvester remediation")
    assert project["scm_branch"] == "main"
    assert project["organization"] == awx.named("organization", "Ops")["id"]
    assert ALL["projects"][0]["organization"]["name"] == "Default"


def test_notifications_can_be_left_out(awx: FakeController) -> None:
    run(awx, without(ALL, "notification_template"))
    assert awx.objects["notification_template"] == {}
    plan = awx.named("job_template", "Harvester upgrade: plan")
    assert plan["notification_templates_success"] == []
    assert plan["credentials"]
