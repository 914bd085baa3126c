# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways out of a locked release: the revision it goes back to, and the one left when the lock is removed.

The findings' texts, the plan and the module that rolls back ask these functions, so they name the same revision.
Revisions are documents, as evidence holds them and as ``storage.Revision.to_dict`` makes them, newest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core.lenient import text
from .storage import LOCKED_STATUSES

Document = Mapping[str, Any]

_WORKED = ("deployed", "superseded")


def rollback_target(revisions: Sequence[Document]) -> Document | None:
    """The revision to roll back to: below the last one the newest deployed, else the newest superseded (FM 6.3 to
    6.5); None when there is none.

    Helm's own default (last - 1) may be bad itself.
    """
    if not revisions:
        return None
    fit = [each for each in revisions[1:] if unfit(each, revisions[0]) is None]
    for wanted in _WORKED:
        for revision in fit:
            if revision["status"] == wanted:
                return revision
    return None


def unfit(revision: Document, last: Document) -> str | None:
    """Why a release must not go back to a revision, in words that follow "revision N"; None when it can.

    Only content that was read counts: the label of a Secret can differ from it.
    """
    if text(revision.get("error")):
        return f"cannot be read ({revision['error']})"
    status, chart = text(revision.get("status")), text(revision.get("chart_name"))
    if revision.get("decoded") is False or status is None:
        return "was not read"
    if status not in _WORKED:
        return f"is {status} and never was a working state"
    if not text(revision.get("chart_version")):
        return "names no chart version"
    newest = text(last.get("chart_name"))
    if chart and newest and chart != newest:
        return f"is of chart {chart}, the last one of {newest}"
    return None


def pending_on_top(revisions: Sequence[Document]) -> list[Document]:
    """The revisions that are the lock: it is gone only when all of them are."""
    pending = []
    for revision in revisions:
        if revision.get("status") not in LOCKED_STATUSES:
            break
        pending.append(revision)
    return pending


def left_by_unlock(revisions: Sequence[Document]) -> Document | None:
    """The revision that is the last one once the lock is removed; None when none is left."""
    left = revisions[len(pending_on_top(revisions)) :]
    return left[0] if left else None
