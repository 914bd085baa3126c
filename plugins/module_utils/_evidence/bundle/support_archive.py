# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence in a support archive, if it is as it was packed. What else in it is not, is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..._core.errors import RemediationError
from ..._core.listing import first_of
from ..._documents.archive_manifest import MANIFEST, ArchiveManifest, packed_file
from ..._documents.evidence import check_schema
from ..._documents.loading import MOST_BYTES
from ..._documents.origin import Origin
from ..._documents.shape import write
from .archive import Archive

EVIDENCE_FILE = "evidence.json"
_SHOWN = 5
_PSEUDONYMS = "Pseudonyms stand for names of nodes and hosts and for addresses."


def read_support_archive(kind: str, path: str, archive: Archive, root: str) -> dict[str, Any]:
    """The evidence document. It has an origin where there is something to say of the archive.

    Raises `evidence-invalid` when the evidence is damaged or missing.
    """
    manifest = _manifest(archive, root)
    document = _evidence(path, archive, root, manifest)
    lacks = list(_lacks(archive, root, manifest))
    if lacks or (manifest is not None and manifest.pseudonyms):
        origin = Origin(
            kind=kind,
            path=path,
            created_at=document.get("collected_at"),
            note=_PSEUDONYMS if manifest is not None and manifest.pseudonyms else None,
            lacks=tuple(lacks),
        )
        document["origins"] = [*(document.get("origins") or ()), write(origin)]
    return document


def is_manifest(archive: Archive, name: str) -> bool:
    """Whether a member is the manifest of such an archive."""
    root = name.removesuffix(MANIFEST)
    return _manifest(archive, root) is not None


def _manifest(archive: Archive, root: str) -> ArchiveManifest | None:
    name = f"{root}{MANIFEST}"
    if name not in archive.sizes:
        return None
    try:
        return ArchiveManifest.from_dict(json.loads(archive.text(name, MOST_BYTES)))
    except (ValueError, RecursionError):
        return None
    except RemediationError as error:
        if error.code != "evidence-incomplete":
            raise
        return None


def _evidence(
    path: str, archive: Archive, root: str, manifest: ArchiveManifest | None
) -> dict[str, Any]:
    wrong = _what_is_wrong(archive, root, EVIDENCE_FILE, manifest)
    if wrong:
        why = f" ({archive.cut})" if archive.cut else ""
        raise _refusal(f"{EVIDENCE_FILE} in {path} {wrong}{why}.")
    try:
        document = json.loads(archive.text(f"{root}{EVIDENCE_FILE}", MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise _refusal(f"{EVIDENCE_FILE} in {path} is not JSON: {str(error)[:200]}.") from error
    check_schema(document)
    return dict(document)


def _lacks(archive: Archive, root: str, manifest: ArchiveManifest | None) -> Iterator[str]:
    """What is not as it was packed, a sentence each."""
    if archive.cut:
        yield f"What is behind the place where it ends: {archive.cut}."
    if manifest is None:
        return
    wrong: dict[str, list[str]] = {}
    for name in sorted(manifest.files):
        said = _what_is_wrong(archive, root, name, manifest)
        if said:
            wrong.setdefault(said, []).append(name)
    for said, names in wrong.items():
        yield f"{first_of(names, _SHOWN)}: {said}."
    packed = {f"{root}{name}" for name in (MANIFEST, *manifest.files)}
    added = sorted(name for name in archive.sizes if name.startswith(root) and name not in packed)
    if added:
        yield f"{first_of(added, _SHOWN)}: not listed in its manifest, so not from the collection."


def _what_is_wrong(archive: Archive, root: str, name: str, manifest: ArchiveManifest | None) -> str:
    """How a file differs from what was packed; empty when it does not, or when that is not known."""
    member = f"{root}{name}"
    if member not in archive.sizes:
        return "is missing"
    if member in archive.damaged:
        return f"is damaged: {archive.damaged[member]}"
    packed = manifest.files.get(name) if manifest is not None else None
    if packed is None:
        return ""
    try:
        found = packed_file(archive.blocks(member))
    except RemediationError as error:
        if error.code != "evidence-incomplete":
            raise
        return "is damaged"
    return (
        "" if found == packed else "is damaged or was changed: the checksum of the manifest differs"
    )


def _refusal(message: str) -> RemediationError:
    return RemediationError("evidence-invalid", message, "Ask for the archive again, whole.")
