# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a backup set: read, write, read back, compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation import (
    backup_cluster,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_read import (
    Content,
    read_content,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_scope import (
    scope,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_set import (
    MANIFEST,
    SetIdentity,
    files_of,
    object_files,
    read_set,
    verify_set,
    write_set,
)


@dataclass(frozen=True)
class BackupRequest:
    """Where a set goes: directory, and a namespace when a copy in the cluster is wanted."""

    directory: Path
    set_id: str
    cluster_namespace: str | None = None
    dry_run: bool = False

    @property
    def path(self) -> Path:
        """The folder of the set."""
        return self.directory / self.set_id


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
    if kept is not None:
        return kept
    return keep(client, read_content(client, scope(plan)), request, fingerprint)


def keep(
    client: KubeClient, content: Content, request: BackupRequest, fingerprint: str = ""
) -> dict[str, Any]:
    """Write what was read as a set; the result of the module (see its RETURN)."""
    identity = SetIdentity(
        set_id=request.set_id,
        cluster_uid=client.cluster_uid(),
        server=client.server,
        created_at=client.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        plan_fingerprint=fingerprint,
    )
    files = files_of(identity, content)
    if not request.dry_run:
        write_set(request.directory, identity, files)
    copy = _copy(client, request, files)
    return _result(files, request, changed=True, cluster_copy=copy)


def _result(
    files: Mapping[str, bytes],
    request: BackupRequest,
    *,
    changed: bool,
    cluster_copy: Sequence[str] = (),
) -> dict[str, Any]:
    described = describe(files, request.path)
    described["cluster_copy"] = list(cluster_copy)
    prefix = "Secret/"
    secrets = {
        label.removeprefix(prefix): entry
        for label, entry in described["objects"].items()
        if label.startswith(prefix)
    }
    return {"changed": changed, "backup": described, "secrets": secrets}


def describe(files: Mapping[str, bytes], path: Path) -> dict[str, Any]:
    """A set as a document, after every file of it was held against its checksum."""
    manifest = verify_set(files, str(path))
    return {
        "id": manifest["id"],
        "path": str(path),
        "manifest_sha256": sha256(files[MANIFEST]).hexdigest(),
        "created_at": manifest["created_at"],
        "cluster_uid": manifest["cluster_uid"],
        "files": len(manifest["files"]),
        "bytes": sum(len(data) for data in files.values()),
        "objects": object_files(manifest, path),
        "missing": manifest["missing"],
    }


def _kept(client: KubeClient, request: BackupRequest, fingerprint: str) -> dict[str, Any] | None:
    """The set that is there already when it is whole and for this very plan and cluster."""
    if not request.path.exists():
        return None
    files = read_set(request.path)
    manifest = verify_set(files, str(request.path))
    same = (manifest.get("cluster_uid"), manifest.get("plan_fingerprint"))
    if same != (client.cluster_uid(), fingerprint):
        raise RemediationError(
            "backup-failed",
            f"{request.path} holds the backup for another plan or cluster.",
            "Give this set another name. Nothing was changed.",
        )
    return _result(files, request, changed=False)


def _copy(client: KubeClient, request: BackupRequest, files: Mapping[str, bytes]) -> list[str]:
    if request.cluster_namespace is None:
        return []
    return backup_cluster.store(
        client, request.cluster_namespace, request.set_id, files, dry_run=request.dry_run
    )
