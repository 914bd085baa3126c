# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a release that hold images or versions back (FM 6.22)."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.lenient import dig
from ..._documents.evidence import Release
from ..._rancher.values.computed import pinned_keys


@dataclass(frozen=True)
class Pin:
    """A value that pins. It holds back when it is not what the chart itself would use: an image tag other than the app
    version, a chart version other than the chart's."""

    key: str
    value: str
    holds_back: bool


def pins_of(release: Release, chart: str | None, app: str | None = None) -> tuple[Pin, ...] | None:
    """Every pinning value, held against the versions of the chart and its app; None when the values are not known."""
    config = release.config
    if not isinstance(config, dict):
        return None if release.revisions else ()
    app = app or _app_version(chart)
    found = []
    for key in pinned_keys(config):
        value = str(dig(config, *key.split(".")))[:200]
        meant = app if key.endswith(".tag") else chart
        found.append(Pin(key, value, holds_back=not meant or not _same(value, meant)))
    return tuple(found)


def _app_version(chart: str | None) -> str | None:
    """Rancher's charts carry the app version behind ``+up``."""
    return (chart or "").partition("+up")[2] or None


def _same(value: str, meant: str) -> bool:
    return value.removeprefix("v") == meant.removeprefix("v")
