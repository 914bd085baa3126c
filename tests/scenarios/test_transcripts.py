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
        f"TASK [Read] {stars}\nRun 2026112{day}T091500Z-{suffix} at 2026-11-2{day}T09:15:07.123Z\n"
        f"Lease held by root@host{day} run {suffix}; wrote {tmp_path}/{name}/report.html in 1 min 3 s\n"
        for stars, day, suffix, name in (("***", 4, "abc123", "one"), ("*****", 5, "0f0f0f", "two"))
    )
    runs = (
        Finished(0, output, tmp_path / name) for output, name in ((first, "one"), (second, "two"))
    )
    texts = {transcripts.normalised(run) for run in runs}
    assert len(texts) == 1
    (text,) = texts
    assert "Run 20261123T150012Z-" in text
    assert "at 2026-11-23T15:00:19.123Z" in text
    assert "in 1 min 3 s" in text


def test_what_differs_goes_on_to_differ(tmp_path: Path) -> None:
    uids = ("8f14e45f-ceea-467f-a8f0-3c1f2b6d7e11", "c9f0f895-fb98-4b91-9f5b-1a2b3c4d5e22")
    pods = [f"hvst-upgrade-x7k2p-apply-manifests-{suffix}" for suffix in ("zx9k2", "q7wwl")]
    output = f"was {uids[0]}, is {uids[1]}, was {uids[0]}; {pods[0]} then {pods[1]}\n"
    words = transcripts.normalised(Finished(0, output, tmp_path)).replace(";", ",").split()
    assert words[1] == words[5]
    assert words[1] != words[3]
    assert words[6] != words[8]
    assert not {*uids, *pods} & set(words)


def test_the_shape_is_what_a_reader_recognises_a_run_by() -> None:
    text = "PLAY [Run]\nTASK [Show]\nVerdict: repaired - fine\n106.0.0\nWhat next\n"
    assert transcripts.shape(text) == [
        "PLAY [Run]",
        "TASK [Show]",
        "Verdict: repaired - fine",
        "What next",
    ]
