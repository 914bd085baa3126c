# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a backup set in the cluster itself, for the case that the machine of the run is lost.

The set goes as a compressed archive into Secrets, in pieces that stay below the size an object may
have. Secrets, because it holds credentials.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import paths
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)

COPY_NAMESPACE = "harvester-system"
SET_LABEL = "remediation.harvester-ops.io/backup-set"
_PART = "remediation.harvester-ops.io/part"
_PARTS = "remediation.harvester-ops.io/parts"
_DIGEST = "remediation.harvester-ops.io/sha256"
# An object may have 1 MiB and base64 makes 4 bytes of 3; etcd takes 1.5 MiB per request.
PIECE_BYTES = 700 * 1024
MAX_PIECES = 64
MAX_UNPACKED_BYTES = 512 * 1024 * 1024


def pack(files: Mapping[str, bytes]) -> bytes:
    """The set as one archive; the same files give the same bytes."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o600
            archive.addfile(member, io.BytesIO(files[name]))
    return gzip.compress(stream.getvalue(), mtime=0)


def unpack(data: bytes, where: str) -> dict[str, bytes]:
    """The files of an archive, read in memory: no name in it ever reaches a file system."""
    files: dict[str, bytes] = {}
    unpacked = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                unpacked += member.size
                content = archive.extractfile(member) if member.isfile() else None
                if content is None or unpacked > MAX_UNPACKED_BYTES:
                    raise _invalid(where, f"{member.name} cannot be in a backup set")
                files[member.name] = content.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise _invalid(where, f"its archive is damaged ({type(error).__name__})") from error
    return files


def store(
    client: KubeClient,
    namespace: str,
    set_id: str,
    files: Mapping[str, bytes],
    *,
    dry_run: bool = False,
) -> list[str]:
    """Write the set into Secrets and read it back; the Secrets' labels (``Secret/namespace/name``).

    Raises backup-failed when it is too large or differs when read back; what was written of it is
    then removed again.
    """
    data = pack(files)
    pieces = [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]
    if len(pieces) > MAX_PIECES:
        raise RemediationError(
            "backup-failed",
            f"The set has {len(data)} bytes packed, more than a cluster should hold in Secrets.",
            "Keep it in a folder only.",
        )
    names = [_name(set_id, number) for number in range(len(pieces))]
    written: list[str] = []
    try:
        for number, piece in enumerate(pieces):
            body = _secret(namespace, set_id, number, len(pieces), data, piece)
            client.create(paths.core("v1", "secrets", namespace), body, dry_run=dry_run)
            written.append(names[number])
        if not dry_run and load(client, namespace, set_id) != dict(files):
            raise _invalid(set_id, "it differs from what was written")
    except RemediationError as error:
        _remove(client, namespace, [] if dry_run else written)
        raise RemediationError(
            "backup-failed",
            f"The copy of the backup set in namespace {namespace} was not written: {error.message}",
            f"{error.remedy} Nothing was changed.",
            retryable=error.retryable,
        ) from error
    return [f"Secret/{namespace}/{name}" for name in names]


def load(client: KubeClient, namespace: str, set_id: str) -> dict[str, bytes]:
    """The files of a set kept in the cluster. Raises backup-invalid when a piece is missing or damaged."""
    where = f"Backup set {set_id} in namespace {namespace}"
    path = paths.core("v1", "secrets", namespace)
    found = client.list(path, label_selector=f"{SET_LABEL}={_label(set_id)}")
    if not found:
        raise _invalid(where, "there is no such set")
    pieces = {_annotation(each, _PART): each for each in found}
    count = _annotation(found[0], _PARTS)
    if not count.isdigit() or set(pieces) != {str(number) for number in range(int(count))}:
        raise _invalid(where, f"it has {len(pieces)} of {count} pieces")
    data = b"".join(_piece(pieces[str(number)], where) for number in range(int(count)))
    if hashlib.sha256(data).hexdigest() != _annotation(found[0], _DIGEST):
        raise _invalid(where, "it is not what was written (its SHA-256 differs)")
    return unpack(data, where)


def _secret(
    namespace: str, set_id: str, number: int, count: int, data: bytes, piece: bytes
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": namespace,
            "name": _name(set_id, number),
            "labels": {SET_LABEL: _label(set_id)},
            "annotations": {
                _PART: str(number),
                _PARTS: str(count),
                _DIGEST: hashlib.sha256(data).hexdigest(),
            },
        },
        "type": "Opaque",
        "immutable": True,
        "data": {"piece": base64.b64encode(piece).decode()},
    }


def _label(set_id: str) -> str:
    """The name of a set as a label's value, which may hold no colon."""
    return set_id.replace(":", "")


def _name(set_id: str, number: int) -> str:
    return f"remediation-backup-{_label(set_id).lower().replace('_', '-')}-{number}"


def _annotation(found: Mapping[str, Any], name: str) -> str:
    return str((found["metadata"].get("annotations") or {}).get(name) or "")


def _piece(found: Mapping[str, Any], where: str) -> bytes:
    try:
        return base64.b64decode(found["data"]["piece"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid(where, f"Secret {found['metadata']['name']} holds no piece of it") from error


def _remove(client: KubeClient, namespace: str, names: list[str]) -> None:
    for name in names:
        try:
            client.delete(paths.core("v1", "secrets", namespace, name))
        except RemediationError:
            # The first failure is the one to tell; what is left over carries the set's label.
            return


def _invalid(where: str, why: str) -> RemediationError:
    return RemediationError(
        "backup-invalid",
        f"{where} cannot be used: {why}.",
        "Use another backup set; a damaged one is not restored from.",
    )
