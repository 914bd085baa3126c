# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a backup set: read, write, read back, compare, and clear old ones away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import stamp
from .._core.names import BACKUP_NAMESPACE
from .._core.version import COLLECTION_VERSION
from .._helm.unlock import secret_digest
from .._kube.client import KubeClient
from . import cluster as backup_cluster
from .backup_set import (
    MANIFEST,
    files_of,
    identity_of,
    object_files,
    read_set,
    verify_set,
    write_set,
)
from .cover import SetIdentity
from .directory import remove_set, sets_below, sound
from .read import Content, read_content
from .retention import Retention, surplus
from .scope import Changes, changes_of, scope

LOCATIONS = ("directory", "cluster", "both")


@dataclass(frozen=True)
class BackupRequest:
    """One set and where it goes: to a folder, into the cluster, or both; encrypted with a passphrase."""

    directory: Path
    set_id: str
    location: str = "directory"
    namespace: str = BACKUP_NAMESPACE
    reason: str = ""
    passphrase: bytes | None = field(default=None, repr=False)
    retention: Retention | None = None
    dry_run: bool = False

    @property
    def path(self) -> Path | None:
        """The folder of the set; None when it is kept in the cluster only."""
        return None if self.location == "cluster" else self.directory / self.set_id

    @property
    def in_cluster(self) -> bool:
        """Whether the cluster keeps it, too."""
        return self.location != "directory"


def back_up(client: KubeClient, plan: Mapping[str, Any], request: BackupRequest) -> dict[str, Any]:
    """Save all that a plan touches and what P-BACKUP names besides.

    Raises backup-failed when something a step will change cannot be saved, refused when the plan is
    of another cluster.
    """
    wanted = str(plan.get("cluster_uid") or "")
    if wanted and wanted != client.cluster_uid():
        raise RemediationError(
            "refused",
            f"The plan is for cluster {wanted}, this one is {client.cluster_uid()}.",
            "Point the run to the cluster the plan was made for.",
        )
    fingerprint = str(plan.get("fingerprint") or "")
    kept = _kept(client, request, fingerprint)
    if kept:
        return _put(client, kept, request, is_new=False)
    content = read_content(client, scope(plan))
    return keep(client, content, request, fingerprint, changes_of(plan))


def keep(
    client: KubeClient,
    content: Content,
    request: BackupRequest,
    fingerprint: str = "",
    changes: Changes | None = None,
) -> dict[str, Any]:
    """Write what was read as a set; the result of the module (see its RETURN)."""
    identity = SetIdentity(
        set_id=request.set_id,
        cluster_uid=client.cluster_uid(),
        server=client.server,
        created_at=stamp(client.now()),
        plan_fingerprint=fingerprint,
        reason=request.reason or (f"plan {fingerprint}" if fingerprint else ""),
        tool_version=COLLECTION_VERSION,
    )
    return _put(client, files_of(identity, content, changes), request, is_new=True)


def _put(
    client: KubeClient, files: Mapping[str, bytes], request: BackupRequest, *, is_new: bool
) -> dict[str, Any]:
    """Put the set wherever it is wanted; one that is there already only where it is not yet kept."""
    identity = identity_of(verify_set(files, request.set_id))
    path, copy = request.path, []
    to_folder = path is not None and (is_new or not path.exists())
    to_cluster = request.in_cluster and (is_new or not _in_cluster(client, request))
    if to_cluster:
        copy = backup_cluster.store(
            client,
            request.namespace,
            identity,
            files,
            passphrase=request.passphrase,
            dry_run=request.dry_run,
        )
    if to_folder and not request.dry_run:
        write_set(request.directory, identity, files, request.passphrase)
    there = _Places(
        folder=None if to_folder and request.dry_run else path,
        namespace=(
            request.namespace
            if request.in_cluster and not (to_cluster and request.dry_run)
            else None
        ),
    )
    result = _result(files, request, there, changed=to_folder or to_cluster)
    result["backup"]["cluster_copy"] = copy
    cleared = {"removed": [], "retention_note": ""}
    result["backup"].update(cleared if request.dry_run else _clear_away(client, request))
    return result


def _in_cluster(client: KubeClient, request: BackupRequest) -> bool:
    found, _broken = backup_cluster.covers(client, request.namespace)
    return request.set_id in found


