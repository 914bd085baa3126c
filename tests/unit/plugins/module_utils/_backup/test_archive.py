# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup import (
    archive as backup_archive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)

FILES = {"manifest.json": b"{}", "objects/a/b.json": b"x" * 5000}


def test_the_same_files_give_the_same_bytes_and_come_out_again() -> None:
    packed = backup_archive.pack(FILES)
    assert packed == backup_archive.pack(dict(reversed(FILES.items())))
    assert backup_archive.unpack(packed, "it") == FILES


@pytest.mark.parametrize("damage", ["cut", "flipped", "no gzip"])
def test_a_damaged_archive_is_named_as_such(damage: str) -> None:
    packed = bytearray(backup_archive.pack(FILES))
    if damage == "cut":
        packed = packed[:-12]
    elif damage == "flipped":
        packed[30] ^= 0xFF
    else:
        packed = bytearray(b"not compressed")
    with pytest.raises(RemediationError) as raised:
        backup_archive.unpack(bytes(packed), "Set 1")
    assert raised.value.code == "backup-invalid"
    assert raised.value.message.startswith("Set 1 cannot be used: its archive is damaged")


def test_only_files_are_taken_out() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(RemediationError, match="link cannot be in a backup set"):
        backup_archive.unpack(gzip.compress(stream.getvalue()), "it")


def test_a_bomb_does_not_go_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_archive, "MAX_UNPACKED_BYTES", 4000)
    with pytest.raises(RemediationError, match="larger than a backup set"):
        backup_archive.unpack(backup_archive.pack(FILES), "it")
