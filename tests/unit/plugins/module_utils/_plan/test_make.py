# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.release_leftovers import (
    LeftOver,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.upgrade import (
    UpgradeFacts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rule_schema import (
    ACTIONS as RULE_ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.canonical import (
    digest,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    GA,
    OLD,
    RC,
    World,
    revision,
)


def plan_of(world: World, **options: Any) -> Plan:
    return make_plan(*world.documents(), options)


def ids(plan: Plan) -> list[str]:
    return [step.id for step in plan.steps]


def step(plan: Plan, action: str) -> Step:
    return next(each for each in plan.steps if each.action == action)


def rc_world() -> World:
    """FM 6.1 as in harvester #8001: all three at the candidate, Rancher 2.11.0."""
    world = World()
    for name in ("fleet", "rancher-webhook", "fleet-crd"):
        world.release(name, revision(2, "deployed", RC, name), revision(1, "superseded", OLD, name))
        world.finding(f"skip-{name}", "upgrade_release", release=name)
    return world


def test_every_action_of_the_rules_can_be_planned() -> None:
    assert set(RULE_ACTIONS) == set(ACTIONS)


def test_skipped_candidates_are_upgraded_in_order_and_fleet_gets_its_url_back() -> None:
    plan = plan_of(rc_world())
    assert ids(plan) == [
        "01-upgrade-fleet-crd",
        "02-upgrade-fleet",
        "03-upgrade-rancher-webhook",
        "04-restore-fleet-config",
    ]
    first = plan.steps[0]
    assert first.module == "helm_release"
    assert first.object.label == "Secret/cattle-fleet-system/sh.helm.release.v1.fleet-crd.v2"
    assert first.precondition == {
        "revision": 2,
        "status": "deployed",
        "chart_version": RC,
        "secret_uid": "uid-fleet-crd-2",
        "secret_resource_version": "1002",
        "rancher_values": digest("{}\n"),
    }
    assert first.params["chart_version"] == GA
    assert first.params["chart_digest"] == f"digest-of-fleet-crd-{GA}"
    assert first.params["expected_revision"] == 2
    assert first.params["expected_uid"] == "uid-fleet-crd-2"
    assert first.params["expected_resource_version"] == "1002"
    assert first.params["take_ownership"] == "when_refused"
    assert plan.risks == ("low",)
    assert plan.steps[3].depends_on == ("02-upgrade-fleet",)


def test_the_same_documents_give_the_same_plan() -> None:
    assert plan_of(rc_world()).to_dict() == plan_of(rc_world()).to_dict()


def test_no_findings_no_steps() -> None:
    world = World().release("fleet", revision(2, "deployed", GA))
    plan = plan_of(world)
    assert plan.to_dict()["empty"] is True
    assert plan.risks == ()


@pytest.mark.parametrize("outcome", ["pass", "unknown"])
def test_only_what_was_found_is_acted_upon(outcome: str) -> None:
    world = World().release("fleet", revision(2, "deployed", RC))
    world.finding("x", "upgrade_release", release="fleet", outcome=outcome)
    assert not plan_of(world).steps


def test_unlocked_release_below_the_minimum_is_left_to_rancher_with_a_net() -> None:
    world = World().release(
        "fleet", revision(5, "pending-upgrade", OLD), revision(4, "deployed", OLD)
    )
    world.finding("pending-upgrade-lock", "unlock_release", release="fleet")
    plan = plan_of(world)
    assert [each.action for each in plan.steps] == [
        "unlock_release",
        "nudge",
        "let_rancher_upgrade",
        "upgrade_release",
        "restore_fleet_config",
    ]
    unlock = plan.steps[0]
    assert unlock.params["expected_revision"] == 5
    assert unlock.object.uid == "uid-fleet-5"
    assert unlock.object.resource_version == "1005"
    net = step(plan, "upgrade_release")
    assert net.params["expected_revision"] is None
    assert set(net.depends_on) == {"01-unlock-fleet", "03-let-rancher-upgrade-fleet"}


def test_lock_over_a_candidate_is_unlocked_and_upgraded_by_us() -> None:
    """Lock + RC skip: once unlocked, Rancher takes the candidate for the release (row 6)."""
    world = World().release(
        "fleet", revision(5, "pending-upgrade", RC), revision(4, "deployed", RC)
    )
    world.finding("pending-upgrade-lock", "unlock_release", "nudge", release="fleet")
    plan = plan_of(world)
    assert [each.action for each in plan.steps] == [
        "unlock_release",
        "upgrade_release",
        "restore_fleet_config",
    ]
    upgrade = plan.steps[1]
    assert upgrade.params["expected_revision"] == 4
    assert upgrade.precondition["secret_uid"] == "uid-fleet-4"
    assert upgrade.depends_on == ("01-unlock-fleet",)


def test_exact_chart_under_a_lock_depends_on_the_rancher_version() -> None:
    def actions(rancher: str) -> list[str]:
        world = World(rancher).release(
            "rancher-webhook",
            revision(5, "pending-upgrade", RC, "rancher-webhook"),
            revision(4, "deployed", RC, "rancher-webhook"),
        )
        world.finding("pending-upgrade-lock", "unlock_release", release="rancher-webhook")
        return [each.action for each in plan_of(world).steps]

    assert actions("v2.11.0") == ["unlock_release", "upgrade_release"]
    assert actions("v2.12.2") == [
        "unlock_release",
        "nudge",
        "let_rancher_upgrade",
        "upgrade_release",
    ]


def test_every_pending_revision_on_top_is_removed_newest_first() -> None:
    world = World().release(
        "fleet",
        revision(6, "pending-rollback", OLD),
        revision(5, "pending-upgrade", OLD),
        revision(4, "deployed", GA),
    )
    world.finding("pending-rollback-lock", "unlock_release", release="fleet")
    plan = plan_of(world)
    assert [each.params["expected_revision"] for each in plan.steps] == [6, 5]
    assert plan.steps[1].depends_on == (plan.steps[0].id,)


def test_pending_revision_of_the_right_version_over_a_deployed_right_one_needs_nothing_more() -> (
    None
):
    world = World().release(
        "fleet", revision(6, "pending-upgrade", GA), revision(5, "deployed", GA)
    )
    world.finding("pending-but-right-version", "unlock_release", release="fleet")
    assert [each.action for each in plan_of(world).steps] == ["unlock_release"]


def test_rollback_goes_to_the_newest_deployed_revision_that_was_read() -> None:
    unread = {**revision(4, "deployed", OLD), "decoded": False}
    world = World().release(
        "fleet",
        revision(5, "pending-upgrade", GA),
        unread,
        revision(3, "deployed", OLD),
        revision(2, "superseded", OLD),
    )
    world.finding("lock", "roll_back_release", release="fleet", risk="medium")
    plan = plan_of(world)
    rollback = step(plan, "roll_back_release")
    assert rollback.params["revision"] == 3
    assert rollback.precondition["target"]["chart_version"] == OLD
    assert rollback.risk == "medium"
    # The rollback writes the chart's ConfigMap again, and Rancher upgrades from there.
    assert [each.action for each in plan.steps] == [
        "roll_back_release",
        "nudge",
        "let_rancher_upgrade",
        "upgrade_release",
        "restore_fleet_config",
    ]


def test_a_failed_release_is_upgraded_by_us_as_rancher_would_drop_its_values() -> None:
    world = World().release("fleet", revision(8, "failed", GA), revision(7, "deployed", OLD))
    world.finding("broken-off", "upgrade_release", "nudge", release="fleet")
    plan = plan_of(world)
    assert [each.action for each in plan.steps] == ["upgrade_release", "restore_fleet_config"]
    upgrade = plan.steps[0]
    assert upgrade.params["expected_revision"] == 8
    assert "its own values only" in upgrade.reason
    # Not revision 8: a rollback to that brings a broken state back.
    assert upgrade.undo.startswith("helm rollback fleet 7 ")


def test_an_upgrade_over_nothing_deployed_names_no_rollback() -> None:
    world = World().release("fleet", revision(8, "failed", GA), revision(7, "failed", GA))
    world.finding("broken-off", "upgrade_release", release="fleet")
    undo = step(plan_of(world), "upgrade_release").undo
    assert undo.startswith("No revision of fleet is deployed")


def test_rollback_without_a_target_is_not_planned() -> None:
    world = World().release("fleet", revision(1, "pending-install", GA))
    world.finding("lock", "roll_back_release", release="fleet")
    assert not plan_of(world).steps


def test_ask_is_planned_only_when_accepted_and_told_otherwise() -> None:
    world = World().release("fleet", revision(1, "pending-install", GA))
    instructions = {
        "why": "User values are lost.",
        "danger": ["Values are lost."],
        "commands": ["kubectl get secret"],
    }
    world.finding(
        "pending-install-no-deployed",
        "unlock_release",
        release="fleet",
        unattended="ask",
        risk="medium",
        instructions=instructions,
    )
    asked = plan_of(world)
    assert not asked.steps
    (told,) = asked.instructions
    assert told.commands == ("kubectl get secret",)
    assert told.danger == ("Values are lost.", "Do not panic.")
    accepted = plan_of(world, accept=["pending-install-no-deployed"])
    assert accepted.steps[0].action == "unlock_release"
    assert accepted.steps[0].risk == "medium"
    assert not accepted.instructions


def test_the_same_advice_on_several_objects_is_given_once_with_all_commands() -> None:
    world = World()
    for name in ("harvester", "harvester-crd"):
        given = {"why": "It is not ready.", "danger": [], "commands": ["see", f"get {name}"]}
        world.finding("chart-not-ready", unattended="no", instructions=given)
    (told,) = plan_of(world).instructions
    assert told.commands == ("see", "get harvester", "get harvester-crd")


def by_hand(why: str = "It must be looked at.") -> dict[str, Any]:
    return {"why": why, "danger": [], "commands": ["helm history"]}


def test_what_is_left_to_a_person_on_an_awaited_release_blocks_the_job() -> None:
    world = rc_world()
    world.finding("lost", "nudge", release="fleet-crd", unattended="no", instructions=by_hand())
    assert [each.blocks for each in plan_of(world).instructions] == [True]


@pytest.mark.parametrize(
    ("release", "outcome"), [("rancher-turtles", "fail"), (None, "fail"), ("fleet-crd", "warn")]
)
def test_what_the_job_does_not_wait_for_blocks_nothing(release: str | None, outcome: str) -> None:
    world = rc_world().release("rancher-turtles", revision(1, "failed", GA, "rancher-turtles"))
    given = by_hand()
    world.finding("left", release=release, unattended="no", outcome=outcome, instructions=given)
    assert [each.blocks for each in plan_of(world).instructions] == [False]


def test_words_beside_the_steps_of_the_same_finding_block_nothing() -> None:
    world = World().release("fleet", revision(2, "deployed", RC))
    world.finding("skip", "upgrade_release", release="fleet", instructions=by_hand())
    plan = plan_of(world)
    assert plan.steps
    assert [each.blocks for each in plan.instructions] == [False]


def test_an_upgrade_that_has_ended_blocks_whatever_else_is_repaired() -> None:
    world = rc_world()
    world.finding("job-backoff-limit", unattended="no", instructions=by_hand("It has ended."))
    world.findings[-1]["holds_job"] = True
    evidence, findings, facts = world.documents()
    plan = make_plan(evidence, findings, replace(facts, upgrade=UpgradeFacts(phase="ended")))
    assert [each.blocks for each in plan.instructions] == [True]
    assert Plan.from_dict(plan.to_dict()).instructions[0].blocks is True


def test_no_stays_no_even_when_accepted() -> None:
    world = World().release("fleet", revision(2, "failed", GA))
    world.finding("failed-release", "upgrade_release", release="fleet", unattended="no")
    assert not plan_of(world, accept=["failed-release"]).steps


def test_pinned_values_hold_the_upgrade_until_they_may_be_dropped() -> None:
    world = World().release("fleet", revision(2, "deployed", RC), pinned=("image.tag",))
    world.finding("skip", "upgrade_release", release="fleet")
    assert not plan_of(world).steps
    plan = plan_of(world, accept=["pinned-values-in-release"])
    assert step(plan, "upgrade_release").params["drop_pinned_values"] is True


def test_pins_at_the_wanted_version_hold_nothing_back() -> None:
    """No finding speaks of them, so withholding the upgrade would leave neither a step nor words."""
    world = World().release(
        "fleet", revision(2, "deployed", RC), pinned=("image.tag",), pins_hold_back=False
    )
    world.finding("skip", "upgrade_release", release="fleet")
    assert step(plan_of(world), "upgrade_release").params["drop_pinned_values"] is False


def test_accepted_pins_leave_no_words_where_another_finding_upgrades_the_release() -> None:
    """One upgrade serves both findings, and it is the first one's step."""
    world = World().release("fleet", revision(2, "deployed", RC), pinned=("image.tag",))
    world.finding("skip", "upgrade_release", release="fleet")
    world.finding(
        "pinned-values-in-release",
        "upgrade_release",
        release="fleet",
        unattended="ask",
        instructions={"why": "Somebody set them.", "danger": [], "commands": ["helm get values"]},
    )
    assert [each.finding for each in plan_of(world).instructions] == ["pinned-values-in-release"]
    plan = plan_of(world, accept=["pinned-values-in-release"])
    assert [each.finding for each in plan.steps if each.action == "upgrade_release"] == ["skip"]
    assert not plan.instructions


def test_whole_index_lets_rancher_work_and_the_skipped_ones_are_done_by_us() -> None:
    """Stale index + RC skip: the index finding hides that Rancher will skip fleet-crd after it."""
    world = World()
    world.release("fleet-crd", revision(2, "deployed", RC, "fleet-crd"), index=(OLD,))
    world.release("fleet", revision(2, "deployed", OLD), index=(OLD,))
    world.release("rancher-webhook", revision(2, "deployed", GA, "rancher-webhook"), index=(OLD,))
    world.finding("clusterrepo-stale-index", "refresh_index")
    plan = plan_of(world)
    assert [(each.action, each.params.get("release")) for each in plan.steps] == [
        ("refresh_index", None),
        ("upgrade_release", "fleet-crd"),
        ("nudge", None),
        ("let_rancher_upgrade", "fleet"),
        ("upgrade_release", "fleet"),
        ("restore_fleet_config", None),
    ]
    assert plan.steps[0].params["charts"] == [
        {"chart": "fleet", "version": GA},
        {"chart": "fleet-crd", "version": GA},
        {"chart": "rancher-webhook", "version": GA},
    ]
    assert plan.steps[1].depends_on == (plan.steps[0].id,)


def test_missing_index_and_lock_are_one_plan() -> None:
    world = World().release(
        "fleet",
        revision(5, "pending-upgrade", OLD),
        revision(4, "deployed", OLD),
        index=None,
    )
    world.finding("clusterrepo-or-index-missing", "rebuild_index")
    world.finding("pending-upgrade-lock", "unlock_release", release="fleet")
    assert [each.action for each in plan_of(world).steps] == [
        "unlock_release",
        "rebuild_index",
        "nudge",
        "let_rancher_upgrade",
        "upgrade_release",
        "restore_fleet_config",
    ]


def test_a_lock_nobody_may_remove_stops_the_plan_for_that_release() -> None:
    world = World().release("fleet", revision(5, "pending-install", GA), revision(4, "failed", GA))
    world.finding("lock", "unlock_release", release="fleet", unattended="ask")
    world.finding("index", "refresh_index")
    assert [each.action for each in plan_of(world).steps] == ["refresh_index"]


def test_lost_url_is_restored_once_after_the_upgrade() -> None:
    world = rc_world()
    world.finding("fleet-configmap-lost-apiserverurl", "restore_fleet_config")
    assert [each.action for each in plan_of(world).steps].count("restore_fleet_config") == 1


def test_retry_trap_creates_only_what_is_missing_and_last_what_the_script_deletes_first() -> None:
    world = World()
    world.evidence["cluster_repos"] = {"rancher-charts": None, "rancher-rke2-charts": {"uid": "a"}}
    world.finding("clusterrepos-deleted-retry-trap", "create_cluster_repos")
    plan = plan_of(world)
    assert [each.params["name"] for each in plan.steps] == [
        "rancher-partner-charts",
        "rancher-charts",
    ]
    assert all(each.precondition == {"absent": True} for each in plan.steps)


def test_what_a_retried_job_skipped_comes_last() -> None:
    world = rc_world()
    world.finding(
        "rancher-phase-skipped",
        "create_stv_aggregation",
        "redeploy_fleet_agent",
        "restore_fleet_config",
    )
    actions = [each.action for each in plan_of(world).steps]
    assert actions[3:] == ["restore_fleet_config", "redeploy_fleet_agent", "create_stv_aggregation"]
    agent = step(plan_of(world), "redeploy_fleet_agent")
    assert agent.params["generation"] == 4
    assert agent.precondition == {"redeploy_agent_generation": 3, "agent_deployed_generation": 3}


def test_agent_work_after_the_rancher_phase_is_a_risk() -> None:
    world = World().finding("x", "redeploy_fleet_agent")
    evidence, findings, facts = world.documents()
    assert make_plan(evidence, findings, facts).risks == ("low",)
    assert make_plan(
        evidence, findings, replace(facts, upgrade=UpgradeFacts(phase="after-rancher"))
    ).risks == ("medium",)


def test_only_webhooks_without_any_service_are_deleted() -> None:
    world = World().finding("legacy-capi-webhooks", "delete_legacy_capi_webhooks")
    gone = {"name": "a", "service": "cattle-system/gone", "service_exists": False}
    alive = {"name": "b", "service": "cattle-system/alive", "service_exists": True}
    unread = {"name": "c", "service": "cattle-system/unread", "service_exists": None}

    def configuration(name: str, *webhooks: Any) -> dict[str, Any]:
        return {
            "kind": "MutatingWebhookConfiguration",
            "name": name,
            "uid": f"uid-{name}",
            "webhooks": list(webhooks),
        }

    world.evidence["webhook_configurations"] = [
        configuration("mutating-webhook-configuration", gone),
        configuration("validating-webhook-configuration", gone, alive),
        configuration("capi-validating-webhook-configuration", unread),
        configuration("capi-mutating-webhook-configuration"),
        configuration("rancher.cattle.io", gone),
    ]
    (only,) = plan_of(world).steps
    assert only.object.name == "mutating-webhook-configuration"
    assert only.precondition["uid"] == "uid-mutating-webhook-configuration"


def test_force_is_asked_for_by_name_and_is_a_risk() -> None:
    plan = plan_of(rc_world(), force_releases=["fleet"])
    forced = [each for each in plan.steps if each.params.get("force")]
    assert [each.params["release"] for each in forced] == ["fleet"]
    assert forced[0].risk == "medium"


def test_bundle_resync_takes_the_next_generation_of_the_named_bundle() -> None:
    world = World().finding(
        "bundle-errapplied-operation-in-progress",
        "resync_bundle",
        arguments={"name": "mcc-harvester"},
    )
    world.evidence["bundles"] = [
        {"name": "mcc-harvester", "uid": "b1", "force_sync_generation": 2},
        {"name": "mcc-other", "uid": "b2", "force_sync_generation": 7},
    ]
    (resync,) = plan_of(world).steps
    assert resync.params == {"name": "mcc-harvester", "generation": 3, "expected_uid": "b1"}


def test_findings_of_other_evidence_are_refused() -> None:
    evidence, findings, facts = rc_world().documents()
    with pytest.raises(RemediationError) as caught:
        make_plan({**evidence, "collected_at": "later"}, findings, facts)
    assert caught.value.code == "plan-invalid"


@pytest.mark.parametrize(
    ("options", "outside"),
    [
        ({}, False),
        ({"chart_source": "rancher_pod", "chart_repository": "oci://r"}, False),
        ({"chart_path": "/srv"}, True),
        ({"chart_repository": "https://r"}, True),
        ({"chart_source": "oci"}, True),
    ],
)
def test_a_chart_from_outside_that_no_digest_proves_is_a_risk(
    options: dict[str, Any], outside: bool
) -> None:
    world = rc_world()
    assert step(plan_of(world, **options), "upgrade_release").risk == "low"
    for entry in world.evidence["chart_index"]["charts"]["fleet-crd"]:
        entry.pop("digest")
    risk = step(plan_of(world, **options), "upgrade_release").risk
    assert risk == ("medium" if outside else "low")


@pytest.mark.parametrize("options", [{"chart_source": "guess"}, {"frobnicate": 1}])
def test_unknown_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(RemediationError) as caught:
        plan_of(rc_world(), **options)
    assert caught.value.code == "plan-invalid"


def test_a_rule_with_an_unknown_step_is_refused_by_name() -> None:
    with pytest.raises(RemediationError, match="reboot_everything"):
        plan_of(World().finding("mine", "reboot_everything"))


def test_the_upgrade_controller_is_restarted_for_the_plan_that_hangs() -> None:
    world = World().finding("plan-skip-restart-stuck", "restart_system_upgrade_controller")
    assert not plan_of(world).steps
    world.evidence["plans"] = [
        {"name": "done-skip-restart-rancher-system-agent", "complete": True},
        {"name": "hvst-upgrade-x-skip-restart-rancher-system-agent", "complete": False},
    ]
    (restart,) = plan_of(world).steps
    assert restart.params["plan"] == "hvst-upgrade-x-skip-restart-rancher-system-agent"


def test_the_plan_a_finding_is_about_comes_before_any_other_that_hangs() -> None:
    world = World().finding("plan-skip-restart-stuck", "restart_system_upgrade_controller")
    world.findings[-1]["subject"] = "Plan/cattle-system/hvst-upgrade-new-skip-restart-agent"
    world.evidence["plans"] = [
        {"name": "hvst-upgrade-old-skip-restart-agent", "uid": "old", "complete": False},
        {"name": "hvst-upgrade-new-skip-restart-agent", "uid": "new", "complete": False},
    ]
    (restart,) = plan_of(world).steps
    assert restart.params["plan"] == "hvst-upgrade-new-skip-restart-agent"
    assert restart.params["expected_plan_uid"] == "new"


def test_unlocked_release_the_job_does_not_wait_for_gets_a_nudge() -> None:
    world = World().release(
        "system-upgrade-controller",
        revision(5, "pending-upgrade", OLD, "system-upgrade-controller"),
        revision(4, "deployed", OLD, "system-upgrade-controller"),
    )
    world.dependencies = [replace(each, expected=None) for each in world.dependencies]
    world.finding("lock", "unlock_release", "nudge", release="system-upgrade-controller")
    assert [each.action for each in plan_of(world).steps] == ["unlock_release", "nudge"]


def test_the_plan_says_why_it_rolls_back_and_what_runs_meanwhile() -> None:
    world = World().release(
        "fleet", revision(6, "pending-upgrade", RC), revision(5, "deployed", OLD)
    )
    (fleet,) = world.dependencies
    lock = replace(fleet.lock, roll_back_reason="the pending revision has set more")
    world.dependencies = [replace(fleet, lock=lock)]
    world.finding("lock", "roll_back_release", release="fleet", risk="medium")
    rollback = step(plan_of(world), "roll_back_release")
    assert rollback.reason.endswith("It is rolled back because the pending revision has set more.")
    assert OLD in rollback.changes[0]
    assert RC in rollback.changes[0]
    assert any("objects that only earlier revisions" in each for each in rollback.changes)


def test_what_is_left_over_is_removed_before_the_release_is_upgraded() -> None:
    world = World().release("fleet", revision(6, "failed", GA), revision(5, "deployed", OLD))
    (fleet,) = world.dependencies
    left = LeftOver("Deployment/n/fleet-controller", "spec.template.spec.nodeSelector", "{}", 5)
    leftovers = replace(fleet.leftovers, fields=(left,))
    failed = build({"releases": {"fleet": [[6, "failed", GA, 4000], [5, "deployed", OLD, 90000]]}})
    (failure,) = derive(failed).helm_failures
    world.dependencies = [replace(fleet, leftovers=leftovers, helm_failure=failure)]
    world.finding("left", "remove_leftovers", "upgrade_release", release="fleet")
    plan = plan_of(world)
    assert [each.action for each in plan.steps] == [
        "remove_leftovers",
        "upgrade_release",
        "restore_fleet_config",
    ]
    cleaning = plan.steps[0]
    assert cleaning.params["state"] == "cleaned"
    assert cleaning.params["expected_revision"] == 6
    assert "nodeSelector of Deployment/n/fleet-controller" in cleaning.changes[0]
    assert cleaning.object.name == "sh.helm.release.v1.fleet.v6"
    assert any("only helm owns" in each for each in plan.steps[1].changes)


def test_a_locked_release_is_not_cleaned() -> None:
    world = World().release(
        "fleet", revision(6, "pending-upgrade", GA), revision(5, "deployed", OLD)
    )
    world.finding("left", "remove_leftovers", release="fleet")
    assert plan_of(world).steps == ()
