# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that Rancher installs again and again (FM 6.33)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..._core.lenient import seconds_between
from ..._documents.evidence import Evidence, Revision
from .locks import revision_time

_WENT_WELL = ("deployed", "superseded")
_LEAST_REVISIONS = 4
_LONGEST_GAP = 900
_STILL_GOING = 1800


@dataclass(frozen=True)
class ReinstallLoop:
    """How many installations follow each other, and how far apart they are."""

    count: int
    period_seconds: int


def reinstall_loop(evidence: Evidence, revisions: Sequence[Revision]) -> ReinstallLoop | None:
    """The loop when the newest revisions that went well (newest first) carry the same chart version,
    follow each other within minutes, and the newest is recent; None when there is no such row.

    Helm keeps five revisions for Rancher (FM 2.4), so four gaps are all that can ever be seen. Revisions that were not
    decoded count by the time and label of their Secret; a different chart version ends the row. Failed ones are attempts
    at one installation, not installations (FM 6.7).
    """
    revisions = [each for each in revisions if (each.status or each.label_status) in _WENT_WELL]
    if not revisions or not _recent(evidence, revisions[0]):
        return None
    version = revisions[0].chart_version or None
    gaps: list[int] = []
    for newer, older in pairwise(revisions):
        gap = seconds_between(revision_time(older), revision_time(newer))
        if (
            gap is None
            or gap > _LONGEST_GAP
            or (older.chart_version or None) not in (None, version)
        ):
            break
        gaps.append(gap)
    if len(gaps) + 1 < _LEAST_REVISIONS:
        return None
    return ReinstallLoop(count=len(gaps) + 1, period_seconds=sum(gaps) // len(gaps))


def _recent(evidence: Evidence, revision: Revision) -> bool:
    age = seconds_between(revision_time(revision), evidence.collected_at)
    return age is not None and age <= _STILL_GOING
