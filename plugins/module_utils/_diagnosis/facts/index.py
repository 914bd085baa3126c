# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's chart index as the dependencies see it (FM 3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..._documents.evidence import ChartIndex, Condition, Evidence

OK = "ok"
ABSENT = "absent"
UNKNOWN = "unknown"
# How the evidence words that a link of the chain of index ConfigMaps is missing.
_GONE = re.compile(r"ConfigMap/[^/\s]+/(\S+) does not exist")
_STATES = (OK, ABSENT, "corrupt", "foreign-owner")


@dataclass(frozen=True)
class IndexOffer:
    """What the index offers of a chart. ``has_…`` is None when it cannot be known."""

    state: str
    versions: tuple[str, ...]
    has_expected: bool | None
    has_desired: bool | None


def index_state(evidence: Evidence) -> str:
    """``ok``, ``absent``, ``corrupt``, ``foreign-owner`` (of an earlier ClusterRepo), or ``unknown``."""
    state = _index(evidence).state
    if state in _STATES:
        return state or UNKNOWN
    source = evidence.sources.get("chart_index")
    if not state and source is not None and source.state == ABSENT:
        return ABSENT
    return UNKNOWN


def _index(evidence: Evidence) -> ChartIndex:
    return evidence.chart_index or ChartIndex()


def index_versions(evidence: Evidence, chart: str) -> list[str] | None:
    """The versions of a chart in index order; None when there is no index to read."""
    if index_state(evidence) != OK:
        return None
    entries = _index(evidence).charts.get(chart, ())
    return [entry.version for entry in entries if entry.version]


def index_of(
    evidence: Evidence, chart: str, expected: str | None, desired: str | None
) -> IndexOffer:
    """What the index offers for a dependency."""
    versions = index_versions(evidence, chart)

    def has(version: str | None) -> bool | None:
        return None if versions is None or version is None else version in versions

    return IndexOffer(
        state=index_state(evidence),
        versions=tuple(versions or ())[:10],
        has_expected=has(expected),
        has_desired=has(desired),
    )


def index_error(evidence: Evidence) -> str:
    """Why there is no index, in the words Rancher gets from the API server (FM 2.6)."""
    repo = evidence.cluster_repo()
    if repo is None and evidence.readable("cluster_repos"):
        return 'clusterrepos.catalog.cattle.io "rancher-charts" not found'
    if index_state(evidence) == "corrupt":
        return _index(evidence).reason or "gzip: invalid header"
    if index_state(evidence) == "foreign-owner":
        return "Unauthorized"
    gone = _GONE.search(_index(evidence).reason or "")
    name = gone[1] if gone else (repo and repo.index_config_map) or ""
    return f'configmaps "{name}" not found'


def conditions(of: Iterable[Condition]) -> dict[str, Condition]:
    """Conditions by type."""
    return {condition.type: condition for condition in of if condition.type}
