# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who works on a release right now, as far as the evidence shows it (FM P-IDLE).

A lock is only a finding when nobody holds it. So the question is answered with yes, no or *not known*; who counts is
decided where the check right before a write asks, too (_rancher/server/helm_actors.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..._documents.evidence import Evidence, HelmActor
from ..._rancher.server import helm_actors


@dataclass(frozen=True)
class Idleness:
    """``idle`` is None when it cannot be known; ``actor`` is who works on the release, when somebody does."""

    idle: bool | None
    actor: HelmActor | None = None


def idleness(evidence: Evidence, namespace: str, release: str) -> Idleness:
    """Whether nobody works on the release at the time of the evidence."""
    actor = helm_actors.actor_on(_sight(evidence), namespace, release)
    if actor is not None:
        return Idleness(False, actor)
    if evidence.readable("helm_pods", "operations"):
        return Idleness(True)
    return Idleness(None)


def live_actors(evidence: Evidence) -> list[HelmActor]:
    """Everything that runs helm now."""
    return helm_actors.live_actors(_sight(evidence))


def _sight(evidence: Evidence) -> helm_actors.Sight:
    pods = evidence.helm_pods or ()
    return helm_actors.Sight(
        pods=pods if pods or evidence.readable("helm_pods") else None,
        operations=evidence.operations or (),
        others=evidence.helm_jobs or (),
        now=evidence.collected_at,
    )
