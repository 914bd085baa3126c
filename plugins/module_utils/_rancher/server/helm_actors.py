# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs helm on a release right now, from what was read of the cluster (FM P-IDLE, 2.4, 1.7).

The collector shapes what it reads with these functions, the diagnosis judges its evidence by ``actor_on``, and the check
right before a write (live_actor.py) does both: one answer for one state of the cluster. What cannot be attributed to a
release counts for every release: interrupting a running helm is the one thing that must not happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..._core.lenient import (
    Document,
    dig,
    integer,
    mapping,
    mappings,
    seconds_between,
    text,
    texts,
)
from ..._documents.evidence import HelmActor, HelmPod, Operation
from ..._harvester import upgrade
from ..._harvester.job_log_lines import STEPS

NAMESPACE = "cattle-system"
POD_PREFIX = "helm-operation-"
HELM_CONTAINER = "helm"
NEVER_STARTS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull")
"""Waiting reasons of a pod whose helm has not begun and will not: it holds nothing."""

_ENDED = ("Succeeded", "Failed")
_VERBS = r"(?:upgrade|install|rollback|uninstall|delete)"
_SHELL_HELM = re.compile(rf"(?:^|[\s;&|(/])helm(?:_v3)?\s+(?:-\S+\s+)*{_VERBS}\b")
_HELM_PROGRAM = re.compile(r"(?:^|/)(?:helm|helm_v3|klipper-helm)$")
_RANCHER = ("cattle-system", "rancher")
# helm runs there for five minutes at most; a line older than this is from a script that hangs elsewhere.
_JOB_HELM_SECONDS = 900
_POD_APPEARS_WITHIN = 60
_OPERATION_LIVES = 3600


@dataclass(frozen=True)
class Sight:
    """What is known at the time ``now`` (RFC 3339).

    ``pods`` are the helm-operation pods, ``operations`` Rancher's; None: they could not be read. ``others`` are all
    others that run helm.
    """

    pods: Sequence[HelmPod] | None
    operations: Sequence[Operation] | None
    others: Sequence[HelmActor]
    now: str | None


def actor_on(sight: Sight, namespace: str, release: str) -> HelmActor | None:
    """Who works on the release, or on what is not known and may be it."""
    for actor in live_actors(sight):
        if actor.release in (None, release) and actor.release_namespace in (None, namespace):
            return actor
    return None


def live_actors(sight: Sight) -> list[HelmActor]:
    """Everything that runs helm now; ``release`` is None when it is not known on what it works."""
    return [*_pods(sight), *_operations(sight), *_others(sight)]


def is_live(pod: HelmPod) -> bool:
    """Whether helm runs, or is about to run, in a helm-operation pod."""
    return (
        pod.phase not in _ENDED and pod.exit_code is None and pod.waiting_reason not in NEVER_STARTS
    )


def _pods(sight: Sight) -> Iterator[HelmActor]:
    operations = {_pod_of(item): item for item in sight.operations or ()}
    for pod in sight.pods or ():
        if is_live(pod):
            known = pod if pod.release else operations.get(pod.name, Operation())
            yield _actor("Pod", NAMESPACE, pod.name, known, pod.created_at)


def _operations(sight: Sight) -> Iterator[HelmActor]:
    """Operations whose pod is not there yet, or cannot be looked at. An operation is not updated when its pod dies, so
    where the pods are known they are the truth."""
    limit = _OPERATION_LIVES if sight.pods is None else _POD_APPEARS_WITHIN
    pods = {pod.name for pod in sight.pods or ()}
    for each in sight.operations or ():
        age = seconds_between(each.created_at, sight.now)
        ended = each.finished or each.failed
        if not ended and _pod_of(each) not in pods and (age is None or age <= limit):
            yield _actor("Operation", each.namespace, each.name, each, each.created_at)


def _others(sight: Sight) -> Iterator[HelmActor]:
    for each in sight.others:
        yield _actor(each.kind or "Pod", each.namespace, each.name, each, each.since)


def _pod_of(operation: Operation) -> str | None:
    return operation.pod or operation.name


def _actor(
    kind: str,
    namespace: str | None,
    name: str | None,
    works_on: HelmPod | Operation | HelmActor,
    since: str | None,
) -> HelmActor:
    return HelmActor(
        kind=kind,
        namespace=namespace or None,
        name=name or "unnamed",
        since=since or None,
        release=works_on.release or None,
        release_namespace=works_on.release_namespace or None,
    )


# From objects of the cluster to the words of the evidence.


def is_operation_pod(pod: Document) -> bool:
    """Whether Rancher made the pod to run helm in it."""
    where = dig(pod, "metadata", "namespace")
    return where in (None, NAMESPACE) and _name(pod).startswith(POD_PREFIX)


def operation_pod(pod: Document) -> HelmPod:
    """What tells whether helm still runs in a helm-operation pod.

    The pod itself may outlive helm: its other container, the proxy, ends later, and whether that one starts does not
    matter. Without its init container helm never starts.
    """
    statuses = [
        *mappings(dig(pod, "status", "initContainerStatuses")),
        *_of_helm(dig(pod, "status", "containerStatuses")),
    ]
    reasons = (text(dig(each, "state", "waiting", "reason")) for each in statuses)
    ended = (
        integer(dig(each, "state", "terminated", "exitCode"))
        for each in _of_helm(dig(pod, "status", "containerStatuses"))
    )
    return HelmPod(
        name=_name(pod),
        phase=text(dig(pod, "status", "phase")),
        created_at=_created_at(pod),
        exit_code=next(ended, None),
        waiting_reason=next(filter(None, reasons), None),
    )