@dataclass(frozen=True)
class _Places:
    """Where the set is: check mode writes none, so what was there before is all that is named."""

    folder: Path | None
    namespace: str | None


def _result(
    files: Mapping[str, bytes], request: BackupRequest, there: _Places, *, changed: bool
) -> dict[str, Any]:
    # A single file of an encrypted set cannot be read.
    readable = there.folder if request.passphrase is None else None
    described = describe(files, readable, request.set_id)
    described.update(
        path=None if there.folder is None else str(there.folder),
        namespace=there.namespace,
        encrypted=request.passphrase is not None,
    )
    return {"changed": changed, "backup": described, "secrets": _secrets(files, described)}


def _secrets(files: Mapping[str, bytes], described: Mapping[str, Any]) -> dict[str, Any]:
    """``namespace/name`` of every Secret -> its file, and a digest of what brings it back."""
    manifest = json.loads(files[MANIFEST])
    found = {}
    for entry in manifest["files"]:
        label = str(entry.get("object") or "")
        if label.startswith("Secret/"):
            saved = json.loads(files[entry["path"]])
            digest = {"content_sha256": secret_digest(saved)}
            found[label.removeprefix("Secret/")] = {**described["objects"][label], **digest}
    return found


def describe(files: Mapping[str, bytes], path: Path | None, where: str) -> dict[str, Any]:
    """A set as a document, after every file of it was held against its checksum.

    path is the folder whose files can be read as they are; None when there is none.
    """
    manifest = verify_set(files, where)
    return {
        **{name: manifest.get(name) for name in _DESCRIBED},
        "manifest_sha256": sha256(files[MANIFEST]).hexdigest(),
        "files": len(manifest["files"]),
        "bytes": sum(len(data) for data in files.values()),
        "objects": object_files(manifest, path),
    }


_DESCRIBED = (
    "id",
    "created_at",
    "cluster_uid",
    "server",
    "reason",
    "plan_fingerprint",
    "tool_version",
    "missing",
)


def _kept(
    client: KubeClient, request: BackupRequest, fingerprint: str
) -> Mapping[str, bytes] | None:
    """The set that is there already when it is whole and for this very plan and cluster."""
    if request.path is not None and request.path.exists():
        files, where = read_set(request.path, request.passphrase), str(request.path)
    elif request.location == "cluster" and _in_cluster(client, request):
        where = backup_cluster.place(request.namespace, request.set_id)
        files = backup_cluster.load(client, request.namespace, request.set_id, request.passphrase)
    else:
        return None
    manifest = verify_set(files, where)
    same = (manifest.get("cluster_uid"), manifest.get("plan_fingerprint"))
    if same != (client.cluster_uid(), fingerprint):
        raise RemediationError(
            "backup-failed",
            f"{where} holds the backup for another plan or cluster.",
            "Give this set another name. Nothing was changed.",
        )
    return files


def _clear_away(client: KubeClient, request: BackupRequest) -> dict[str, Any]:
    """Remove the sets that have had their time; a failure to is told and fails nothing."""
    removed: list[str] = []
    note = ""
    try:
        if request.retention is not None and request.path is not None:
            _clear_folder(client, request, request.retention, removed)
        if request.retention is not None and request.in_cluster:
            _clear_cluster(client, request, request.retention, removed)
    except RemediationError as error:
        note = f"Old backup sets were not cleared away: {error.message}"
    return {"removed": removed, "retention_note": note}


def _clear_folder(
    client: KubeClient, request: BackupRequest, retention: Retention, removed: list[str]
) -> None:
    there = {each.identity.set_id: each for each in sound(sets_below(request.directory))}
    identities = [each.identity for each in there.values()]
    for set_id in surplus(identities, retention, client.now(), request.set_id):
        remove_set(there[set_id].path)
        removed.append(str(there[set_id].path))


def _clear_cluster(
    client: KubeClient, request: BackupRequest, retention: Retention, removed: list[str]
) -> None:
    found, _broken = backup_cluster.covers(client, request.namespace)
    identities = [cover.identity for cover in found.values()]
    for set_id in surplus(identities, retention, client.now(), request.set_id):
        backup_cluster.remove(client, request.namespace, set_id)
        removed.append(backup_cluster.place(request.namespace, set_id))
    removed += backup_cluster.remove_leftovers(client, request.namespace)
