# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of the assets under ansible-runner, without a cluster: verdict, artifacts, and never a question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build
from awx.assets import CHECKOUT
from awx.job import checked_out, files_of, run_job

SICK = CHECKOUT / "tests/unit/data/evidence/rc-to-ga-skip-fleet.yml"
EXPRESSION = "{{ lookup('ansible.builtin.pipe', 'id') }}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return checked_out(tmp_path / "project")


def test_a_stuck_upgrade_fails_the_diagnosis_and_is_handed_over(
    tmp_path: Path, project: Path
) -> None:
    """On saved evidence; what earlier jobs have handed over is a text, whatever stands in it."""
    case = yaml.safe_load(SICK.read_text())["match"][0]
    evidence = tmp_path / "evidence.json"
    evidence.write_text(json.dumps(build(case["overlay"])))
    before = files_of(project)
    given = {
        "remediation_artifacts_dir": str(tmp_path / "artifacts"),
        "remediation_evidence_file": str(evidence),
        "detect_fail_on": ["stuck", "unknown"],
        "remediation_headline": EXPRESSION,
    }
    done = run_job(tmp_path / "job", project, "diagnose", {"host": "https://none"}, given)
    assert done.status == "failed", done
    assert done.artifacts["remediation_verdict"] == "stuck", done
    assert done.artifacts["remediation_headline"] in done.output
    assert "uid=" not in done.output
    assert files_of(project) == before


def test_a_repair_without_a_usable_credential_ends_with_one_clear_error(
    tmp_path: Path, project: Path
) -> None:
    """With a fingerprint handed over it would act; the terminal of the job asks nothing either."""
    given = {
        "remediation_artifacts_dir": str(tmp_path / "artifacts"),
        "remediation_plan_fingerprint": "3f9c2a71d0b84e56",
    }
    template = "carry out the approved plan"
    done = run_job(tmp_path / "job", project, template, {"kubeconfig": "nonsense"}, given)
    assert done.status == "failed", done
    assert done.artifacts["remediation_verdict"] == "failed", done
    assert "template.kubeconfig is no mapping" in done.artifacts["remediation_headline"]


@pytest.mark.parametrize("credential", [{}, {"host": "https://192.0.2.1:6443"}])
def test_a_job_without_a_whole_credential_says_so(
    tmp_path: Path, project: Path, credential: dict[str, str]
) -> None:
    given = {"remediation_artifacts_dir": str(tmp_path / "artifacts")}
    done = run_job(tmp_path / "job", project, "plan", credential, given)
    assert done.status == "failed", done
    headline = done.artifacts["remediation_headline"]
    assert "does not know how to reach a cluster" in headline
    assert "Harvester cluster access" in done.artifacts["remediation_next"]
