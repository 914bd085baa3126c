# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unlocking a release: the Secret of its pending revision is removed, and nothing else.

That is the least that makes Helm and Rancher go on (FM 4, 6.3): the revision before becomes the last
one, no object of the release is touched, and the removed Secret can be brought back from the backup.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from .._kube.paths import core
from . import expectation, idleness
from .outcome import Outcome
from .storage import Revision, list_revisions

if TYPE_CHECKING:
    from .._kube.client import KubeClient

MAX_BACKUP_BYTES = 64 * 1024 * 1024
# What the API server says for webhooks and for ValidatingAdmissionPolicies.
_DENIED = re.compile(r"denied (?:the )?request")


@dataclass(frozen=True)
class Backup:
    """A file that must hold the Secret before it is removed; C(sha256) in hex is of the whole file."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class SealedBackup:
    """A backup without a file to read (encrypted, or in the cluster): C(digest) is C(secret_digest)."""

    digest: str


@dataclass(frozen=True)
class UnlockRequest:
    """One unlock of the pending revision C(expected.revision); C(stale_after) is seconds."""

    namespace: str
    release: str
    expected: expectation.Expectation
    backup: Backup | SealedBackup | None = None
    stale_after: int = idleness.DEFAULT_STALE_AFTER
    dry_run: bool = False
    find_actor: idleness.FindActor = field(default=lambda _revision: None, repr=False)


def _objects(text: bytes) -> Iterator[Mapping[str, Any]]:
    """Every object in a backup file: one, several documents, or a List. JSON is YAML, too."""
    import yaml

    for document in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(document, dict):
            items = document.get("items")
            yield from items if isinstance(items, list) else [document]


def _invalid_backup(backup: Backup, what: str) -> RemediationError:
    return RemediationError(
        "backup-invalid",
        f"The backup file {backup.path} {what}.",
        "Back up again; the release is not unlocked without a backup that can bring it back.",
        details={"path": str(backup.path), "sha256": backup.sha256},
    )


def _read_backup(backup: Backup) -> bytes:
    try:
        if backup.path.stat().st_size > MAX_BACKUP_BYTES:
            raise _invalid_backup(backup, f"is larger than {MAX_BACKUP_BYTES} bytes")
        content = backup.path.read_bytes()
    except OSError as error:
        raise _invalid_backup(backup, f"cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != backup.sha256.lower():
        raise _invalid_backup(backup, "has another SHA-256 than when it was written")
    return content


def check_backup(backup: Backup | SealedBackup, secret: Mapping[str, Any]) -> None:
    """Raise RemediationError C(backup-invalid) unless the backup holds exactly this Secret.

    Compared are namespace, name, UID, type, labels and data: what bringing it back needs.
    """
    import yaml

    wanted = _essence(secret)
    if isinstance(backup, SealedBackup):
        _check_digest(backup, secret)
        return
    content = _read_backup(backup)
    try:
        if any(_essence(each) == wanted for each in _objects(content) if isinstance(each, dict)):
            return
    except yaml.YAMLError as error:
        # The text of the error may quote the file, and the file holds credentials.
        raise _invalid_backup(backup, f"is no YAML or JSON ({type(error).__name__})") from None
    name = f"Secret/{wanted['namespace']}/{wanted['name']}"
    raise _invalid_backup(backup, f"does not hold {name} as it is in the cluster now")


def _check_digest(backup: SealedBackup, secret: Mapping[str, Any]) -> None:
    if secret_digest(secret) == backup.digest:
        return
    metadata = secret["metadata"]
    raise RemediationError(
        "backup-invalid",
        f"The backup set does not hold Secret/{metadata['namespace']}/{metadata['name']} as it is"
        " in the cluster now.",
        "Back up again; the release is not unlocked without a backup that can bring it back.",
    )


def _essence(obj: Mapping[str, Any]) -> dict[str, Any]:
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return {
        **{key: metadata.get(key) for key in ("namespace", "name", "uid")},
        "labels": metadata.get("labels") or {},
        **{key: obj.get(key) for key in ("type", "data")},
    }


def secret_digest(secret: Mapping[str, Any]) -> str:
    """SHA-256 over what bringing a Secret back needs: the proof that a backup holds it as it is."""
    text = json.dumps(_essence(secret), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _secret_path(revision: Revision) -> str:
    return core("v1", "secrets", revision.namespace, revision.secret_name)


def _is_unlocked(revisions: list[Revision], request: UnlockRequest) -> bool:
    """Whether there is nothing to do: no last revision that is pending, and the one meant gone or not pending."""
    if not revisions:
        return True
    last = expectation.last_revision(revisions, request.namespace, request.release)
    return not last.locked


def _remove(client: KubeClient, request: UnlockRequest, last: Revision) -> None:
    try:
        client.delete(
            _secret_path(last),
            uid=last.secret_uid,
            resource_version=last.secret_resource_version,
            dry_run=request.dry_run,
        )
    except RemediationError as error:
        if not _DENIED.search(error.message):
            raise
        raise RemediationError(
            "refused",
            f"The cluster's admission control does not let {last.subject} be deleted: {error.message}",
            "Roll the release back to a named revision instead (state rolled_back): that adds a "
            "revision and deletes none.",
            details=error.details,
        ) from error


def unlock(client: KubeClient, request: UnlockRequest) -> Outcome:
    """Remove the pending revision expected, if it still is the last one and nobody works on it.

    A release whose last revision is not pending is unlocked already. Raises RemediationError:
    C(precondition-failed), C(release-busy), C(release-undecodable), C(backup-invalid), C(refused).
    """
    revisions = list_revisions(client, request.namespace, request.release, decode="relevant")
    if _is_unlocked(revisions, request):
        last = revisions[0] if revisions else None
        return Outcome(False, last, last)
    before = revisions[0]
    request.expected.check(before)
    idleness.require_idle(before, client.now(), request.find_actor, request.stale_after)
    if request.backup is not None:
        check_backup(request.backup, client.get(_secret_path(before)))
    elif not request.dry_run:
        raise RemediationError(
            "backup-invalid",
            f"{before.subject} has not been backed up.",
            "Give backup_path and backup_sha256 of the backup set.",
        )
    _remove(client, request, before)
    if request.dry_run:
        return Outcome(True, before, revisions[1] if len(revisions) > 1 else None)
    return Outcome(True, before, _after(client, request, before))


def _after(client: KubeClient, request: UnlockRequest, before: Revision) -> Revision | None:
    revisions = list_revisions(client, request.namespace, request.release, decode="relevant")
    if any(revision.secret_uid == before.secret_uid for revision in revisions):
        raise RemediationError(
            "stalled",
            f"{before.subject} was deleted and is still there.",
            "A finalizer may hold it: look at its metadata.",
            details=before.to_dict(),
        )
    return revisions[0] if revisions else None
