# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ClusterRepo rancher-charts and its index as a whole (FM 3, 6.8, 6.9, 6.15, 6.25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._core.lenient import Document, integer, mapping, seconds_between, text
from ..._documents.evidence import ClusterRepo, Condition, Evidence, Rancher
from . import comparison
from .decisions import effective_settings
from .dependencies import Dependency
from .index import ABSENT, OK, UNKNOWN, conditions, index_error, index_state
from .patience import TRANSIENT_SECONDS, Patience

CHARTS_REPO = "rancher-charts"
# In the order in which the upgrade script deletes them (FM 1.7, step 6).
CREATED_BY_RANCHER = (CHARTS_REPO, "rancher-rke2-charts", "rancher-partner-charts")
"""The ClusterRepos that the upgrade script deletes and only a starting Rancher makes again (FM 1.7 step 6, 3.1)."""

_LOOP_SECONDS = 60


@dataclass(frozen=True)
class MissingChart:
    """A wanted version that the index lacks, and how Rancher words it."""

    chart: str
    release: str
    namespace: str
    version: str | None
    error: str | None
    waited: bool


@dataclass(frozen=True)
class BlockedOn:
    """A chart that the leader looks for in vain, over and over."""

    chart: str | None
    detail: str
    count: int | None
    since: str | None


@dataclass(frozen=True)
class ChartCatalog:
    """Whether Rancher can find charts at all, and which of the wanted ones are not in its index.

    ``state`` of the index, ``error`` as Rancher words it. ``settled``: it is no transient. ``rebuildable``: something of
    the index is there that has to be deleted before Rancher builds it anew. ``built_by_leader``: the index is of the
    commit in the leader's own image; None when they were not compared, and ``not_compared`` says why.
    """

    repo_present: bool | None
    missing_repos: tuple[str, ...]
    state: str
    usable: bool | None
    error: str | None
    settled: bool | None
    missing: tuple[MissingChart, ...]
    holds_awaited: bool
    download_status: str | None
    download_message: str
    branch: str | None
    commit: str | None
    bundled_head: str | None
    built_by_leader: bool | None
    not_compared: str | None
    config_map: str | None
    blocked_on: BlockedOn | None
    rebuildable: bool


def chart_catalog(
    evidence: Evidence, dependencies: Sequence[Dependency], patience: Patience
) -> ChartCatalog:
    """ClusterRepo rancher-charts and its index."""
    repo = evidence.cluster_repo()
    state = index_state(evidence)
    present = (repo is not None) if evidence.readable("cluster_repos") else None
    shown = repo or ClusterRepo()
    downloaded = conditions(shown.conditions).get("Downloaded", Condition())
    missing = _missing(dependencies) if state == OK else ()
    not_compared = _not_compared(evidence, shown)
    return ChartCatalog(
        repo_present=present,
        missing_repos=_missing_repos(evidence),
        state=state,
        usable=None if present is None or state == UNKNOWN else bool(present and state == OK),
        error=None if state == OK and present else index_error(evidence),
        settled=_settled(evidence, patience),
        missing=missing,
        holds_awaited=any(each.waited for each in dependencies),
        download_status=downloaded.status or None,
        download_message=(downloaded.message or "")[:500],
        branch=shown.git_branch or None,
        commit=shown.commit or None,
        bundled_head=evidence.bundled_head or None,
        built_by_leader=None if not_compared else shown.commit == evidence.bundled_head,
        not_compared=not_compared,
        config_map=shown.index_config_map or None,
        blocked_on=_blocked_on(evidence),
        # While the first ConfigMap is there, Rancher builds nothing anew for the same commit (FM 3.2).
        rebuildable=state not in (ABSENT, OK) or (state == ABSENT and _has_index_maps(evidence)),
    )


def _not_compared(evidence: Evidence, repo: ClusterRepo) -> str | None:
    """Why it cannot be told which Rancher built the index; None when it can (FM 6.8, 6.8b)."""
    if not evidence.bundled_head:
        source = evidence.sources.get("bundled_charts")
        return (source and source.reason) or "The commit of the leader's own charts was not read."
    if not repo.commit:
        return "The ClusterRepo does not name the commit of its index."
    # Otherwise Rancher fetches the repository, and its own commit is only where it began.
    if effective_settings(evidence).get("system-catalog") != "bundled":
        return "Rancher does not use its bundled charts (Setting system-catalog)."
    rancher = evidence.rancher or Rancher()
    images = {pod.image for pod in rancher.pods if pod.name == rancher.leader and pod.image}
    if rancher.image and images - {rancher.image}:
        return f"The leader, {rancher.leader}, does not run the image of the Deployment yet."
    return None


def _has_index_maps(evidence: Evidence) -> bool:
    return bool(evidence.chart_index and evidence.chart_index.config_maps)


def _missing_repos(evidence: Evidence) -> tuple[str, ...]:
    if not evidence.readable("cluster_repos"):
        return ()
    repos = evidence.cluster_repos or {}
    return tuple(name for name in CREATED_BY_RANCHER if repos.get(name) is None)


def _missing(dependencies: Sequence[Dependency]) -> tuple[MissingChart, ...]:
    return tuple(
        MissingChart(
            chart=each.chart,
            release=each.release,
            namespace=each.namespace,
            version=each.desired_version,
            error=each.decision.error,
            waited=each.waited,
        )
        for each in dependencies
        if each.awaited
        and each.index.has_desired is False
        and each.at_expected is False
        and each.compare.desired_expected in (comparison.EQUAL, comparison.UNKNOWN)
    )


def _settled(evidence: Evidence, patience: Patience) -> bool | None:
    """Right after the job has deleted the ClusterRepos an index that is missing is normal for seconds to minutes."""
    if any(_span(match) >= TRANSIENT_SECONDS for match in _searches(evidence)):
        return True
    return patience.settled


def _searches(evidence: Evidence) -> list[Document]:
    matches = map(mapping, evidence.leader_log.matches if evidence.leader_log else ())
    return [match for match in matches if match.get("kind") == "find-failed"]


def _span(match: Document) -> int:
    return seconds_between(match.get("at"), match.get("last_at")) or 0


def _blocked_on(evidence: Evidence) -> BlockedOn | None:
    """The chart of the endless search (FM 0.14). It counts while it goes on: one line every five seconds."""
    for match in reversed(_searches(evidence)):
        quiet = seconds_between(match.get("last_at"), evidence.collected_at)
        if quiet is not None and quiet <= _LOOP_SECONDS and _span(match) >= _LOOP_SECONDS:
            return BlockedOn(
                chart=text(match.get("chart")),
                detail=(text(match.get("detail")) or "")[:300],
                count=integer(match.get("count")),
                since=text(match.get("at")),
            )
    return None
