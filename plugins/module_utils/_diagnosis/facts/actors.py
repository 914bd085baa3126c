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

from ..._core.lenient import Document, boolean, integer, mappings, seconds_between, text
from ..._rancher.server.live_actor import NEVER_STARTS
from .sources import readable

LIVE_PHASES = ("Running", "Pending", "Unknown")

_POD_APPEARS_WITHIN = 60
_OPERATION_LIVES = 3600


@dataclass(frozen=True)
class Idleness:
    """``idle`` is None when it cannot be known; ``actor`` is who works on the release, when somebody does."""

    idle: bool | None
    actor: dict[str, Any] | None = None


def idleness(evidence: Document, namespace: str, release: str) -> Idleness:
    """Whether nobody works on the release at the time of the evidence."""
    for actor in live_actors(evidence):
        if _concerns(actor, namespace, release):
            return Idleness(False, actor)
    if readable(evidence, "helm_pods") and readable(evidence, "operations"):
        return Idleness(True)
    return Idleness(None)


def live_actors(evidence: Document) -> list[dict[str, Any]]:
    """Everything that runs helm now: ``{kind, namespace, name, release, release_namespace, since}``, release null when
    it is not known on what it works."""
    return [*_pods(evidence), *_operations(evidence), *_others(evidence)]


def _pods(evidence: Document) -> list[dict[str, Any]]:
    operations = {
        text(item.get("pod")) or text(item.get("name")): item
        for item in mappings(evidence.get("operations"))
    }
    found = []
    for pod in mappings(evidence.get("helm_pods")):
        if not is_live(pod):
            continue
        operation = operations.get(text(pod.get("name")), {})
        found.append(
            _actor(
                "Pod",
                "cattle-system",
                pod.get("name"),
                pod.get("release") or operation.get("release"),
                pod.get("release_namespace") or operation.get("release_namespace"),
                pod.get("created_at"),
            )
        )
    return found


def is_live(pod: Document) -> bool:
    """Whether helm runs, or is about to run, in a helm-operation pod."""
    return (
        pod.get("phase") in LIVE_PHASES
        and integer(pod.get("exit_code")) is None
        and pod.get("waiting_reason") not in NEVER_STARTS
    )


def _operations(evidence: Document) -> list[dict[str, Any]]:
    """Operations whose pod is not there yet, or cannot be looked at. An operation is not updated when its pod dies, so
    where the pods are known they are the truth."""
    limit = _POD_APPEARS_WITHIN if readable(evidence, "helm_pods") else _OPERATION_LIVES
    pods = {text(pod.get("name")) for pod in mappings(evidence.get("helm_pods"))}
    found = []
    for operation in mappings(evidence.get("operations")):
        age = seconds_between(operation.get("created_at"), evidence.get("collected_at"))
        ended = boolean(operation.get("finished")) is True or operation.get("failed") is True
        if ended or (text(operation.get("pod")) or text(operation.get("name"))) in pods:
            continue
        if age is None or age <= limit:
            found.append(
                _actor(
                    "Operation",
                    operation.get("namespace"),
                    operation.get("name"),
                    operation.get("release"),
                    operation.get("release_namespace"),
                    operation.get("created_at"),
                )
            )
    return found


def _others(evidence: Document) -> list[dict[str, Any]]:
    return [
        _actor(
            text(item.get("kind")) or "Pod",
            item.get("namespace"),
            item.get("name"),
            item.get("release"),
            item.get("release_namespace"),
            item.get("since"),
        )
        for item in mappings(evidence.get("helm_jobs"))
    ]


def _actor(
    kind: str, namespace: object, name: object, release: object, where: object, since: object
) -> dict[str, Any]:
    return {
        "kind": kind,
        "namespace": text(namespace),
        "name": text(name) or "unnamed",
        "release": text(release),
        "release_namespace": text(where),
        "since": text(since),
    }


def _concerns(actor: dict[str, Any], namespace: str, release: str) -> bool:
    return actor["release"] in (None, release) and actor["release_namespace"] in (None, namespace)
