# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a wait is long enough to mean something."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.lenient import integer
from ..._documents.evidence import Evidence
from ..._harvester import job_log_waits
from ..._helm.idleness import DEFAULT_STALE_AFTER
from .locks import stale_after
from .upgrade import ENDED, NONE, UpgradeFacts

TRANSIENT_SECONDS = 300
"""What is normal for a moment while Rancher is upgraded (an index that is being built, a ConfigMap that is being put
back, a webhook that restarts) is over within this time (FM 6.9)."""


@dataclass(frozen=True)
class Patience:
    """None where it is not known since when the job waits, or for what."""

    settled: bool | None = None
    """no passing state of an upgrade explains what is seen any more (5 minutes)"""
    wait_stale: bool | None = None
    """the job has waited longer than such a wait usually takes (at least `stale_after_seconds`)"""
    stale_after_seconds: int = DEFAULT_STALE_AFTER
    """the age from which a lock or a wait is too old"""


def patience(evidence: Evidence, upgrade: UpgradeFacts) -> Patience:
    """How long what is seen has lasted."""
    transient = min(TRANSIENT_SECONDS, stale_after(evidence))
    at_rest = upgrade.phase in (NONE, ENDED)
    return Patience(
        settled=True if at_rest else _older_than(upgrade, transient),
        wait_stale=_older_than(upgrade, wait_limit(evidence, upgrade)),
        stale_after_seconds=stale_after(evidence),
    )


def wait_limit(evidence: Evidence, upgrade: UpgradeFacts) -> int:
    """After how many seconds the wait that the job is in is too long: its usual time (_harvester/job_log_waits.py), but
    what the operator chose where that is less than the default, or more than the usual time."""
    chosen = stale_after(evidence)
    if chosen < DEFAULT_STALE_AFTER:
        return chosen
    return max(chosen, job_log_waits.usual_seconds(upgrade.wait_kind))


@dataclass(frozen=True)
class Waited:
    """What the job waits for in words, its limit, what ends it and which commands show more."""

    words: str | None
    limit_seconds: int | None
    ends_when: str | None
    look_at: tuple[str, ...]


def waited(evidence: Evidence, upgrade: UpgradeFacts) -> Waited:
    """The wait that the job is in."""
    wait = upgrade.wait or {}
    return Waited(
        words=job_log_waits.words(wait) or upgrade.wait_field("text"),
        limit_seconds=wait_limit(evidence, upgrade) if wait else None,
        ends_when=job_log_waits.ends_when(wait),
        look_at=tuple(job_log_waits.look_at(wait)),
    )


def _older_than(upgrade: UpgradeFacts, limit: int) -> bool | None:
    if upgrade.wait_kind is None or upgrade.phase is None:
        return None
    if upgrade.wait_kind == NONE:
        return False
    age = integer((upgrade.wait or {}).get("age_seconds"))
    return None if age is None else age >= limit
