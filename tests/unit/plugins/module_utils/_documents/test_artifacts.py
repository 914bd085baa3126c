# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import tarfile
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.artifacts import (
    write_archive,
    write_artifacts,
    write_whole,
)


def test_a_later_run_keeps_the_earlier_ones_documents(tmp_path: Path) -> None:
    write_artifacts(tmp_path / "art", "run-1", {"report.json": {"verdict": "stalled"}})
    write_artifacts(tmp_path / "art", "run-2", {"report.json": {"verdict": "repaired"}})
    assert "stalled" in (tmp_path / "art/runs/run-1/report.json").read_text()
    assert "repaired" in (tmp_path / "art/runs/run-2/report.json").read_text()
    assert "repaired" in (tmp_path / "art/report.json").read_text()


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    paths = write_artifacts(tmp_path, "run", {"report.html": "<p>text stays as it is</p>"})
    assert paths["report.html"].read_text() == "<p>text stays as it is</p>"
    assert stat.S_IMODE(os.stat(paths["report.html"]).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "report.html").st_mode) == 0o600


def test_a_failed_write_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "plan.json"
    write_whole(target, b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_archive_unpacks_into_one_folder_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / "new" / "support-1.tar.gz"
    write_archive(target, {"logs/ns/pod/apply.log": "line\n", "evidence.json": {"a": 1}})
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o600
    with tarfile.open(target) as archive:
        assert archive.getnames() == ["support-1/evidence.json", "support-1/logs/ns/pod/apply.log"]
        member = archive.extractfile("support-1/evidence.json")
        assert member is not None
        assert member.read() == b'{\n  "a": 1\n}\n'


def test_without_a_run_there_is_only_the_latest(tmp_path: Path) -> None:
    paths = write_artifacts(tmp_path / "art", "", {"index.json": {}})
    assert paths == {"index.json": tmp_path / "art/index.json"}
    assert [path.name for path in (tmp_path / "art").iterdir()] == ["index.json"]
