# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup set on disk: a folder with one file per object, and a manifest with a checksum for each.

The set appears under its name only when it is complete and was read back; a half-written one never
does. It holds credentials: folders are 0700, files 0600. An encrypted set is a folder with one
encrypted archive of the same files, and a cover that says what it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from .._documents.artifacts import FILE_MODE, FOLDER_MODE
from .._documents.canonical import canonical_json
from .archive import pack, unpack
from .cover import Cover, SetIdentity, require_schema
from .errors import failed, invalid
from .read import Content, SavedObject
from .scope import Changes
from .vault import decrypt, encrypt

BACKUP_SCHEMA = "harvester_ops.remediation/backup/v1"
MANIFEST = "manifest.json"
COVER = "cover.json"
SEALED = "set.tar.gz.vault"
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]{0,61}[A-Za-z0-9])?")
# Kubernetes names may hold what file systems give a meaning to (RBAC names have colons).
_UNSAFE = re.compile(r"[^A-Za-z0-9._/-]")


def files_of(
    identity: SetIdentity, content: Content, changes: Changes | None = None
) -> dict[str, bytes]:
    """Every file of a set by its name, the manifest included, which says what the plan of the set changes."""
    if not _ID.fullmatch(identity.set_id):
        raise failed(
            f"{identity.set_id!r} is no name for a backup set",
            "Use up to 63 letters, digits and -.",
        )
    files: dict[str, bytes] = {}
    entries = [_entry(files, saved) for saved in content.objects]
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
        "reason": identity.reason,
        "tool_version": identity.tool_version,
        "changes": asdict(changes or Changes()),
        "files": sorted(entries, key=lambda entry: str(entry["path"])),
        "missing": sorted(content.missing, key=lambda each: each["what"]),
    }
    files[MANIFEST] = canonical_json(manifest).encode()
    return files


def _entry(files: dict[str, bytes], saved: SavedObject) -> dict[str, Any]:
    metadata = saved.content["metadata"]
    return {
        "path": _put(files, saved.file_name, saved.text),
        "object": saved.label,
        "api_path": saved.api_path,
        "uid": metadata.get("uid"),
        "resource_version": metadata.get("resourceVersion"),
        "owners": [
            f"{owner.get('kind')}/{owner.get('name')}"
            for owner in metadata.get("ownerReferences") or []
        ],
        **_release_of(metadata),
    }


