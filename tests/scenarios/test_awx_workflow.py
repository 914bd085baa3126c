# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflow of the assets in miniature: jobs run as AWX runs them, on a stuck cluster, up to the proof."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
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
from ansible_collections.harvester_ops.remediation.tests.scenarios.transcripts import same_for_all
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import become_old
from awx.assets import CHECKOUT, job_template, message, workflow_nodes
from awx.job import Finished, checked_out, files_of, run_job
from controlplane.handle import ControlPlane
from doubles import faults
from doubles.scenarios import scenario

FLEET_CONFIG = "ConfigMap/cattle-fleet-system/fleet-controller"
SOURCE = runpy.run_path(str(CHECKOUT / "extensions/eda/plugins/event_source/pending_release.py"))


GOLDEN = Path(__file__).parent / "golden/awx"
WRITE = "REMEDIATION_WRITE_TRANSCRIPTS"
# What AWX says of the workflow that a job belongs to.
OF_WORKFLOW = {"awx_workflow_job_id": 6, "tower_workflow_job_id": 6}
_AGES = re.compile(r"\b\d+ (s|min|h|seconds?|minutes?|hours?)\b")

_SETS = re.compile(r"\b(backup|before-restore)-\d{8}T\d{6}Z-[0-9a-f]{6}\b")


def template_of(node: Mapping[str, Any]) -> str:
    """The job template of a node, by the last words of its name."""
    name: str = node["unified_job_template"]["name"]
    return name.partition(": ")[2]


def told(template: str, done: Finished) -> dict[str, Any]:
    """What people and later jobs get of a job: how it ended, what it hands over, the message that it sends."""
    event = "success" if done.status == "successful" else "error"
    asset, sent = job_template(template), None
    if asset["related"].get(f"notification_templates_{event}"):
        job = {"name": asset["name"], "status": done.status, "artifacts": done.artifacts}
        context = {"job_friendly_name": "Job", "url": "https://awx/#/jobs/playbook/7", "job": job}
        sent = message(event, context)
    return {
        "template": template,
        "status": done.status,
        "artifacts": done.artifacts,
        "message": sent,
    }


