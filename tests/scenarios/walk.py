# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with an ill cluster and must hold of it, case by case."""

from __future__ import annotations

import re
import time

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios import transcripts
from ansible_collections.harvester_ops.remediation.tests.scenarios.audit import Request
from ansible_collections.harvester_ops.remediation.tests.scenarios.cases import Case
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    DIAGNOSE,
    Document,
    Finished,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    PATIENCE,
    SickCluster,
)
from doubles import helm_storage
from doubles.cluster import RELEASE_NAMESPACES

HEADERS_WITHOUT_STEPS = 36
APPROVED = {"auto_approve": ["low", "medium"]}
LOCK = "leases harvester-system/harvester-ops-remediation"
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# helm deletes its own hook Job, and revisions beyond those that it keeps.
HELM_DELETES = "delete jobs cattle-fleet-system/fleet-cleanup-clusterregistrations"


def become_old(sick: SickCluster, *releases: str) -> None:
    """Wait until what is seen is no passing state any more for a person of that patience."""
    for release in releases:
        helm_storage.age(sick.stuck.cluster, RELEASE_NAMESPACES[release], release, 3600)
    time.sleep(PATIENCE["stale_after"] + 1)


def is_diagnosed(case: Case, sick: SickCluster) -> None:
    """The playbook that only looks: these modes, nothing written, and the same said without a cluster."""
    log = sick.audit.mark()
    run = sick.operator.diagnose()
    assert run.code == 0, run
    assert log.writes() == []
    is_judged(case, run)
    offline = sick.operator.artifacts.with_name("offline")
    again = Playbook(offline).with_options(evidence_file=str(run.artifacts / "evidence.json"))
    finished = again.run(DIAGNOSE)
    assert finished.code == 0, finished
    assert finished.bytes("findings.json") == run.bytes("findings.json")


def is_judged(case: Case, run: Finished) -> None:
    """Exactly these modes were found in the evidence that the run began with, which says the same by itself."""
    findings = run.document("findings")
    assert failed(findings) == list(case.findings), run
    assert diagnose(run.document("evidence")) == findings


def failed(findings: Document) -> list[str]:
    """The findings that fail, in their order, each with the name of its object."""
    return [
        f"{each['id']} {each['subject'].rpartition('/')[2]}"
        for each in findings["findings"]
        if each["outcome"] == "fail"
    ]


def has_planned(case: Case, run: Finished) -> None:
    """The plan holds these steps and leaves this to a person."""
    plan = run.document("plan")
    assert _names_of(plan) == list(case.steps), run
    assert [each["finding"] for each in plan["instructions"]] == list(case.instructions), run


def _names_of(plan: Document) -> list[str]:
    return [step["id"].partition("-")[2] for step in plan["steps"]]


def is_foreseen(case: Case, sick: SickCluster) -> None:
    """Check mode, approved or not, comes to the plan of the approved run, tries it, and changes nothing anywhere."""
    log, before = sick.audit.mark(), sick.revisions()
    operator = sick.operator.writing_to(sick.operator.artifacts.with_name("check"))
    run = operator.remediate("--check", "--diff", **case.options, backup_location="both")
    has_planned(case, run)
    assert run.report["verdict"] == ("needs_approval" if case.steps else case.verdict), run
    assert (run.code == 0) == (run.report["verdict"] in ("healthy", "needs_approval")), run
    outcomes = [step["outcome"] for step in run.report["plan"]["steps"]]
    assert set(outcomes) <= {"tried", "not-run"}, run
    assert outcomes[:1] in ([], ["tried"]), run
    assert run.report["backup"] is None, run
    assert not list(run.artifacts.glob("**/backup-*")), run
    assert log.writes() == []
    assert sick.revisions() == before


def keep_transcript(case: Case, run: Finished) -> None:
    """For the documentation, where this scenario shows an ending."""
    ending = transcripts.OF_SCENARIO.get(str(case))
    if ending:
        transcripts.keep(ending, run)


