# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an archive may cost, and the errors of one that costs more."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.errors import RemediationError

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bytes and counts. The largest bundle known, of 26 nodes, has 733 MB packed; most of that is never read."""

    members: int = 200_000
    name_bytes: int = 4096
    #: What is unpacked in all.
    unpacked: int = 8192 * _MIB
    #: Text unpacks to twenty times its size; only from ratio_from on does the ratio count.
    ratio: int = 500
    ratio_from: int = 64 * _MIB
    line: int = 16 * _MIB
    #: etcd takes objects of 1.5 MiB; written as YAML with escapes they are a few times as long.
    item: int = 32 * _MIB
    #: Members of a tar archive that are kept, compressed, because it cannot be read twice.
    kept: int = 256 * _MIB


LIMITS = Limits()


def unsafe(where: str, what: str) -> RemediationError:
    """An archive that nobody may have to read."""
    return RemediationError(
        "archive-unsafe",
        f"The archive {where} {what}. No support bundle, upgrade log or archive of this collection does.",
        "Do not unpack it, and find out where it comes from. If you trust it, unpack it and give the folder.",
        details={"archive": where},
    )


def incomplete(what: str) -> RemediationError:
    """A part that is missing from what was given, though the cluster might have it."""
    return RemediationError(
        "evidence-incomplete", what, "Ask for it on the cluster, or for a new support bundle."
    )


def left_out(what: str) -> RemediationError:
    """A part that the archive does not cover by design."""
    return RemediationError("forbidden", what, "Ask for it on the cluster.")
