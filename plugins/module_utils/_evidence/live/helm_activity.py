# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs helm, and how it went: Rancher's operations, their pods, and anybody else (FM 2.4, 6.0 D.8, P-IDLE)."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ..._core.lenient import Document, dig, integer, mappings, text, texts
from ..._documents.evidence import OK, HelmActor, HelmPod, Operation, Source
from ..._harvester import upgrade
from ..._helm import failure
from ..._kube import paths
from ..._kube.client import KubeClient
from . import job
from .fleet import AGENT_PODS, SYSTEM_PODS
from .objects import (
    condition_status,
    conditions_of,
    created_at,
    name_of,
    namespace_of,
    newest_first,
    terminated,
    waiting_reason,
)
from .rancher import PODS
from .reading import Context, Found, Group, Parts, Reading, Reads

OPERATIONS = "operations"
NAMESPACE = "cattle-system"
POD_PREFIX = "helm-operation-"
HELM = "helm"

_LIVE = ("Pending", "Running", "Unknown")
_MAX_LOGS = 12
_MAX_PODS = 40
_LOG_LINES = 80
_VERBS = r"(?:upgrade|install|rollback|uninstall|delete)"
_SHELL_HELM = re.compile(rf"(?:^|[\s;&|(/])helm(?:_v3)?\s+(?:-\S+\s+)*{_VERBS}\b")
_HELM_PROGRAM = re.compile(r"(?:^|/)(?:helm|helm_v3|klipper-helm)$")
_RANCHER = ("cattle-system", "rancher")
# helm runs there for five minutes at most; a line older than this is from a script that hangs elsewhere.
_JOB_HELM_SECONDS = 900


def _operation_pods(found: Found) -> list[Document]:
    pods = [pod for pod in found.objects(PODS) if name_of(pod).startswith(POD_PREFIX)]
    return newest_first(pods)[:_MAX_PODS]


def _log_name(pod: Document) -> str:
    return f"helm_log:{name_of(pod)}"


def _reads(_context: Context, found: Found) -> Reads:
    def read_log(pod: str, client: KubeClient) -> str:
        return client.pod_log(NAMESPACE, pod, HELM, tail_lines=_LOG_LINES)

    path = paths.api("catalog.cattle.io/v1", "operations")
    reads: Reads = {OPERATIONS: lambda client: client.list(path)}
    # What went well has nothing to tell, and what does not start has no log.
    telling = [
        pod
        for pod in _operation_pods(found)
        if terminated(pod, HELM).get("exitCode") != 0 and waiting_reason(pod) is None
    ]
    for pod in telling[:_MAX_LOGS]:
        reads[_log_name(pod)] = partial(read_log, name_of(pod))
    return reads


def _parts(context: Context, found: Found) -> Parts:
    operations = tuple(_operation(each) for each in newest_first(found.objects(OPERATIONS)))
    by_pod = {each.pod or each.name: each for each in operations}
    fields: dict[str, Any] = {}
    if found.ok(OPERATIONS):
        fields["operations"] = operations
    if found.ok(PODS):
        pods = _operation_pods(found)
        fields["helm_pods"] = tuple(_pod(context, found, pod, by_pod) for pod in pods)
    fields["helm_jobs"] = (*_other_actors(found), *_manifest_job(context, found))
    nothing = "No helm operation is on record."
    sources = {
        "operations": found.source(OPERATIONS, absent=nothing if found.ok(OPERATIONS) else ""),
        "helm_pods": Source(OK) if found.ok(PODS) else found.source(PODS),
    }
    return Parts(fields, sources)


def _operation(obj: Document) -> Operation:
    status = obj.get("status")
    reconciling, stalled = (condition_status(status, kind) for kind in ("Reconciling", "Stalled"))
    messages = [each.message for each in conditions_of(status) if each.message]
    return Operation(
        name=name_of(obj),
        namespace=namespace_of(obj),
        release=text(dig(status, "releaseName")) or text(dig(status, "release")),
        release_namespace=text(dig(status, "namespace")),
        action=text(dig(status, "action")),
        pod=text(dig(status, "podName")),
        created_at=created_at(obj),
        # Rancher keeps these two conditions in the manner of kstatus.
        finished=None if reconciling is None else reconciling == "False",
        failed=None if stalled is None else stalled == "True",
        message="; ".join(messages)[:500] or None,
    )