def is_as_told(name: str, steps: list[dict[str, Any]]) -> None:
    """Compare with the golden file, which `make transcripts` writes."""
    text = same_for_all(yaml.safe_dump(steps, sort_keys=False, allow_unicode=True, width=110))
    text = _SETS.sub(r"\1-RUN", _AGES.sub(r"N \1", text))
    golden = GOLDEN / f"{name}.yml"
    if os.environ.get(WRITE):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(f"{HEADER}{text}", encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == f"{HEADER}{text}"


HEADER = """---
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by `make transcripts`.
"""


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
        given = {**asset.get("extra_data", {}), **self.artifacts, **OF_WORKFLOW, **left_out}
        done = self.launch(template_of(asset), credential, given)
        self.artifacts.update(done.artifacts)
        return done

    def launch(
        self, template: str, credential: Mapping[str, Any], answers: Mapping[str, Any]
    ) -> Finished:
        """One job."""
        self.jobs += 1
        # In AWX it is in the container, which is gone with the job.
        patience = {f"remediation_{name}": value for name, value in PATIENCE.items()}
        patience["remediation_artifacts_dir"] = str(self.folder / f"artifacts-{self.jobs}")
        patience["remediation_helm_binary"] = str(self.sick.control_plane.helm3)
        folder = self.folder / str(self.jobs)
        return run_job(folder, self.project, template, credential, {**patience, **answers})

    def walk(self, credential: Mapping[str, Any]) -> Iterator[tuple[str, Finished]]:
        """From the first node on, as AWX goes on after the end of each job, everything approved."""
        nodes, name = workflow_nodes(), "diagnose"
        while name:
            edge = "success_nodes"
            if name != "approve":
                done = self.run(name, credential)
                yield name, done
                edge = "success_nodes" if done.status == "successful" else "failure_nodes"
            following = nodes[name].get("related", {}).get(edge, [])
            name = following[0]["identifier"] if following else ""


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
    assert (
        "approve or deny the node that waits in workflow job 6"
        in plan.artifacts["remediation_next"]
    )
    assert "-e remediation_" not in plan.artifacts["remediation_next"]
    assert len(json.dumps(plan.artifacts)) < LIMIT
    sent = told("plan", plan)["message"]
    assert sent["plan"] == fingerprint
    assert "Upgrade" in sent["text"]

    carries_nothing_out(workflow, kubeconfig)
    assert log.writes() == []

    workflow.artifacts["remediation_plan_fingerprint"] = fingerprint
    repaired = workflow.run("remediate", kubeconfig)
    assert repaired.status == "successful", repaired
    assert repaired.artifacts["remediation_verdict"] == "repaired", repaired
    assert workflow.sick.is_as_wanted(), workflow.sick.revisions()

    verify = workflow.run("verify", token)
    steps = [("diagnose", diagnose), ("plan", plan), ("remediate", repaired), ("verify", verify)]
    nodes = workflow_nodes()
    is_as_told("skip", [told(template_of(nodes[name]), done) for name, done in steps])
    assert verify.status == "successful", verify
    assert verify.artifacts["remediation_verdict"] in ("healthy", "moving"), verify
    assert files_of(workflow.project) == before


def carries_nothing_out(workflow: Workflow, credential: dict[str, str]) -> None:
    """A node that runs without what the node "plan" handed over, and asks nobody."""
    denied = workflow.run("remediate", credential, remediation_plan_fingerprint="")
    assert denied.status == "failed", denied
    assert denied.artifacts["remediation_verdict"] == "needs_approval", denied
    assert "Launch the workflow again" in denied.artifacts["remediation_next"]


def test_the_backup_outlives_the_job(workflow: Workflow) -> None:
    """The folder of a job is gone with its container."""
    listed = workflow.sick.control_plane.get("secrets", "-n", "harvester-ops-backups")
    assert listed["items"]


def test_a_restoration_is_listed_shown_chosen_and_approved(
    workflow: Workflow, kubeconfig: dict[str, str]
) -> None:
    """By the survey alone, an empty answer for what is not asked for yet."""
    listed = workflow.launch("restore", kubeconfig, {})
    (name,) = set(re.findall(r"backup-\d{8}T\d{6}Z-[0-9a-f]{6}", listed.output))
    answers = {"remediation_restore_id": name}
    shown = workflow.launch("restore", kubeconfig, answers)
    assert "whole: all" in shown.output
    answers["remediation_restore_objects"] = f"{FLEET_CONFIG}\n"
    chosen = workflow.launch("restore", kubeconfig, answers)
    answers["remediation_approved_plan"] = "3f9c2a71d0b84e56"
    wrong = workflow.launch("restore", kubeconfig, answers)
    assert "3f9c2a71d0b84e56, is of another one" in wrong.artifacts["remediation_headline"], wrong
    fingerprint = chosen.artifacts["remediation_plan_fingerprint"]
    answers["remediation_approved_plan"] = fingerprint
    restored = workflow.launch("restore", kubeconfig, answers)
    assert restored.status == "successful", restored
    assert "-e '" not in "".join(each.output for each in (listed, shown, chosen, wrong, restored))
    jobs = (listed, shown, chosen, wrong, restored)
    is_as_told("restore", [told("restore", each) for each in jobs])


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


@pytest.mark.parametrize(
    ("name", "nodes"),
    [
        ("healthy", ["diagnose"]),
        ("pending-install-no-deployed", ["diagnose", "plan"]),
        ("pending-upgrade-lock", ["diagnose", "plan", "remediate", "verify"]),
        ("clusterrepo-or-index-missing", ["diagnose", "plan", "remediate", "verify"]),
    ],
)
def test_the_whole_workflow(name: str, nodes: list[str], tmp_path: Path) -> None:
    """Each message and artifact on the way through the workflow, as AWX goes on after the end of each job."""
    with sick_cluster(scenario(name), tmp_path / "cluster") as sick:
        become_old(sick)
        project = checked_out(tmp_path / "project")
        workflow = Workflow(sick, tmp_path, project)
        credential = {"kubeconfig": sick.kubeconfig.read_text()}
        walked = list(workflow.walk(credential))
        assert [node for node, _done in walked] == nodes, walked
        templates = workflow_nodes()
        is_as_told(name, [told(template_of(templates[node]), done) for node, done in walked])
