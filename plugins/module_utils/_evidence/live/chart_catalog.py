# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ClusterRepos and the index of rancher-charts (FM 3, 6.0 D.7)."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

from ..._core.lenient import Document
from ..._documents.evidence import (
    ABSENT,
    OK,
    ChartIndex,
    ClusterRepo,
    IndexEntry,
    Source,
)
from ..._kube import paths
from ..._kube.reader import Reader
from ..._rancher.catalog import cluster_repo as catalog
from ..._rancher.decision.system_charts import CHART_NAMES
from .objects import conditions_of, name_of
from .reading import Context, Found, Group, Parts, Reads

REPOS = "cluster_repos"
INDEX = "chart_index"

_NAMES = ("rancher-charts", "rancher-rke2-charts", "rancher-partner-charts", "harvester-charts")


def charts_repo(found: Found) -> Document:
    """ClusterRepo rancher-charts, empty when there is none."""
    return _repo(found, catalog.CHARTS_REPO)


def _repo(found: Found, name: str) -> Document:
    return next((each for each in found.objects(REPOS) if name_of(each) == name), {})


def _reads(_context: Context, found: Found) -> Reads:
    def index(repo: catalog.ClusterRepo, client: Reader) -> Any:
        return catalog.read_index(client, repo)

    path = paths.api(catalog.CATALOG_API, "clusterrepos")
    reads: Reads = {REPOS: lambda client: client.list(path)}
    charts = charts_repo(found)
    if charts:
        reads[INDEX] = partial(index, catalog.ClusterRepo.from_object(charts))
    return reads


def _parts(_context: Context, found: Found) -> Parts:
    index = _index(found)
    parts: dict[str, Any] = {"chart_index": index}
    if found.ok(REPOS):
        parts["cluster_repos"] = {name: _cluster_repo(_repo(found, name)) for name in _NAMES}
    missing = [name for name in _NAMES if not _repo(found, name)]
    source = found.source(REPOS, absent="There is no ClusterRepo at all.")
    if source.state == OK and missing:
        source = Source(OK, f"Missing: {', '.join(missing)}.")
    states = {"ok": OK, "absent": ABSENT, "corrupt": OK, "foreign-owner": OK}
    state = states.get(index.state or "", index.state or "")
    return Parts(parts, {"cluster_repos": source, "chart_index": Source(state, index.reason or "")})


def _cluster_repo(obj: Document) -> ClusterRepo | None:
    if not obj:
        return None
    repo = catalog.ClusterRepo.from_object(obj)
    values = {item.name: getattr(repo, item.name) for item in fields(ClusterRepo)}
    return ClusterRepo(**{**values, "conditions": conditions_of(obj.get("status"))})


def _index(found: Found) -> ChartIndex:
    if not found.ok(REPOS):
        source = found.source(REPOS)
        return ChartIndex(state=source.state, reason=source.reason)
    if INDEX not in found:
        reason = f"ClusterRepo/{catalog.CHARTS_REPO} does not exist."
        return ChartIndex(state=ABSENT, reason=reason)
    reading = found.reading(INDEX).value
    if not isinstance(reading, catalog.IndexReading):
        failed = found.reading(INDEX)
        return ChartIndex(state=failed.state, reason=failed.reason)
    index = reading.index or catalog.ChartIndex()
    return ChartIndex(
        state=reading.state,
        reason=reading.reason,
        config_maps=reading.config_maps,
        generated=index.generated,
        charts={
            chart: tuple(IndexEntry(**entry.to_dict()) for entry in index.versions(chart))
            for chart in CHART_NAMES
            if index.versions(chart)
        },
    )


GROUP = Group(("cluster_repos", "chart_index"), _reads, _parts)
