# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Situations that Rancher's system-chart manager may find, for unit tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    CONTROL_PLANE_TOLERATION,
    InstalledRelease,
    Situation,
)

RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"
LOWER, HIGHER = "105.0.2+up0.11.2", "107.0.0+up0.13.0"

# One version on each side of every change in the code, and one of every line.
RANCHERS = (
    "v2.8.5",
    "v2.9.3",
    "v2.10.1",
    "v2.10.4",
    "v2.10.5",
    "v2.11.0",
    "v2.11.1",
    "v2.11.3",
    "v2.12.0",
    "v2.12.2",
    "v2.13.0",
    "v2.14.2",
    "v2.15.0",
)
# The rest compare build metadata of exact charts too (FM 2.5 row 2).
WITHOUT_METADATA = frozenset({"v2.8.5", "v2.9.3", "v2.10.1", "v2.10.4", "v2.11.0"})

VALUES: dict[str, Any] = {"global": {"cattle": {"systemDefaultRegistry": ""}}}
TOLERATIONS = [dict(CONTROL_PLANE_TOLERATION)]
# What a release holds after Rancher's own operation, and what makes it differ from it.
CONFIG: dict[str, Any] = {**VALUES, "tolerations": TOLERATIONS}
OTHER_CONFIG: dict[str, Any] = {"global": {"cattle": {"systemDefaultRegistry": "old"}}, "own": 1}
MERGED: dict[str, Any] = {**VALUES, "own": 1}


def deployed(version: str, config: dict[str, Any] | None = None) -> InstalledRelease:
    """A deployed last revision; its config is what Rancher itself left there."""
    return InstalledRelease("deployed", version, CONFIG if config is None else config)


def last(status: str, version: str = RC) -> InstalledRelease:
    """A last revision of any status."""
    return InstalledRelease(status, version, CONFIG)


BASE = Situation(
    rancher="v2.11.0",
    chart="fleet",
    release="fleet",
    namespace="cattle-fleet-system",
    index=(HIGHER, GA, RC, LOWER),
    values=VALUES,
    control_plane_tolerations=(CONTROL_PLANE_TOLERATION,),
    take_ownership=True,
)


def minimum(rancher: str, wanted: str = GA, **changes: Any) -> Situation:
    """Fleet: Rancher asks for a minimum version."""
    return replace(BASE, rancher=rancher, min=wanted, **changes)


def exact(rancher: str, wanted: str = GA, **changes: Any) -> Situation:
    """rancher-webhook: Rancher asks for an exact version."""
    changes = {"chart": "rancher-webhook", "release": "rancher-webhook", **changes}
    return replace(BASE, rancher=rancher, namespace="cattle-system", exact=wanted, **changes)


def latest(rancher: str, **changes: Any) -> Situation:
    """No version is asked for at all."""
    return replace(BASE, rancher=rancher, **changes)
