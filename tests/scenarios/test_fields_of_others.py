# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's Helm 4 is refused fields that others have set, so the job waits for a version that never comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import sick_cluster
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import APPROVED
from doubles import faults
from doubles.cluster import Illness, StuckCluster
from doubles.rancher_lines import previous_of
from doubles.scenarios import Scenario

RANCHER, FLEET = "v2.11.0", "cattle-fleet-system"
OPTION = '{"remediation_force_releases": ["fleet"]}'
IMAGE = "rancher/gitjob:of-a-person"


def of_harvester(stuck: StuckCluster) -> None:
    """What Harvester writes in every cluster."""
    faults.set_fleet_server(stuck, "https://10.53.0.10/")


def of_a_person(stuck: StuckCluster) -> None:
    """A person has put another image in, and an autoscaler more pods."""
    of_harvester(stuck)
    image = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": IMAGE}
    patch = ("patch", "deployment", "gitjob", "-n", FLEET, "--type", "json")
    kubectl = stuck.control_plane.kubectl
    kubectl(*patch, "-p", json.dumps([image]), "--field-manager=kubectl-edit")
    kubectl("scale", "deployment", "gitjob", "-n", FLEET, "--replicas=2")


def refused(before: Callable[[StuckCluster], None]) -> Scenario:
    """Rancher tries again and again, and fails."""
    charts = previous_of(RANCHER).charts
    awaited = ("fleet-crd", "fleet", "rancher-webhook")
    illness = Illness(
        rancher=RANCHER, installed={name: (charts[name],) for name in awaited}, settles=False
    )
    return Scenario("fields of others", illness, before=before, after=_wait_until_refused)


def _wait_until_refused(stuck: StuckCluster) -> None:
    def has_failed() -> bool:
        return any("exited 1" in line for line in stuck.rancher_log())

    stuck.control_plane.wait_for("Rancher's helm to fail", has_failed, 240)


@pytest.mark.parametrize("helm", [3, 4])
def test_what_is_known_to_be_shared_is_taken_over(helm: int, tmp_path: Path) -> None:
    with sick_cluster(refused(of_harvester), tmp_path, helm, made_by=4) as sick:
        found = sick.operator.diagnose()
        (told,) = [
            each for each in found.document("findings")["findings"] if each["outcome"] == "fail"
        ]
        assert ".data.config" in told["message"]
        assert "remediate_stuck_upgrade takes them over" in told["what_next"]
        run = sick.operator.remediate(**APPROVED)
        assert (run.code, run.report["verdict"]) == (0, "repaired"), run
        assert sick.is_as_wanted(), sick.revisions()
        assert sick.fleet_server().startswith("https://")


def test_what_a_person_has_set_needs_the_release_named(tmp_path: Path) -> None:
    with sick_cluster(refused(of_a_person), tmp_path, 4, made_by=4) as sick:
        run = sick.operator.remediate(**APPROVED)
        assert (run.code != 0, run.report["verdict"], run.changed) == (True, "needs_human", 0), run
        (told,) = [each for each in run.report["instructions"] if each["blocks"]]
        assert (
            ".image of Deployment/cattle-fleet-system/gitjob (manager kubectl-edit)" in told["why"]
        )
        assert ".replicas" not in told["why"]
        assert told["commands"][-1].endswith(f"-e '{OPTION}'")
        again = sick.operator.writing_to(tmp_path / "forced").remediate(
            **APPROVED, force_releases=["fleet"]
        )
        assert (again.code, again.report["verdict"]) == (0, "repaired"), again
        gitjob = sick.control_plane.get("deployment", "gitjob", "-n", FLEET)["spec"]
        assert gitjob["replicas"] == 2
        assert gitjob["template"]["spec"]["containers"][0]["image"] != IMAGE
