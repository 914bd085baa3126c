# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's decision on a state that does not exist yet: after the unlock, with a whole index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .._diagnosis.facts.dependencies import Dependency
from .._documents.evidence import Revision
from .._rancher.decision.decide import Decision, decide
from .._rancher.decision.situation import InstalledRelease, Situation


def decide_after(
    dependency: Dependency, last: Revision | None, *, index_repaired: bool
) -> Decision:
    """What Rancher will do once last is the last revision (None: the release has none).

    index_repaired puts the expected version into the index, as its repair is to do.
    """
    situation = dependency.situation
    revision = _installed(last)
    unreadable = set(situation.unreadable) - {"last_revision"}
    if last is not None and revision is None:
        unreadable.add("last_revision")
    if last is not None and not isinstance(last.config, Mapping):
        # An older revision's values were not read: what depends on them cannot be decided.
        unreadable.add("values")
    changed = replace(situation, last_revision=revision, unreadable=tuple(sorted(unreadable)))
    expected = dependency.expected_version
    return decide(_with_index(changed, expected) if index_repaired else changed)


def _installed(last: Revision | None) -> InstalledRelease | None:
    if last is None or not last.status or not last.chart_version:
        return None
    return InstalledRelease(
        status=last.status,
        chart_version=last.chart_version,
        config=last.config if isinstance(last.config, Mapping) else None,
        chart_name=last.chart_name or "",
    )


def _with_index(situation: Situation, expected: str | None) -> Situation:
    entries = tuple(situation.index or ())
    if expected is not None and expected not in entries:
        entries = (expected, *entries)
    unreadable = tuple(name for name in situation.unreadable if name != "index")
    return replace(situation, index=entries, index_error="", unreadable=unreadable)
