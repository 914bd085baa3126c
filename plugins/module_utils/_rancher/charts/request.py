# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One chart in one exact version, wanted from somewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ..._core.errors import RemediationError
from ..catalog.cluster_repo import CHARTS_REPO, ClusterRepo, IndexEntry
from .nearest import nearest_versions
from .sink import ChartSink

DEFAULT_GIT_URL = "https://git.rancher.io/charts"
ARCHIVE_SUFFIXES = (".tgz", ".tar.gz")


@dataclass(frozen=True)
class ChartRequest:
    """What is wanted, and what the cluster's catalog says about it.

    C(entry) is the index entry of exactly this version, null when the index has none or cannot be
    read; C(listed) are the versions of the chart in the index. C(digest) is a SHA-256 in hex, given or
    of the index, C(digest_from) says which; C(app_version) is compared if given.
    """

    chart: str
    version: str
    repo_name: str = CHARTS_REPO
    repo: ClusterRepo | None = None
    entry: IndexEntry | None = None
    digest: str | None = None
    digest_from: str | None = None
    app_version: str | None = None
    listed: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """What helm calls the archive."""
        return f"{self.chart}-{self.version}.tgz"

    @property
    def git_url(self) -> str:
        """The URL whose hash names the directory of the bundled charts."""
        return (self.repo.git_repo if self.repo else None) or DEFAULT_GIT_URL

    @property
    def repository_paths(self) -> list[str]:
        """Where the chart is within its repository: what the index says, then Rancher's layout (FM 3.4)."""
        paths = [url for url in (self.entry.urls if self.entry else ()) if _is_relative(url)]
        usual = f"assets/{self.chart}/{self.file_name}"
        return paths if usual in paths else [*paths, usual]


def _is_relative(url: str) -> bool:
    parts = PurePosixPath(url).parts
    return "://" not in url and not url.startswith("/") and ".." not in parts


@dataclass(frozen=True)
class FetchedChart:
    """Where an archive comes from that was written to a sink, and not looked at yet.

    C(digest) is the SHA-256 that the source's own index has for it, C(digest_from) names that index.
    C(repacked) says that the archive was made on the way, so that no index can know its digest.
    """

    source: str
    origin: str
    head_commit: str | None = None
    repacked: bool = False
    digest: str | None = None
    digest_from: str | None = None


FetchChart = Callable[[ChartRequest, ChartSink], FetchedChart]


def not_found(
    request: ChartRequest, where: str, *, available: Iterable[str] = (), **details: Any
) -> RemediationError:
    """The error for a source that does not have the chart in this version; it names the nearest it has."""
    nearest = nearest_versions(request.version, available)
    told = f" Nearest there: {', '.join(nearest)}." if nearest else ""
    return RemediationError(
        "chart-not-found",
        f"Chart {request.chart} {request.version} was not found {where}.{told}",
        "Give another source of exactly this version: another version is never used in its place.",
        details={"chart": request.chart, "version": request.version, "nearest": nearest, **details},
    )
