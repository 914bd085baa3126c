# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflow of the assets in miniature: jobs run as AWX runs them, on a stuck cluster, up to the proof."""

from __future__ import annotations

import asyncio
import base64
import json
import runpy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.in_short import (
    LIMIT,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    PATIENCE,
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import become_old
from awx.assets import CHECKOUT, message, workflow_nodes
from awx.job import Finished, checked_out, files_of, run_job
from controlplane.handle import ControlPlane
from doubles import faults
from doubles.scenarios import scenario

SOURCE = runpy.run_path(str(CHECKOUT / "extensions/eda/plugins/event_source/pending_release.py"))


@dataclass
class Workflow:
    """Runs nodes with what the nodes before have handed over."""

    sick: SickCluster
    folder: Path
    project: Path
    artifacts: dict[str, Any] = field(default_factory=dict)
    jobs: int = 0

    def run(self, node: str, credential: Mapping[str, Any], **left_out: str) -> Finished:
        """One node; its artifacts are added to those that the next ones get."""
        asset = workflow_nodes()[node]
        template = asset["unified_job_template"]["name"].partition(": ")[2]
        self.jobs += 1
        # In AWX it is in the container, which is gone with the job.
        patience = {f"remediation_{name}": value for name, value in PATIENCE.items()}
        patience["remediation_artifacts_dir"] = str(self.folder / f"artifacts-{self.jobs}")
        patience["remediation_helm_binary"] = str(self.sick.control_plane.helm3)
        given = {**patience, **asset.get("extra_data", {}), **self.artifacts, **left_out}
        folder = self.folder / str(self.jobs)
        done = run_job(folder, self.project, template, credential, given)
        self.artifacts.update(done.artifacts)
        return done


@pytest.fixture(scope="module")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflow]:
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), tmp_path_factory.mktemp("awx")) as sick:
        become_old(sick)
        folder = tmp_path_factory.mktemp("jobs")
        yield Workflow(sick, folder, checked_out(folder / "project"))


@pytest.fixture(scope="module")
def kubeconfig(workflow: Workflow) -> dict[str, str]:
    """The credential of a person who pastes a kubeconfig."""
    return {"kubeconfig": workflow.sick.kubeconfig.read_text()}


@pytest.fixture(scope="module")
def token(workflow: Workflow) -> dict[str, str]:
    """The credential of a ServiceAccount that may read everything."""
    plane = workflow.sick.control_plane
    plane.kubectl("create", "serviceaccount", "awx", "-n", "default")
    binding = ("clusterrolebinding", "awx", "--clusterrole=cluster-admin")
    plane.kubectl("create", *binding, "--serviceaccount=default:awx")
    made = plane.kubectl("create", "token", "awx", "-n", "default").stdout.decode().strip()
    return {"host": plane.server, "token": made, "ca_cert": certificate_authority(plane)}


def certificate_authority(plane: ControlPlane) -> str:
    cluster = yaml.safe_load(plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    return base64.b64decode(cluster["certificate-authority-data"]).decode()


def test_the_workflow_from_diagnosis_to_proof(
    workflow: Workflow, kubeconfig: dict[str, str], token: dict[str, str]
) -> None:
    before = files_of(workflow.project)
    log = workflow.sick.audit.mark()

    diagnose = workflow.run("diagnose", token)
    assert diagnose.status == "failed", diagnose  # which leads to the node "plan"
    assert diagnose.artifacts["remediation_verdict"] == "stuck", diagnose

    plan = workflow.run("plan", kubeconfig)
    assert plan.status == "successful", plan  # which leads to the approval
    assert plan.artifacts["remediation_verdict"] == "needs_approval", plan
    fingerprint = plan.artifacts["remediation_plan_fingerprint"]
    assert f"remediation_approved_plan={fingerprint}" in plan.output
    assert len(json.dumps(plan.artifacts)) < LIMIT
    told = approver_is_told(plan)
    assert told["plan"] == fingerprint
    assert "Upgrade" in told["text"]

    # A node that runs without what the node "plan" handed over carries nothing out, and asks nobody.
    denied = workflow.run("remediate", kubeconfig, remediation_plan_fingerprint="")
    assert denied.status == "failed", denied
    assert denied.artifacts["remediation_verdict"] == "needs_approval", denied
    assert log.writes() == []

    workflow.artifacts["remediation_plan_fingerprint"] = fingerprint
    repaired = workflow.run("remediate", kubeconfig)
    assert repaired.status == "successful", repaired
    assert repaired.artifacts["remediation_verdict"] == "repaired", repaired
    assert workflow.sick.is_as_wanted(), workflow.sick.revisions()

    verify = workflow.run("verify", token)
    assert verify.status == "successful", verify
    assert verify.artifacts["remediation_verdict"] in ("healthy", "moving"), verify
    assert files_of(workflow.project) == before


def approver_is_told(plan: Finished) -> dict[str, Any]:
    job = {"name": "plan", "status": plan.status, "artifacts": plan.artifacts}
    return message("success", {"job_friendly_name": "Job", "url": "https://awx", "job": job})


def test_the_backup_outlives_the_job(workflow: Workflow) -> None:
    """The folder of a job is gone with its container."""
    listed = workflow.sick.control_plane.get("secrets", "-n", "harvester-ops-backups")
    assert listed["items"]


def test_a_rulebook_is_told_of_a_lock(workflow: Workflow, token: dict[str, str]) -> None:
    """The event source against the API server, on a release whose helm was killed an hour ago."""
    stuck = workflow.sick.stuck
    stuck.stop_double("rancher")
    faults.kill_upgrade(stuck, "fleet", stuck.expected()["fleet"])
    authority = workflow.folder / "ca.crt"
    authority.write_text(token["ca_cert"])
    args = {"host": token["host"], "api_key": token["token"], "ca_cert": str(authority)}

    async def first_event() -> dict[str, Any]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        task = asyncio.create_task(SOURCE["main"](queue, args))
        try:
            return await asyncio.wait_for(queue.get(), 60)
        finally:
            task.cancel()

    event = asyncio.run(first_event())["pending_release"]
    assert (event["release"], event["status"]) == ("fleet", "pending-upgrade")
    assert event["pending_seconds"] >= 3600
