# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a wait is long enough to mean something."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, integer
from .locks import stale_after
from .upgrade import ENDED, NONE

TRANSIENT_SECONDS = 300
"""What is normal for a moment while Rancher is upgraded (an index that is being built, a ConfigMap that is being put
back, a webhook that restarts) is over within this time (FM 6.9)."""


def patience(evidence: Document, upgrade: Document) -> dict[str, bool | None]:
    """``settled``: no transient explains what is seen any more; ``wait_stale``: the job waits too long. None when it is
    not known since when the job waits, or for what."""
    return {"settled": _settled(evidence, upgrade), "wait_stale": _wait_stale(evidence, upgrade)}


def _settled(evidence: Document, upgrade: Document) -> bool | None:
    if upgrade.get("phase") in (NONE, ENDED):
        return True
    return _older_than(upgrade, min(TRANSIENT_SECONDS, stale_after(evidence)))


def _wait_stale(evidence: Document, upgrade: Document) -> bool | None:
    return _older_than(upgrade, stale_after(evidence))


def _older_than(upgrade: Document, limit: int) -> bool | None:
    kind = upgrade.get("wait_kind")
    if kind is None or upgrade.get("phase") is None:
        return None
    if kind == NONE:
        return False
    age: Any = integer(dig(upgrade, "wait", "age_seconds"))
    return None if age is None else bool(age >= limit)
