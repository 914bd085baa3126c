# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be known of a backup set without opening it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .._documents.canonical import canonical_json
from .errors import invalid

COVER_SCHEMA = "harvester_ops.remediation/backup-cover/v1"


@dataclass(frozen=True)
class SetIdentity:
    """Which cluster a set is of, why, when (RFC3339 UTC) and by which version of the collection it was made."""

    set_id: str
    cluster_uid: str
    server: str
    created_at: str
    plan_fingerprint: str = ""
    reason: str = ""
    tool_version: str = ""


@dataclass(frozen=True)
class Cover:
    """The outside of a set that is kept as one archive: sha256 and size are those of the archive as it is kept."""

    identity: SetIdentity
    sha256: str
    size: int
    encrypted: bool

    def to_bytes(self) -> bytes:
        """The cover as it is kept beside the archive."""
        document = {"schema": COVER_SCHEMA, **asdict(self)}
        return canonical_json(document).encode()

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Cover:
        """Read a cover; raises backup-invalid when it is none that this version knows."""
        try:
            document = json.loads(data)
        except ValueError as error:
            raise invalid(where, "its cover is no JSON") from error
        require_schema(document, COVER_SCHEMA, "cover", where)
        try:
            return cls(
                SetIdentity(**document["identity"]),
                str(document["sha256"]),
                int(document["size"]),
                bool(document["encrypted"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise invalid(where, f"its cover lacks what it must say ({error})") from error


def require_schema(document: Any, schema: str, what: str, where: str) -> None:
    """Raise backup-invalid unless the document is of the schema; a later version of it is named as such."""
    found = document.get("schema") if isinstance(document, Mapping) else None
    if found == schema:
        return
    kind, _slash, version = schema.rpartition("/v")
    later = str(found).removeprefix(f"{kind}/v")
    if later.isdecimal() and int(later) > int(version):
        raise invalid(
            where,
            f"its {what} is of schema {found}, and this version of the collection knows {schema}",
            "Use the version of the collection that wrote the set (tool_version) or a later one.",
        )
    raise invalid(where, f"its {what} is not of schema {schema}")
