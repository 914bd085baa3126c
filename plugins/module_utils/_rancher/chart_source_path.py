# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts out of a file or a directory of the machine the module runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_archive import (
    MAX_ARCHIVE_BYTES,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ChartRequest,
    FetchedChart,
    not_found,
)


def file_names(request: ChartRequest) -> list[str]:
    """How the archive may be called: helm keeps the +, Rancher writes -, registries write _."""
    versions = [request.version, *(request.version.replace("+", sign) for sign in "-_")]
    return list(dict.fromkeys(f"{request.chart}-{version}.tgz" for version in versions))


def _candidates(directory: Path, request: ChartRequest) -> Iterator[Path]:
    """Below a directory of archives, or a clone of a chart repository."""
    for parent in (directory, directory / request.chart, directory / "assets" / request.chart):
        for name in file_names(request):
            yield parent / name


def _similar(directory: Path, request: ChartRequest) -> list[str]:
    return sorted(found.name for found in directory.rglob(f"{request.chart}-*.tgz"))[:20]


def _find(path: Path, request: ChartRequest) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise not_found(request, f"at {path}: there is no such file or directory")
    found = next((each for each in _candidates(path, request) if each.is_file()), None)
    if found is None:
        similar = _similar(path, request)
        told = f"it holds {', '.join(similar)}" if similar else f"it holds no {request.chart}-*.tgz"
        raise not_found(request, f"in directory {path}: {told}", similar=similar)
    return found


def fetch_from_path(path: Path, request: ChartRequest) -> FetchedChart:
    """The archive at a path, or in a directory. Raises C(chart-not-found), C(chart-archive-unsafe)."""
    found = _find(path.expanduser(), request)
    try:
        with found.open("rb") as stream:
            content = stream.read(MAX_ARCHIVE_BYTES + 1)
    except OSError as error:
        raise RemediationError(
            "chart-not-found",
            f"The chart archive {found} cannot be read: {error.strerror or error}.",
            "Check its permissions.",
            details={"path": str(found)},
        ) from error
    return FetchedChart(content=content, source="path", origin=str(found))
