# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run at a terminal: 80 columns, tags, callbacks, Ctrl-C; all on one stuck cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios import transcripts
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    CHECKOUT,
    Finished,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.terminal import (
    COLUMNS,
    CTRL_C,
    Terminal,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import APPROVED, become_old
from doubles.scenarios import scenario

# The tests share a cluster, and the later ones build on the earlier.
CALLBACKS = CHECKOUT / "tests" / "scenarios" / "callbacks"
WEBHOOK_RC = "106.0.0+up0.7.0-rc.9"
RULE = "─" * COLUMNS
QUESTION = "Carry out this plan now?"


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SickCluster]:
    """A cluster that could be repaired."""
    folder = tmp_path_factory.mktemp("terminal")
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), folder) as cluster:
        become_old(cluster)
        yield cluster


def operator(sick: SickCluster, name: str) -> Playbook:
    """The operator, with an artifacts folder of that name."""
    return sick.operator.writing_to(sick.operator.artifacts.with_name(name))


def backups(run: Finished) -> list[Path]:
    """The backup sets a run has written."""
    return list(run.artifacts.glob("backup-*"))


def test_only_the_diagnosis(sick: SickCluster) -> None:
    log = sick.audit.mark()
    run = operator(sick, "detect").remediate("--tags", "detect", **APPROVED)
    assert run.code == 0, run
    assert log.writes() == []
    assert "Diagnosis: STUCK" in run.output
    assert not (run.artifacts / "plan.json").exists()
    assert run.report["verdict"] == "needs_human"


def test_only_the_backup(sick: SickCluster) -> None:
    """Diagnosis, plan, backup; approved or not, nothing is changed."""
    log = sick.audit.mark()
    run = operator(sick, "backup").remediate("--tags", "backup", **APPROVED)
    assert (run.code, run.report["verdict"]) == (0, "needs_approval"), run
    assert log.writes() == []
    assert len(backups(run)) == 1
    assert run.report["backup"]["path"] == str(backups(run)[0])


def test_the_report_of_the_latest_run_again(sick: SickCluster) -> None:
    """No look at the cluster, the same report, its page made anew."""
    page = operator(sick, "backup").artifacts / "report.html"
    page.unlink()
    log = sick.audit.mark()
    run = operator(sick, "backup").remediate("--tags", "report")
    assert run.code == 0, run
    assert log.requests() == []
    assert "Verdict: needs_approval" in run.output
    assert page.exists()


def test_only_the_repair(sick: SickCluster) -> None:
    """It needs all that comes before it, and leaves the proof out; tried only, to keep the cluster stuck."""
    run = operator(sick, "upgrade").remediate("--tags", "upgrade", "--check", **APPROVED)
    assert run.code == 0, run
    outcomes = [step["outcome"] for step in run.report["plan"]["steps"]]
    assert "tried" in outcomes
    assert "TASK [harvester_ops.remediation.verify : Wait for the job]" not in run.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tags", "everything"), "these name no phase"),
        (("--skip-tags", "backup"), "cannot do without"),
        (("--tags", "report,detect"), "the report of the latest run"),
    ],
)
def test_tags_that_make_no_sense(sick: SickCluster, arguments: tuple[str, ...], words: str) -> None:
    log = sick.audit.mark()
    run = operator(sick, "tags").remediate(*arguments, **APPROVED)
    assert run.code != 0, run
    assert words in run.output
    assert log.requests() == []


def test_fits_into_80_columns_without_colour(sick: SickCluster) -> None:
    """Diagnosis, plan and report; only what must be copied whole may be longer."""
    quiet = replace(operator(sick, "narrow"), environment={"ANSIBLE_NOCOLOR": "1"})
    terminal = Terminal.start(quiet)
    terminal.answer(QUESTION, b"no\r")
    run = terminal.finish()
    assert "\x1b[" not in run.output.partition("Carry out this plan")[0]
    parts = run.output.split(RULE)
    assert len(parts) == 7, "diagnosis, plan, report, each between two rules"
    for text in parts[1::2]:
        wide = [line for line in text.splitlines() if len(line) > COLUMNS]
        assert all(line.startswith("    ") and len(line.split()) < 6 for line in wide), wide
    assert "step  object" in parts[3]
    assert run.report["verdict"] == "needs_approval"


@pytest.mark.parametrize("shape", ["yaml", "json"])
def test_other_shapes_of_results(sick: SickCluster, shape: str) -> None:
    formatted = replace(
        operator(sick, shape), environment={"ANSIBLE_CALLBACK_RESULT_FORMAT": shape}
    )
    run = formatted.remediate("-v", "--tags", "detect")
    assert run.code == 0, run
    assert f"\n{RULE}\nDiagnosis: STUCK\n" in run.output


def test_a_callback_for_programs_stays_readable_by_them(sick: SickCluster) -> None:
    """Standard output is one JSON document, with our texts in it."""
    environment = {"ANSIBLE_STDOUT_CALLBACK": "json", "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS)}
    run = replace(operator(sick, "programs"), environment=environment).remediate("--tags", "detect")
    told = json.loads(run.output)
    assert any("Diagnosis: STUCK" in task["result"].get("lines", []) for task in told["tasks"])


def test_ctrl_c_at_the_question(sick: SickCluster) -> None:
    """It is a no: nothing is changed, and the report says how to go on."""
    log = sick.audit.mark()
    terminal = Terminal.start(operator(sick, "question"))
    terminal.answer(QUESTION, CTRL_C)
    run = terminal.finish()
    assert (run.code, run.report["verdict"]) == (2, "needs_approval"), run
    assert log.writes() == []


def test_ctrl_c_while_it_waits_for_the_proof(sick: SickCluster) -> None:
    """The lock is given back at once, and the report tells what was done."""
    sick.stuck.stop_double("upgrade_job")
    terminal = Terminal.start(operator(sick, "waiting").with_options(**APPROVED))
    terminal.wait_for("Ctrl-C stops the waiting")
    terminal.wait_for("Waiting for ")
    assert sick.lock_holder()
    terminal.interrupt()
    run = terminal.finish()
    assert run.code == 99, run
    assert "User interrupted execution" in run.output
    assert sick.lock_holder() == ""
    report = run.report
    assert (report["verdict"], report["error"]["code"]) == ("failed", "interrupted")
    assert [step["outcome"] for step in report["plan"]["steps"]].count("changed") >= 3
    assert sick.is_as_wanted()


def test_stalls_when_the_job_does_not_go_on(sick: SickCluster) -> None:
    sick.stuck.helm_install("rancher-webhook", WEBHOOK_RC)
    become_old(sick)
    run = operator(sick, "stalled").remediate(**APPROVED, verify_timeout=6)
    assert (run.code, run.report["verdict"]) == (2, "stalled"), run
    assert sick.lock_holder() == ""
    transcripts.keep("stalled", run)


def test_only_the_proof(sick: SickCluster) -> None:
    """Once the job works again: no plan, no write, only the proof."""
    sick.stuck.start_job()
    log = sick.audit.mark()
    run = operator(sick, "verify").remediate("--tags", "verify")
    assert run.code == 0, run
    assert run.report["verdict"] in ("healthy", "moving"), run
    assert log.writes() == []
    assert not (run.artifacts / "plan.json").exists()
    assert run.report["headline_after"]
