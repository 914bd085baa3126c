# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the releases: every revision that was seen, before and after a run.

Pure: a part of the report, made from the two evidence documents.
"""

from __future__ import annotations

from collections.abc import Mapping

from .._documents.evidence import Release, Revision
from .._documents.report import ReleaseHistory, RevisionHistory
from .._documents.run import SeenCluster
from .._documents.vocabulary import Fate

_AT_REST = ("deployed", "superseded")


def release_history(
    before: SeenCluster, after: SeenCluster | None, expected: Mapping[str | None, str | None]
) -> list[ReleaseHistory]:
    """The awaited releases and those that are not deployed, each with its revisions, oldest first.

    after is None when the cluster was not read again, expected is chart to version.
    """
    then, now = _by_name(before), _by_name(after or SeenCluster())
    awaited = list(expected)
    histories = [
        _history(then.get(name), now.get(name), expected) for name in dict.fromkeys([*then, *now])
    ]
    told = [each for each in histories if each.revisions and _is_worth_telling(each)]
    return sorted(told, key=lambda each: _order(each, awaited))


def _by_name(cluster: SeenCluster) -> dict[tuple[str | None, str], Release]:
    return {(each.namespace, each.release): each for each in cluster.releases if each.release}


def _history(
    then: Release | None, now: Release | None, expected: Mapping[str | None, str | None]
) -> ReleaseHistory:
    named = now or then or Release()
    chart = named.dependency or named.release
    was_read = now is not None and now.read == "ok"
    first, last = _by_number(then), _by_number(now if was_read else None)
    return ReleaseHistory(
        named.namespace,
        named.release,
        chart,
        expected.get(chart),
        tuple(
            _revision(first.get(number), last.get(number), was_read)
            for number in sorted({*first, *last})
        ),
    )


def _by_number(release: Release | None) -> dict[int, Revision]:
    revisions = release.revisions if release else ()
    return {each.revision: each for each in revisions if each.revision is not None}


def _revision(then: Revision | None, now: Revision | None, was_read: bool) -> RevisionHistory:
    """A revision as it is now; of what its Secret's metadata does not say, as it was decoded before the run."""
    last, first = now or then or Revision(), then or now or Revision()
    fate = Fate.FOUND
    if was_read:
        fate = Fate.REMOVED if now is None else Fate.ADDED if then is None else Fate.KEPT
    return RevisionHistory(
        revision=last.revision,
        status=last.status or last.label_status,
        chart_version=last.chart_version or first.chart_version,
        app_version=last.app_version or first.app_version,
        at=last.last_deployed or first.last_deployed or last.created_at,
        description=last.description or first.description,
        fate=fate.value,
    )


def _is_worth_telling(history: ReleaseHistory) -> bool:
    return bool(history.expected) or any(
        each.fate in (Fate.ADDED, Fate.REMOVED) or each.status not in _AT_REST
        for each in history.revisions
    )


def _order(history: ReleaseHistory, awaited: list[str | None]) -> tuple[int, str]:
    chart = history.chart
    return (awaited.index(chart) if chart in awaited else len(awaited), str(chart))
