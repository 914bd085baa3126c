# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.vault import (
    decrypt,
    encrypt,
    passphrase_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)

SECRET = b"correct horse"


def test_what_was_encrypted_comes_back_and_does_not_show() -> None:
    encrypted = encrypt(b"a password", SECRET)
    assert b"a password" not in encrypted
    assert decrypt(encrypted, SECRET, "it") == b"a password"


@pytest.mark.parametrize("passphrase", [b"battery staple", None])
def test_not_without_the_passphrase(passphrase: bytes | None) -> None:
    with pytest.raises(RemediationError) as raised:
        decrypt(encrypt(b"x", SECRET), passphrase, "Set 1")
    assert raised.value.code == "backup-invalid"
    assert "crypted" in raised.value.message
    assert "passphrase" in raised.value.remedy


@pytest.mark.parametrize("line", [2, 5, 9])
def test_an_altered_line_is_found(line: int) -> None:
    lines = encrypt(os.urandom(500), SECRET).splitlines()
    lines[line] = lines[line][::-1]
    with pytest.raises(RemediationError, match="cannot be decrypted"):
        decrypt(b"\n".join(lines), SECRET, "it")


def test_plain_text_is_not_taken_for_encrypted() -> None:
    with pytest.raises(RemediationError, match="should be encrypted is not"):
        decrypt(b"{}", SECRET, "it")


def test_anybody_with_ansible_can_decrypt_it(tmp_path: Path) -> None:
    """At 3 a.m. the collection may be the thing that does not work."""
    content = os.urandom(3000)
    sealed, key = tmp_path / "set.tar.gz.vault", tmp_path / "key"
    sealed.write_bytes(encrypt(content, SECRET))
    key.write_bytes(SECRET + b"\n")
    program = Path(sys.executable).with_name("ansible-vault")
    out = tmp_path / "set.tar.gz"
    subprocess.run(
        [program, "decrypt", "--vault-password-file", key, "--output", out, sealed],
        check=True,
        capture_output=True,
    )
    assert out.read_bytes() == content


def options(path: Path) -> dict[str, object]:
    return {"passphrase": None, "passphrase_file": str(path)}


def test_the_passphrase_comes_from_an_option_or_a_file(tmp_path: Path) -> None:
    assert passphrase_of({"passphrase": None, "passphrase_file": None}) is None
    assert passphrase_of({"passphrase": "x y", "passphrase_file": None}) == b"x y"
    path = tmp_path / "passphrase"
    path.write_bytes(SECRET + b"\n")
    path.chmod(0o600)
    assert passphrase_of(options(path)) == SECRET


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (b"x", 0o640, "can be read by others"),
        (b" \n", 0o600, "is empty"),
        (None, 0, "cannot be read"),
    ],
)
def test_a_passphrase_file_that_is_no_good(
    tmp_path: Path, content: bytes | None, mode: int, why: str
) -> None:
    path = tmp_path / "passphrase"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(RemediationError, match=why) as raised:
        passphrase_of(options(path))
    assert raised.value.code == "refused"
