# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is done without approval, and what is approved is what runs: on one stuck cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios import transcripts
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    Finished,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import become_old
from doubles.cluster import StuckCluster
from doubles.scenarios import scenario

# The tests share a cluster, and the later ones build on the earlier.
SECRET = "Xk93-not-for-anybody"
WANTED = {
    "fleet-crd": ("106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"),
    "fleet": ("106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"),
    "rancher-webhook": ("106.0.0+up0.7.0-rc.9", "106.0.0+up0.7.0"),
}


def _keep_a_secret(stuck: StuckCluster) -> None:
    """A person has given the fleet release a password."""
    version = stuck.illness.installed["fleet"][-1]
    stuck.helm_install("fleet", version, "--set-string", f"proxy.password={SECRET}")


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SickCluster]:
    """A cluster with release candidates, and a password among the values of fleet."""
    ill = replace(scenario("rc-to-ga-skip-fleet"), before=_keep_a_secret)
    with sick_cluster(ill, tmp_path_factory.mktemp("approval")) as cluster:
        become_old(cluster)
        yield cluster


def in_folder(sick: SickCluster, name: str) -> Playbook:
    """The operator, writing to a folder of that name."""
    return sick.operator.writing_to(sick.operator.artifacts.with_name(name))


@pytest.fixture(scope="module")
def unapproved(sick: SickCluster) -> tuple[Finished, list[str]]:
    """A run that nobody approved, with what it wrote to the cluster."""
    log = sick.audit.mark()
    return in_folder(sick, "unapproved").remediate(), log.writes()


def test_without_approval_nothing_is_written(unapproved: tuple[Finished, list[str]]) -> None:
    run, writes = unapproved
    assert run.code != 0
    assert run.report["verdict"] == "needs_approval"
    transcripts.keep("needs_approval", run)
    assert run.changed == 0
    assert writes == []


def test_says_how_to_approve(unapproved: tuple[Finished, list[str]]) -> None:
    run, _writes = unapproved
    fingerprint = run.document("plan")["fingerprint"]
    last_words = run.output.rpartition("TASK [harvester_ops.remediation.report : Report]")[2]
    assert f"-e remediation_approved_plan={fingerprint}" in last_words
    assert """-e '{"remediation_auto_approve": ["low"]}'""" in last_words


def test_another_fingerprint_approves_nothing(sick: SickCluster) -> None:
    log = sick.audit.mark()
    run = in_folder(sick, "other").remediate(approved_plan="0123456789abcdef", auto_approve=["low"])
    assert (run.code != 0, run.report["verdict"]) == (True, "needs_approval"), run
    assert log.writes() == []


def test_another_risk_approves_nothing(sick: SickCluster) -> None:
    log = sick.audit.mark()
    run = in_folder(sick, "risk").remediate(auto_approve=["medium"])
    assert (run.code != 0, run.report["verdict"]) == (True, "needs_approval"), run
    assert log.writes() == []


def test_check_mode_changes_nothing_and_shows_the_same_plan(
    sick: SickCluster, unapproved: tuple[Finished, list[str]]
) -> None:
    log, before = sick.audit.mark(), sick.revisions()
    run = in_folder(sick, "check").remediate("--check", "--diff", auto_approve=["low"])
    assert run.code == 0, run
    assert log.writes() == []
    assert sick.revisions() == before
    assert run.document("plan")["fingerprint"] == unapproved[0].document("plan")["fingerprint"]
    for old, new in WANTED.values():
        assert any(line.startswith("-") and old in line for line in run.output.splitlines()), run
        assert any(line.startswith("+") and new in line for line in run.output.splitlines()), run


def test_secrets_stay_in_the_cluster_and_in_the_backup(
    sick: SickCluster, unapproved: tuple[Finished, list[str]]
) -> None:
    run = in_folder(sick, "verbose").remediate("--check", "--diff", "-vvv", auto_approve=["low"])
    assert SECRET not in run.output
    assert "proxy" in run.document("evidence")["releases"].__repr__()
    for finished in (run, unapproved[0]):
        assert _files_with(SECRET, finished.artifacts) == []


def _files_with(text: str, folder: Path) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and text.encode() in path.read_bytes()
    ]


def test_a_carried_plan_is_refused_when_the_cluster_has_moved(
    sick: SickCluster, unapproved: tuple[Finished, list[str]]
) -> None:
    carried = unapproved[0].artifacts / "plan.json"
    plan = unapproved[0].document("plan")
    sick.stuck.helm_install("rancher-webhook", WANTED["rancher-webhook"][0])
    log = sick.audit.mark()
    run = in_folder(sick, "moved").remediate(
        plan_file=str(carried), approved_plan=plan["fingerprint"]
    )
    assert (run.code != 0, run.report["verdict"]) == (True, "refused"), run
    error = run.report["error"]
    assert error["code"] == "plan-drifted"
    assert "sh.helm.release.v1.rancher-webhook.v1" in error["message"]
    assert "sh.helm.release.v1.fleet.v" not in error["message"]
    transcripts.keep("refused", run)
    assert log.writes() == []


def test_an_edited_plan_is_refused(
    sick: SickCluster, unapproved: tuple[Finished, list[str]], tmp_path: Path
) -> None:
    plan = unapproved[0].document("plan")
    plan["steps"][0]["params"]["namespace"] = "kube-system"
    edited = tmp_path / "plan.json"
    edited.write_text(json.dumps(plan), encoding="utf-8")
    log = sick.audit.mark()
    run = in_folder(sick, "edited").remediate(
        plan_file=str(edited), approved_plan=plan["fingerprint"]
    )
    assert (run.code != 0, run.report["verdict"]) == (True, "refused"), run
    assert run.report["error"]["code"] == "plan-invalid"
    assert log.writes() == []


def test_a_carried_plan_is_carried_out(sick: SickCluster) -> None:
    """The same plan, approved by its fingerprint, in another run; once, not twice."""
    first = in_folder(sick, "to-carry").remediate()
    plan = first.artifacts / "plan.json"
    fingerprint = first.document("plan")["fingerprint"]
    run = in_folder(sick, "carried").remediate(plan_file=str(plan), approved_plan=fingerprint)
    assert (run.code, run.report["verdict"]) == (0, "repaired"), run
    assert run.report["plan"]["fingerprint"] == fingerprint
    assert sick.is_as_wanted()
    assert SECRET not in run.output
    kept = _files_with(SECRET, run.artifacts)
    assert all(name.startswith("backup-") for name in kept), kept
    assert "password" in str(sick.values("fleet")["proxy"])
    log = sick.audit.mark()
    again = in_folder(sick, "again").remediate(plan_file=str(plan), approved_plan=fingerprint)
    assert again.report["verdict"] in ("healthy", "moving", "refused"), again
    assert log.writes() == []
