# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who works on a release right now (FM P-IDLE).

A lock is only a finding when nobody holds it. So the question is answered with yes, no or *not known*, and what cannot
be attributed to a release counts for every release: interrupting a live helm is the one thing that must not happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..._core.lenient import seconds_between
from ..._documents.evidence import Evidence, HelmPod, Operation
from ..._rancher.server.live_actor import NEVER_STARTS

LIVE_PHASES = ("Running", "Pending", "Unknown")

_POD_APPEARS_WITHIN = 60
_OPERATION_LIVES = 3600


@dataclass(frozen=True)
class Idleness:
    """``idle`` is None when it cannot be known; ``actor`` is who works on the release, when somebody does."""

    idle: bool | None
    actor: dict[str, Any] | None = None


def idleness(evidence: Evidence, namespace: str, release: str) -> Idleness:
    """Whether nobody works on the release at the time of the evidence."""
    for actor in live_actors(evidence):
        if _concerns(actor, namespace, release):
            return Idleness(False, actor)
    if evidence.readable("helm_pods", "operations"):
        return Idleness(True)
    return Idleness(None)


def live_actors(evidence: Evidence) -> list[dict[str, Any]]:
    """Everything that runs helm now: ``{kind, namespace, name, release, release_namespace, since}``, release null when
    it is not known on what it works."""
    return [*_pods(evidence), *_operations(evidence), *_others(evidence)]


def _pods(evidence: Evidence) -> list[dict[str, Any]]:
    operations = {item.pod or item.name: item for item in evidence.operations or ()}
    found = []
    for pod in evidence.helm_pods or ():
        if not is_live(pod):
            continue
        operation = operations.get(pod.name, Operation())
        found.append(
            _actor(
                "Pod",
                "cattle-system",
                pod.name,
                pod.release or operation.release,
                pod.release_namespace or operation.release_namespace,
                pod.created_at,
            )
        )
    return found


def is_live(pod: HelmPod) -> bool:
    """Whether helm runs, or is about to run, in a helm-operation pod."""
    return (
        pod.phase in LIVE_PHASES
        and pod.exit_code is None
        and pod.waiting_reason not in NEVER_STARTS
    )


def _operations(evidence: Evidence) -> list[dict[str, Any]]:
    """Operations whose pod is not there yet, or cannot be looked at. An operation is not updated when its pod dies, so
    where the pods are known they are the truth."""
    limit = _POD_APPEARS_WITHIN if evidence.readable("helm_pods") else _OPERATION_LIVES
    pods = {pod.name for pod in evidence.helm_pods or ()}
    found = []
    for operation in evidence.operations or ():
        age = seconds_between(operation.created_at, evidence.collected_at)
        if operation.finished or operation.failed or (operation.pod or operation.name) in pods:
            continue
        if age is None or age <= limit:
            found.append(
                _actor(
                    "Operation",
                    operation.namespace,
                    operation.name,
                    operation.release,
                    operation.release_namespace,
                    operation.created_at,
                )
            )
    return found


def _others(evidence: Evidence) -> list[dict[str, Any]]:
    return [
        _actor(
            item.kind or "Pod",
            item.namespace,
            item.name,
            item.release,
            item.release_namespace,
            item.since,
        )
        for item in evidence.helm_jobs or ()
    ]


def _actor(
    kind: str,
    namespace: str | None,
    name: str | None,
    release: str | None,
    where: str | None,
    since: str | None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "namespace": namespace or None,
        "name": name or "unnamed",
        "release": release or None,
        "release_namespace": where or None,
        "since": since or None,
    }


def _concerns(actor: dict[str, Any], namespace: str, release: str) -> bool:
    return actor["release"] in (None, release) and actor["release_namespace"] in (None, namespace)
