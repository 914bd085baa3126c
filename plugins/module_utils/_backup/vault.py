# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption of backup sets at rest, in Ansible's own vault format.

Anybody with the passphrase can read such a file without this collection (C(ansible-vault decrypt)).
The library belongs to ansible-core. A module does not see it, because what it is shipped with hides
all of ansible-core but module_utils; so a child process of the same Python does the work.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .._core.errors import RemediationError
from .errors import failed, invalid

PASSPHRASE_SPEC: dict[str, dict[str, Any]] = {
    "passphrase": {"type": "str", "no_log": True},
    "passphrase_file": {"type": "path", "no_log": False},
}
_ENCRYPTED = b"$ANSIBLE_VAULT;"
CHILD_SECONDS = 300.0


def passphrase_of(params: dict[str, Any]) -> bytes | None:
    """The passphrase that the options C(passphrase) and C(passphrase_file) give; None for none.

    Raises refused for a file that is empty, unreadable, or readable by others.
    """
    if params.get("passphrase"):
        return str(params["passphrase"]).encode()
    if not params.get("passphrase_file"):
        return None
    path = Path(params["passphrase_file"])
    try:
        open_to = os.stat(path).st_mode & 0o077
        # A line feed at the end is an editor's, as with ansible-vault's own password files.
        content = path.read_bytes().strip()
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}") from error
    if open_to:
        raise _refused(path, "can be read by others")
    if not content:
        raise _refused(path, "is empty")
    return content


def encrypt(data: bytes, passphrase: bytes) -> bytes:
    """The data as an Ansible vault file (AES256, authenticated). Raises library-missing, backup-failed."""
    done = _in_child("encrypt", data, passphrase)
    if done.returncode != 0:
        raise failed(f"it could not be encrypted: {_last_line(done.stderr)}", "")
    return done.stdout


def decrypt(data: bytes, passphrase: bytes | None, where: str) -> bytes:
    """The data of a vault file. Raises backup-invalid without the right passphrase, or when it was altered."""
    if not data.startswith(_ENCRYPTED):
        raise invalid(where, "what should be encrypted is not")
    if passphrase is None:
        raise invalid(
            where, "it is encrypted", "Give its passphrase, best by a file only you can read."
        )
    done = _in_child("decrypt", data, passphrase)
    if done.returncode != 0:
        raise invalid(
            where,
            "it cannot be decrypted: either the passphrase is another one, or the file was altered",
            "Give the passphrase it was written with; if it is that one, use another backup set.",
        )
    return done.stdout


_MISSING = 4
_PROGRAM = f"""
import base64, sys
try:
    from ansible.parsing.vault import VaultLib, VaultSecret
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit({_MISSING})
passphrase = base64.b64decode(sys.stdin.buffer.readline())
vault = VaultLib([("default", VaultSecret(passphrase))])
sys.stdout.buffer.write(getattr(vault, sys.argv[1])(sys.stdin.buffer.read()))
"""


def _in_child(verb: str, data: bytes, passphrase: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run the vault on standard input, which also hands over the passphrase: no other process sees it."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, verb],
        input=base64.b64encode(passphrase) + b"\n" + data,
        capture_output=True,
        check=False,
        cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        timeout=CHILD_SECONDS,
    )
    if done.returncode == _MISSING:
        raise RemediationError(
            "library-missing",
            f"Encrypted backup sets need ansible-core for {sys.executable}: {_last_line(done.stderr)}.",
            "Run the module on the controller (connection: local), as the playbooks do.",
        )
    return done


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _refused(path: Path, why: str) -> RemediationError:
    return RemediationError(
        "refused",
        f"The passphrase file {path} {why}.",
        "Give a file with the passphrase that only its owner can read (chmod 600).",
    )
