# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who runs helm, and how it went: Rancher's operations, their pods, and anybody else (FM 2.4, 6.0 D.8, P-IDLE)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

from ..._core.lenient import Document, dig, mappings, text
from ..._documents.evidence import OK, HelmActor, HelmPod, Operation, Source
from ..._helm import failure
from ..._helm.conflicts import in_one_line
from ..._kube import paths
from ..._kube.reader import Reader
from ..._rancher.server import helm_actors
from ..._rancher.server.helm_actors import HELM_CONTAINER, NAMESPACE
from . import job
from .fleet import AGENT_PODS, SYSTEM_PODS
from .objects import (
    created_at,
    name_of,
    newest_first,
    terminated,
    waiting_reason,
)
from .rancher import PODS
from .reading import Context, Found, Group, Parts, Reading, Reads

OPERATIONS = "operations"

# What the pod prints before it runs helm: the release is followed by the archive of its chart.
_COMMAND = re.compile(
    r"^helm (?:upgrade|install) .*?--namespace=(?P<namespace>\S+) .*?(?P<release>\S+) \S+\.tgz\s*$",
    re.MULTILINE,
)
_MAX_LOGS = 12
_MAX_PODS = 40
_LOG_LINES = 80


def _operation_pods(found: Found) -> list[Document]:
    """The newest, and every one in which helm still runs."""
    pods = newest_first(filter(helm_actors.is_operation_pod, found.objects(PODS)))
    older = [pod for pod in pods[_MAX_PODS:] if helm_actors.is_live(helm_actors.operation_pod(pod))]
    return [*pods[:_MAX_PODS], *older]


def _log_name(pod: Document) -> str:
    return f"helm_log:{name_of(pod)}"


def _reads(_context: Context, found: Found) -> Reads:
    def read_log(pod: str, client: Reader) -> str:
        return client.pod_log(NAMESPACE, pod, HELM_CONTAINER, tail_lines=_LOG_LINES)

    path = paths.api("catalog.cattle.io/v1", "operations")
    reads: Reads = {OPERATIONS: lambda client: client.list(path)}
    # What went well has nothing to tell, and what does not start has no log.
    telling = [
        pod
        for pod in _operation_pods(found)
        if terminated(pod, HELM_CONTAINER).get("exitCode") != 0 and waiting_reason(pod) is None
    ]
    for pod in telling[:_MAX_LOGS]:
        reads[_log_name(pod)] = partial(read_log, name_of(pod))
    return reads


def _parts(context: Context, found: Found) -> Parts:
    listed = newest_first(found.objects(OPERATIONS))
    operations = tuple(helm_actors.operation_of(each) for each in listed)
    by_pod = {each.pod or each.name: each for each in operations}
    fields: dict[str, Any] = {}
    if found.ok(OPERATIONS):
        fields["operations"] = operations
    if found.ok(PODS):
        pods = _operation_pods(found)
        fields["helm_pods"] = tuple(_pod(context, found, pod, by_pod) for pod in pods)
    others = [pod for name in (PODS, SYSTEM_PODS, AGENT_PODS) for pod in found.objects(name)]
    foreign = helm_actors.foreign_actors(others)
    fields["helm_jobs"] = (*foreign, *_job_actors(context, found))
    nothing = "No helm operation is on record."
    sources = {
        "operations": found.source(OPERATIONS, absent=nothing if found.ok(OPERATIONS) else ""),
        "helm_pods": Source(OK) if found.ok(PODS) else found.source(PODS),
    }
    return Parts(fields, sources)


def _pod(
    context: Context, found: Found, pod: Document, operations: dict[str | None, Operation]
) -> HelmPod:
    reading = found.reading(_log_name(pod))
    operation = operations.get(name_of(pod)) or _printed(reading)
    lines, kinds = _log(context, reading)
    containers = mappings(dig(pod, "spec", "containers"))
    helm = next((each for each in containers if each.get("name") == HELM_CONTAINER), {})
    return replace(
        helm_actors.operation_pod(pod),
        uid=text(dig(pod, "metadata", "uid")),
        age_seconds=context.age(created_at(pod)),
        release=operation.release,
        release_namespace=operation.release_namespace,
        image=text(helm.get("image")),
        log_lines=lines,
        log_kinds=kinds,
    )


def _printed(reading: Reading) -> Operation:
    """The release of a pod whose operation is gone, by the one command it has printed."""
    text_of_log = reading.value if isinstance(reading.value, str) else ""
    found = {(each["namespace"], each["release"]) for each in _COMMAND.finditer(text_of_log)}
    if len(found) != 1:
        return Operation()
    ((namespace, release),) = found
    return Operation(release=release, release_namespace=namespace)


def _log(context: Context, reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of helm's output that say how it went, and what they prove."""
    if not isinstance(reading.value, str):
        return (), ()
    lines = [line for line in in_one_line(reading.value).splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or failure.kinds_of(line)]
    chosen = list(dict.fromkeys([*telling[-8:], *lines[-2:]]))
    redacted = context.redactor.text("\n".join(chosen)).split("\n") if chosen else []
    return tuple(line[:600] for line in redacted), tuple(failure.kinds_of(reading.value))


def _job_actors(context: Context, found: Found) -> list[HelmActor]:
    def events_of(pod: Document) -> list[Document] | None:
        return job.events_of(found, pod) if found.ok(job.log_name(pod)) else None

    return helm_actors.job_actors(job.script_pods(found), events_of, context.collected_at)


GROUP = Group(("operations", "helm_pods"), _reads, _parts)
