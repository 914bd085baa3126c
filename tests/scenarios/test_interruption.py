# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are cut off, and runs that meet somebody else at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.audit import Request
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    REMEDIATE,
    Playbook,
    Running,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.processes import (
    descendants,
    helm_of,
    kill,
    module_of,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    APPROVED,
    become_old,
)
from doubles import faults, helm_storage
from doubles.cluster import RELEASE_NAMESPACES
from doubles.scenarios import scenario

FLEET = "cattle-fleet-system"
WEBHOOK = "rancher-webhook"
# Nobody else's helm may count as dead while it lives.
CAREFUL = {**APPROVED, "stale_after": 600}


@pytest.fixture
def sick(tmp_path: Path) -> Iterator[SickCluster]:
    """A cluster with release candidates."""
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), tmp_path) as cluster:
        become_old(cluster)
        yield cluster


def operator(sick: SickCluster, name: str) -> Playbook:
    """The operator, with an artifacts folder of that name."""
    return sick.operator.writing_to(sick.operator.artifacts.with_name(name))


def fleet_status(sick: SickCluster) -> str:
    """The status of the last revision of fleet."""
    return sick.revisions()["fleet"][1]


@contextmanager
def upgrading_fleet(sick: SickCluster, name: str, **options: object) -> Iterator[Running]:
    """A run whose helm is in the middle of fleet: its new pods are not let in before the end."""
    faults.hold_pods(sick.stuck, FLEET)
    patient = operator(sick, name).with_options(helm_timeout=900, **options)
    run = patient.start(REMEDIATE)
    try:
        sick.control_plane.wait_for(
            "helm to work on fleet",
            lambda: fleet_status(sick).startswith("pending-") or run.process.poll() is not None,
            180,
        )
        assert run.process.poll() is None, run.output
        yield run
    finally:
        faults.release_pods(sick.stuck, FLEET)
        if run.process.poll() is None:
            run.finish()


def of_a_second_run(request: Request) -> bool:
    """A change that is neither of the first run's helm nor its hold on the lock."""
    return request.writes and request.resource != "leases" and not request.by_helm


def test_two_runs_at_once(sick: SickCluster) -> None:
    """One works, the other is told who works, since when and at what."""
    with upgrading_fleet(sick, "first", **CAREFUL) as first:
        holder = sick.lock_holder()
        assert holder
        log, before = sick.audit.mark(), sick.revisions()
        second = operator(sick, "second").remediate(**CAREFUL)
        assert (second.code != 0, second.report["verdict"]) == (True, "refused"), second
        error = second.report["error"]
        assert error["code"] == "lock-held"
        assert holder in error["message"]
        assert str(datetime.now(timezone.utc).year) in error["message"], "since when"
        assert first.process.poll() is None, first.output
        assert sick.revisions() == before
        assert not [write for write in log.requests() if of_a_second_run(write)]
        assert sick.lock_holder() == holder, "the other run's lock was taken away"
    finished = first.finish()
    assert (finished.code, finished.report["verdict"]) == (0, "repaired"), finished
    assert sick.lock_holder() == ""
    assert sick.is_as_wanted()


def test_a_living_helm_is_never_disturbed(sick: SickCluster) -> None:
    """Somebody's own helm works on fleet: that release is left alone, and the run says so."""
    with faults.held_pods(sick.stuck, FLEET):
        version = sick.stuck.illness.installed["fleet"][-1]
        arguments = sick.stuck.helm_arguments("fleet", version)
        other = faults.start_helm(sick.stuck, *arguments, "--wait", "--timeout", "10m")
        try:
            sick.control_plane.wait_for(
                "the other helm to work", lambda: fleet_status(sick).startswith("pending-"), 60
            )
            before = helm_storage.last(sick.stuck.cluster, FLEET, "fleet")
            log = sick.audit.mark()
            run = operator(sick, "artifacts").remediate(**{**CAREFUL, "verify_timeout": 15})
            after = helm_storage.last(sick.stuck.cluster, FLEET, "fleet")
            assert before is not None
            assert after is not None
            assert (after.number, after.status) == (before.number, before.status)
            name = before.secret["metadata"]["name"]
            assert not [write for write in log.writes() if write.endswith(f"/{name}")]
            assert other.poll() is None
            assert (run.code != 0, run.report["verdict"]) == (True, "stalled"), run
            steps = run.document("plan")["steps"]
            assert [step["params"].get("release") for step in steps] == ["fleet-crd", WEBHOOK]
        finally:
            faults.kill_helm(other)
    assert sick.lock_holder() == ""


