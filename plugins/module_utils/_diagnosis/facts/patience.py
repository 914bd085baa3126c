# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a wait is long enough to mean something."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.lenient import integer
from ..._documents.evidence import Evidence
from .locks import stale_after
from .upgrade import ENDED, NONE, UpgradeFacts

TRANSIENT_SECONDS = 300
"""What is normal for a moment while Rancher is upgraded (an index that is being built, a ConfigMap that is being put
back, a webhook that restarts) is over within this time (FM 6.9)."""


@dataclass(frozen=True)
class Patience:
    """``settled``: no transient explains what is seen any more; ``wait_stale``: the job waits too long. None when it is
    not known since when the job waits, or for what."""

    settled: bool | None = None
    wait_stale: bool | None = None


def patience(evidence: Evidence, upgrade: UpgradeFacts) -> Patience:
    """How long what is seen has lasted."""
    limit = stale_after(evidence)
    at_rest = upgrade.phase in (NONE, ENDED)
    return Patience(
        settled=True if at_rest else _older_than(upgrade, min(TRANSIENT_SECONDS, limit)),
        wait_stale=_older_than(upgrade, limit),
    )


def _older_than(upgrade: UpgradeFacts, limit: int) -> bool | None:
    if upgrade.wait_kind is None or upgrade.phase is None:
        return None
    if upgrade.wait_kind == NONE:
        return False
    age = integer((upgrade.wait or {}).get("age_seconds"))
    return None if age is None else age >= limit
