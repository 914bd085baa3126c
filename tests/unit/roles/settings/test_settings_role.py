# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run was asked for reaches its report, and its patience is long enough."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.unit.builders.role_play import play_role
from doubles.operations import PREPARATION_SECONDS
from doubles.rate_limit import delay_after

PROJECT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], None),
        (["--skip-tags", "verify"], ["backup", "detect", "plan", "upgrade"]),
        (["--tags", "upgrade"], ["upgrade"]),
    ],
)
def test_the_report_knows_what_was_left_out(
    tmp_path: Path, arguments: list[str], asked: list[str] | None
) -> None:
    variables = {"remediation_artifacts_dir": str(tmp_path)}
    facts = {"asked": "{{ report_run.asked }}"}
    done = play_role(tmp_path, "settings", variables, facts, *arguments)
    assert (done.facts["asked"], done.error) == (asked, None)


def test_the_grace_outlasts_what_rancher_takes_after_many_failures() -> None:
    text = (PROJECT / "roles/settings/defaults/main.yml").read_text(encoding="utf-8")
    grace = yaml.safe_load(text)["remediation_rancher_grace"]
    assert grace > delay_after(failures=1000) + PREPARATION_SECONDS[1]


@pytest.mark.parametrize(
    ("variables", "holder", "location"),
    [
        ({}, r"\S+@\S+ run [0-9a-f]{6}", "directory"),
        (
            {"awx_job_id": 42, "awx_user_name": "alice"},
            "AWX job 42, launched by alice run [0-9a-f]{6}",
            "both",
        ),
        (
            {"tower_job_id": 42, "remediation_backup_location": "directory"},
            "AWX job 42.*",
            "directory",
        ),
    ],
)
def test_a_job_names_itself_and_keeps_backups_in_the_cluster(
    tmp_path: Path, variables: dict[str, object], holder: str, location: str
) -> None:
    facts = {"holder": "{{ remediation_run.holder }}", "location": "{{ backup_location }}"}
    done = play_role(
        tmp_path, "settings", {"remediation_artifacts_dir": str(tmp_path), **variables}, facts
    )
    assert done.error is None
    assert re.fullmatch(holder, done.facts["holder"])
    assert done.facts["location"] == location


def test_a_later_plan_is_made_from_what_was_found_before_it(tmp_path: Path) -> None:
    """And still is once the cluster was looked at again: only so it can be told what the plan has led to."""
    variables = {
        "remediation_artifacts_dir": str(tmp_path),
        "remediation_before": {"findings": "first", "evidence": {}},
        "remediation_basis": {"findings": "second", "evidence": {}},
        "verify_done": {"findings": "third", "evidence": {}},
    }
    facts = {"findings": "{{ plan_findings }}", "file": "{{ plan_file }}"}
    for rounds, expected in (([], "first"), ([{}], "second")):
        done = play_role(tmp_path, "settings", {**variables, "remediation_rounds": rounds}, facts)
        assert (done.error, done.facts["findings"]) == (None, expected)
