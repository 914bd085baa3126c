# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proof that nobody works on a locked release (FM P-IDLE).

A running helm leaves no other trace in its release than the pending revision itself, so two things
must hold: no actor that can be seen works on it, and the revision is older than any operation lasts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from .._core.errors import RemediationError
from .._core.lenient import moment
from .._documents.evidence import HelmActor
from .expectation import release_name
from .storage import Revision

DEFAULT_STALE_AFTER = 600


class FindActor(Protocol):
    """Finds who works on the release of a revision."""

    def __call__(self, revision: Revision, /) -> HelmActor | None:
        """The first that can be seen."""


def age_seconds(revision: Revision, now: datetime) -> int | None:
    """The age of a revision at the API server's time; null if nothing says when Helm worked on it.

    By the later of its two times, not by Helm's alone as in the diagnosis: that one is of the clock of
    the machine Helm runs on, and a slow clock must not make a living Helm look long dead.
    """
    times = [time for time in (revision.created_at, revision.last_deployed) if time]
    if not times:
        return None
    newest = moment(max(times))
    return None if newest is None else int((now - newest).total_seconds())


def require_idle(
    last: Revision, now: datetime, find_actor: FindActor, stale_after: int = DEFAULT_STALE_AFTER
) -> None:
    """Raise RemediationError C(release-busy) unless a locked release is proven to be nobody's."""
    actor = find_actor(last)
    where = release_name(last.namespace, last.release)
    if actor is not None:
        raise RemediationError(
            "release-busy",
            f"{where} is being worked on: {actor.subject} is running"
            + (f" since {actor.since}." if actor.since else "."),
            "Wait until it is done, then diagnose again. Nothing was changed.",
            retryable=True,
            details={"actor": actor.__dict__, "revision": last.to_dict()},
        )
    age = age_seconds(last, now)
    if not last.locked or (age is not None and age >= stale_after):
        return
    seen = "of unknown age" if age is None else f"only {age} s old"
    raise RemediationError(
        "release-busy",
        f"{where} may still be worked on: its revision {last.revision} ({last.status}) is {seen}, "
        f"and counts as abandoned after {stale_after} s.",
        "Wait, then diagnose again. Nothing was changed.",
        retryable=True,
        details={"age_seconds": age, "stale_after": stale_after, "revision": last.to_dict()},
    )