def _pod(
    context: Context, found: Found, pod: Document, operations: dict[str | None, Operation]
) -> HelmPod:
    operation = operations.get(name_of(pod), Operation())
    reading = found.reading(_log_name(pod))
    lines, kinds = _log(context, reading)
    containers = mappings(dig(pod, "spec", "containers"))
    helm = next((each for each in containers if each.get("name") == HELM), {})
    return HelmPod(
        name=name_of(pod),
        uid=text(dig(pod, "metadata", "uid")),
        phase=text(dig(pod, "status", "phase")),
        created_at=created_at(pod),
        age_seconds=context.age(created_at(pod)),
        release=operation.release,
        release_namespace=operation.release_namespace,
        exit_code=integer(terminated(pod, HELM).get("exitCode")),
        image=text(helm.get("image")),
        waiting_reason=waiting_reason(pod),
        log_lines=lines,
        log_kinds=kinds,
    )


def _log(context: Context, reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of helm's output that say how it went, and what they prove."""
    if not isinstance(reading.value, str):
        return (), ()
    lines = [line for line in reading.value.splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or failure.kinds_of(line)]
    chosen = list(dict.fromkeys([*telling[-8:], *lines[-2:]]))
    redacted = context.redactor.text("\n".join(chosen)).split("\n") if chosen else []
    return tuple(line[:600] for line in redacted), tuple(failure.kinds_of(reading.value))


def _other_actors(found: Found) -> list[HelmActor]:
    """Live pods that run helm without being Rancher's: somebody's debugging pod, a HelmChart's Job."""
    actors = []
    for name in (PODS, SYSTEM_PODS, AGENT_PODS):
        for pod in found.objects(name):
            live = dig(pod, "status", "phase") in _LIVE
            if live and not name_of(pod).startswith(POD_PREFIX) and _runs_helm(pod):
                release, namespace = _target(pod)
                owner = mappings(dig(pod, "metadata", "ownerReferences"))
                of_job = next((text(o.get("name")) for o in owner if o.get("kind") == "Job"), None)
                actors.append(
                    HelmActor(
                        kind="Job" if of_job else "Pod",
                        namespace=namespace_of(pod),
                        name=of_job or name_of(pod),
                        release=release,
                        release_namespace=namespace,
                        since=created_at(pod),
                    )
                )
    return sorted(actors, key=lambda actor: (actor.namespace or "", actor.name or ""))


def _runs_helm(pod: Document) -> bool:
    for container in mappings(dig(pod, "spec", "containers")):
        words = [*texts(container.get("command")), *texts(container.get("args"))]
        image = (text(container.get("image")) or "").partition("@")[0].rpartition("/")[2]
        if image.partition(":")[0] == "klipper-helm":
            return True
        if (
            words
            and _HELM_PROGRAM.search(words[0])
            and re.search(rf"\b{_VERBS}\b", " ".join(words))
        ):
            return True
        if any(_SHELL_HELM.search(word) for word in words):
            return True
    return False


def _target(pod: Document) -> tuple[str | None, str | None]:
    """The release a HelmChart's Job works on (its variables say so); unknown for everything else."""
    for container in mappings(dig(pod, "spec", "containers")):
        variables = {
            text(v.get("name")): text(v.get("value")) for v in mappings(container.get("env"))
        }
        if variables.get("NAME") and variables.get("TARGET_NAMESPACE"):
            return variables["NAME"], variables["TARGET_NAMESPACE"]
    return None, None


def _manifest_job(context: Context, found: Found) -> list[HelmActor]:
    """The upgrade's own job while it runs helm: on release rancher, and from v1.8 on for a rollback (FM 1.7, 1.8)."""
    pod = next(iter(job.job_pods(found)), {})
    events = job.events_of(found, pod)
    target = _job_target(events)
    if target is None or dig(pod, "status", "phase") not in _LIVE:
        return []
    since = text(events[-1].get("last_at"))
    age = context.age(since)
    if age is not None and age > _JOB_HELM_SECONDS:
        return []
    return [
        HelmActor(
            kind="Pod",
            namespace=upgrade.NAMESPACE,
            name=name_of(pod),
            release=target[1],
            release_namespace=target[0],
            since=since,
        )
    ]


def _job_target(events: list[Document]) -> tuple[str | None, str | None] | None:
    """The release the script works on after its last telling line, None when it does not run helm there."""
    last = events[-1] if events else {}
    kind = last.get("kind")
    if kind == "helm-rollback":
        return text(last.get("namespace")), text(last.get("release"))
    kinds = {event.get("kind") for event in events}
    before_helm = kind == "capi-cluster-provisioned" and "rancher-dependencies" not in kinds
    return _RANCHER if kind == "helm-upgrade-rancher" or before_helm else None


GROUP = Group(("operations", "helm_pods"), _reads, _parts)
