# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Plans of the system-upgrade-controller, and whether nodes carry them out."""

from __future__ import annotations

from dataclasses import dataclass

from ..._core.lenient import seconds_between
from ..._documents.evidence import Evidence, Plan

_YOUNG_SECONDS = 3600


@dataclass(frozen=True)
class PlanState:
    """One Plan. ``nowhere``: complete on no node at all; ``progresses``: it is new, or a node is at it after others have
    been."""

    name: str
    namespace: str
    complete: bool | None
    missing_nodes: tuple[str, ...]
    applying: tuple[str, ...]
    nowhere: bool
    progresses: bool


def plan_states(evidence: Evidence) -> tuple[PlanState, ...]:
    """Every Plan."""
    return tuple(_plan(evidence, plan) for plan in evidence.plans or ())


def _plan(evidence: Evidence, plan: Plan) -> PlanState:
    missing = len(plan.missing_nodes)
    nodes = len(evidence.nodes or ()) if plan.selected is None else plan.selected
    age = seconds_between(plan.created_at, evidence.collected_at)
    young = age is not None and age < _YOUNG_SECONDS
    return PlanState(
        name=plan.name or "unnamed",
        namespace=plan.namespace or "cattle-system",
        complete=plan.complete,
        missing_nodes=plan.missing_nodes[:20],
        applying=plan.applying[:20],
        nowhere=plan.complete is False and 0 < nodes <= missing,
        progresses=young or (bool(plan.applying) and missing < nodes),
    )
