# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.backup_set import (
    COVER,
    MANIFEST,
    SEALED,
    files_of,
    named_entries,
    read_set,
    verify_set,
    write_set,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.read import Content
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.backup_sets import (
    CONFIG_FILE,
    CONFIG_LABEL,
    a_set,
    identity,
    saved,
)

PASSPHRASE = b"correct horse"
Damage = Callable[[Path], object]


def written(directory: Path, passphrase: bytes | None = None) -> Path:
    return write_set(directory, identity(), a_set(), passphrase)


def test_a_manifest_says_what_why_when_and_by_what() -> None:
    manifest = json.loads(a_set()[MANIFEST])
    assert manifest["id"] == "backup-1"
    assert manifest["reason"] == "plan 3f9c2a71d0b84e56"
    assert manifest["tool_version"] == "0.1.0"
    assert manifest["created_at"] == "2026-11-23T14:00:00Z"
    assert [each["object"] for each in manifest["files"]] == [CONFIG_LABEL]


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_what_was_written_is_read(tmp_path: Path, passphrase: bytes | None) -> None:
    path = written(tmp_path, passphrase)
    assert read_set(path, passphrase) == a_set()
    assert {each.stat().st_mode & 0o777 for each in path.rglob("*") if each.is_file()} == {0o600}
    assert path.stat().st_mode & 0o777 == 0o700


def test_an_encrypted_set_shows_nothing_but_its_cover(tmp_path: Path) -> None:
    path = written(tmp_path, PASSPHRASE)
    assert {each.name for each in path.iterdir()} == {COVER, SEALED}
    assert all(b"10.53.0.1" not in each.read_bytes() for each in path.iterdir())
    assert json.loads((path / COVER).read_bytes())["identity"]["reason"]
    with pytest.raises(RemediationError, match="it is encrypted"):
        read_set(path)


def _edit(name: str, old: str, new: str) -> Damage:
    def edit(path: Path) -> None:
        text = (path / name).read_text()
        assert old in text
        (path / name).write_text(text.replace(old, new))

    return edit


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (_edit(CONFIG_FILE, "10.53.0.1", "10.53.0.2"), "SHA-256 differs"),
        (lambda path: os.truncate(path / CONFIG_FILE, 20), "SHA-256 differs"),
        (lambda path: (path / CONFIG_FILE).unlink(), "is missing"),
        (lambda path: (path / "extra").write_text("x"), "extra does not belong to it"),
        (lambda path: (path / MANIFEST).unlink(), "it has no manifest.json"),
        (lambda path: os.truncate(path / MANIFEST, 20), "is missing or no JSON"),
        (_edit(MANIFEST, "backup/v1", "backup/v2"), "backup/v2, and this version .* knows"),
        (_edit(MANIFEST, "backup/v1", "plan/v1"), "is not of schema"),
    ],
    ids=["tampered", "truncated", "missing", "extra", "half", "cut-manifest", "newer", "foreign"],
)
def test_a_set_that_was_altered_is_refused(tmp_path: Path, damage: Damage, why: str) -> None:
    path = written(tmp_path)
    damage(path)
    with pytest.raises(RemediationError, match=why) as raised:
        verify_set(read_set(path), str(path))
    assert raised.value.code == "backup-invalid"
    assert str(path) in raised.value.message


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda path: os.truncate(path / SEALED, 200), "SHA-256 differs"),
        (lambda path: (path / SEALED).unlink(), "should hold"),
        (_edit(COVER, "cover/v1", "cover/v9"), "Use the version"),
        (_edit(COVER, "uid-of-the-cluster", "another"), "another set than its cover says"),
        (_edit(COVER, '"size"', '"length"'), "its cover lacks"),
    ],
    ids=["truncated", "half", "newer", "swapped", "incomplete"],
)
def test_an_encrypted_set_that_was_altered_is_refused(
    tmp_path: Path, damage: Damage, why: str
) -> None:
    path = written(tmp_path, PASSPHRASE)
    damage(path)
    with pytest.raises(RemediationError) as raised:
        read_set(path, PASSPHRASE)
    assert raised.value.code == "backup-invalid"
    assert why in str(raised.value)


def test_a_set_is_never_written_over_another(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(RemediationError, match="exists already"):
        written(tmp_path)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_full_disk_leaves_nothing(tmp_path: Path, passphrase: bytes | None) -> None:
    """A limit on the size of files stands for the full disk: the kernel refuses the write half done."""
    files = a_set(saved("ConfigMap", "big", "default", data={"x": os.urandom(150_000).hex()}))
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_set(tmp_path, identity(), files, passphrase)
        except RemediationError as error:
            os._exit(0 if "Make room" in error.remedy else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_differs_when_read_back_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _path: b"{}")
    with pytest.raises(RemediationError, match="differs from what was written"):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_kinds_of_one_name_are_told_apart() -> None:
    versions = ("fleet.cattle.io/v1alpha1", "provisioning.cattle.io/v1")
    clusters = [saved("Cluster", "local", "fleet-local", api_version=each) for each in versions]
    files = files_of(identity(), Content(objects=[*clusters, saved("Setting", "x")]))
    assert set(named_entries(json.loads(files[MANIFEST]))) == {
        "Cluster.fleet.cattle.io/fleet-local/local",
        "Cluster.provisioning.cattle.io/fleet-local/local",
        "Setting/x",
    }


@pytest.mark.parametrize("set_id", ["", "../x", "a/b", "x" * 64])
def test_a_name_that_leads_elsewhere_is_no_name(set_id: str) -> None:
    with pytest.raises(RemediationError, match="is no name for a backup set"):
        files_of(identity(set_id), Content())
