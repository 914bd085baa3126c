# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup sets have had their time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .._core.lenient import moment
from .cover import SetIdentity

# In an incident one run follows the other; the state before the first of them is the one to go back to.
PROTECTED = timedelta(days=1)


@dataclass(frozen=True)
class Retention:
    """How many sets of a cluster are kept, and for how many days; 0 means no limit."""

    keep: int = 10
    keep_days: int = 90


def surplus(
    sets: Iterable[SetIdentity], retention: Retention, now: datetime, current: str
) -> list[str]:
    """The ids of the sets to remove, oldest first.

    Sets of every cluster count by themselves. The newest of a cluster always stays, so does the
    current one, so do those younger than a day, and those whose time cannot be read.
    """
    dated = [(when, each) for each in sets if (when := moment(each.created_at)) is not None]
    dated.sort(key=lambda item: (item[0], item[1].set_id), reverse=True)
    places: dict[str, int] = {}
    gone: list[str] = []
    for when, each in dated:
        place = places.get(each.cluster_uid, 0)
        places[each.cluster_uid] = place + 1
        if place == 0 or each.set_id == current or now - when < PROTECTED:
            continue
        too_many = bool(retention.keep) and place >= retention.keep
        too_old = bool(retention.keep_days) and now - when > timedelta(days=retention.keep_days)
        if too_many or too_old:
            gone.append(each.set_id)
    return gone[::-1]