def _release_of(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The release that helm has made an object for, by its own annotations."""
    marks = metadata.get("annotations") or {}
    name = marks.get("meta.helm.sh/release-name")
    return {"release": f"{marks.get('meta.helm.sh/release-namespace')}/{name}"} if name else {}


def write_set(
    directory: Path,
    identity: SetIdentity,
    files: Mapping[str, bytes],
    passphrase: bytes | None = None,
) -> Path:
    """Write the set below directory, read it back, and only then give it its name.

    With a passphrase it is written encrypted and read back through decryption. Raises backup-failed
    when it cannot be written, differs when read back, or when a set of the name exists: one set is
    never written over another.
    """
    target = directory / identity.set_id
    partial = directory / f".{identity.set_id}.partial"
    stored = files if passphrase is None else _sealed(identity, files, passphrase)
    try:
        _make_folder(directory)
        if target.exists():
            raise failed(f"{target} exists already", "Choose another name for the set.")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=FOLDER_MODE)
        for name, data in stored.items():
            _write(partial / name, data)
        if read_set(partial, passphrase) != dict(files):
            raise failed(f"{partial} differs from what was written", "Check the disk.")
        verify_set(files, str(partial))
        partial.rename(target)
        _sync_folder(directory)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise failed(
            f"{error.filename or target}: {error.strerror}", "Make room or choose another folder."
        ) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def read_set(path: Path, passphrase: bytes | None = None) -> dict[str, bytes]:
    """Every file of a set on disk by its name, decrypted when it is encrypted.

    Raises backup-invalid when there is no set, or when it cannot be decrypted.
    """
    stored = stored_files(path)
    where = str(path)
    if COVER not in stored:
        if MANIFEST not in stored:
            raise invalid(where, f"it has no {MANIFEST}")
        return stored
    cover = check_sealed(stored, where)
    files = unpack(decrypt(stored[SEALED], passphrase, where), where)
    require_inside(cover, files, where)
    return files


def stored_files(path: Path) -> dict[str, bytes]:
    """The files in the folder of a set as they are. Raises backup-invalid when they cannot be read."""
    try:
        names = sorted(each for each in path.rglob("*") if each.is_file())
        return {each.relative_to(path).as_posix(): each.read_bytes() for each in names}
    except OSError as error:
        raise invalid(str(path), f"it cannot be read: {error.strerror}") from error


def check_sealed(stored: Mapping[str, bytes], where: str) -> Cover:
    """The cover of an encrypted set whose archive is the one it was written with; needs no passphrase."""
    cover = Cover.from_bytes(stored[COVER], where)
    if set(stored) != {COVER, SEALED}:
        raise invalid(where, f"it should hold {COVER} and {SEALED} and nothing else")
    if hashlib.sha256(stored[SEALED]).hexdigest() != cover.sha256:
        raise invalid(where, f"{SEALED} is not what was written (its SHA-256 differs)")
    return cover


def require_inside(cover: Cover, files: Mapping[str, bytes], where: str) -> None:
    """Raise backup-invalid unless the set inside is the one its cover says it is."""
    if identity_of(_manifest(files, where)) != cover.identity:
        raise invalid(where, "what is inside is another set than its cover says")


def identity_of(manifest: Mapping[str, Any]) -> SetIdentity:
    """What a manifest says about its set."""
    names = {"set_id": "id"}
    return SetIdentity(
        **{
            name: str(manifest.get(names.get(name, name)) or "")
            for name in SetIdentity.__dataclass_fields__
        }
    )


def _sealed(
    identity: SetIdentity, files: Mapping[str, bytes], passphrase: bytes
) -> dict[str, bytes]:
    archive = encrypt(pack(files), passphrase)
    cover = Cover(identity, hashlib.sha256(archive).hexdigest(), len(archive), encrypted=True)
    return {COVER: cover.to_bytes(), SEALED: archive}


def verify_set(files: Mapping[str, bytes], where: str = "the backup set") -> dict[str, Any]:
    """The manifest of a set whose every file is there and has the checksum it was written with.

    Raises backup-invalid naming the first file that is missing, extra or another one.
    """
    manifest = _manifest(files, where)
    listed = {}
    for entry in manifest["files"]:
        name, wanted = entry.get("path"), entry.get("sha256")
        if not isinstance(name, str) or name not in files:
            raise invalid(where, f"{name} is missing")
        if hashlib.sha256(files[name]).hexdigest() != wanted:
            raise invalid(where, f"{name} is not what was written (its SHA-256 differs)")
        listed[name] = entry
    extra = sorted(set(files) - set(listed) - {MANIFEST})
    if extra:
        raise invalid(where, f"{extra[0]} does not belong to it")
    return manifest


def object_files(manifest: Mapping[str, Any], directory: Path | None) -> dict[str, dict[str, str]]:
    """Label of an object -> path and SHA-256 of its file, for those who must hold it in their hands.

    Without a directory (the set is encrypted, or in the cluster) there is no path.
    """
    found = {}
    for name, entry in named_entries(manifest).items():
        path = {} if directory is None else {"path": str(directory / str(entry["path"]))}
        found[name] = {**path, "sha256": str(entry["sha256"])}
    return found


def named_entries(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The manifest's entries of objects by ``Kind/namespace/name``.

    Where that is not one object (fleet, Rancher and CAPI all have a Cluster fleet-local/local) it is
    ``Kind.group/namespace/name``, by which every object may be called.
    """
    entries = [entry for entry in manifest["files"] if entry.get("object")]
    count = Counter(str(entry["object"]) for entry in entries)
    return {
        str(entry["object"]) if count[str(entry["object"])] == 1 else qualified(entry): entry
        for entry in entries
    }


def qualified(entry: Mapping[str, Any]) -> str:
    """``Kind.group/namespace/name`` of a manifest's entry."""
    kind, slash, rest = str(entry["object"]).partition("/")
    parts = str(entry.get("api_path")).split("/")
    return f"{kind}.{parts[2]}{slash}{rest}" if parts[1:2] == ["apis"] else str(entry["object"])


def _manifest(files: Mapping[str, bytes], where: str) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(files[MANIFEST])
    except (KeyError, ValueError) as error:
        raise invalid(where, f"its {MANIFEST} is missing or no JSON") from error
    require_schema(manifest, BACKUP_SCHEMA, MANIFEST, where)
    entries = manifest.get("files")
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise invalid(where, f"its {MANIFEST} lists no files")
    return manifest


def _put(files: dict[str, bytes], name: str, text: str) -> str:
    safe = _UNSAFE.sub(lambda match: f"%{ord(match[0]):02x}", name)
    if ".." in PurePosixPath(safe).parts or safe in files:
        raise failed(f"{name!r} cannot be a file of the set", "Report this name.")
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
