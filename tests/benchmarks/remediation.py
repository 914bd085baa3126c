# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair of four steps costs the controller: CPU besides helm, memory, and task headers on the terminal.

make benchmark
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import Finished
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    PATIENCE,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import APPROVED
from doubles.scenarios import scenario

# What the budgets allow.
MOST_SECONDS = 12.0
MOST_HEADERS = 40
# bash prints its own times, then those of its children, as minutes and seconds.
HELM = """#!/bin/bash
"{helm}" "$@"
code=$?
times >> "{log}"
exit $code
"""


def main() -> int:
    """Measure and print; the exit code says whether the budgets hold."""
    with (
        tempfile.TemporaryDirectory(prefix="remediation-benchmark-") as name,
        sick_cluster(scenario("rc-to-ga-skip-fleet"), Path(name)) as sick,
    ):
        time.sleep(PATIENCE["stale_after"] + 1)
        log, program = Path(name) / "helm.log", Path(name) / "helm"
        log.touch()
        real = sick.operator.options["remediation_helm_binary"]
        program.write_text(HELM.format(helm=real, log=log))
        program.chmod(0o755)
        before = _cpu()
        operator = sick.operator.with_options(helm_binary=str(program))
        run = operator.remediate(*sys.argv[1:], **APPROVED)
        return _told(run, _cpu() - before, sum(map(_seconds, _of_children(log))))


def _told(run: Finished, cpu: float, helm: float) -> int:
    headers = [line for line in run.output.splitlines() if line.startswith("TASK [")]
    if "-v" in " ".join(sys.argv[1:]) or run.code or os.environ.get("SHOW"):
        print(run.output)
    own = cpu - helm
    print(f"verdict                         {run.report['verdict']}")
    print(f"CPU besides helm                {own:.1f} s (budget {MOST_SECONDS:.0f} s)")
    print(f"CPU of helm                     {helm:.1f} s")
    print(f"task headers                    {len(headers)} (budget {MOST_HEADERS})")
    return 0 if own <= MOST_SECONDS and len(headers) <= MOST_HEADERS else 1


def _cpu() -> float:
    """CPU seconds of the processes started here that have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _of_children(log: Path) -> list[str]:
    return " ".join(log.read_text().splitlines()[1::2]).split()


def _seconds(text: str) -> float:
    """Seconds of a time like 0m1.250s."""
    minutes, _m, seconds = text.rstrip("s").partition("m")
    return 60 * float(minutes) + float(seconds.replace(",", "."))


if __name__ == "__main__":
    sys.exit(main())