def is_left_alone(case: Case, sick: SickCluster) -> Finished:
    """Even an approved run writes nothing, and its verdict says what that means."""
    log, before = sick.audit.mark(), sick.revisions()
    run = sick.operator.remediate(**APPROVED, **case.options)
    has_planned(case, run)
    assert run.report["verdict"] == case.verdict, run
    keep_transcript(case, run)
    assert (run.code == 0) == (case.verdict in ("healthy", "moving")), run
    assert run.changed == 0, run
    assert log.writes() == []
    assert sick.revisions() == before
    return run


def is_repaired_in_part(case: Case, sick: SickCluster) -> Finished:
    """An approved run does what is safe, leaves the rest to a person, and does not wait for the job."""
    began = time.monotonic()
    run = sick.operator.remediate(**APPROVED, **case.options, verify_timeout=3600)
    assert time.monotonic() - began < 1800
    has_planned(case, run)
    assert (run.code != 0, run.report["verdict"]) == (True, case.verdict), run
    assert run.changed > 0, run
    assert {step["outcome"] for step in run.report["plan"]["steps"]} <= {"changed", "unchanged"}
    assert any(each["blocks"] for each in run.report["instructions"])
    assert sick.lock_holder() == ""
    return run


def is_repaired(case: Case, sick: SickCluster) -> Finished:
    """One approved run: the releases as wanted, the job at its end, nothing else deleted."""
    if case.rancher_rests:
        sick.stuck.stop_double("rancher")
    log = sick.audit.mark()
    run = sick.operator.remediate(**APPROVED, **case.options)
    has_planned(case, run)
    assert (run.code, run.report["verdict"]) == (0, "repaired"), run
    assert run.changed > 0, run
    if case.first_steps:
        (first,) = run.report["rounds"]
        assert _names_of(first["plan"]) == list(case.first_steps), run
    else:
        is_short(run)
    keep_transcript(case, run)
    assert sick.stuck.condition("SystemServicesUpgraded") == "True"
    assert sick.is_as_wanted(), sick.revisions()
    assert sick.fleet_server().startswith("https://")
    assert sick.left_over() == []
    assert sick.lock_holder() == ""
    deletes = {
        UID.sub("UID", str(each))
        for each in log.requests()
        if each.writes and each.verb.startswith("delete") and not _of_helm(each)
    }
    assert deletes - {f"delete {LOCK}"} == set(case.deletes)
    return run


def _of_helm(request: Request) -> bool:
    """Whether helm has deleted its hook's Job, or a revision beyond those that it keeps."""
    pruned = request.resource == "secrets" and "/sh.helm.release.v1." in request.name
    return request.by_helm and (pruned or str(request) == HELM_DELETES)


def is_short(run: Finished) -> None:
    """One task header for each thing that happens, and none for what does not."""
    headers = [line for line in run.output.splitlines() if line.startswith("TASK [")]
    steps = run.report["plan"]["steps"]
    assert len(headers) <= HEADERS_WITHOUT_STEPS + len(steps), run
    assert [step["title"] for step in steps if f": {step['title']}]" not in run.output] == []
    assert "skipping: [" not in run.output, run
    assert "WARNING" not in run.output, run


def stays_so(case: Case, sick: SickCluster) -> None:
    """A second run changes nothing, and Rancher has nothing to do and undoes nothing."""
    log = sick.audit.mark()
    run = sick.operator.writing_to(sick.operator.artifacts.with_name("second")).remediate(
        **APPROVED
    )
    assert (run.code, run.report["verdict"], run.changed) == (0, "healthy", 0), run
    assert log.writes() == []
    before = sick.revisions()
    if case.rancher_rests:
        sick.stuck.start_rancher()
    sick.let_rancher_look()
    assert sick.revisions() == before
    assert sick.fleet_server().startswith("https://")