def test_a_helm_that_begins_after_the_approval_is_waited_for(sick: SickCluster) -> None:
    """While fleet is upgraded somebody else begins with the release of a later step, and gets it done."""
    wanted = sick.stuck.expected()[WEBHOOK]
    with (
        faults.held_pods(sick.stuck, RELEASE_NAMESPACES[WEBHOOK]),
        upgrading_fleet(sick, "first", **CAREFUL) as run,
    ):
        before = sick.revisions()[WEBHOOK]
        arguments = [*sick.stuck.helm_arguments(WEBHOOK, wanted), "--wait", "--timeout", "5m"]
        other = faults.start_helm(sick.stuck, *arguments)
        try:
            sick.control_plane.wait_for(
                "the other helm to work",
                lambda: sick.revisions()[WEBHOOK][1].startswith("pending-"),
                60,
            )
            faults.release_pods(sick.stuck, FLEET)
            sick.control_plane.wait_for(
                "the run to wait for it", lambda: "abandoned only when 600 s old" in run.output, 120
            )
            assert other.poll() is None
        finally:
            faults.release_pods(sick.stuck, RELEASE_NAMESPACES[WEBHOOK])
            other.wait(120)
        finished = run.finish()
    assert other.returncode == 0
    assert (finished.code, finished.report["verdict"]) == (0, "repaired"), finished
    assert sick.revisions()[WEBHOOK] == (before[0] + 1, "deployed", wanted), "theirs, not ours"
    outcomes = {step["id"]: step["outcome"] for step in finished.report["plan"]["steps"]}
    assert [outcomes[step] for step in outcomes if WEBHOOK in step] == ["unchanged"], outcomes


def test_a_helm_that_outlives_its_run_is_waited_for(sick: SickCluster) -> None:
    """Ansible is killed, its helm works on: the next run leaves it alone, and goes on when it is done."""
    with upgrading_fleet(sick, "first", **CAREFUL) as run:
        helm = helm_of(sick.kubeconfig)
        assert helm
        kill([pid for pid in [run.process.pid, *descendants(run.process.pid)] if pid not in helm])
        before = sick.revisions()
        told = operator(sick, "told").remediate(**CAREFUL)
        assert told.report["verdict"] == "refused", told
        assert told.report["error"]["code"] == "lock-held", told
        assert helm_of(sick.kubeconfig) == helm
        assert sick.revisions() == before
    sick.control_plane.wait_for("helm to end", lambda: not helm_of(sick.kubeconfig), 120)
    number, status, _version = before["fleet"]
    assert (number, "deployed", sick.stuck.expected()["fleet"]) == sick.revisions()["fleet"], status
    second = operator(sick, "second").remediate(**CAREFUL)
    assert (second.code, second.report["verdict"]) == (0, "repaired"), second
    assert sick.revisions()["fleet"][0] == number, "done already"
    assert sick.is_as_wanted()
    assert sick.lock_holder() == ""


def _cut_off_helm(_run: Running, sick: SickCluster) -> None:
    kill(helm_of(sick.kubeconfig))


def _cut_off_module(run: Running, sick: SickCluster) -> None:
    (helm,) = helm_of(sick.kubeconfig)
    module = module_of(helm)
    assert module in descendants(run.process.pid)
    kill([module])


def _cut_off_ansible(run: Running, sick: SickCluster) -> None:
    """The machine the run was on is gone, with all that ran on it."""
    kill([run.process.pid, *descendants(run.process.pid), *helm_of(sick.kubeconfig)])


@pytest.mark.parametrize("cut_off", [_cut_off_helm, _cut_off_module, _cut_off_ansible])
def test_the_next_run_converges(
    sick: SickCluster, cut_off: Callable[[Running, SickCluster], None]
) -> None:
    """SIGKILL in the middle of fleet's upgrade, of whatever: the next run takes it from there."""
    with upgrading_fleet(sick, "first", **APPROVED) as run:
        cut_off(run, sick)
    first = run.finish()
    assert first.code != 0, first
    if cut_off is _cut_off_ansible:
        lock_is_respected_from_elsewhere(sick)
    assert (sick.lock_holder() != "") == (cut_off is _cut_off_ansible)
    become_old(sick)
    # On the machine it died on, the lock of a dead run is no obstacle.
    second = operator(sick, "second").remediate(**APPROVED)
    assert (second.code, second.report["verdict"]) == (0, "repaired"), second
    assert sick.is_as_wanted()
    assert sick.lock_holder() == ""


def lock_is_respected_from_elsewhere(sick: SickCluster) -> None:
    """On another machine nobody can know that the holder is dead before its time is up."""
    holder = sick.lock_holder()
    assert holder
    process = sick.lock_process()
    sick.set_lock_process(f"another-boot {process.partition(' ')[2]}")
    told = operator(sick, "told").remediate(**APPROVED)
    assert told.report["error"]["code"] == "lock-held", told
    assert holder in told.report["error"]["message"]
    assert sick.lock_holder() == holder
    sick.set_lock_process(process)
