# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the evidence could be read. Absent, unreadable and empty are three answers (the collection never mixes
them up): ``absent`` is a fact about the cluster, ``forbidden`` and ``error`` are holes in what is known.
"""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, mapping, text

READABLE = ("ok", "absent")


def readable(evidence: Document, *names: str) -> bool:
    """Whether every one of these sources was read, be it as absent."""
    return all(dig(evidence, "sources", name, "state") in READABLE for name in names)


def not_seen(evidence: Document) -> list[dict[str, Any]]:
    """The sources that could not be read, by name, each with its state and the reason."""
    found = []
    for name, source in sorted(mapping(evidence.get("sources")).items()):
        state = text(mapping(source).get("state")) or "error"
        if state not in READABLE:
            reason = text(mapping(source).get("reason")) or ""
            found.append({"source": name, "state": state, "reason": reason[:500]})
    return found
