# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of a dependency the waiting job wants (FM 1.6, 1.8)."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.lenient import Document, mapping, text
from ..._documents.evidence import ChartVersions, Evidence

SETTING = "setting"

_RELEASE_EVENTS = ("helm-release", "helm-release-completed")


@dataclass(frozen=True)
class Expected:
    """The version that the job wants. ``source`` is ``option``, ``wait-line``, the source of the release file, or
    ``setting`` where no job says it."""

    chart_version: str
    app_version: str | None
    source: str


def expected_of(evidence: Evidence, chart: str, namespace: str, release: str) -> Expected | None:
    """The version, or None when nothing says what the job wants.

    The operator's own word comes first, then the job's: the line it printed for this release, then the release file at
    the top of its log.
    """
    chosen = evidence.options.expected_versions.get(chart) if evidence.options else None
    if chosen:
        return Expected(chart_version=chosen, app_version=None, source="option")
    line = _line_of(evidence, namespace, release)
    if line:
        return line
    file = evidence.release_file
    listed = (file.rancher_dependencies if file else {}).get(chart, ChartVersions())
    if not file or not listed.chart:
        return None
    return Expected(
        chart_version=listed.chart,
        app_version=listed.app or None,
        source=file.source or "release-file",
    )


def _line_of(evidence: Evidence, namespace: str, release: str) -> Expected | None:
    for event in map(mapping, (evidence.wait, *reversed(evidence.log_events))):
        about = (event.get("namespace"), event.get("release")) == (namespace, release)
        version = chart_version_of(event)
        if about and event.get("kind") in _RELEASE_EVENTS and version:
            return Expected(
                chart_version=version,
                app_version=text(event.get("app_version")),
                source="wait-line",
            )
    return None


def chart_version_of(event: Document) -> str | None:
    """The version in a ``wait helm release`` line, whose chart is written ``<name>-<version>``."""
    version = text(event.get("chart_version"))
    if version:
        return version
    release, chart = text(event.get("release")), text(event.get("chart"))
    if release and chart and chart.startswith(f"{release}-"):
        return chart[len(release) + 1 :]
    return None
