# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The charts Rancher installs for itself, by Rancher version (FM 2.2).

A table, not logic: which chart goes where, which Setting names its version, and whether that
version is a minimum or an exact demand. Charts are listed in the order they are repaired in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .rancher_version import NEWEST_LINE, OLDEST_LINE, RancherVersion

Line = tuple[int, int]

HARVESTER_UPGRADE_CONTROLLER_RELEASE = "mcc-local-managed-system-upgrade-controller"


class Requirement(str, Enum):
    """How Rancher asks for a chart's version."""

    MINIMUM = "minimum"
    EXACT = "exact"


@dataclass(frozen=True)
class Wanted:
    """What Rancher asks for: the Setting that says so, its text, and how it is passed on."""

    setting: str
    text: str
    min: str
    exact: str


@dataclass(frozen=True)
class SystemChart:
    """One row of the table.

    Attributes:
        settings: names of the Settings that may hold the version; the first that is not empty
            wins.
        first_line, last_line: the Rancher lines that install the chart.
        take_ownership: passed to Helm on installs that a Setting or Feature caused; the hourly and
            six-hourly passes take ownership of everything (FM 2.6).
        feature: when this Feature is off, Rancher uninstalls the chart.
        conditional: Rancher installs it only where something outside Settings and Features says so
            (a Deployment's annotation, cluster ``local``, the remote dialer).
    """

    chart: str
    namespace: str
    settings: tuple[str, ...]
    requirement: Requirement
    take_ownership: bool
    first_line: Line = OLDEST_LINE
    last_line: Line = NEWEST_LINE
    feature: str = ""
    conditional: bool = False

    def wanted(self, effective_settings: Mapping[str, str]) -> Wanted:
        """Return what Rancher asks for, given each Setting's effective text (value, else default).

        A Setting that does not exist counts as empty; then Rancher asks for the latest version.
        """
        for name in self.settings:
            text = effective_settings.get(name, "")
            if text:
                return self._wanted(name, text)
        return self._wanted(self.settings[-1], "")

    def _wanted(self, setting: str, text: str) -> Wanted:
        exact = self.requirement is Requirement.EXACT
        return Wanted(setting, text, "" if exact else text, text if exact else "")

    def enabled(self, features: Mapping[str, bool]) -> bool | None:
        """Return whether Rancher keeps the chart installed; None when that cannot be told."""
        if self.conditional:
            return None
        return features.get(self.feature) if self.feature else True

    def release_name(self, rancher: RancherVersion, override: str = "") -> str:
        """Return the release's name in the local cluster of a Harvester.

        ``override`` is Rancher's environment variable CATTLE_SUC_APP_NAME_OVERRIDE.
        """
        if self.chart != "system-upgrade-controller" or not rancher.release_name_is_separate:
            return self.chart
        return override or HARVESTER_UPGRADE_CONTROLLER_RELEASE


_FLEET_SETTINGS = ("fleet-min-version", "fleet-version")

_CHARTS = (
    SystemChart(
        "fleet-crd",
        "cattle-fleet-system",
        _FLEET_SETTINGS,
        Requirement.MINIMUM,
        take_ownership=True,
    ),
    SystemChart(
        "fleet", "cattle-fleet-system", _FLEET_SETTINGS, Requirement.MINIMUM, take_ownership=True
    ),
    SystemChart(
        "rancher-webhook",
        "cattle-system",
        ("rancher-webhook-version",),
        Requirement.EXACT,
        take_ownership=True,
    ),
    SystemChart(
        "rancher-provisioning-capi",
        "cattle-provisioning-capi-system",
        ("rancher-provisioning-capi-version",),
        Requirement.EXACT,
        take_ownership=True,
        first_line=(2, 9),
        last_line=(2, 13),
        feature="embedded-cluster-api",
    ),
    SystemChart(
        "rancher-turtles",
        "cattle-turtles-system",
        ("rancher-turtles-version",),
        Requirement.EXACT,
        take_ownership=False,
        first_line=(2, 13),
        feature="turtles",
    ),
    SystemChart(
        "system-upgrade-controller",
        "cattle-system",
        ("system-upgrade-controller-chart-version",),
        Requirement.EXACT,
        take_ownership=False,
        first_line=(2, 10),
        conditional=True,
    ),
    # 2.11 reads a misspelt Setting that nothing ever fills (FM 2.2).
    SystemChart(
        "remotedialer-proxy",
        "cattle-system",
        ("remodialer-proxy-version",),
        Requirement.EXACT,
        take_ownership=False,
        first_line=(2, 11),
        last_line=(2, 11),
        conditional=True,
    ),
    SystemChart(
        "remotedialer-proxy",
        "cattle-system",
        ("remotedialer-proxy-version",),
        Requirement.EXACT,
        take_ownership=False,
        first_line=(2, 12),
        conditional=True,
    ),
)

#: Every chart that any known Rancher keeps for itself, and its namespace.
CHART_NAMESPACES: dict[str, str] = {row.chart: row.namespace for row in _CHARTS}
CHART_NAMES: tuple[str, ...] = tuple(CHART_NAMESPACES)

# build.yaml's defaultShellVersion where it was read (FM 6.13), oldest first.
_SHELL_IMAGES: dict[Line, tuple[str, ...]] = {
    (2, 8): ("v0.1.24",),
    (2, 9): ("v0.2.1",),
    (2, 10): ("v0.3.0",),
    (2, 11): ("v0.4.0", "v0.4.1"),
    (2, 12): ("v0.5.0",),
    (2, 13): ("v0.6.0", "v0.6.1", "v0.6.2"),
    (2, 14): ("v0.7.0",),
    (2, 15): ("v0.8.1",),
}
_EXACT_SHELL_IMAGES = {
    (2, 11, 0): "v0.4.0",
    (2, 11, 3): "v0.4.1",
    (2, 13, 0): "v0.6.0",
    (2, 13, 1): "v0.6.1",
    (2, 13, 3): "v0.6.2",
}


def system_charts(rancher: RancherVersion) -> tuple[SystemChart, ...]:
    """Return the charts that this Rancher installs, in repair order."""
    line = min(max(rancher.line, OLDEST_LINE), NEWEST_LINE)
    return tuple(row for row in _CHARTS if row.first_line <= line <= row.last_line)


def all_system_charts() -> tuple[SystemChart, ...]:
    """Return the charts of every Rancher line that is known."""
    return _CHARTS


def system_chart(rancher: RancherVersion, chart: str) -> SystemChart | None:
    """Return the row of one chart, or None when this Rancher does not install it."""
    return next((row for row in system_charts(rancher) if row.chart == chart), None)


def default_shell_images(rancher: RancherVersion) -> tuple[str, ...]:
    """Return the shell images that may be this Rancher's default, best guess last.

    One where the very version was read, else all that were seen in its line; none when the line
    is unknown.
    """
    exact = _EXACT_SHELL_IMAGES.get((rancher.major, rancher.minor, rancher.patch))
    tags = (exact,) if exact else _SHELL_IMAGES.get(rancher.line, ())
    return tuple(f"rancher/shell:{tag}" for tag in tags)
