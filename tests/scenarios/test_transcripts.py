# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented transcripts: one of each ending, the same whenever they are made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios import transcripts
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import Finished

ENDINGS = ("failed", "healthy", "needs_approval", "needs_human", "refused", "repaired", "stalled")


def test_every_ending_is_documented() -> None:
    assert [path.stem for path in transcripts.endings()] == list(ENDINGS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_transcript_shows_its_ending_and_nothing_of_this_machine(ending: str) -> None:
    text = (transcripts.DOCUMENTED / f"{ending}.txt").read_text(encoding="utf-8")
    assert f"\nVerdict: {ending} - " in text
    assert "PLAY RECAP" in text
    assert not re.search(r"pytest|/tmp/|/root|127\.0\.0\.1|\x1b", text)


def test_two_runs_give_the_same_text(tmp_path: Path) -> None:
    first, second = (
        f"TASK [Read] {stars}\nRun 2026112{day}T091500Z-{suffix} at 2026-11-2{day}T09:15:00Z\n"
        f"Lease held by root@host{day} run {suffix}; wrote {tmp_path}/{name}/report.html in {day} min 3 s\n"
        for stars, day, suffix, name in (("***", 4, "abc123", "one"), ("*****", 5, "0f0f0f", "two"))
    )
    runs = (
        Finished(0, output, tmp_path / name) for output, name in ((first, "one"), (second, "two"))
    )
    assert len({transcripts.normalised(run) for run in runs}) == 1


def test_the_shape_is_what_a_reader_recognises_a_run_by() -> None:
    text = "PLAY [Run]\nTASK [Show]\nVerdict: repaired - fine\n106.0.0\nWhat next\n"
    assert transcripts.shape(text) == ["PLAY [Run]", "Verdict: repaired - fine", "What next"]
