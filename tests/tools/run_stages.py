# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All stages of ``make test``, a summary table, and one closing line that sums them up.

What needs no control plane runs side by side, for most of it keeps one core only. A stage that fails
does not stop the others; one that outlives its deadline is ended, with all it started. A test has one
try.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
RESULTS = CHECKOUT / ".cache/test-results"
MINUTE = 60.0
STARTED = time.monotonic()


@dataclass(frozen=True)
class Stage:
    """A make target; ``has_tests`` says that it runs pytest and writes a JUnit file."""

    target: str
    deadline: float
    has_tests: bool = False

    @property
    def junit(self) -> Path:
        return RESULTS / f"{self.target}.xml"

    @property
    def log(self) -> Path:
        """What a stage says that runs beside another."""
        return RESULTS / f"{self.target}.log"

    @property
    def command(self) -> list[str]:
        make = ["make", "--no-print-directory", self.target]
        return [*make, f"PYTEST_ARGS=--junitxml={self.junit}"] if self.has_tests else make


@dataclass(frozen=True)
class Outcome:
    """How a stage ended; a stage without single tests counts as one."""

    stage: Stage
    passed: int
    failed: int
    skipped: int
    seconds: float
    note: str = ""


LINT = Stage("lint", 20 * MINUTE)
UNIT = Stage("unit", 30 * MINUTE, has_tests=True)
SANITY = Stage("sanity", 30 * MINUTE)
BUILD = Stage("controlplane", 40 * MINUTE)
INTEGRATION = Stage("integration", 55 * MINUTE, has_tests=True)
BESIDE_UNIT = (LINT, SANITY, BUILD)
LINES_OF_LOG = 100


class Run:
    """A stage that has been started in a process group of its own."""

    def __init__(self, stage: Stage, output: IO[bytes] | None = None) -> None:
        self.stage = stage
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            stage.command,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
        )

    def finish(self) -> Outcome:
        """Wait for the end or the deadline, whichever comes first."""
        note = ""
        try:
            code = self.process.wait(self.started + self.stage.deadline - time.monotonic())
        except subprocess.TimeoutExpired:
            code, note = 1, f"not done within {self.stage.deadline / MINUTE:.0f} minutes"
        finally:
            self.end()
        seconds = time.monotonic() - self.started
        if not self.stage.has_tests:
            return Outcome(self.stage, int(code == 0), int(code != 0), 0, seconds, note)
        passed, failed, skipped = counts(self.stage.junit)
        if code and not failed:
            failed, note = 1, note or f"pytest ended with {code} (see above)"
        return Outcome(self.stage, passed, failed, skipped, seconds, note)

    def end(self) -> None:
        """Leave nothing of the stage behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def counts(junit: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit file; all zero when there is none."""
    if not junit.exists():
        return 0, 0, 0
    suites = list(ET.parse(junit).getroot().iter("testsuite"))
    total, failures, errors, skipped = (
        sum(int(suite.get(key, 0)) for suite in suites)
        for key in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    return max(total - failed - skipped, 0), failed, skipped


def say(text: str) -> None:
    minutes, seconds = divmod(int(time.monotonic() - STARTED), 60)
    print(f"\n=== [{minutes:2d}:{seconds:02d}] {text}", flush=True)


def run_here(stage: Stage) -> Outcome:
    say(stage.target)
    return Run(stage).finish()


def wait_for(stage: Stage, ended: Future[Outcome]) -> Outcome:
    """How a stage beside another ended; the end of its log when it failed."""
    say(f"{stage.target}: waiting for its end (log: {stage.log.relative_to(CHECKOUT)})")
    outcome = ended.result()
    if outcome.failed:
        lines = stage.log.read_text(encoding="utf-8", errors="replace").splitlines()
        print("\n".join(lines[-LINES_OF_LOG:]), flush=True)
    return outcome


def run_all() -> list[Outcome]:
    """All outcomes, in the order of the summary."""
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor())
        beside = {}
        for stage in BESIDE_UNIT:
            say(
                f"{stage.target}: starts in the background (log: {stage.log.relative_to(CHECKOUT)})"
            )
            run = Run(stage, stack.enter_context(stage.log.open("wb")))
            stack.callback(run.end)
            beside[stage] = pool.submit(run.finish)
        unit = run_here(UNIT)
        lint, sanity, build = (wait_for(stage, ended) for stage, ended in beside.items())
    outcomes = [lint, unit, sanity, build]
    if build.failed:
        return [*outcomes, Outcome(INTEGRATION, 0, 1, 0, 0.0, "not run: no control plane")]
    return [*outcomes, run_here(INTEGRATION)]


def summarize(outcomes: Sequence[Outcome]) -> int:
    """Print the table and the closing line; the exit code."""
    say("summary")
    print(f"{'stage':14} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for outcome in outcomes:
        print(
            f"{outcome.stage.target:14} {outcome.passed:7d} {outcome.failed:7d} "
            f"{outcome.skipped:8d} {outcome.seconds:8.0f}  {outcome.note}".rstrip()
        )
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(outcome.skipped for outcome in outcomes)
    closing_line = f"{passed} passed, {failed} failed, {skipped} skipped\n"
    (RESULTS / "closing-line").write_text(closing_line, encoding="utf-8")
    print(f"\n{closing_line}", end="", flush=True)
    return 1 if failed else 0


def main() -> int:
    shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(parents=True)
    return summarize(run_all())


if __name__ == "__main__":
    sys.exit(main())
