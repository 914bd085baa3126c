# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal on disk and the Events made of it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.journal import (
    JournalEntry,
    append,
    event_body,
)

ENTRY = JournalEntry(
    at="2026-11-23T15:00:00Z",
    run_id="r1",
    by="ops@jump1",
    event="step-done",
    step="01-upgrade-fleet-crd",
    title="Upgrade release fleet-crd",
    detail="Release is at 106.0.0+up0.12.0",
    object="Secret/cattle-fleet-system/x",
)
SECRET = {
    "api_version": "v1",
    "kind": "Secret",
    "namespace": "cattle-fleet-system",
    "name": "x",
    "uid": "1",
}


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_entries_are_appended_in_order_for_the_owner_only(tmp_path: Path) -> None:
    path = append(tmp_path / "new", ENTRY)
    append(tmp_path / "new", JournalEntry("2026-11-23T15:01:00Z", "r1", "ops", "run-ended"))
    assert [json.loads(line)["event"] for line in lines(path)] == ["step-done", "run-ended"]
    assert json.loads(lines(path)[0])["step"] == "01-upgrade-fleet-crd"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_line_cut_off_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    path = append(tmp_path, ENTRY)
    with path.open("a") as stream:
        stream.write('{"at": "2026-11-2')
    append(tmp_path, ENTRY)
    assert len(lines(path)) == 3
    assert json.loads(lines(path)[2])["run_id"] == "r1"


def test_an_unwritable_folder_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RemediationError) as caught:
        append(tmp_path / "file", ENTRY)
    assert caught.value.code == "artifacts-unwritable"
    assert "file/journal.jsonl" in caught.value.message


def test_secrets_are_not_written_down(tmp_path: Path) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.c2lnbmF0dXJlLXBhcnQ"
    told = JournalEntry("t", "r1", "ops", "step-failed", detail=f"Authorization: Bearer {token}")
    path = append(tmp_path, told)
    assert token not in path.read_text()
    assert token not in event_body(told, SECRET, "cattle-fleet-system")["message"]


def test_an_event_is_on_the_object() -> None:
    body = event_body(ENTRY, SECRET, "cattle-fleet-system")
    assert body["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Secret",
        "namespace": "cattle-fleet-system",
        "name": "x",
        "uid": "1",
    }
    assert (body["reason"], body["type"]) == ("RemediationStepDone", "Normal")
    assert body["message"] == (
        "Upgrade release fleet-crd: Release is at 106.0.0+up0.12.0 (run r1, by ops@jump1)"
    )


def test_a_failure_is_a_warning_and_never_too_long() -> None:
    long = JournalEntry("t", "r1", "ops", "step-failed", detail="x" * 5000)
    body = event_body(long, SECRET, "cattle-fleet-system")
    assert body["type"] == "Warning"
    assert len(body["message"]) <= 1024
    assert body["message"].endswith("(run r1, by ops)")
