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
from ansible_collections.harvester_ops.remediation.plugins.module_utils._awx.clusters import (
    for_clusters,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._awx.controller import (
    Controller,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from awx.assets import FOUNDATION, TEMPLATES
from awx.fake_controller import TOKEN, FakeController, InProcess, Refused, fake_controller

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


def over_http(assets: Any, forbidden: str, *, dry_run: bool, ready: bool) -> RemediationError:
    """What the importer says to the answers of a controller where the user lacks the role for a type of object."""
    with fake_controller() as controller:
        if ready:
            run(controller)
        controller.forbidden.add(forbidden)
        task = AssetImport(Controller(controller.url, TOKEN), dry_run=dry_run, sleep=_at_once)
        with pytest.raises(RemediationError) as raised:
            task.run(assets)
    assert raised.value.code == "forbidden"
    return raised.value


def _at_once(_seconds: float) -> None:
    """Do not wait."""


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("credential_type", "the type System Administrator"),
        ("project", "the role Project Admin on the organization"),
        ("job_template", "the role Job Template Admin on the organization"),
        ("workflow_job_template", "the role Workflow Admin on the organization"),
    ],
)
def test_the_role_that_is_missing_is_named_and_foreseen(
    kind: str, role: str, dry_run: bool
) -> None:
    error = over_http(ALL, kind, dry_run=dry_run, ready=False)
    assert f"not allowed to create {kind}/Harvester" in error.message
    assert role in error.remedy
    assert "scope write" in error.remedy


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("kind", ["job_template", "credential_type", "workflow_job_template"])
def test_a_change_without_the_role_for_it_is_named_and_foreseen(kind: str, dry_run: bool) -> None:
    changed = replaced(ALL, "Default", {f"{kind}s": {"description": "Another one"}})
    error = over_http(changed, kind, dry_run=dry_run, ready=True)
    assert f"not allowed to change {kind}/Harvester" in error.message


@pytest.mark.parametrize("field", ["scm_branch", "scm_url"])
def test_the_update_of_a_changed_project_is_waited_for(awx: FakeController, field: str) -> None:
    """Its playbooks are others; a job template that names a new one is refused before."""
    run(awx)
    awx.update_takes = 4
    new = copy.deepcopy(ALL)
    new["projects"][0][field] = "another"
    template = copy.deepcopy(new["job_templates"][0])
    template["name"] = template["natural_key"]["name"] = "Another"
    template.pop("related")
    new["job_templates"].append(template)
    assert actions(run(awx, new))["job_template/Another"] == "created"


def test_a_failed_update_of_a_changed_project_stops_the_import(awx: FakeController) -> None:
    run(awx)
    awx.project_status = "failed"
    with pytest.raises(RemediationError, match=r"project/.* is changed, but its update is failed"):
        run(awx, replaced(ALL, "Default", {"projects": {"scm_branch": "gone"}}))


def test_an_approval_that_waits_survives_the_playbook(awx: FakeController) -> None:
    """And not awx import, which creates the approval again."""
    run(awx)
    (approval,) = awx.objects["workflow_approval_template"]
    awx.waiting.add(approval)
    run(awx)
    assert awx.waiting == {approval}
    (node,) = (
        each for each in awx.objects["workflow_job_template_node"].values() if each.get("approval")
    )
    awx.answer(
        "POST",
        f"/api/v2/workflow_job_template_nodes/{node['id']}/create_approval_template/",
        {},
        {"name": "Carry out the plan?", "description": "", "timeout": 1},
    )
    assert awx.waiting == set()


EDGE = [{"name": "edge-1", "inputs": {"kubeconfig": "one"}}, {"name": "edge-2", "inputs": {}}]


