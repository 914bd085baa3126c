# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that change while a run works on them: what comes up then is found and, where approved, repaired by the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    REMEDIATE,
    Finished,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    APPROVED,
    become_old,
)
from doubles import faults
from doubles.scenarios import scenario

FLEET = "cattle-fleet-system"
WEBHOOK = "rancher-webhook"
# What the output shows at these moments of a run.
PLAN = "plan : Ask for approval]"
UNLOCK = "apply : Unlock"
UPGRADE_FLEET = "apply : Upgrade release fleet to"


def lock_webhook(sick: SickCluster) -> None:
    """A helm of somebody else is killed in the middle of rancher-webhook, an hour ago."""
    faults.kill_upgrade(sick.stuck, WEBHOOK, sick.stuck.expected()[WEBHOOK])


def disturbed(
    sick: SickCluster, operator: Playbook, moment: str, disturb: Callable[[], None]
) -> Finished:
    """A run that something happens to when its output shows that text."""
    run = operator.start(REMEDIATE)
    sick.control_plane.wait_for(
        moment, lambda: moment in run.output or run.process.poll() is not None, 240
    )
    assert run.process.poll() is None, run.output
    disturb()
    return run.finish()


def steps_of(plan: dict[str, list[dict[str, str]]]) -> list[str]:
    """The steps of a plan by name, without their numbers, each with its outcome."""
    return [f"{each['id'].partition('-')[2]} {each['outcome']}" for each in plan["steps"]]


def test_a_cluster_that_moves_before_the_lock_is_planned_again(tmp_path: Path) -> None:
    """Between the approval by risk and the second look a low-risk step more has become necessary."""
    with sick_cluster(scenario("pending-upgrade-lock"), tmp_path) as sick:
        become_old(sick)
        run = disturbed(
            sick, sick.operator.with_options(**APPROVED), PLAN, lambda: lock_webhook(sick)
        )
        assert (run.code, run.report["verdict"]) == (0, "repaired"), run
        (first,) = run.report["rounds"]
        assert {each.split()[1] for each in steps_of(first["plan"])} == {"not-run"}, run
        done = steps_of(run.report["plan"])
        assert {"unlock-fleet changed", f"unlock-{WEBHOOK} changed"} <= set(done), run
        assert sick.is_as_wanted(), sick.revisions()
        assert sick.lock_holder() == ""


def test_what_comes_up_later_is_repaired_within_the_approved_risk(tmp_path: Path) -> None:
    with sick_cluster(scenario("pending-upgrade-lock"), tmp_path) as sick:
        become_old(sick)
        run = disturbed(
            sick, sick.operator.with_options(**APPROVED), UNLOCK, lambda: lock_webhook(sick)
        )
        assert (run.code, run.report["verdict"]) == (0, "repaired"), run
        (first,) = run.report["rounds"]
        assert "unlock-fleet changed" in steps_of(first["plan"]), run
        assert steps_of(run.report["plan"])[0] == f"unlock-{WEBHOOK} changed", run
        assert sick.is_as_wanted(), sick.revisions()
        assert sick.lock_holder() == ""


def test_what_comes_up_later_waits_for_its_own_approval(tmp_path: Path) -> None:
    """A fingerprint approves one plan; the run says what it did, and which plan the cluster needs now."""
    with sick_cluster(scenario("pending-upgrade-lock"), tmp_path) as sick:
        become_old(sick)
        fingerprint = sick.operator.remediate().document("plan")["fingerprint"]
        first = disturbed(
            sick,
            sick.operator.with_options(approved_plan=fingerprint),
            UNLOCK,
            lambda: lock_webhook(sick),
        )
        assert (first.code != 0, first.report["verdict"]) == (True, "needs_approval"), first
        assert first.report["rounds"][0]["plan"]["fingerprint"] == fingerprint
        assert {each.split()[1] for each in steps_of(first.report["plan"])} == {"not-run"}, first
        following = first.report["plan"]["fingerprint"]
        assert f"-e remediation_approved_plan={following}" in first.output
        second = sick.operator.remediate(approved_plan=following)
        assert (second.code, second.report["verdict"]) == (0, "repaired"), second
        assert sick.is_as_wanted(), sick.revisions()


def test_a_release_that_moves_under_the_plan_is_planned_again(tmp_path: Path) -> None:
    """While fleet is upgraded a later step's release is locked: the step is refused, and another plan is made."""
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), tmp_path) as sick:
        become_old(sick)
        run = disturbed(
            sick,
            sick.operator.with_options(**APPROVED),
            UPGRADE_FLEET,
            lambda: lock_webhook(sick),
        )
        assert (run.code, run.report["verdict"]) == (0, "repaired"), run
        (first,) = run.report["rounds"]
        assert f"upgrade-{WEBHOOK} failed" in steps_of(first["plan"]), run
        assert f"unlock-{WEBHOOK} changed" in steps_of(run.report["plan"]), run
        assert sick.is_as_wanted(), sick.revisions()
        assert sick.fleet_server().startswith("https://")


def test_what_a_failed_step_has_broken_is_put_back(tmp_path: Path) -> None:
    """The failed upgrade has wiped fleet's apiServerURL; the error names why the pods do not start."""
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), tmp_path) as sick:
        become_old(sick)
        # What Harvester's own controller would put back, too.
        sick.stuck.stop_double("fleet")
        with faults.held_pods(sick.stuck, FLEET):
            run = sick.operator.remediate(**APPROVED, helm_timeout=15)
        assert (run.code != 0, run.report["verdict"]) == (True, "stalled"), run
        assert "restore-fleet-config changed" in steps_of(run.report["plan"]), run
        assert sick.fleet_server().startswith("https://")
        assert "exceeded quota" in run.report["error"]["message"], run
        sick.stuck.start_fleet()
        become_old(sick, "fleet")
        second = sick.operator.writing_to(tmp_path / "second").remediate(**APPROVED)
        assert (second.code, second.report["verdict"]) == (0, "repaired"), second
        assert sick.is_as_wanted(), sick.revisions()
