# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup sets there are, and what is in one: for the person who has to choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .._backup import cluster as backup_cluster
from .._backup.back_up import describe
from .._backup.backup_set import COVER, check_sealed, named_entries, stored_files, verify_set
from .._backup.cover import SetIdentity
from .._backup.directory import sets_below
from .._kube.client import KubeClient
from .guards import never_restored
from .selection import histories

SETS_SCHEMA = "harvester_ops.remediation/backup-sets/v1"


def sets_in_folder(directory: Path) -> list[dict[str, Any]]:
    """Every set below a folder, whole or not, the newest first. Needs no cluster and no passphrase."""
    found = [
        _listed(each.identity, path=str(each.path), encrypted=each.encrypted, problem=each.problem)
        for each in sets_below(directory)
    ]
    return _newest_first(found)


def sets_in_cluster(client: KubeClient, namespace: str) -> list[dict[str, Any]]:
    """Every set in a namespace, the newest first; what is in them is not read."""
    covers, broken = backup_cluster.covers(client, namespace)
    found = [
        _listed(cover.identity, namespace=namespace, encrypted=cover.encrypted)
        for cover in covers.values()
    ]
    for label in broken:
        unknown = SetIdentity(label, "", "", "")
        found.append(_listed(unknown, namespace=namespace, problem=_HALF_WRITTEN))
    return _newest_first(found)


_HALF_WRITTEN = "half-written or damaged: it has no seal, or not all of its pieces"


def checked_cover(path: Path) -> dict[str, Any] | None:
    """What is known of an encrypted set without its passphrase, after its archive was held against its checksum.

    None for a set that is not encrypted. Raises backup-invalid for one that was altered.
    """
    stored = stored_files(path)
    if COVER not in stored:
        return None
    cover = check_sealed(stored, str(path))
    return {
        **_listed(cover.identity, path=str(path), encrypted=True),
        "bytes": cover.size,
        "opened": False,
    }


def opened_in_cluster(
    client: KubeClient, namespace: str, set_id: str, passphrase: bytes | None
) -> dict[str, Any]:
    """All about a set in the cluster. Raises backup-invalid."""
    files = backup_cluster.load(client, namespace, set_id, passphrase)
    covers, _broken = backup_cluster.covers(client, namespace)
    return opened(
        files,
        backup_cluster.place(namespace, set_id),
        namespace=namespace,
        encrypted=covers[set_id].encrypted,
    )


def opened(files: Mapping[str, bytes], where: str, **place: Any) -> dict[str, Any]:
    """All about a set whose every file was held against its checksum. Raises backup-invalid."""
    manifest = verify_set(files, where)
    named = named_entries(manifest)
    described = describe(files, None, where)
    return {
        **_listed(SetIdentity("", "", "", ""), **place),
        **described,
        "objects": sorted(named),
        "releases": {
            "/".join(release): [name.rpartition(".v")[2] for name in entries]
            for release, entries in sorted(histories(named).items())
        },
        "only_to_read": sorted(name for name, entry in named.items() if never_restored(entry)),
        "opened": True,
    }


def _listed(
    identity: SetIdentity,
    *,
    path: str | None = None,
    namespace: str | None = None,
    encrypted: bool = False,
    problem: str = "",
) -> dict[str, Any]:
    known = asdict(identity)
    return {
        "id": known.pop("set_id"),
        **known,
        "path": path,
        "namespace": namespace,
        "encrypted": encrypted,
        "problem": problem,
    }


def _newest_first(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda each: (each["created_at"], each["id"]), reverse=True)
