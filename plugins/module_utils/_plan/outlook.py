# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What will become of a dependency once it is unlocked and the index is whole.

The plan has to converge in one run although a lock or a missing index hides what comes after it
(FM 6.0, mutual exclusion). So the planner puts the state after the first repair in front of Rancher's
own decision and plans for its answer: let Rancher do it, or do it where Rancher never would (FM 6.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from .._diagnosis.facts.comparison import EQUAL_PRECEDENCE, compare
from .._diagnosis.facts.dependencies import Dependency
from .._documents.evidence import Revision
from .._rancher.decision.decision import Action, Decision


@dataclass(frozen=True)
class Outlook:
    """What to plan for a dependency: nothing, Rancher's own upgrade, or an upgrade by us.

    kind is ``reached`` (it is where the job wants it), ``rancher`` (Rancher's next pass upgrades it to
    that version), ``forced`` (Rancher takes the installed version for the wanted one and never will)
    or ``open`` (none of these is sure, so nothing is planned unless a finding asks for it).
    """

    kind: str
    why: str


def outlook(dependency: Dependency, last: Revision | None, decision: Decision) -> Outlook:
    """Judge a dependency from its (simulated) last revision and Rancher's decision on that.

    last is the revision that will be the last one (None: none left), decision what Rancher decides then.
    """
    expected = dependency.expected_version
    if expected is None:
        return Outlook("open", "the version the job waits for is not known")
    status, version = (last.status, last.chart_version) if last else (None, None)
    if status == "deployed" and version == expected:
        return Outlook("reached", f"{expected} is deployed")
    if decision.action is Action.UPGRADE and decision.version == expected:
        return Outlook("rancher", f"Rancher's next pass upgrades it to {expected}")
    if (
        dependency.desired_version == expected
        and status == "deployed"
        and compare(version, expected) == EQUAL_PRECEDENCE
    ):
        return Outlook(
            "forced", f"Rancher takes {version} for {expected}, as build metadata has no order"
        )
    return Outlook("open", f"Rancher's decision does not lead to {expected}")
