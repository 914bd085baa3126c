# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a support archive: what is in it, so that what is damaged or missing is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .loading import NAMESPACE, VERSION
from .shape import Problems, read

MANIFEST = "manifest.json"
SCHEMA = f"{NAMESPACE}/support-archive/{VERSION}"


@dataclass(frozen=True)
class PackedFile:
    """Size and checksum of a file, unpacked."""

    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class ArchiveManifest:
    """The files of an archive by their path below its folder. `pseudonyms` stand for names and addresses in them;
    `names_kept` counts the names that were left in free text, being words of the field as well."""

    schema: str = SCHEMA
    collection_version: str | None = None
    created_at: str | None = None
    pseudonyms: bool = False
    names_kept: int = 0
    files: Mapping[str, PackedFile] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, document: object) -> ArchiveManifest | None:
        """Read back; None for what is no manifest of this version."""
        found = read(cls, document, Problems())
        return found if found is not None and found.schema == SCHEMA else None


def packed_file(blocks: Iterable[bytes]) -> PackedFile:
    """Size and checksum of a content that comes in blocks."""
    digest, size = hashlib.sha256(), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return PackedFile(size, digest.hexdigest())
