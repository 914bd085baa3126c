# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Harvester's admission webhook would refuse a new Upgrade for (FM 1.1).

Only what the evidence shows. The webhook looks at volumes, machines, add-ons, backups, disks and certificates as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..._documents.evidence import Evidence
from .bundles import chart_is_ready
from .upgrade import NONE, UpgradeFacts

_ENDED = ("Succeeded", "Failed")
_LEFT_OVER = "upgradelog-operator"


@dataclass(frozen=True)
class Blocker:
    """An object that stands in the way of a new Upgrade."""

    kind: str
    object: str
    why: str
    left_over: bool


def start_blockers(evidence: Evidence, upgrade: UpgradeFacts) -> tuple[Blocker, ...]:
    """Every one; nothing while there is an Upgrade."""
    return tuple(_blockers(evidence)) if upgrade.phase == NONE else ()


def _blockers(evidence: Evidence) -> Iterator[Blocker]:
    for each in evidence.earlier_upgrades or ():
        name = f"Upgrade/harvester-system/{each.name or '?'}"
        if each.state not in _ENDED:
            yield _blocker(name, f"has not ended (state {each.state or 'unknown'})")
        elif each.cleanup == "Pending":
            yield _blocker(name, "is still being cleaned up")
    phase = evidence.capi_cluster.phase if evidence.capi_cluster else None
    if phase not in (None, "Provisioned"):
        yield _blocker("Cluster/fleet-local/local", f"is {phase}, not Provisioned")
    for chart in evidence.managed_charts or ():
        if not chart_is_ready(chart):
            name = chart.name or "?"
            yield _blocker(f"ManagedChart/fleet-local/{name}", "is not ready", _LEFT_OVER in name)
    for node in evidence.nodes or ():
        if node.ready is False:
            yield _blocker(f"Node/{node.name or '?'}", "is not ready")
        elif node.unschedulable is True:
            yield _blocker(f"Node/{node.name or '?'}", "is unschedulable")


def _blocker(name: str, why: str, left_over: bool = False) -> Blocker:
    return Blocker(name.partition("/")[0], name, why, left_over)
