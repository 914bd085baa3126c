# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's chart index as the dependencies see it (FM 3)."""

from __future__ import annotations

import re
from typing import Any

from ..._core.lenient import Document, dig, mapping, mappings, text
from .sources import readable

OK = "ok"
ABSENT = "absent"
UNKNOWN = "unknown"
# How the evidence words that a link of the chain of index ConfigMaps is missing.
_GONE = re.compile(r"ConfigMap/[^/\s]+/(\S+) does not exist")
_STATES = (OK, ABSENT, "corrupt", "foreign-owner")


def index_state(evidence: Document) -> str:
    """``ok``, ``absent``, ``corrupt``, ``foreign-owner`` (of an earlier ClusterRepo), or ``unknown``."""
    index = mapping(evidence.get("chart_index"))
    state = text(index.get("state"))
    if state in _STATES:
        return state or UNKNOWN
    if state is None and dig(evidence, "sources", "chart_index", "state") == "absent":
        return ABSENT
    return UNKNOWN


def index_versions(evidence: Document, chart: str) -> list[str] | None:
    """The versions of a chart in index order; None when there is no index to read."""
    if index_state(evidence) != OK:
        return None
    entries = mappings(dig(evidence, "chart_index", "charts", chart))
    versions = (text(entry.get("version")) for entry in entries)
    return [version for version in versions if version]


def index_of(
    evidence: Document, chart: str, expected: str | None, desired: str | None
) -> dict[str, Any]:
    """What the index offers for a dependency. ``has_…`` is None when it cannot be known."""
    versions = index_versions(evidence, chart)

    def has(version: str | None) -> bool | None:
        return None if versions is None or version is None else version in versions

    return {
        "state": index_state(evidence),
        "versions": (versions or [])[:10],
        "has_expected": has(expected),
        "has_desired": has(desired),
    }


def index_error(evidence: Document) -> str:
    """Why there is no index, in the words Rancher gets from the API server (FM 2.6)."""
    repo = charts_repo(evidence)
    if repo is None and readable(evidence, "cluster_repos"):
        return 'clusterrepos.catalog.cattle.io "rancher-charts" not found'
    if index_state(evidence) == "corrupt":
        return text(dig(evidence, "chart_index", "reason")) or "gzip: invalid header"
    if index_state(evidence) == "foreign-owner":
        return "Unauthorized"
    gone = _GONE.search(text(dig(evidence, "chart_index", "reason")) or "")
    name = gone[1] if gone else text(dig(repo, "index_config_map")) or ""
    return f'configmaps "{name}" not found'


def charts_repo(evidence: Document) -> Document | None:
    """ClusterRepo rancher-charts, None when it does not exist or was not read."""
    repo = dig(evidence, "cluster_repos", "rancher-charts")
    found = mapping(repo)
    return found if found and found.get("deleted") is not True else None


def conditions(of: object) -> dict[str, Document]:
    """Conditions by type."""
    return {
        kind: condition
        for condition in mappings(of)
        if (kind := text(condition.get("type"))) is not None
    }
