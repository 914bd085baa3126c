# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive of collect is read back; what is damaged or missing in it is told, or refused."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.support_archive import (
    write_support_archive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import (
    load_evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    cluster_of,
    live_evidence,
)

Document = dict[str, Any]
LOG = "logs/cattle-system/rancher-1/rancher.log"
Files = dict[str, bytes]


def load(path: Path) -> Document:
    return load_evidence([str(path)], CollectOptions(parallelism=1))


def tried(path: Path) -> tuple[Document, RemediationError | None]:
    try:
        return load(path), None
    except RemediationError as error:
        return {}, error


def archive_of(evidence: Document, path: Path) -> Path:
    logs = {f"logs/cattle-system/rancher-{number}/rancher.log": "line\n" for number in (1, 2)}
    write_support_archive(path, {"evidence.json": evidence, "diagnosis.txt": "Stuck.", **logs})
    return path


def changed(path: Path, change: Callable[[Files], object]) -> Path:
    """Pack it again with something else in it."""
    with tarfile.open(path) as archive:
        members = {each.name: archive.extractfile(each) for each in archive}
        files = {name: stream.read() for name, stream in members.items() if stream}
    change(files)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def inside(files: Files, name: str) -> str:
    return next(each for each in files if each.endswith(f"/{name}"))


@pytest.fixture
def evidence() -> Document:
    return live_evidence(cluster_of("locked"))


def test_a_whole_archive_is_the_evidence_of_the_cluster(evidence: Document, tmp_path: Path) -> None:
    found = load(archive_of(evidence, tmp_path / "support.tar.gz"))
    assert found == evidence
    assert diagnose(found) == diagnose(evidence)


def test_a_damaged_log_is_told(evidence: Document, tmp_path: Path) -> None:
    def damage(files: Files) -> None:
        files[inside(files, LOG)] = b"other\n"

    found = load(changed(archive_of(evidence, tmp_path / "given"), damage))
    (origin,) = found["origins"]
    assert origin["kind"] == "support-archive"
    assert origin["created_at"] == evidence["collected_at"]
    assert [line for line in origin["lacks"] if LOG in line and "damaged" in line.lower()]
    again = diagnose(found)
    assert again["verdict"] == diagnose(evidence)["verdict"]
    assert again["findings"] == diagnose(evidence)["findings"]


def test_a_log_that_is_not_there_and_one_too_many_are_told(
    evidence: Document, tmp_path: Path
) -> None:
    def exchange(files: Files) -> None:
        del files[inside(files, LOG)]
        files["support/logs/x/y/z.log"] = b"put in\n"

    (origin,) = load(changed(archive_of(evidence, tmp_path / "support"), exchange))["origins"]
    assert [line for line in origin["lacks"] if LOG in line]
    assert [line for line in origin["lacks"] if "logs/x/y/z.log" in line]


@pytest.mark.parametrize("gone", [False, True])
def test_evidence_that_is_not_as_it_was_packed_is_refused(
    gone: bool, evidence: Document, tmp_path: Path
) -> None:
    def change(files: Files) -> None:
        name = inside(files, "evidence.json")
        content = files.pop(name)
        if not gone:
            files[name] = content.replace(b"pending-upgrade", b"deployed")

    path = changed(archive_of(evidence, tmp_path / "given"), change)
    with pytest.raises(RemediationError) as caught:
        load(path)
    assert caught.value.code == "evidence-invalid"
    assert "evidence.json" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("share", [1, 10, 50, 80, 95])
def test_an_archive_that_is_cut_off_is_one_error_or_says_what_is_missing(
    share: int, evidence: Document, tmp_path: Path
) -> None:
    path = archive_of(evidence, tmp_path / "given")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * share // 100])
    found, refused = tried(path)
    if refused is not None:
        assert refused.code == "evidence-invalid"
        said = ("cut off", "damaged", "not a readable")
        assert any(each in refused.message for each in said), refused.message
        return
    (origin,) = found["origins"]
    assert [line for line in origin["lacks"] if "cut off" in line or "missing" in line]
    assert diagnose(found)["findings"] == diagnose(evidence)["findings"]


def test_an_archive_of_an_earlier_release_has_no_manifest(
    evidence: Document, tmp_path: Path
) -> None:
    path = archive_of(evidence, tmp_path / "given")
    found = load(changed(path, lambda files: files.pop(inside(files, "manifest.json"))))
    assert found == evidence


def test_the_archive_says_how_it_is_read_back(evidence: Document, tmp_path: Path) -> None:
    path = archive_of(evidence, tmp_path / "support-20261123T150000Z-3f9c21.tar.gz")
    with tarfile.open(path) as archive:
        names = archive.getnames()
        readme = archive.extractfile(next(each for each in names if each.endswith("README.txt")))
        assert readme is not None
        said = readme.read().decode()
    assert names[0].endswith("/manifest.json"), "what it must hold is known wherever it is cut"
    command = "ansible-playbook harvester_ops.remediation.diagnose -e remediation_evidence="
    assert f"{command}{path.name}" in said


def test_pseudonyms_are_told_and_nothing_more_is_asked_for(
    evidence: Document, tmp_path: Path
) -> None:
    write_support_archive(tmp_path / "given", {"evidence.json": evidence}, pseudonyms=True)
    findings = diagnose(load(tmp_path / "given"))
    (origin,) = findings["origins"]
    assert "Pseudonyms" in origin["note"]
    assert (origin["lacks"], findings["ask_for"]) == ([], [])
