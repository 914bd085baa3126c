# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs over many clusters in slices, as AWX cuts and joins them, and one list of their plans; without a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build
from awx.assets import CHECKOUT
from awx.job import NEWEST_CORE, OLDEST_CORE, Finished, checked_out, run_job
from awx.slices import effective_artifacts, sliced

SICK = CHECKOUT / "tests/unit/data/evidence/rc-to-ga-skip-fleet.yml"
EXPRESSION = "{{ lookup('ansible.builtin.pipe', 'id') }}"
# What the slices of a node "plan" hand over: the jobs 11, 12 and 13, of which the last has nothing to approve.
OF_JOB = "remediation_remediate_stuck_upgrade_job_"
SLICES: list[dict[str, Any]] = [
    {
        "remediation_headline": f"of job {job}",
        "remediation_plans_to_approve": plans,
        f"{OF_JOB}{job}": {
            "clusters": 4,
            "plans_to_approve": plans,
            "needs_attention": attention,
        },
    }
    for job, plans, attention in (
        (11, {"edge-1": "3f9c2a71d0b84e56", "edge-4": "a01b77c2e9f4d3aa"}, []),
        (12, {"edge-2": "c0ffee00c0ffee00"}, ["edge-5"]),
        (13, {}, [EXPRESSION]),
    )
]


NOTHING = {"clusters": 4, "plans_to_approve": {}, "needs_attention": []}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return checked_out(tmp_path / "project")


def test_no_slice_overwrites_what_another_hands_over(tmp_path: Path, project: Path) -> None:
    """Three stuck clusters in two slices, so that one slice has a single cluster."""
    case = yaml.safe_load(SICK.read_text())["match"][0]
    evidence = tmp_path / "evidence.json"
    evidence.write_text(json.dumps(build(case["overlay"])))
    hosts = {name: {"remediation_evidence_file": str(evidence)} for name in ("a", "b", "c")}
    slices = sliced(hosts, 2)
    assert [list(each) for each in slices] == [["a", "c"], ["b"]]
    ended = [diagnose(tmp_path, project, part, job) for job, part in enumerate(slices, 11)]
    assert {each.status for each in ended} == {"failed"}, ended
    joined = effective_artifacts(each.artifacts for each in ended)
    assert joined["remediation_diagnose_job_11"]["needs_attention"] == ["a", "c"]
    assert joined["remediation_diagnose_job_11"]["clusters"] == 2
    assert joined["remediation_diagnose_job_12"]["needs_attention"] == ["b"]
    assert joined["remediation_needs_attention"] == ["b"], "as AWX joins them, the last one wins"


def diagnose(tmp_path: Path, project: Path, hosts: dict[str, Any], number: int) -> Finished:
    given = {"remediation_artifacts_dir": str(tmp_path / f"artifacts-{number}")}
    template = "Harvester clusters: diagnose"
    folder = tmp_path / str(number)
    return run_job(folder, project, template, {}, given, hosts=hosts, number=number)


@pytest.mark.parametrize("core", [NEWEST_CORE, OLDEST_CORE])
def test_the_plans_of_all_slices_become_one_list(tmp_path: Path, project: Path, core: Path) -> None:
    of_diagnosis = {"clusters": 4, "plans_to_approve": {}, "needs_attention": ["edge-1"]}
    given = effective_artifacts([{"remediation_diagnose_job_7": of_diagnosis}, *SLICES])
    template = "Harvester clusters: sum up the plans"
    done = run_job(tmp_path / "job", project, template, {}, given, core, number=20)
    assert done.status == "successful", done
    told = done.artifacts
    assert told["remediation_plans_to_approve"] == {
        "edge-1": "3f9c2a71d0b84e56",
        "edge-2": "c0ffee00c0ffee00",
        "edge-4": "a01b77c2e9f4d3aa",
    }
    assert told["remediation_verdict"] == "needs_approval"
    assert (
        "Plans of 3 clusters wait for approval, of 12 clusters that 3 jobs looked at; 2 in"
        in told["remediation_headline"]
    )
    assert told["remediation_plan_fingerprint"] == ""
    lines = told["remediation_plan_summary"].splitlines()
    assert "edge-4: plan a01b77c2e9f4d3aa, in the output of job 11" in lines
    assert "edge-2: plan c0ffee00c0ffee00, in the output of job 12" in lines
    assert "edge-5" in lines[-1]
    assert "uid=" not in done.output


@pytest.mark.parametrize(
    ("slices", "verdict"),
    [
        ([], "failed"),
        ([{f"{OF_JOB}9": {**NOTHING, "needs_attention": ["e"]}}], "needs_human"),
        ([{f"{OF_JOB}9": NOTHING}], ""),
    ],
)
def test_without_a_plan_nobody_is_asked_to_approve(
    tmp_path: Path, project: Path, slices: list[dict[str, Any]], verdict: str
) -> None:
    template = "Harvester clusters: sum up the plans"
    done = run_job(tmp_path / "job", project, template, {}, effective_artifacts(slices))
    assert done.status == "failed", done
    assert done.artifacts["remediation_plans_to_approve"] == {}
    assert done.artifacts["remediation_verdict"] == verdict, done
    assert done.artifacts["remediation_headline"] in done.output
    assert ("broke off" in done.output) == (slices == [])
