# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the workloads and hooks of a release do not become ready, which helm itself does not say.

``helm --wait`` ends with "context deadline exceeded"; the reason is in the pods, or where there are none in the workload.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._core.errors import RemediationError
from .._core.lenient import Document, dig, integer, mappings, text
from .._kube import paths
from .._kube.pods import condition, is_lasting, owner_of, trouble

if TYPE_CHECKING:
    from .._kube.client import KubeClient, Object

_RELEASE = "meta.helm.sh/release-name"
_HOOK = "helm.sh/hook"
_KINDS = {"Deployment": "deployments", "DaemonSet": "daemonsets", "StatefulSet": "statefulsets"}
_MOST = 3


@dataclass(frozen=True)
class Unready:
    """One object that does not become ready: ``Kind/namespace/name``, why, and whether time alone does not change that."""

    subject: str
    why: str
    lasting: bool


@dataclass(frozen=True)
class ReleaseState:
    """A look at the workloads, hooks and pods of a release in its namespace.

    unready is what does not become ready for a reason that the API states, workloads first. counts changes with every
    step of a rollout, and with nothing that is only tried again.
    """

    unready: tuple[Unready, ...]
    counts: tuple[object, ...]


def release_state(client: KubeClient, namespace: str, release: str) -> ReleaseState:
    """Look once. Raises RemediationError."""
    own = list(_workloads(client, namespace, release))
    pods = client.list(paths.core("v1", "pods", namespace))
    found = (*_refused(namespace, own), *_troubled(namespace, release, own, pods))
    return ReleaseState(found, (*map(_count, own), *sorted(map(_stage, pods))))


def _count(workload: tuple[str, Object]) -> tuple[object, ...]:
    kind, found = workload
    names = ("observedGeneration", "updatedReplicas", "updatedNumberScheduled", "readyReplicas")
    numbers = (dig(found, "status", each) for each in (*names, "numberReady", "availableReplicas"))
    return kind, found["metadata"]["name"], *numbers


def _stage(pod: Document) -> tuple[str, ...]:
    """How far a pod is: a node, its phase, the containers that have started once, ready."""
    started = [
        str(each.get("started") or dig(each, "state", "terminated", "exitCode") == 0)
        for each in (
            *mappings(dig(pod, "status", "initContainerStatuses")),
            *mappings(dig(pod, "status", "containerStatuses")),
        )
    ]
    ready = str(condition(pod, "Ready").get("status"))
    node, phase = str(dig(pod, "spec", "nodeName")), str(dig(pod, "status", "phase"))
    return str(pod["metadata"]["name"]), node, phase, ready, *started


def told(client: KubeClient, namespace: str, release: str) -> str:
    """The same in a sentence for an error; "" where nothing is known, or nothing can be read."""
    try:
        found = release_state(client, namespace, release).unready
    except RemediationError:
        return ""
    if not found:
        return ""
    words = "; ".join(f"{each.subject}: {each.why}" for each in found[:_MOST]).rstrip(".")
    more = f"; {len(found) - _MOST} more" if len(found) > _MOST else ""
    return f"Not ready: {words}{more}."


def _workloads(client: KubeClient, namespace: str, release: str) -> Iterator[tuple[str, Object]]:
    for kind, resource in _KINDS.items():
        for found in client.list(paths.api("apps/v1", resource, namespace)):
            if dig(found, "metadata", "annotations", _RELEASE) == release:
                yield kind, found


def _refused(namespace: str, own: list[tuple[str, Object]]) -> Iterator[Unready]:
    """Workloads whose pods the API server does not let in: a quota, a webhook, a policy."""
    for kind, found in own:
        refusal = condition(found, "ReplicaFailure")
        if refusal.get("status") == "True":
            subject = f"{kind}/{namespace}/{found['metadata']['name']}"
            yield Unready(subject, text(refusal.get("message")) or "its pods are refused", True)


def _troubled(
    namespace: str, release: str, own: list[tuple[str, Object]], pods: list[Object]
) -> Iterator[Unready]:
    names = {(kind, found["metadata"]["name"]) for kind, found in own if not _is_done(found)}
    for pod in pods:
        why = trouble(pod)
        if why and (owner_of(pod) in names or _is_hook(pod, release)):
            yield Unready(f"Pod/{namespace}/{pod['metadata']['name']}", why, is_lasting(pod))


def _is_done(workload: Document) -> bool:
    """Whether all its pods are new and ready, whatever an old pod on its way out says."""
    wanted = integer(dig(workload, "spec", "replicas"))
    status = workload.get("status") or {}
    ready = min(integer(status.get(name)) or 0 for name in ("updatedReplicas", "readyReplicas"))
    return wanted is not None and ready >= wanted


def _is_hook(pod: Document, release: str) -> bool:
    """A pod of a Job that helm runs as a hook of the release; the Job carries the annotation, its pods often do."""
    kind, name = owner_of(pod)
    marked = dig(pod, "metadata", "annotations", _HOOK) is not None
    return kind == "Job" and (marked or bool(name and name.startswith(f"{release}-")))
