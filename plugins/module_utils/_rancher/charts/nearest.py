# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The versions that come nearest to one that is not there: for a message, never to be used in its place."""

from __future__ import annotations

from collections.abc import Iterable

from ..decision.chart_version import ChartVersion, VersionError

_SHOWN = 5


def nearest_versions(wanted: str, available: Iterable[str], count: int = _SHOWN) -> list[str]:
    """Up to C(count) of the versions available, the nearest first.

    Near is the same major.minor.patch with other build metadata, then the smallest step in patch, in
    minor, in major version. What is no version comes last.
    """
    return sorted(dict.fromkeys(available), key=lambda each: _distance(wanted, each))[:count]


def _distance(wanted: str, found: str) -> tuple[int, int, int, int, bool, str]:
    try:
        one, other = ChartVersion.parse(wanted), ChartVersion.parse(found)
    except VersionError:
        return (1, 0, 0, 0, True, found)
    numbers = (
        abs(one.major - other.major),
        abs(one.minor - other.minor),
        abs(one.patch - other.patch),
    )
    return (0, *numbers, one.prerelease != other.prerelease, found)
