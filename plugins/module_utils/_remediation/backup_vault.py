# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption of backup sets at rest, in Ansible's own vault format.

Anybody with the passphrase can read such a file without this collection (C(ansible-vault decrypt)).
The library belongs to ansible-core and is there only where a play runs, which is where the modules
that read and write backup sets run, too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_errors import (
    invalid,
)

PASSPHRASE_SPEC: dict[str, dict[str, Any]] = {
    "passphrase": {"type": "str", "no_log": True},
    "passphrase_file": {"type": "path", "no_log": False},
}
_ENCRYPTED = b"$ANSIBLE_VAULT;"


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
    """The data as an Ansible vault file (AES256, authenticated)."""
    encrypted: bytes = _vault(passphrase).encrypt(data)
    return encrypted


def decrypt(data: bytes, passphrase: bytes | None, where: str) -> bytes:
    """The data of a vault file. Raises backup-invalid without the right passphrase, or when it was altered."""
    if not data.startswith(_ENCRYPTED):
        raise invalid(where, "what should be encrypted is not")
    if passphrase is None:
        raise invalid(
            where, "it is encrypted", "Give its passphrase, best by a file only you can read."
        )
    from ansible.errors import AnsibleError

    try:
        decrypted: bytes = _vault(passphrase).decrypt(data)
    except (AnsibleError, ValueError) as error:
        raise invalid(
            where,
            "it cannot be decrypted: either the passphrase is another one, or the file was altered",
            "Give the passphrase it was written with; if it is that one, use another backup set.",
        ) from error
    return decrypted


def _vault(passphrase: bytes) -> Any:
    try:
        from ansible.parsing.vault import VaultLib, VaultSecret
    except ImportError as error:
        raise RemediationError(
            "library-missing",
            "Encrypted backup sets need ansible-core on the machine that runs the module.",
            "Run the module on the controller (connection: local), as the playbooks do.",
        ) from error
    return VaultLib([("default", VaultSecret(passphrase))])


def _refused(path: Path, why: str) -> RemediationError:
    return RemediationError(
        "refused",
        f"The passphrase file {path} {why}.",
        "Give a file with the passphrase that only its owner can read (chmod 600).",
    )
