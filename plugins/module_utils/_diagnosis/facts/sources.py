# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the evidence could be read. Absent, unreadable and empty are three answers (the collection never mixes
them up): ``absent`` is a fact about the cluster, ``forbidden`` and ``error`` are holes in what is known.
"""

from __future__ import annotations

from typing import Any

from ..._documents.evidence import ERROR, READABLE, Evidence


def not_seen(evidence: Evidence) -> list[dict[str, Any]]:
    """The sources that could not be read, by name, each with its state and the reason."""
    return [
        {"source": name, "state": source.state or ERROR, "reason": source.reason[:500]}
        for name, source in sorted(evidence.sources.items())
        if source.state not in READABLE
    ]