def operation_of(obj: Document) -> Operation:
    """An Operation of Rancher's catalog; it keeps two conditions in the manner of kstatus."""
    status = mapping(obj.get("status"))
    conditions = sorted(mappings(status.get("conditions")), key=lambda each: str(each.get("type")))
    states = {each.get("type"): text(each.get("status")) for each in conditions}
    reconciling, stalled = states.get("Reconciling"), states.get("Stalled")
    messages = [message for each in conditions if (message := text(each.get("message")))]
    return Operation(
        name=_name(obj),
        namespace=text(dig(obj, "metadata", "namespace")),
        release=text(status.get("releaseName")) or text(status.get("release")),
        release_namespace=text(status.get("namespace")),
        action=text(status.get("action")),
        pod=text(status.get("podName")),
        created_at=_created_at(obj),
        finished=None if reconciling is None else reconciling == "False",
        failed=None if stalled is None else stalled == "True",
        message="; ".join(messages)[:500] or None,
    )


def foreign_actors(pods: Sequence[Document]) -> list[HelmActor]:
    """Live pods that run helm without being Rancher's: a debugging pod, a HelmChart's Job."""
    actors = []
    for pod in pods:
        if dig(pod, "status", "phase") in _ENDED or is_operation_pod(pod) or not _runs_helm(pod):
            continue
        release, namespace = _target(pod)
        owner = mappings(dig(pod, "metadata", "ownerReferences"))
        of_job = next((text(o.get("name")) for o in owner if o.get("kind") == "Job"), None)
        actors.append(
            HelmActor(
                kind="Job" if of_job else "Pod",
                namespace=text(dig(pod, "metadata", "namespace")),
                name=of_job or _name(pod),
                release=release,
                release_namespace=namespace,
                since=_created_at(pod),
            )
        )
    return sorted(actors, key=lambda actor: (actor.namespace or "", actor.name or ""))


def job_actors(
    pods: Sequence[Document],
    events_of: Callable[[Document], Sequence[Document] | None],
    now: str | None,
) -> list[HelmActor]:
    """The upgrade's own job while it runs helm: on release rancher, and from v1.8 on for a rollback (FM 1.7, 1.8).

    ``events_of`` gives the telling lines of a pod's log, None when it could not be read: the pod then counts for
    release rancher, on which its script runs helm first of all.
    """
    actors = []
    for pod in pods:
        if dig(pod, "status", "phase") in _ENDED:
            continue
        events = events_of(pod)
        target = _RANCHER if events is None else _job_target(events, now)
        if target is not None:
            actors.append(
                HelmActor(
                    kind="Pod",
                    namespace=upgrade.NAMESPACE,
                    name=_name(pod),
                    release=target[1],
                    release_namespace=target[0],
                    since=text(events[-1].get("last_at")) if events else _created_at(pod),
                )
            )
    return actors


def _job_target(
    events: Sequence[Document], now: str | None
) -> tuple[str | None, str | None] | None:
    """The release the script works on after its last telling line, None when it does not run helm there."""
    telling = [event for event in events if event.get("kind") not in STEPS]
    last = telling[-1] if telling else {}
    kind = last.get("kind")
    age = seconds_between(last.get("last_at"), now)
    if age is not None and age > _JOB_HELM_SECONDS:
        return None
    if kind == "helm-rollback":
        return text(last.get("namespace")), text(last.get("release"))
    kinds = {event.get("kind") for event in events}
    before_helm = kind == "capi-cluster-provisioned" and "rancher-dependencies" not in kinds
    return _RANCHER if kind == "helm-upgrade-rancher" or before_helm else None


def _runs_helm(pod: Document) -> bool:
    return any(_is_helm(each) for each in mappings(dig(pod, "spec", "containers")))


def _is_helm(container: Document) -> bool:
    words = [*texts(container.get("command")), *texts(container.get("args"))]
    image = (text(container.get("image")) or "").partition("@")[0].rpartition("/")[2]
    if image.partition(":")[0] == "klipper-helm":
        return True
    program = bool(words and _HELM_PROGRAM.search(words[0]))
    if program and re.search(rf"\b{_VERBS}\b", " ".join(words)):
        return True
    return any(_SHELL_HELM.search(word) for word in words)


def _target(pod: Document) -> tuple[str | None, str | None]:
    """The release a HelmChart's Job works on (its variables say so); unknown for everything else."""
    for container in mappings(dig(pod, "spec", "containers")):
        variables = {
            text(v.get("name")): text(v.get("value")) for v in mappings(container.get("env"))
        }
        if variables.get("NAME") and variables.get("TARGET_NAMESPACE"):
            return variables["NAME"], variables["TARGET_NAMESPACE"]
    return None, None


def _of_helm(statuses: object) -> list[Document]:
    return [each for each in mappings(statuses) if each.get("name") == HELM_CONTAINER]


def _name(obj: Document) -> str:
    return text(dig(obj, "metadata", "name")) or ""


def _created_at(obj: Document) -> str | None:
    return text(dig(obj, "metadata", "creationTimestamp"))