def test_every_cluster_gets_what_is_its_own(awx: FakeController) -> None:
    made = for_clusters({**FOUNDATION, **TEMPLATES}, EDGE)
    run(awx, made)
    assert not run(awx, made).changed
    credentials = {each["id"]: each["name"] for each in awx.objects["credential"].values()}
    assert set(credentials.values()) == {"Harvester cluster (edge-1)", "Harvester cluster (edge-2)"}
    for name in ("edge-1", "edge-2"):
        workflow = awx.named(
            "workflow_job_template", f"Harvester upgrade: repair with approval ({name})"
        )
        assert workflow["notification_templates_approvals"]
        nodes = [
            each
            for each in awx.objects["workflow_job_template_node"].values()
            if each["workflow_job_template"] == workflow["id"] and not each.get("approval")
        ]
        assert len(nodes) == 5
        used = {credentials[number] for each in nodes for number in each["credentials"]}
        assert used == {f"Harvester cluster ({name})"}
        watch = awx.named("schedule", f"Harvester upgrade: watch ({name})")
        assert [credentials[each] for each in watch["credentials"]] == [
            f"Harvester cluster ({name})"
        ]
        event = awx.named(
            "workflow_job_template", f"Harvester upgrade: repair on an event ({name})"
        )
        (inner,) = (
            each
            for each in awx.objects["workflow_job_template_node"].values()
            if each["workflow_job_template"] == event["id"]
        )
        assert inner["unified_job_template"] == workflow["id"]
    assert len(awx.objects["job_template"]) == len(TEMPLATES["job_templates"])
    assert all(not each["credentials"] for each in awx.objects["job_template"].values())


@pytest.mark.parametrize("clusters", [[{"inputs": {}}], [{"name": "a"}, {"name": "a"}]])
def test_clusters_need_names_of_their_own(clusters: list[dict[str, Any]]) -> None:
    with pytest.raises(RemediationError, match="Every cluster needs a name of its own"):
        for_clusters(TEMPLATES, clusters)


def test_an_approver_may_read_the_plan(awx: FakeController) -> None:
    organization = awx.named("organization", "Default")["id"]
    awx.create("team", {"name": "approvers", "organization": organization})
    roles = {"workflow_job_templates": "approval_role", "job_templates": "read_role"}
    for dry_run, changed in ((True, True), (False, True), (False, False)):
        task = run(awx, dry_run=dry_run) if not dry_run else run(awx)
        task._dry_run = dry_run
        task.outcomes.clear()
        task.grant("approvers", "Default", roles, ALL)
        assert task.changed is changed
        if not dry_run:
            rights = awx.rights_of("approvers")
            assert ("Harvester upgrade: plan", "read_role") in rights
            assert ("Harvester upgrade: repair with approval", "approval_role") in rights
    with pytest.raises(RemediationError, match="no team nobody"):
        run(awx).grant("nobody", "Default", roles, ALL)


def test_no_event_can_override_what_a_node_hands_over(awx: FakeController) -> None:
    run(awx)
    forged = {"remediation_plan_fingerprint": "3f9c2a71d0b84e56", "ansible_eda": {"event": {}}}
    repair = awx.named("workflow_job_template", "Harvester upgrade: repair with approval")
    with pytest.raises(Refused, match="are not allowed on launch"):
        awx.launch(repair, forged)
    on_event = awx.named("workflow_job_template", "Harvester upgrade: repair on an event")
    launched = awx.launch(on_event, forged)
    assert {"plan", "remediate"} <= set(launched)
    assert all(given == {} for given in launched.values())


@pytest.mark.parametrize("dry_run", [True, False])
def test_fields_of_a_credential_type_in_use_stay(awx: FakeController, dry_run: bool) -> None:
    """AWX refuses with 403, which is no missing role; injectors and a type without credentials may change."""
    run(awx)
    changed = copy.deepcopy(ALL)
    (kind,) = changed["credential_types"]
    kind["injectors"]["env"]["MORE"] = "{{ host }}"
    assert actions(run(awx, changed))["credential_type/Harvester cluster access"] == "changed"
    kind["inputs"]["fields"][0]["label"] = "Another"
    with pytest.raises(
        RemediationError, match="credentials use the type: Harvester cluster"
    ) as caught:
        run(awx, changed, dry_run=dry_run)
    assert caught.value.code == "refused"
    awx.objects["credential"].clear()
    only = {"credential_types": changed["credential_types"]}
    assert actions(run(awx, only)) == {"credential_type/Harvester cluster access": "changed"}
