# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a release that hold images or versions back (FM 6.22)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, mapping, text
from ..._documents.evidence import Release
from ..._rancher.values.computed import pinned_keys


def pins_of(
    release: Release, expected: Document | None, installed: Document | None
) -> list[dict[str, Any]] | None:
    """``{key, value, holds_back}`` for every pinning value; None when the values are not known.

    A pin holds back when it is not what the chart itself would use: an image tag other than the app version, a chart
    version other than the chart's. What is expected counts; where nothing is, what is installed.
    """
    config = release.config
    if not isinstance(config, dict):
        return None if release.revisions else []
    wanted = expected or installed
    chart = text(mapping(wanted).get("chart_version"))
    app = text(mapping(wanted).get("app_version")) or _app_version(chart)
    found = []
    for key in pinned_keys(config):
        value = str(dig(config, *key.split(".")))[:200]
        meant = app if key.endswith(".tag") else chart
        found.append(
            {"key": key, "value": value, "holds_back": meant is None or not _same(value, meant)}
        )
    return found


def _app_version(chart: str | None) -> str | None:
    """Rancher's charts carry the app version behind ``+up``."""
    return (chart or "").partition("+up")[2] or None


def _same(value: str, meant: str) -> bool:
    return value.removeprefix("v") == meant.removeprefix("v")
