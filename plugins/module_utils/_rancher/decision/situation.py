# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Rancher's system-chart code looks at when it decides about one release (FM 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What Rancher adds for the taint RKE2 puts on a control-plane node.
CONTROL_PLANE_TOLERATION: Mapping[str, str] = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Equal",
    "effect": "NoSchedule",
}


@dataclass(frozen=True)
class InstalledRelease:
    """The last revision of a release, whatever its status: the only one Rancher sees."""

    status: str
    chart_version: str
    config: Mapping[str, Any] | None = None
    chart_name: str = ""

    @property
    def is_deployed(self) -> bool:
        """Any other status counts as not installed (FM 2.5 row 1)."""
        return self.status == "deployed"

    @property
    def is_pending(self) -> bool:
        """A lock: Rancher leaves the release alone and says nothing (FM 2.4 step 6)."""
        return self.status in ("pending-install", "pending-upgrade", "pending-rollback")


@dataclass(frozen=True)
class Situation:
    """One release and all that Rancher's decision about it rests on.

    Attributes:
        rancher: the version in the Setting ``server-version``, e.g. ``v2.11.0``.
        min: the minimum version passed by Rancher ("" for none): fleet and fleet-crd.
        exact: the exact version passed by Rancher ("" for none): all other charts.
        index: the chart's versions in index order; empty when the chart is not in the index;
            None when there is no index.
        index_error: why there is no index, in the API server's words; only with ``index=None``.
        last_revision: None when the release has no revision at all.
        values: what Rancher passes; None for fleet-crd.
        control_plane_tolerations: one per taint of the control-plane nodes, as Rancher writes it.
        unreadable: names of the attributes above that could not be read. "Could not be read" is
            never "absent": a decision that rests on one of them is ``unknown``.
    """

    rancher: str
    chart: str
    release: str = ""
    namespace: str = ""
    min: str = ""
    exact: str = ""
    index: tuple[str, ...] | None = ()
    index_error: str = ""
    last_revision: InstalledRelease | None = None
    values: Mapping[str, Any] | None = None
    control_plane_tolerations: tuple[Mapping[str, Any], ...] = ()
    take_ownership: bool = False
    unreadable: tuple[str, ...] = field(default=())

    @property
    def release_name(self) -> str:
        """The release's name: the chart's own when none is given."""
        return self.release or self.chart
