# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Charts out of a file or a directory of the machine the module runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..._core.errors import RemediationError
from .request import ChartRequest, FetchedChart, not_found
from .sink import ChartSink

_BLOCK = 256 * 1024


def file_names(request: ChartRequest) -> list[str]:
    """How the archive may be called: helm keeps the +, Rancher writes -, registries write _."""
    versions = [request.version, *(request.version.replace("+", sign) for sign in "-_")]
    return list(dict.fromkeys(f"{request.chart}-{version}.tgz" for version in versions))


def _candidates(directory: Path, request: ChartRequest) -> Iterator[Path]:
    """Below a directory of archives, or a clone of a chart repository."""
    for parent in (directory, directory / request.chart, directory / "assets" / request.chart):
        for name in file_names(request):
            yield parent / name


def _versions(directory: Path, request: ChartRequest) -> list[str]:
    """The versions of the chart by the names of files below a directory; those of fleet-crd are not fleet's."""
    prefix = f"{request.chart}-"
    names = (found.name[len(prefix) : -4] for found in directory.rglob(f"{prefix}*.tgz"))
    return sorted(name for name in names if name[:1].isdigit() or name[:2].strip("v").isdigit())


def _find(path: Path, request: ChartRequest) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise not_found(request, f"at {path}: there is no such file or directory")
    found = next((each for each in _candidates(path, request) if each.is_file()), None)
    if found is None:
        raise not_found(
            request, f"in directory {path}", available=_versions(path, request), path=str(path)
        )
    return found


def fetch_from_path(path: Path, request: ChartRequest, sink: ChartSink) -> FetchedChart:
    """The archive at a path, or in a directory. Raises C(chart-not-found), C(chart-archive-unsafe)."""
    found = _find(path.expanduser(), request)
    sink.restart()
    try:
        with found.open("rb") as stream:
            while block := stream.read(_BLOCK):
                sink.write(block)
    except OSError as error:
        raise RemediationError(
            "chart-not-found",
            f"The chart archive {found} cannot be read: {error.strerror or error}.",
            "Check its permissions.",
            details={"path": str(found)},
        ) from error
    return FetchedChart(source="path", origin=str(found))
