# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/kill-matrix.md from what the runs of tests/scenarios/test_kill_matrix.py have left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
RESULTS = CHECKOUT / ".cache" / "test-results" / "kill-matrix"
PAGE = CHECKOUT / "docs" / "kill-matrix.md"
HEAD = """\
# When a run is killed

A run of the repair, and every helm that it has started, is killed with SIGKILL on a real control plane, once at every
boundary between its steps and once inside every helm, with Helm 3 and Helm 4. The cluster has a locked release, skipped
release candidates and a lost `apiServerURL` at once. After each kill the same command is given again, and then once more.

In every row below the second run ended well, with every release at the version awaited, every history readable by helm,
journal and backup sound; and the third run changed nothing. The cluster lock was given back; where the second run had
nothing left to do it took none, and that of the killed run expires by itself.
`make kill-matrix` does it all again and writes this page.

| killed | Helm | releases as the kill left them | steps of the next run |
| --- | --- | --- | --- |
"""


def main() -> int:
    """Write the page; 1 when no test has run."""
    rows = [json.loads(path.read_text("utf-8")) for path in RESULTS.glob("*.json")]
    if not rows:
        sys.stderr.write(f"No results in {RESULTS}: run make kill-matrix.\n")
        return 1
    lines = []
    for row in sorted(rows, key=lambda each: (each["number"], each["helm"])):
        left = "<br>".join(f"{name} {state}" for name, state in sorted(row["left"].items()))
        steps = "<br>".join(row["steps"]) or "none: nothing was left to do"
        lines.append(f"| {row['moment']} | {row['helm']} | {left} | {steps} |\n")
    PAGE.write_text(HEAD + "".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
