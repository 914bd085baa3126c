# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the terminal showed at each ending, as the documentation shows it.

A transcript is the output of a run that a test makes anyway. What differs from run to run (names of
runs, times, ports, folders) is made the same. The transcripts of docs/transcripts must have the shape
of what the tests see now: the same plays, headings, tables and verdict. ``make transcripts`` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    CHECKOUT,
    Finished,
)

DOCUMENTED = CHECKOUT / "docs" / "transcripts"
SEEN = CHECKOUT / ".cache" / "test-results" / "transcripts"
WRITE = "REMEDIATION_WRITE_TRANSCRIPTS"

# The scenarios whose runs show an ending; the tests of approval and refusals keep the others.
OF_SCENARIO = {
    "healthy-helm3": "healthy",
    "rc-to-ga-skip-fleet-helm3": "repaired",
    "wrong-version-expected-helm3": "needs_human",
}
INSTALLED = "/usr/share/ansible/collections/ansible_collections/harvester_ops/remediation"

_SAME = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"\d{8}T\d{6}Z-[0-9a-f]{6}", "20261123T150012Z-3f9c2a"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "2026-11-23T15:00:12Z"),
    (r"\b[\w.-]+@[\w.-]+ run [0-9a-f]{6}\b", "ann@bastion run 3f9c2a"),
    (r"127\.0\.0\.1:\d+", "192.0.2.10:6443"),
    (r"'127\.0\.0\.1', port=\d+", "'192.0.2.10', port=6443"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "0b5cf2a2-6c43-4f5f-9c8c-5d2a5b0e7e11"),
    (r"\b[0-9a-f]{40,64}\b", "0f3a…"),
    (r"\b(?=[0-9a-f]*\d)[0-9a-f]{16}\b", "3f9c2a71d0b84e56"),
    (r"\b\d+ (d|h|min)\s+\d+\s+(h|min|s)\b|\b\d+\s+(d|h|min|s)\b", "90 s"),
    (r"/\S*/(?=(playbooks|roles)/\S+\.yml)", f"{INSTALLED}/"),
    (r"hvst-upgrade-[a-z0-9]+(-apply-manifests)?(-[a-z0-9]{5}\b)?", r"hvst-upgrade-x7k2p\1"),
)
_STARS = re.compile(r"(?<=\])[ ]\*+$|(?<=RECAP) \*+$", re.MULTILINE)
# The lines that give a transcript its shape; the rest is what this run happened to find.
_SHAPE = re.compile(
    r"^(PLAY.*|Diagnosis: .*|Verdict: .*|What (was done|next)|Whatever you do:|step  object .*"
    r"|dependency +job expects .*|By hand: .*|Plan: .*|Error .*)$"
)


def keep(ending: str, run: Finished) -> None:
    """Keep the transcript of a run that ended so, and hold the documented one against it."""
    text = normalised(run)
    SEEN.mkdir(parents=True, exist_ok=True)
    (SEEN / f"{ending}.txt").write_text(text, encoding="utf-8")
    documented = DOCUMENTED / f"{ending}.txt"
    if os.environ.get(WRITE):
        documented.write_text(text, encoding="utf-8")
    told = documented.read_text(encoding="utf-8")
    assert shape(told) == shape(text), f"{documented} is not current: run make transcripts"


def normalised(run: Finished) -> str:
    """The output with all that differs from run to run made the same."""
    text = run.output.replace(str(run.artifacts), "/home/ann/remediation-artifacts")
    text = re.sub(r"/\S*/pytest-\d+/\S*?(?=/|\s|$)", "/home/ann", text)
    text = _STARS.sub("", text)
    for pattern, same in _SAME:
        text = re.sub(pattern, same, text)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(map(str.rstrip, text.splitlines()))).strip() + "\n"


def shape(transcript: str) -> list[str]:
    """The lines that have to be the same."""
    return [line for line in transcript.splitlines() if _SHAPE.match(line)]


def endings() -> list[Path]:
    """The documented transcripts."""
    return sorted(DOCUMENTED.glob("*.txt"))
