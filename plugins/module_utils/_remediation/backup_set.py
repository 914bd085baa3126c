# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup set on disk: a folder with one file per object, and a manifest with a checksum for each.

The set appears under its name only when it is complete and was read back; a half-written one never
does. It holds credentials: folders are 0700, files 0600.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.artifacts import (
    FILE_MODE,
    FOLDER_MODE,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_read import (
    Content,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.document import (
    canonical_json,
)

BACKUP_SCHEMA = "harvester_ops.remediation/backup/v1"
MANIFEST = "manifest.json"
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]{0,61}[A-Za-z0-9])?")
# Kubernetes names may hold what file systems give a meaning to (RBAC names have colons).
_UNSAFE = re.compile(r"[^A-Za-z0-9._/-]")


@dataclass(frozen=True)
class SetIdentity:
    """Which cluster a set is of, for which plan, and when it was made (RFC3339 UTC)."""

    set_id: str
    cluster_uid: str
    server: str
    created_at: str
    plan_fingerprint: str = ""


def files_of(identity: SetIdentity, content: Content) -> dict[str, bytes]:
    """Every file of a set by its name, the manifest included."""
    if not _ID.fullmatch(identity.set_id):
        raise _failed(
            f"{identity.set_id!r} is no name for a backup set",
            "Use up to 63 letters, digits and -.",
        )
    files: dict[str, bytes] = {}
    entries: list[dict[str, Any]] = []
    for saved in content.objects:
        metadata = saved.content["metadata"]
        entries.append(
            {
                "path": _put(files, saved.file_name, saved.text),
                "object": saved.label,
                "api_path": saved.api_path,
                "uid": metadata.get("uid"),
                "resource_version": metadata.get("resourceVersion"),
            }
        )
    for each in content.texts:
        entries.append({"path": _put(files, each.file_name, each.text), "about": each.about})
    for entry in entries:
        data = files[entry["path"]]
        entry.update(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    manifest = {
        "schema": BACKUP_SCHEMA,
        "id": identity.set_id,
        "cluster_uid": identity.cluster_uid,
        "server": identity.server,
        "created_at": identity.created_at,
        "plan_fingerprint": identity.plan_fingerprint,
        "files": sorted(entries, key=lambda entry: str(entry["path"])),
        "missing": sorted(content.missing, key=lambda each: each["what"]),
    }
    files[MANIFEST] = canonical_json(manifest).encode()
    return files


def write_set(directory: Path, identity: SetIdentity, files: Mapping[str, bytes]) -> Path:
    """Write the set below directory, read it back, and only then give it its name.

    Raises backup-failed when it cannot be written, differs when read back, or when a set of the name
    exists: one set is never written over another.
    """
    target = directory / identity.set_id
    partial = directory / f".{identity.set_id}.partial"
    try:
        _make_folder(directory)
        if target.exists():
            raise _failed(f"{target} exists already", "Choose another name for the set.")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=FOLDER_MODE)
        for name, data in files.items():
            _write(partial / name, data)
        for name, data in files.items():
            if (partial / name).read_bytes() != data:
                raise _failed(f"{partial / name} differs from what was written", "Check the disk.")
        partial.rename(target)
        _sync_folder(directory)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise _failed(
            f"{error.filename or target}: {error.strerror}", "Make room or choose another folder."
        ) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    verify_set(read_set(target))
    return target


def read_set(path: Path) -> dict[str, bytes]:
    """Every file of a set on disk by its name. Raises backup-invalid when there is no set."""
    try:
        names = sorted(each for each in path.rglob("*") if each.is_file())
        files = {each.relative_to(path).as_posix(): each.read_bytes() for each in names}
    except OSError as error:
        raise _invalid(str(path), f"it cannot be read: {error.strerror}") from error
    if MANIFEST not in files:
        raise _invalid(str(path), f"it has no {MANIFEST}")
    return files


def verify_set(files: Mapping[str, bytes], where: str = "the backup set") -> dict[str, Any]:
    """The manifest of a set whose every file is there and has the checksum it was written with.

    Raises backup-invalid naming the first file that is missing, extra or another one.
    """
    manifest = _manifest(files, where)
    listed = {}
    for entry in manifest["files"]:
        name, wanted = entry.get("path"), entry.get("sha256")
        if not isinstance(name, str) or name not in files:
            raise _invalid(where, f"{name} is missing")
        if hashlib.sha256(files[name]).hexdigest() != wanted:
            raise _invalid(where, f"{name} is not what was written (its SHA-256 differs)")
        listed[name] = entry
    extra = sorted(set(files) - set(listed) - {MANIFEST})
    if extra:
        raise _invalid(where, f"{extra[0]} does not belong to it")
    return manifest


def object_files(manifest: Mapping[str, Any], directory: Path) -> dict[str, dict[str, str]]:
    """Label of an object -> path and SHA-256 of its file, for those who must hold it in their hands."""
    return {
        str(entry["object"]): {
            "path": str(directory / str(entry["path"])),
            "sha256": str(entry["sha256"]),
        }
        for entry in manifest["files"]
        if entry.get("object")
    }


def _manifest(files: Mapping[str, bytes], where: str) -> dict[str, Any]:
    try:
        manifest = json.loads(files[MANIFEST])
    except (KeyError, ValueError) as error:
        raise _invalid(where, f"its {MANIFEST} is missing or no JSON") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != BACKUP_SCHEMA:
        raise _invalid(where, f"its {MANIFEST} is not of schema {BACKUP_SCHEMA}")
    entries = manifest.get("files")
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise _invalid(where, f"its {MANIFEST} lists no files")
    return manifest


def _put(files: dict[str, bytes], name: str, text: str) -> str:
    safe = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02x}", name)
    if ".." in PurePosixPath(safe).parts or safe in files:
        raise _failed(f"{name!r} cannot be a file of the set", "Report this name.")
    files[safe] = text.encode("utf-8", "surrogatepass")
    return safe


def _write(path: Path, data: bytes) -> None:
    _make_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _make_folder(path: Path) -> None:
    """A folder with its parents; mkdir's own parents=True would leave those open to everybody."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(what: str, remedy: str) -> RemediationError:
    return RemediationError(
        "backup-failed", f"The backup was not written: {what}.", f"{remedy} Nothing was changed."
    )


def _invalid(where: str, why: str) -> RemediationError:
    return RemediationError(
        "backup-invalid",
        f"{where} cannot be used: {why}.",
        "Use another backup set; a damaged one is not restored from.",
    )
