# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why pods of Rancher, Fleet and Cluster API do not start or keep crashing, and the roll-out the job waits for.

Most of it is in the lists of pods that others have read. Only the last words of what crashed are asked for: one log for
each workload, a few at most.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ..._core import names
from ..._core.lenient import Document, dig, integer, mappings, text
from ..._documents.evidence import FAILED_CREATE, PodTrouble, Workload
from ..._harvester import job_log
from ..._kube import paths
from ..._kube.pods import condition, owner_of, unschedulable
from ..._kube.pods import culprit as culprit_of
from ..._kube.pods import ended as ended_of
from ..._kube.reader import Reader
from ..._rancher.server import helm_actors
from . import job
from .fleet import AGENT_DEPLOYMENT, AGENT_PODS, SYSTEM_DEPLOYMENTS, SYSTEM_PODS
from .leader_process import DEPLOYMENTS
from .objects import (
    created_at,
    name_of,
    namespace_of,
    newest_first,
    pod_is_ready,
    replica_counts,
)
from .rancher import PODS
from .reading import Context, Found, Group, Parts, Reading, Reads
from .releases import may_exist, namespaces_settled

AWAITED = "awaited_workload"
AWAITED_PODS = "awaited_pods"

_NAMESPACES = {
    "cattle-system": PODS,
    "cattle-fleet-system": SYSTEM_PODS,
    "cattle-fleet-local-system": AGENT_PODS,
}
_OF_CAPI = {each: f"pods:{each}" for each in names.CAPI_NAMESPACES}
_KINDS = {"deployment": "Deployment", "daemonset": "DaemonSet", "statefulset": "StatefulSet"}
_MAX_TROUBLES = 40
_MAX_LOGS = 4
_LOG_LINES = 60
_LOG_BYTES = 65_536
_WORDS = 6
_FLAPPING_RESTARTS, _FLAPPING_SECONDS = 3, 600
_TELLING = re.compile(r"(?i)error|fatal|panic|fail|not set|denied|refused|x509|cannot|unable")


def _reads(context: Context, found: Found) -> Reads:
    def pods_in(namespace: str, client: Reader) -> Any:
        return client.list(paths.core("v1", "pods", namespace))

    reads: Reads = {
        name: partial(pods_in, each)
        for each, name in _OF_CAPI.items()
        if namespaces_settled(found) and may_exist(found, each)
    }
    wait = _awaited(found)
    if wait:
        namespace, kind, name = wait
        path = paths.api("apps/v1", f"{kind}s", namespace, name)
        reads[AWAITED] = lambda client: client.get(path)
        if namespace not in _NAMESPACES and namespace not in _OF_CAPI:
            reads[AWAITED_PODS] = partial(pods_in, namespace)
    # What crashed is known once the lists are there; a log that is asked for in between is of another pod only.
    if all(name in found for name in _lists(found)):
        for pod in _crashed(context, found):
            reads[_log_name(pod)] = partial(_read_log, pod)
    return reads


def _lists(found: Found) -> list[str]:
    """The lists of pods that are read here or by others."""
    return [*_own_lists(found), *_capi_lists(found)]


def _own_lists(found: Found) -> list[str]:
    lists = [name for namespace, name in _NAMESPACES.items() if may_exist(found, namespace)]
    return [*lists, *([AWAITED_PODS] if AWAITED_PODS in found else [])]


def _capi_lists(found: Found) -> list[str]:
    return [name for namespace, name in _OF_CAPI.items() if may_exist(found, namespace)]


def _awaited(found: Found) -> tuple[str, str, str] | None:
    """Namespace, kind and name of the workload whose roll-out the job waits for."""
    pods = job.job_pods(found)
    wait = job_log.wait_of(job.events_of(found, pods[0])) if pods else None
    if not wait or wait["kind"] != "rollout":
        return None
    fields = (text(wait.get("namespace")), text(wait.get("workload")), text(wait.get("name")))
    namespace, kind, name = fields
    return (namespace, kind, name) if namespace and kind in _KINDS and name else None


def _troubled(context: Context, found: Found) -> list[Document]:
    """Pods that do not start, are not ready or keep crashing, the newest first.

    Not counted: what has ended well; a pod on its way out; a failed one that a controller has replaced; and a failed
    helm operation, which has its own place in the evidence.
    """
    pods = [pod for name in _lists(found) for pod in found.objects(name)]
    return newest_first(pod for pod in pods if _is_troubled(context, pod))[:_MAX_TROUBLES]


def _is_troubled(context: Context, pod: Document) -> bool:
    phase = text(dig(pod, "status", "phase"))
    if phase == "Succeeded" or text(dig(pod, "metadata", "deletionTimestamp")):
        return False
    if phase == "Failed":
        return owner_of(pod)[0] == "Job"
    if helm_actors.is_operation_pod(pod) and phase == "Running":
        return False
    return not pod_is_ready(pod) or _is_flapping(context, pod)


def _is_flapping(context: Context, pod: Document) -> bool:
    """Ready now, but it has crashed again and again until just now."""
    for status in mappings(dig(pod, "status", "containerStatuses")):
        age = context.age(dig(status, "lastState", "terminated", "finishedAt"))
        restarts = integer(status.get("restartCount")) or 0
        if restarts >= _FLAPPING_RESTARTS and age is not None and age <= _FLAPPING_SECONDS:
            return True
    return False


def _crashed(context: Context, found: Found) -> list[Document]:
    """Pods of which a log is worth a request: one for each workload."""
    chosen: dict[Any, Document] = {}
    for pod in _troubled(context, found):
        ended = ended_of(culprit_of(pod)[1])
        # What could not be started at all has left no log.
        if ended and ended.get("reason") not in ("ContainerCannotRun", "StartError"):
            chosen.setdefault((namespace_of(pod), *owner_of(pod)), pod)
    return list(chosen.values())[:_MAX_LOGS]


