# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.loading import (
    MOST_BYTES,
    load_document,
)

PLAN = '{"schema": "harvester_ops.remediation/plan/v1", "steps": ["ä"]}'
EVIDENCE = PLAN.replace("/plan/", "/evidence/")


def written(folder: Path, content: bytes) -> str:
    path = folder / "given"
    path.write_bytes(content)
    return str(path)


def zipped(content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("evidence.json", content)
    return buffer.getvalue()


def tarred(content: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("evidence.json")
        member.size = len(content.encode())
        archive.addfile(member, io.BytesIO(content.encode()))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["evidence", "plan", "report"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_reads_what_a_run_has_written(tmp_path: Path, kind: str, encoding: str) -> None:
    """PowerShell's redirection makes UTF-16 of it, an editor may put a mark in front."""
    text = PLAN.replace("/plan/", f"/{kind}/")
    assert load_document(written(tmp_path, text.encode(encoding)), kind) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ('{"steps": nothing}', "evidence", "is not JSON"),
        ("[]", "evidence", "'list'"),
        ("{}", "evidence", "None"),
        (PLAN, "evidence", "harvester_ops.remediation/plan/v1"),
        (EVIDENCE.replace("v1", "v2"), "evidence", "evidence/v2"),
        ("[" * 100_000, "plan", "nested too deeply"),
        ('{"a": ' + "1" * 5000 + "}", "plan", "is not JSON"),
    ],
)
def test_refuses_another_document(tmp_path: Path, text: str, kind: str, words: str) -> None:
    assert words in refusal(written(tmp_path, text.encode()), kind)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(EVIDENCE.encode()), "gzip"),
        (zipped(EVIDENCE), "zip"),
        (tarred(EVIDENCE), "tar archive"),
        (b"\xfd7zXZ\x00\x00\x04", "xz"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n6162", "ansible-vault"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", "binary data"),
        (b"\x00" * 10, "binary data"),
        (b"\xff\xfe\x00\xd8", "is not JSON"),
        (EVIDENCE.encode("latin-1"), "not text"),
        (b"", "is empty"),
        (b" \n", "is empty"),
    ],
)
def test_names_what_a_file_is_instead(tmp_path: Path, content: bytes, words: str) -> None:
    path = written(tmp_path, content)
    message = refusal(path, "evidence")
    assert words in message
    assert path in message


@pytest.mark.parametrize("length", range(1, len(EVIDENCE.encode()) - 1))
def test_a_document_that_was_cut_off_is_called_incomplete(tmp_path: Path, length: int) -> None:
    """Wherever the copy ended, be it in the middle of a letter."""
    path = written(tmp_path, EVIDENCE.encode()[:length])
    assert "is incomplete" in refusal(path, "evidence")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "given"
    with path.open("wb") as stream:
        stream.write(EVIDENCE.encode() + b" " * 8192)
        stream.seek(1 << 40)  # a hole: what reads it all does not come back
        stream.write(b"}")
    message = refusal(str(path), "evidence")
    assert f"{MOST_BYTES >> 20} MiB" in message
    assert "1048576 MiB" in message


def test_the_limit_itself_is_allowed(tmp_path: Path) -> None:
    content = EVIDENCE.encode()
    padded = content + b" " * (MOST_BYTES - len(content))
    assert load_document(written(tmp_path, padded), "evidence")["steps"] == ["ä"]
    assert "MiB" in refusal(written(tmp_path, padded + b" "), "evidence")


def test_a_directory_is_not_a_document(tmp_path: Path) -> None:
    assert "is a directory" in refusal(str(tmp_path), "report")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(str(tmp_path / "pipe"), "evidence")


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    assert "does not exist" in refusal(str(tmp_path / "absent"), "plan")
    assert "cannot be read" in refusal(str(tmp_path / ("x" * 5000)), "plan")
    assert "cannot be read" in refusal("\0", "plan")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, EVIDENCE.encode())

    def denied(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert "cannot be read: Permission denied" in refusal(path, "evidence")


def test_a_relative_path_counts_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, PLAN.encode())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_document("given", "plan") == load_document("~/given", "plan")


def refusal(path: str, kind: str) -> str:
    """The message with which a file is refused; code and remedy are checked."""
    with pytest.raises(RemediationError) as refused:
        load_document(path, kind)
    assert refused.value.code == ("plan-invalid" if kind == "plan" else "evidence-invalid")
    assert f"{kind}.json" in refused.value.remedy
    assert len(str(refused.value)) < 1000
    return refused.value.message
