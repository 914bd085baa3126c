# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How two chart versions relate, byte by byte and by precedence."""

from __future__ import annotations

from ..._rancher.decision.chart_version import ChartVersion, VersionError

EQUAL = "equal"
EQUAL_PRECEDENCE = "equal-precedence"
LOWER = "lower"
HIGHER = "higher"
UNKNOWN = "unknown"


def compare(left: str | None, right: str | None) -> str:
    """How the left version relates to the right one.

    ``equal``: the same bytes. ``equal-precedence``: only build metadata differs, which is where Rancher takes one for
    the other (FM 2.5). ``lower`` and ``higher`` by precedence; ``unknown`` when one is missing or no version.
    """
    if not left or not right:
        return UNKNOWN
    if left == right:
        return EQUAL
    try:
        order = ChartVersion.parse(left).compare(ChartVersion.parse(right))
    except VersionError:
        return UNKNOWN
    if order == 0:
        return EQUAL_PRECEDENCE
    return LOWER if order < 0 else HIGHER


def is_prerelease(version: str | None) -> bool | None:
    """Whether a chart version is a candidate: ``106.0.0+up0.12.0-rc.3`` names it in its build metadata, where semver
    does not look; None when there is no version."""
    if not version:
        return None
    try:
        parsed = ChartVersion.parse(version)
    except VersionError:
        return None
    return bool(parsed.prerelease) or "-" in parsed.metadata
