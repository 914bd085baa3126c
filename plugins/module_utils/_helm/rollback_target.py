# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways out of a locked release: the revision it goes back to, and the one left when the lock is removed.

The findings' texts, the plan and the module that rolls back ask these functions, so they name the same revision.
Revisions are those of the evidence or of the storage, newest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from .._documents import evidence
from . import storage

Revision = TypeVar("Revision", evidence.Revision, storage.Revision)

_WORKED = ("deployed", "superseded")


def rollback_target(revisions: Sequence[Revision]) -> Revision | None:
    """The revision to roll back to: below the last one the newest deployed, else the newest superseded (FM 6.3 to
    6.5); None when there is none.

    Helm's own default (last - 1) may be bad itself.
    """
    if not revisions:
        return None
    fit = [each for each in revisions[1:] if unfit(each, revisions[0]) is None]
    for wanted in _WORKED:
        for revision in fit:
            if revision.status == wanted:
                return revision
    return None


def unfit(revision: Revision, last: Revision) -> str | None:
    """Why a release must not go back to a revision, in words that follow "revision N"; None when it can.

    Only content that was read counts: the label of a Secret can differ from it.
    """
    if revision.error:
        return f"cannot be read ({revision.error})"
    if revision.decoded is False or not revision.status:
        return "was not read"
    if revision.status not in _WORKED:
        return f"is {revision.status} and never was a working state"
    if not revision.chart_version:
        return "names no chart version"
    if revision.chart_name and last.chart_name and revision.chart_name != last.chart_name:
        return f"is of chart {revision.chart_name}, the last one of {last.chart_name}"
    return None


def pending_on_top(revisions: Sequence[Revision]) -> list[Revision]:
    """The revisions that are the lock: it is gone only when all of them are."""
    pending: list[Revision] = []
    for revision in revisions:
        if revision.status not in storage.LOCKED_STATUSES:
            break
        pending.append(revision)
    return pending


def left_by_unlock(revisions: Sequence[Revision]) -> Revision | None:
    """The revision that is the last one once the lock is removed; None when none is left."""
    left = revisions[len(pending_on_top(revisions)) :]
    return left[0] if left else None
