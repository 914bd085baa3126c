# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each Rancher release carries: data of FM 2.2, 6.13 and 7.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from doubles import semver


@dataclass(frozen=True)
class RancherLine:
    """One Rancher release: chart versions by chart, its shell image, and the Harvester with it."""

    version: str
    harvester: str
    kubernetes: str
    shell: str
    charts: Mapping[str, str] = field(default_factory=dict)

    @property
    def minor(self) -> tuple[int, int]:
        """``(2, 11)`` for v2.11.0."""
        parsed = semver.parse(self.version)
        return parsed.major, parsed.minor

    @property
    def branch(self) -> str:
        """The branch of the chart repository: ``release-v2.11``."""
        return "release-v{}.{}".format(*self.minor)

    def carrying(self, charts: Mapping[str, str]) -> RancherLine:
        """The same release built with other chart versions."""
        return replace(self, charts={**self.charts, **charts})


def _line(
    version: str,
    harvester: str,
    kubernetes: str,
    shell: str,
    fleet: str,
    webhook: str,
    **others: str,
) -> RancherLine:
    charts = {"fleet-crd": fleet, "fleet": fleet, "rancher-webhook": webhook}
    charts |= {name.replace("_", "-"): chart for name, chart in others.items()}
    return RancherLine(version, harvester, kubernetes, shell, charts)


_LINES = (
    _line("v2.8.5", "v1.3.2", "v1.28.12+rke2r1", "v0.1.24", "103.1.5+up0.9.5", "103.0.6+up0.4.7"),
    _line(
        "v2.9.2",
        "v1.4.0",
        "v1.29.9+rke2r1",
        "v0.2.1",
        "104.0.2+up0.10.2",
        "104.0.2+up0.5.2",
        rancher_provisioning_capi="104.0.0+up0.3.0",
    ),
    _line(
        "v2.10.1",
        "v1.4.2",
        "v1.31.4+rke2r1",
        "v0.3.0",
        "105.0.2+up0.11.2",
        "105.0.1+up0.6.2",
        rancher_provisioning_capi="105.1.0+up0.6.0",
        system_upgrade_controller="105.0.1",
    ),
    _line(
        "v2.11.0",
        "v1.5.0",
        "v1.32.3+rke2r1",
        "v0.4.0",
        "106.0.0+up0.12.0",
        "106.0.0+up0.7.0",
        rancher_provisioning_capi="106.0.0+up0.7.0",
        system_upgrade_controller="106.0.0",
        remotedialer_proxy="106.0.0+up0.4.4",
    ),
    _line(
        "v2.11.2",
        "v1.5.1",
        "v1.32.4+rke2r1",
        "v0.4.0",
        "106.1.1+up0.12.3",
        "106.0.2+up0.7.2",
        rancher_provisioning_capi="106.0.0+up0.7.0",
        system_upgrade_controller="106.0.0",
        remotedialer_proxy="106.0.0+up0.4.4",
    ),
    _line(
        "v2.12.2",
        "v1.6.1",
        "v1.33.5+rke2r1",
        "v0.5.0",
        "107.0.2+up0.13.2",
        "107.0.2+up0.8.2",
        rancher_provisioning_capi="107.0.0+up0.8.0",
        system_upgrade_controller="107.0.0",
        remotedialer_proxy="106.0.1+up0.5.0",
    ),
    _line(
        "v2.13.0",
        "v1.7.0",
        "v1.34.2+rke2r1",
        "v0.6.0",
        "108.0.0+up0.14.0",
        "108.0.1+up0.9.1",
        rancher_provisioning_capi="108.0.0+up0.9.0",
        rancher_turtles="108.0.0+up0.25.0",
        system_upgrade_controller="108.0.0",
        remotedialer_proxy="106.0.2+up0.6.0",
    ),
    _line(
        "v2.14.0",
        "v1.8.0",
        "v1.35.2+rke2r1",
        "v0.7.0",
        "109.0.0+up0.15.0",
        "109.0.0+up0.10.0",
        rancher_turtles="109.0.0+up0.26.0",
        system_upgrade_controller="109.0.1",
        remotedialer_proxy="109.0.1+up0.7.1",
    ),
    _line(
        "v2.14.2",
        "v1.8.1",
        "v1.35.6+rke2r1",
        "v0.7.0",
        "109.0.2+up0.15.2",
        "109.0.2+up0.10.6",
        rancher_turtles="109.0.2+up0.26.2",
        system_upgrade_controller="109.0.1",
        remotedialer_proxy="109.0.1+up0.7.1",
    ),
    _line(
        "v2.15.0",
        "v1.9.0",
        "v1.36.3+rke2r1",
        "v0.8.1",
        "110.0.0+up0.16.0",
        "110.0.0+up0.11.0",
        rancher_turtles="110.0.0+up0.27.0",
        system_upgrade_controller="109.0.1",
        remotedialer_proxy="109.0.1+up0.7.1",
    ),
)

# What a release candidate of the line carried, as far as FM 7.4 knows.
RELEASE_CANDIDATES: Mapping[str, Mapping[str, str]] = {
    "v2.11.0": {
        "fleet-crd": "106.0.0+up0.12.0-rc.3",
        "fleet": "106.0.0+up0.12.0-rc.3",
        "rancher-webhook": "106.0.0+up0.7.0-rc.9",
    },
    "v2.13.0": {
        "fleet-crd": "108.0.0+up0.14.0-rc.1",
        "fleet": "108.0.0+up0.14.0-rc.1",
        "rancher-webhook": "108.0.0+up0.9.0-rc.13",
    },
}


def line_of(version: str) -> RancherLine:
    """A release of the table; another patch of a listed minor borrows its nearest lower charts."""
    wanted = semver.parse(version)
    best: RancherLine | None = None
    for line in _LINES:
        known = semver.parse(line.version)
        same_minor = (known.major, known.minor) == (wanted.major, wanted.minor)
        if same_minor and (best is None or not wanted.precedes(known)):
            best = line
    if best is None:
        known_versions = ", ".join(line.version for line in _LINES)
        raise ValueError(f"Rancher {version} is not in the table; known are {known_versions}")
    return replace(best, version=version)


def candidates_of(version: str) -> dict[str, str]:
    """A release candidate of each awaited chart of a line: same version, ``-rc.1`` in the metadata."""
    known = RELEASE_CANDIDATES.get(version)
    if known is not None:
        return dict(known)
    charts = line_of(version).charts
    return {name: f"{charts[name]}-rc.1" for name in ("fleet-crd", "fleet", "rancher-webhook")}


def previous_of(version: str) -> RancherLine:
    """The listed release before this one."""
    wanted = semver.parse(version)
    lower = [line for line in _LINES if semver.parse(line.version).precedes(wanted)]
    if not lower:
        raise ValueError(f"no listed Rancher is older than {version}")
    return lower[-1]
