# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetching a chart from the sources allowed, and keeping it only if it is exactly the one wanted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog import (
    read_cluster_repo,
    read_index,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_archive import (
    ChartArchive,
    verify_archive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ChartRequest,
    FetchChart,
    FetchedChart,
)

if TYPE_CHECKING:
    from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
        KubeClient,
    )


@dataclass(frozen=True)
class CatalogAnswer:
    """A request completed with what the cluster's catalog knows, and how that look-up went.

    C(state) is that of C(catalog.IndexReading), or V(no-repo), or the code of the error met.
    """

    request: ChartRequest
    state: str
    reason: str = ""


@dataclass(frozen=True)
class StoredChart:
    """A verified archive in its place."""

    path: Path
    archive: ChartArchive
    changed: bool
    source: str
    origin: str
    head_commit: str | None
    digest_verified: bool

    def to_dict(self) -> dict[str, Any]:
        """The chart as a module returns it."""
        return {
            "changed": self.changed,
            "path": str(self.path),
            "chart": self.archive.to_dict(),
            "sha256": self.archive.digest,
            "digest_verified": self.digest_verified,
            "source": self.source,
            "origin": self.origin,
            "head_commit": self.head_commit,
        }


def consult_catalog(client: KubeClient, request: ChartRequest) -> CatalogAnswer:
    """Complete a request with ClusterRepo, index entry and digest, as far as they can be read.

    A chart may have to be fetched while the index is stale, gone or unreadable: that is no error here,
    but it is told, because the digest is then not known.
    """
    try:
        repo = read_cluster_repo(client, request.repo_name)
        if repo is None:
            return CatalogAnswer(request, "no-repo", f"ClusterRepo/{request.repo_name} is absent.")
        request = replace(request, repo=repo)
        reading = read_index(client, repo)
    except RemediationError as error:
        if error.code in ("unauthorized", "server-unreachable"):
            raise
        return CatalogAnswer(request, error.code, error.message)
    entry = reading.index.find(request.chart, request.version) if reading.index else None
    digest = request.digest or (entry.digest if entry else None)
    return CatalogAnswer(
        replace(request, entry=entry, digest=digest), reading.state, reading.reason
    )


def fetch_first(request: ChartRequest, sources: Mapping[str, FetchChart]) -> FetchedChart:
    """The chart from the first source that has it; the sources are asked in their order.

    Only a source that does not have it (C(chart-not-found)) leads to the next.
    """
    failures: dict[str, RemediationError] = {}
    for name, fetch in sources.items():
        try:
            return fetch(request)
        except RemediationError as error:
            if error.code != "chart-not-found":
                raise
            failures[name] = error
    if len(failures) == 1:
        raise next(iter(failures.values()))
    told = " ".join(f"{name}: {error.message}" for name, error in failures.items())
    raise RemediationError(
        "chart-not-found",
        f"Chart {request.chart} {request.version} was not found in any source. {told}".rstrip(),
        "Give a source of exactly this version (for example source=path with its archive): another "
        "version is never used in its place.",
        details={name: error.message for name, error in failures.items()},
    )


def verify_stored(path: Path, request: ChartRequest, *, digest: str | None) -> ChartArchive:
    """The archive at a path, verified against the request and a digest."""
    return verify_archive(
        path, request.chart, request.version, digest=digest, app_version=request.app_version
    )


def already_stored(request: ChartRequest, target: Path) -> StoredChart | None:
    """The archive that is in place, when the digest wanted proves that it is the right one."""
    if request.digest is None or not target.is_file():
        return None
    try:
        archive = verify_stored(target, request, digest=request.digest)
    except RemediationError:
        return None
    return StoredChart(target, archive, False, "present", str(target), None, True)


def store(
    fetched: FetchedChart, request: ChartRequest, target: Path, *, compare_with: Path | None = None
) -> StoredChart:
    """Verify what was fetched and put it in place: whole, of mode 0600, or not at all.

    It counts as changed when C(compare_with) (C(target) by default) was not the same. The
    directory is made (0700) when it is not there. Raises what C(verify_archive) raises.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    partial = Path(name)
    digest = None if fetched.repacked else request.digest
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(fetched.content)
            stream.flush()
            os.fsync(stream.fileno())
        archive = verify_archive(
            partial,
            request.chart,
            request.version,
            origin=fetched.origin,
            digest=digest,
            app_version=request.app_version,
        )
        changed = not _same_file(compare_with or target, fetched.content)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return StoredChart(
        target,
        archive,
        changed,
        fetched.source,
        fetched.origin,
        fetched.head_commit,
        digest is not None,
    )


def _same_file(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False
