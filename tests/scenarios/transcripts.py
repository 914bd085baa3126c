# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the terminal showed at each ending, as the documentation shows it.

A transcript is the output of a run that a test makes anyway. Names of machines, folders, runs and objects
are replaced, each by the same one throughout, and all times are moved to one day. The transcripts of
docs/transcripts must have the shape of what the tests see now: the same plays, tasks, headings, tables
and verdict. ``make transcripts`` writes them anew.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import datetime
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

BEGINNING = datetime(2026, 11, 23, 15, 0, 12)

_SAME = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"\b[\w.-]+@[\w.-]+(?= run [0-9a-f]{6}\b)", "ann@bastion"),
    (r"127\.0\.0\.1:\d+", "192.0.2.10:6443"),
    (r"'127\.0\.0\.1', port=\d+", "'192.0.2.10', port=6443"),
    (r"/\S*/(?=(playbooks|roles)/\S+\.yml)", f"{INSTALLED}/"),
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d|\d{8}T\d{6}(?=Z)")
# UIDs, digests, fingerprints, runs, and what a Job adds to the names of its pods.
_RANDOM = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{40,64}\b"
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{16}\b|(?<=\d{6}Z-)[0-9a-f]{6}\b|(?<=\brun )[0-9a-f]{6}\b"
    r"|(?<=-apply-manifests-)[a-z0-9]{5}\b"
)
_STARS = re.compile(r"(?<=\])[ ]\*+$|(?<=RECAP) \*+$", re.MULTILINE)
# The lines that give a transcript its shape; the rest is what this run happened to find.
_SHAPE = re.compile(
    r"^(PLAY.*|TASK.*|Diagnosis: .*|Verdict: .*|What (was done|next)|Whatever you do:|step  object .*"
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
    """The output as if Ann had run it on her machine on a certain day."""
    return same_for_all(run.output.replace(str(run.artifacts), "/home/ann/remediation-artifacts"))


def same_for_all(text: str) -> str:
    """A text without what differs from run to run: folders, addresses, times, names by chance."""
    text = re.sub(r"/\S*/pytest-\d+/\S*?(?=/|\s|$)", "/home/ann", text)
    text = _STARS.sub("", text)
    for pattern, same in _SAME:
        text = re.sub(pattern, same, text)
    text = _renamed(_moved_in_time(text))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(map(str.rstrip, text.splitlines()))).strip() + "\n"


def _moved_in_time(text: str) -> str:
    """The first time of the text becomes the beginning, and all others keep their distance to it."""
    first: list[datetime] = []

    def moved(match: re.Match[str]) -> str:
        form = f"%Y-%m-%d{match[1]}%H:%M:%S" if match[1] else "%Y%m%dT%H%M%S"
        time = datetime.strptime(match[0], form)
        first.append(time)
        return (time - first[0] + BEGINNING).strftime(form)

    return _TIME.sub(moved, text)


def _renamed(text: str) -> str:
    """What is random becomes what depends on its place only; two that differ go on to differ."""
    known: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        digits = iter(hashlib.sha256(str(len(known)).encode()).hexdigest())
        new = "".join(each if each == "-" else next(digits) for each in match[0])
        return known.setdefault(match[0], new)

    return _RANDOM.sub(name, text)


def shape(transcript: str) -> list[str]:
    """The lines that have to be the same."""
    return [line for line in transcript.splitlines() if _SHAPE.match(line)]


def endings() -> list[Path]:
    """The documented transcripts."""
    return sorted(DOCUMENTED.glob("*.txt"))