def _log_name(pod: Document) -> str:
    return f"last_words:{namespace_of(pod)}/{name_of(pod)}"


def _read_log(pod: Document, client: Reader) -> str:
    """The log of the run that crashed: the previous one, once the container was started again."""
    _init, status = culprit_of(pod)
    previous = dig(status, "state", "terminated") is None
    return client.pod_log(
        namespace_of(pod) or "",
        name_of(pod),
        text(status.get("name")) or "",
        tail_lines=_LOG_LINES,
        limit_bytes=_LOG_BYTES,
        previous=previous,
    )


def _parts(context: Context, found: Found) -> Parts:
    fields: dict[str, Any] = {}
    if any(map(found.ok, _lists(found))):
        troubles = _troubled(context, found)
        fields["pod_troubles"] = (
            *(_trouble(context, found, pod) for pod in troubles),
            *(_refusal(context, each) for each in _refused(found)),
        )
    awaited = _awaited(found)
    if awaited and found.ok(AWAITED):
        fields["awaited_workload"] = _workload(_KINDS[awaited[1]], found.object(AWAITED))
    sources = {
        "pods": found.source(*_own_lists(found)),
        "capi_pods": found.source(*_capi_lists(found), absent="No pod of Cluster API exists."),
    }
    return Parts(fields, sources)


def _refused(found: Found) -> list[Document]:
    """Deployments whose pods the API server does not let in: a quota, a policy, a webhook."""
    single = [found.object(name) for name in (AGENT_DEPLOYMENT, AWAITED) if found.ok(name)]
    listed = [each for name in (DEPLOYMENTS, SYSTEM_DEPLOYMENTS) for each in found.objects(name)]
    known = {(namespace_of(each), name_of(each)): each for each in (*listed, *single)}
    return [each for each in known.values() if _refusal_of(each).get("status") == "True"]


def _refusal_of(workload: Document) -> Document:
    return condition(workload, "ReplicaFailure")


def _refusal(context: Context, workload: Document) -> PodTrouble:
    refusal = _refusal_of(workload)
    since = text(refusal.get("lastTransitionTime"))
    return PodTrouble(
        namespace=namespace_of(workload),
        owner_kind="Deployment",
        owner=name_of(workload),
        ready=False,
        created_at=since,
        age_seconds=context.age(since),
        reason=FAILED_CREATE,
        waiting_message=text(refusal.get("message")),
    )


def _workload(kind: str, obj: Document) -> Workload:
    if kind != "DaemonSet":
        return Workload(kind=kind, name=name_of(obj), namespace=namespace_of(obj), **replica_counts(obj))  # type: ignore[arg-type]
    status = dig(obj, "status")
    return Workload(
        kind=kind,
        name=name_of(obj),
        namespace=namespace_of(obj),
        replicas=integer(dig(status, "desiredNumberScheduled")),
        ready=integer(dig(status, "numberReady")) or 0,
        updated=integer(dig(status, "updatedNumberScheduled")) or 0,
    )


def _trouble(context: Context, found: Found, pod: Document) -> PodTrouble:
    status, (init, culprit) = dig(pod, "status"), culprit_of(pod)
    kind, name = owner_of(pod)
    ended = ended_of(culprit)
    words, unread = _last_words(context, found.reading(_log_name(pod)))
    return PodTrouble(
        name=name_of(pod),
        namespace=namespace_of(pod),
        owner_kind=kind,
        owner=name,
        phase=text(dig(status, "phase")),
        ready=pod_is_ready(pod),
        created_at=created_at(pod),
        age_seconds=context.age(created_at(pod)),
        node=text(dig(pod, "spec", "nodeName")),
        image=_image(pod, text(culprit.get("name"))),
        hook=text(dig(pod, "metadata", "annotations", "helm.sh/hook")),
        unschedulable=unschedulable(pod),
        reason=text(dig(status, "reason")),
        container=text(culprit.get("name")),
        init=init,
        waiting_reason=text(dig(culprit, "state", "waiting", "reason")),
        waiting_message=_short(context, dig(culprit, "state", "waiting", "message")),
        restarts=integer(culprit.get("restartCount")),
        exit_code=integer(ended.get("exitCode")),
        ended_reason=text(ended.get("reason")),
        ended_at=text(ended.get("finishedAt")),
        last_words=words or tuple(filter(None, [_short(context, ended.get("message"))])),
        log_unread=unread,
    )


def _image(pod: Document, container: str | None) -> str | None:
    for key in ("initContainers", "containers"):
        for each in mappings(dig(pod, "spec", key)):
            if each.get("name") == container:
                return text(each.get("image"))
    return None


def _short(context: Context, message: object) -> str | None:
    said = text(message)
    return context.redactor.text(" ".join(said.split()))[:1000] if said else None


def _last_words(context: Context, reading: Reading) -> tuple[tuple[str, ...], str | None]:
    """The lines that say why it ended: those that sound like an error, and the last two. A program that prints its
    usage after the error has the error first."""
    if reading.error is not None:
        return (), reading.reason[:300]
    lines = [line.rstrip() for line in (text(reading.value) or "").splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    chosen = list(dict.fromkeys([*telling[:2], *telling[-_WORDS + 2 :], *lines[-2:]]))
    redacted = context.redactor.text("\n".join(chosen)).split("\n") if chosen else []
    return tuple(line[:400] for line in redacted), None


GROUP = Group(("pods", "capi_pods"), _reads, _parts)
