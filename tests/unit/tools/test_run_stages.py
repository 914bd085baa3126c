# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""make test's bookkeeping: nothing that failed may look as if it had passed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.tools import run_stages
from ansible_collections.harvester_ops.remediation.tests.tools.run_stages import (
    INTEGRATION,
    Outcome,
    Run,
    Stage,
)

JUNIT = (
    '<testsuites><testsuite name="pytest" tests="{}" failures="{}" errors="{}" skipped="{}">'
    "</testsuite></testsuites>"
)
LINT = Stage("lint", 60)
UNIT = Stage("unit", 60, has_tests=True)


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose Makefile the test writes."""
    monkeypatch.setattr(run_stages, "CHECKOUT", tmp_path)
    monkeypatch.setattr(run_stages, "RESULTS", tmp_path / "results")
    (tmp_path / "results").mkdir()
    return tmp_path


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does; a minute is for a very busy machine."""
    for _attempt in range(1200):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("waited a minute in vain")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def make_does(checkout: Path, recipe: str) -> None:
    """Every target writes ``junit`` to the file make test asks for, then runs ``recipe``."""
    (checkout / "Makefile").write_text(
        "lint unit sanity controlplane integration:\n"
        f"\t@test ! -f junit || cp junit results/$@.xml\n\t@{recipe}\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("recipe", "passed", "failed"), [("true", 1, 0), ("false", 0, 1), ("kill -9 $$$$", 0, 1)]
)
def test_a_stage_without_tests_counts_as_one(
    checkout: Path, recipe: str, passed: int, failed: int
) -> None:
    make_does(checkout, recipe)
    outcome = Run(LINT).finish()
    assert (outcome.passed, outcome.failed) == (passed, failed)


@pytest.mark.parametrize(
    ("junit", "recipe", "expected"),
    [
        (JUNIT.format(9, 1, 2, 3), "false", (3, 3, 3)),
        (JUNIT.format(5, 0, 0, 1), "true", (4, 0, 1)),
        (JUNIT.format(0, 0, 0, 0), "exit 5", (0, 1, 0)),  # nothing collected
        ("", "exit 4", (0, 1, 0)),  # pytest did not start
    ],
)
def test_a_stage_with_tests_counts_each(
    checkout: Path, junit: str, recipe: str, expected: tuple[int, int, int]
) -> None:
    if junit:
        (checkout / "junit").write_text(junit, encoding="utf-8")
    make_does(checkout, recipe)
    outcome = Run(UNIT).finish()
    assert (outcome.passed, outcome.failed, outcome.skipped) == expected


def test_a_stage_past_its_deadline_is_ended_with_its_children(checkout: Path) -> None:
    make_does(checkout, "sleep 1000 & echo $$! > started; mv started child; wait")
    run = Run(LINT)
    wait_until((checkout / "child").exists)
    run.stage = Stage("lint", 0.0)
    outcome = run.finish()
    child = int((checkout / "child").read_text(encoding="utf-8"))
    assert outcome.failed == 1
    assert "not done within" in outcome.note
    wait_until(lambda: not is_running(child))


def test_without_a_control_plane_integration_counts_as_failed(checkout: Path) -> None:
    make_does(checkout, "test $@ != controlplane")
    (checkout / "junit").write_text(JUNIT.format(2, 0, 0, 0), encoding="utf-8")
    outcomes = run_stages.run_all()
    assert outcomes[-1] == Outcome(INTEGRATION, 0, 1, 0, 0.0, "not run: no control plane")
    assert [outcome.stage.target for outcome in outcomes] == [
        "lint",
        "unit",
        "sanity",
        "controlplane",
        "integration",
    ]


def test_what_runs_beside_another_stage_is_shown_when_it_has_failed(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_does(checkout, "echo the end of $@; test $@ != lint")
    (checkout / "junit").write_text(JUNIT.format(2, 0, 0, 0), encoding="utf-8")
    outcomes = {each.stage.target: each.failed for each in run_stages.run_all()}
    assert outcomes == {"lint": 1, "unit": 0, "sanity": 0, "controlplane": 0, "integration": 0}
    said = capsys.readouterr().out
    assert ("the end of lint" in said, "the end of sanity" in said) == (True, False)
    assert (checkout / "results/sanity.log").read_text(encoding="utf-8") == "the end of sanity\n"


def test_a_test_has_one_try(checkout: Path) -> None:
    make_does(checkout, "echo $@ >> runs; test $@ != integration")
    (checkout / "junit").write_text(JUNIT.format(9, 1, 0, 0), encoding="utf-8")
    outcome = run_stages.run_all()[-1]
    assert (outcome.stage, outcome.passed, outcome.failed) == (INTEGRATION, 8, 1)
    runs = (checkout / "runs").read_text(encoding="utf-8").split()
    assert runs.count("integration") == 1


@pytest.mark.parametrize(("failed", "code"), [(0, 0), (2, 1)])
def test_the_last_line_sums_up(
    checkout: Path, capsys: pytest.CaptureFixture[str], failed: int, code: int
) -> None:
    outcomes = [Outcome(LINT, 1, 0, 0, 1.0), Outcome(UNIT, 7, failed, 3, 2.0)]
    assert run_stages.summarize(outcomes) == code
    closing_line = f"8 passed, {failed} failed, 3 skipped"
    assert capsys.readouterr().out.splitlines()[-1] == closing_line
    assert (checkout / "results/closing-line").read_text(encoding="utf-8") == f"{closing_line}\n"
