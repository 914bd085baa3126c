# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetching a chart from the sources allowed, and keeping it only if it is exactly the one wanted."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._core.errors import RemediationError
from ..catalog.cluster_repo import read_cluster_repo, read_index
from .archive import ChartArchive, require_digest, verify_archive
from .nearest import nearest_versions
from .request import ChartRequest, FetchChart, FetchedChart
from .sink import ChartSink

if TYPE_CHECKING:
    from ..._kube.client import KubeClient


# One of these says that a source cannot be used now, not that something is wrong with the chart.
_PASSED_OVER = frozenset({"chart-not-found", "forbidden", "timeout", "server-unreachable"})
_BLOCK = 256 * 1024


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
    digest_from: str | None

    @property
    def digest_verified(self) -> bool:
        """Whether there was a digest to compare the archive with."""
        return self.digest_from is not None

    def to_dict(self) -> dict[str, Any]:
        """The chart as a module returns it."""
        return {
            "changed": self.changed,
            "path": str(self.path),
            "chart": self.archive.to_dict(),
            "sha256": self.archive.digest,
            "digest_verified": self.digest_verified,
            "digest_from": self.digest_from,
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
    known = reading.index
    entry = known.find(request.chart, request.version) if known else None
    listed = tuple(each.version for each in known.versions(request.chart)) if known else ()
    request = replace(request, entry=entry, listed=listed)
    if request.digest:
        request = replace(request, digest_from="given")
    elif entry and entry.digest:
        where = f"index of ClusterRepo/{request.repo_name}"
        request = replace(request, digest=entry.digest, digest_from=where)
    return CatalogAnswer(request, reading.state, reading.reason)


def fetch_first(
    request: ChartRequest, sources: Mapping[str, FetchChart], sink: ChartSink
) -> FetchedChart:
    """Fetch the chart from the first source that has it; the sources are asked in their order.

    A source that does not have it, or cannot be reached or used, leads to the next. Anything else, a
    hostile archive above all, ends it: what is suspicious is not passed over.
    """
    failures: dict[str, RemediationError] = {}
    for name, fetch in sources.items():
        try:
            return fetch(request, sink)
        except RemediationError as error:
            if error.code not in _PASSED_OVER:
                raise
            failures[name] = error
    if len(failures) == 1:
        raise next(iter(failures.values()))
    raise _in_no_source(request, failures)


def _in_no_source(
    request: ChartRequest, failures: Mapping[str, RemediationError]
) -> RemediationError:
    told = " ".join(f"{name}: {error.message}" for name, error in failures.items())
    listed = nearest_versions(request.version, request.listed)
    if listed and request.entry is None:
        told += f" The index of ClusterRepo/{request.repo_name} lists {', '.join(listed)}."
    # A permission that is missing is worth more than the word that another source has nothing.
    first = next((each for each in failures.values() if each.code != "chart-not-found"), None)
    remedy = (
        "Give a source of exactly this version (for example source=path with its archive): another "
        "version is never used in its place."
    )
    return RemediationError(
        first.code if first else "chart-not-found",
        f"Chart {request.chart} {request.version} was not found in any source. {told}".rstrip(),
        f"{first.remedy} {remedy}" if first else remedy,
        retryable=any(error.retryable for error in failures.values()),
        details={name: error.message for name, error in failures.items()},
    )


def already_stored(request: ChartRequest, target: Path) -> StoredChart | None:
    """The archive that is in place, when the digest wanted proves that it is the right one."""
    if request.digest is None or not target.is_file():
        return None
    try:
        archive = verify_archive(
            target,
            request.chart,
            request.version,
            digest=request.digest,
            app_version=request.app_version,
        )
    except RemediationError:
        return None
    digest_from = request.digest_from or "given"
    return StoredChart(target, archive, False, "present", str(target), None, digest_from)


def store(
    fetch: Callable[[ChartSink], FetchedChart],
    request: ChartRequest,
    target: Path,
    *,
    compare_with: Path | None = None,
) -> StoredChart:
    """Fetch, verify and put in place: whole, of mode 0600, or not at all.

    It counts as changed when C(compare_with) (C(target) by default) was not the same. The
    directory is made (0700) when it is not there. Raises what C(verify_archive) raises.
    """
    made = not target.parent.exists()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            fetched = fetch(ChartSink(stream))
            stream.flush()
            os.fsync(stream.fileno())
        archive, digest_from = _verified(partial, fetched, request)
        changed = _digest_of(compare_with or target) != archive.digest
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
        if made and not target.exists():
            target.parent.rmdir()
    return StoredChart(
        target, archive, changed, fetched.source, fetched.origin, fetched.head_commit, digest_from
    )


def _verified(
    partial: Path, fetched: FetchedChart, request: ChartRequest
) -> tuple[ChartArchive, str | None]:
    """The archive, and whose digest it was compared with: that of the request, and the source's own."""
    digests: dict[str, str] = {}
    if not fetched.repacked:
        if request.digest:
            digests[request.digest_from or "given"] = request.digest
        if fetched.digest:
            digests[fetched.digest_from or fetched.source] = fetched.digest
    archive = verify_archive(
        partial,
        request.chart,
        request.version,
        origin=fetched.origin,
        app_version=request.app_version,
    )
    for digest_from, digest in digests.items():
        require_digest(archive, digest, fetched.origin, digest_from)
    return archive, next(iter(digests), None)


def _digest_of(path: Path) -> str | None:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()
