# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a backup set in the cluster itself, for the case that the machine of the run is lost.

The set goes as a compressed archive into Secrets, in pieces that stay below the size an object may
have. Secrets, because it holds credentials; in a namespace of its own, because whoever may read the
Secrets of another namespace need not be allowed to read these. The seal is written last, after all
pieces were read back: pieces without a seal are no set.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import dig, moment
from .._kube import paths
from .._kube.change import read_or_none
from .._kube.client import KubeClient, Object
from .archive import MAX_UNPACKED_BYTES, inflate, pack, unpack
from .backup_set import require_inside
from .cover import Cover, SetIdentity
from .errors import invalid
from .vault import decrypt, encrypt

SET_LABEL = "remediation.harvester-ops.io/backup-set"
_ROLE_LABEL = "remediation.harvester-ops.io/backup-role"
_PART = "remediation.harvester-ops.io/part"
_MANAGED = {"app.kubernetes.io/managed-by": "harvester-ops-remediation"}
_PIECE, _SEAL = "piece", "seal"
# An object may have 1 MiB and base64 makes 4 bytes of 3; etcd takes 1.5 MiB per request.
PIECE_BYTES = 700 * 1024
MAX_PIECES = 64
LEFTOVER_AGE = timedelta(hours=1)
# Ansible's vault writes four characters for a byte.
_MAX_ENCRYPTED_BYTES = 4 * MAX_UNPACKED_BYTES


def store(
    client: KubeClient,
    namespace: str,
    identity: SetIdentity,
    files: Mapping[str, bytes],
    *,
    passphrase: bytes | None = None,
    dry_run: bool = False,
) -> list[str]:
    """Write the set into Secrets and read it back; the Secrets' labels (``Secret/namespace/name``).

    Raises backup-failed when it is too large, cannot be written, or differs when read back; what was
    written of it is then removed again.
    """
    archive = pack(files) if passphrase is None else _denser(encrypt(pack(files), passphrase))
    cover = Cover(
        identity, hashlib.sha256(archive).hexdigest(), len(archive), passphrase is not None
    )
    bodies = _secrets(namespace, cover, archive)
    written: list[str] = []
    try:
        fresh = _ensure_namespace(client, namespace, dry_run=dry_run)
        # A namespace that only a dry run has made takes no Secrets, not even for trial.
        for body in () if fresh and dry_run else bodies[:-1]:
            _create(client, body, written, dry_run=dry_run)
        if not dry_run:
            _require_read_back(client, namespace, cover, files, passphrase)
            _create(client, bodies[-1], written, dry_run=False)
    except RemediationError as error:
        _remove(client, namespace, [] if dry_run else written)
        raise RemediationError(
            "backup-failed",
            f"The copy of the backup set in namespace {namespace} was not written: {error.message}",
            f"{error.remedy} Nothing was changed.",
            retryable=error.retryable,
            details={"cause": error.to_dict()},
        ) from error
    return [f"Secret/{namespace}/{body['metadata']['name']}" for body in bodies]


def load(
    client: KubeClient, namespace: str, set_id: str, passphrase: bytes | None = None
) -> dict[str, bytes]:
    """The files of a set kept in the cluster. Raises backup-invalid when it is half-written or damaged."""
    where = place(namespace, set_id)
    secrets = _secrets_of(client, namespace, set_id)
    if not secrets:
        raise invalid(where, "there is no such set", "List the sets that there are.")
    seals = [each for each in secrets if _role(each) == _SEAL]
    if len(seals) != 1:
        raise invalid(where, "it is half-written: it has no seal")
    cover = Cover.from_bytes(_content(seals[0], where), where)
    return _opened(cover, _joined(secrets, cover, where), passphrase, where)


def covers(client: KubeClient, namespace: str) -> tuple[dict[str, Cover], list[str]]:
    """The covers of the sealed sets in a namespace by their id, and the labels of those without a seal.

    Reads the seals and of the pieces only that they are there. Raises backup-invalid for a seal that
    cannot be read.
    """
    path = paths.core("v1", "secrets", namespace)
    try:
        everything = client.list(path, label_selector=SET_LABEL, metadata_only=True)
        seals = client.list(path, label_selector=f"{SET_LABEL},{_ROLE_LABEL}={_SEAL}")
    except RemediationError as error:
        if error.code == "not-found":
            return {}, []
        raise
    found = {}
    for seal in seals:
        where = f"Secret/{namespace}/{seal['metadata']['name']}"
        cover = Cover.from_bytes(_content(seal, where), where)
        found[cover.identity.set_id] = cover
    pieces = Counter(str(dig(each, "metadata", "labels", SET_LABEL)) for each in everything)
    # The seal counts, too.
    wanted = {_label(set_id): _pieces_of(cover) + 1 for set_id, cover in found.items()}
    broken = sorted(label for label, count in pieces.items() if wanted.get(label) != count)
    whole = {set_id: cover for set_id, cover in found.items() if _label(set_id) not in broken}
    return whole, broken


def remove_leftovers(client: KubeClient, namespace: str) -> list[str]:
    """Delete pieces without a seal that are older than any run; their labels."""
    secrets = client.list(
        paths.core("v1", "secrets", namespace), label_selector=SET_LABEL, metadata_only=True
    )
    sealed = {
        dig(each, "metadata", "labels", SET_LABEL) for each in secrets if _role(each) == _SEAL
    }
    removed = []
    for each in secrets:
        metadata = each["metadata"]
        created = moment(metadata.get("creationTimestamp"))
        is_old = created is not None and client.now() - created > LEFTOVER_AGE
        if is_old and metadata["labels"][SET_LABEL] not in sealed:
            name = str(metadata["name"])
            client.delete(paths.core("v1", "secrets", namespace, name), uid=str(metadata["uid"]))
            removed.append(f"Secret/{namespace}/{name}")
    return removed


