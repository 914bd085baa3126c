# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Harvester releases carry, and what the Rancher in them asks for (FM 1.6, 7.1, 7.3, 7.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .version_sort import highest

#: The charts whose releases the upgrade job waits for, and the chart that lends its version (FM 1.6).
AWAITED_CHARTS = {"fleet-crd": "fleet", "fleet": "fleet", "rancher-webhook": "rancher-webhook"}


@dataclass(frozen=True)
class RancherRelease:
    """What one Rancher version asks for. ``charts``: chart -> version in its Settings (build.yaml); ``index``: chart ->
    further versions in its bundled chart index, as far as they are known."""

    version: str
    charts: Mapping[str, str] = field(default_factory=dict)
    index: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kube_version: str | None = None

    def versions(self, chart: str) -> tuple[str, ...]:
        """The known entries of its bundled index."""
        own = self.charts.get(chart)
        return tuple(dict.fromkeys((*((own,) if own else ()), *self.index.get(chart, ()))))


@dataclass(frozen=True)
class HarvesterRelease:
    """What one Harvester release carries. None is unknown; a ``min_upgradable_version`` of "" is no limit."""

    version: str
    rancher: str | None = None
    kubernetes: str | None = None
    min_upgradable_version: str | None = None
    shell_images: tuple[str, ...] = ()
    expected: Mapping[str, str] = field(default_factory=dict)
    known_issues: tuple[str, ...] = ()
    note: str | None = None
    source: str = "release-table"


@dataclass(frozen=True)
class ReleaseTable:
    """Harvester and Rancher releases by version, in the order of their files."""

    harvesters: Mapping[str, HarvesterRelease] = field(default_factory=dict)
    ranchers: Mapping[str, RancherRelease] = field(default_factory=dict)

    def release(self, version: str) -> HarvesterRelease | None:
        """The row of a Harvester version, with or without its ``v``."""
        return self.harvesters.get(version) or self.harvesters.get(f"v{version}")

    def rancher_of(self, release: HarvesterRelease) -> RancherRelease | None:
        """What is known about the Rancher a release carries."""
        return self.ranchers.get(release.rancher or "")

    def expected(self, release: HarvesterRelease, chart: str) -> str | None:
        """The version the release's job waits for: what its file names, else the highest by ``sort -V`` of what its
        Rancher asks for and bundles, as the build of the ISO chooses it. None: unknown, or not awaited.
        """
        if chart not in AWAITED_CHARTS:
            return None
        rancher = self.rancher_of(release)
        versions = rancher.versions(AWAITED_CHARTS[chart]) if rancher else ()
        return release.expected.get(chart) or highest(versions)

    def with_rows(self, other: ReleaseTable) -> ReleaseTable:
        """Both tables; of rows with the same version the other's."""
        return ReleaseTable(
            {**self.harvesters, **other.harvesters}, {**self.ranchers, **other.ranchers}
        )


def from_release_file(document: Mapping[str, Any]) -> HarvesterRelease | None:
    """The row of a release file as release_file.parse or an evidence document gives it; None when it names no version.

    Without a minUpgradableVersion the guard knows no limit (FM 7.2).
    """
    version = document.get("harvester")
    if not isinstance(version, str) or not version:
        return None
    listed = document.get("rancher_dependencies")
    expected = {
        chart: versions["chart"]
        for chart, versions in (listed.items() if isinstance(listed, Mapping) else ())
        if isinstance(versions, Mapping) and isinstance(versions.get("chart"), str)
    }
    return HarvesterRelease(
        version=version,
        rancher=_text(document, "rancher"),
        kubernetes=_text(document, "kubernetes"),
        min_upgradable_version=_text(document, "min_upgradable_version") or "",
        expected=expected,
        source="release-file",
    )


def _text(document: Mapping[str, Any], key: str) -> str | None:
    value = document.get(key)
    return value if isinstance(value, str) else None