def remove(client: KubeClient, namespace: str, set_id: str) -> None:
    """Delete a set, its seal first: from then on it is none any more."""
    secrets = client.list(
        paths.core("v1", "secrets", namespace),
        label_selector=f"{SET_LABEL}={_label(set_id)}",
        metadata_only=True,
    )
    for each in sorted(secrets, key=lambda secret: _role(secret) != _SEAL):
        metadata = each["metadata"]
        path = paths.core("v1", "secrets", namespace, str(metadata["name"]))
        client.delete(path, uid=str(metadata["uid"]))


def place(namespace: str, set_id: str) -> str:
    """How messages name a set in the cluster."""
    return f"Backup set {set_id} in namespace {namespace}"


def _secrets(namespace: str, cover: Cover, archive: bytes) -> list[Object]:
    """The Secrets of a set, the seal last."""
    pieces = [archive[at : at + PIECE_BYTES] for at in range(0, len(archive), PIECE_BYTES)]
    if len(pieces) > MAX_PIECES:
        raise RemediationError(
            "backup-failed",
            f"The set has {len(archive)} bytes packed, more than a cluster should hold in Secrets.",
            "Keep it in a folder only (location: directory).",
        )
    set_id = cover.identity.set_id
    bodies = [
        _secret(namespace, set_id, str(number), _PIECE, piece)
        for number, piece in enumerate(pieces)
    ]
    return [*bodies, _secret(namespace, set_id, _SEAL, _SEAL, cover.to_bytes())]


def _secret(namespace: str, set_id: str, part: str, role: str, content: bytes) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": namespace,
            "name": f"{_label(set_id).lower().replace('_', '-')}-{part}",
            "labels": {SET_LABEL: _label(set_id), _ROLE_LABEL: role, **_MANAGED},
            "annotations": {_PART: part},
        },
        "type": "Opaque",
        "immutable": True,
        "data": {"content": base64.b64encode(content).decode()},
    }


def _ensure_namespace(client: KubeClient, namespace: str, *, dry_run: bool) -> bool:
    """Make the namespace if it is not there; whether it was made."""
    if read_or_none(client, paths.core("v1", "namespaces", None, namespace)) is not None:
        return False
    body = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": dict(_MANAGED)},
    }
    client.create(paths.core("v1", "namespaces"), body, dry_run=dry_run)
    return True


def _create(client: KubeClient, body: Object, written: list[str], *, dry_run: bool) -> None:
    path = paths.core("v1", "secrets", body["metadata"]["namespace"])
    try:
        client.create(path, body, dry_run=dry_run)
    except RemediationError as error:
        # What broke off on the way may have been written; what the server refused was not.
        if error.code == "server-unreachable":
            written.append(body["metadata"]["name"])
        raise
    written.append(body["metadata"]["name"])


def _require_read_back(
    client: KubeClient,
    namespace: str,
    cover: Cover,
    files: Mapping[str, bytes],
    passphrase: bytes | None,
) -> None:
    where = place(namespace, cover.identity.set_id)
    secrets = _secrets_of(client, namespace, cover.identity.set_id)
    if _opened(cover, _joined(secrets, cover, where), passphrase, where) != dict(files):
        raise invalid(where, "it differs from what was written")


def _secrets_of(client: KubeClient, namespace: str, set_id: str) -> list[Object]:
    path = paths.core("v1", "secrets", namespace)
    return client.list(path, label_selector=f"{SET_LABEL}={_label(set_id)}", limit=10)


def _joined(secrets: Sequence[Object], cover: Cover, where: str) -> bytes:
    """The archive out of its pieces, checked against the cover."""
    pieces = {_part(each): each for each in secrets if _role(each) == _PIECE}
    wanted = [str(number) for number in range(_pieces_of(cover))]
    if sorted(pieces) != sorted(wanted):
        raise invalid(where, f"it has {len(pieces)} of {len(wanted)} pieces")
    archive = b"".join(_content(pieces[number], where) for number in wanted)
    if hashlib.sha256(archive).hexdigest() != cover.sha256:
        raise invalid(where, "it is not what was written (its SHA-256 differs)")
    return archive


def _opened(cover: Cover, archive: bytes, passphrase: bytes | None, where: str) -> dict[str, bytes]:
    data = archive
    if cover.encrypted:
        data = decrypt(inflate(archive, _MAX_ENCRYPTED_BYTES, where), passphrase, where)
    files = unpack(data, where)
    require_inside(cover, files, where)
    return files


def _denser(encrypted: bytes) -> bytes:
    """A vault file compressed: it has four characters for a byte, and only their frequency to gain from."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31, 8, zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(encrypted) + compressor.flush()


def _pieces_of(cover: Cover) -> int:
    return -(-cover.size // PIECE_BYTES)


def _label(set_id: str) -> str:
    """The name of a set as a label's value, which may hold no colon."""
    return set_id.replace(":", "")


def _role(found: Mapping[str, Any]) -> str:
    return str(dig(found, "metadata", "labels", _ROLE_LABEL) or "")


def _part(found: Mapping[str, Any]) -> str:
    return str(dig(found, "metadata", "annotations", _PART) or "")


def _content(found: Mapping[str, Any], where: str) -> bytes:
    try:
        return base64.b64decode(found["data"]["content"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(where, f"Secret {found['metadata']['name']} holds no part of it") from error


def _remove(client: KubeClient, namespace: str, names: list[str]) -> None:
    for name in reversed(names):
        try:
            client.delete(paths.core("v1", "secrets", namespace, name))
        except RemediationError as error:
            if error.code == "not-found":
                continue
            # The first failure is the one to tell; pieces without a seal are no set, and a later
            # backup clears them away.
            return
