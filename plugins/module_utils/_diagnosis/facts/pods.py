# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the pods of a workload do not become ready, in words (FM 6.12, 6.12b, 6.12c)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..._core.lenient import text
from ..._core.names import CAPI_NAMESPACES
from ..._documents.evidence import FAILED_CREATE, Evidence, PodTrouble
from .upgrade import UpgradeFacts

UNSCHEDULABLE, IMAGE, CONFIG, CRASH = "unschedulable", "image", "config", "crash"
REFUSED = "refused"
FAILED, NOT_READY, STARTING, UNKNOWN = "failed", "not-ready", "starting", "unknown"
LASTING = (UNSCHEDULABLE, REFUSED, IMAGE, CONFIG, CRASH, FAILED)
"""What time alone does not cure."""

_IMAGE = re.compile(
    r"ImagePullBackOff|ErrImage|InvalidImageName|ImageInspectError|RegistryUnavailable"
)
_CONFIG = re.compile(
    r"CreateContainerConfigError|CreateContainerError|RunContainerError|StartError"
)
_ENDS = ("CrashLoopBackOff", "Completed", "Error")
_HOOK = re.compile(r"-(?P<hook>(?:pre|post)-(?:install|upgrade|rollback|delete))(?:-|$)")
_LEASE_DURATION = "CATTLE_ELECTION_LEASE_DURATION"
_KINDS = {"deployment": "Deployment", "daemonset": "DaemonSet", "statefulset": "StatefulSet"}
_REPLACES = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
_RESTARTS = 3
Counts: TypeAlias = "tuple[int | None, int | None]"
Key: TypeAlias = "tuple[str | None, str | None]"
#: The workloads whose crash is a finding by itself; None: every one of the namespace.
COMPONENTS: dict[str, frozenset[str] | None] = {
    "cattle-system": frozenset({"rancher-webhook", "system-upgrade-controller"}),
    "cattle-fleet-system": frozenset({"fleet-controller", "gitjob", "helmops"}),
    "cattle-fleet-local-system": frozenset({"fleet-agent"}),
    **dict.fromkeys(CAPI_NAMESPACES),
}


@dataclass(frozen=True)
class Trouble:
    """A workload with pods in trouble: whose pods, which ``class`` of trouble, and ``why``. ``component``: its crash is a
    finding by itself; ``left_over``: a finding on its release explains it."""

    namespace: str | None
    kind: str | None
    name: str
    component: bool
    of_capi: bool
    pods: tuple[str, ...]
    replicas: int | None
    ready: int | None
    class_: str
    lasting: bool
    why: str
    said: tuple[str, ...]
    hook: str | None
    image: str | None
    age_seconds: int
    lease_duration_missing: bool
    left_over: bool = False


@dataclass(frozen=True)
class AwaitedRollout:
    """A workload that is rolled out: how many of its pods are ready, and why not all."""

    kind: str | None
    namespace: str | None
    name: str | None
    replicas: int | None
    ready: int | None
    updated: int | None
    behind: bool | None
    class_: str
    lasting: bool
    why: str
    said: tuple[str, ...]
    lease_duration_missing: bool
    left_over: bool = False


def pod_troubles(evidence: Evidence) -> tuple[Trouble, ...]:
    """One element for each workload with pods in trouble."""
    groups: dict[tuple[str | None, ...], list[PodTrouble]] = {}
    counts = _counts(evidence)
    for each in evidence.pod_troubles or ():
        if _is_leftover(each, counts):
            continue
        owner = (each.namespace, each.owner_kind or "Pod", each.owner or each.name)
        groups.setdefault(owner, []).append(each)
    return tuple(_group(owner, pods, counts) for owner, pods in groups.items())


def awaited_rollout(
    evidence: Evidence, upgrade: UpgradeFacts, troubles: Sequence[Trouble]
) -> AwaitedRollout:
    """The workload whose roll-out the job waits for."""
    namespace, name = upgrade.wait_field("namespace"), upgrade.wait_field("name")
    kind = upgrade.wait_field("workload") or ""
    replicas, ready, updated = _counts_of_awaited(evidence, namespace, name)
    trouble = trouble_of(troubles, namespace, name)
    behind = None if ready is None or replicas is None else ready < replicas
    if behind is False and updated is not None and replicas is not None:
        behind = updated < replicas
    return AwaitedRollout(
        kind=_KINDS.get(kind, kind or None),
        namespace=namespace,
        name=name,
        replicas=replicas,
        ready=ready,
        updated=updated,
        behind=behind,
        class_=trouble.class_ if trouble else UNKNOWN,
        lasting=bool(trouble and trouble.lasting),
        why=trouble.why if trouble else _without_trouble(evidence, name, ready, replicas),
        said=trouble.said if trouble else (),
        lease_duration_missing=bool(trouble and trouble.lease_duration_missing),
    )


def trouble_of(
    troubles: Sequence[Trouble], namespace: str | None, name: str | None
) -> Trouble | None:
    """What is wrong with the pods of one workload, None when nothing is known of it."""
    for each in troubles:
        if (each.namespace, each.name) == (namespace, name):
            return each
    return None


def hook_trouble(troubles: Sequence[Trouble], namespace: str, release: str) -> Trouble | None:
    """A helm hook of a release whose pod does not start or has failed."""
    for each in troubles:
        about = (each.namespace, each.name)
        if each.hook and about == (namespace, f"{release}-{each.hook}"):
            return each
    return None


def _is_leftover(pod: PodTrouble, counts: dict[Key, Counts]) -> bool:
    """Whether the pod was evicted, preempted or shut down with its node: nothing else ends a pod of such a controller,
    which has made another one since, unless it is known to be short of pods."""
    if pod.phase != "Failed" or pod.owner_kind not in _REPLACES:
        return False
    replicas, ready = counts.get((pod.namespace, pod.owner), (None, None))
    return ready is None or replicas is None or ready >= replicas


def class_of(pod: PodTrouble) -> str:
    """What kind of trouble it is."""
    waiting = pod.waiting_reason or ""
    if pod.name is None and pod.reason == FAILED_CREATE:
        return REFUSED
    if pod.unschedulable is not None:
        return UNSCHEDULABLE
    if _IMAGE.search(waiting):
        return IMAGE
    if _CONFIG.search(waiting):
        return CONFIG
    if pod.phase == "Failed":
        return FAILED
    if waiting == "CrashLoopBackOff" or (pod.exit_code is not None and (pod.restarts or 0) > 0):
        return CRASH
    if waiting or pod.phase == "Pending":
        return STARTING
    return NOT_READY


def sentence(pod: PodTrouble) -> str:
    """Why this pod is not ready, in the API's own words."""
    kind, container = (
        class_of(pod),
        f"{'init ' if pod.init else ''}container {pod.container or 'unknown'}",
    )
    if kind == REFUSED:
        return f"no new pod of it is let in: {pod.waiting_message or 'the API server refuses it'}"
    if kind == UNSCHEDULABLE:
        return f"pod {pod.name} is Pending: {pod.unschedulable}"
    if kind in (IMAGE, CONFIG):
        detail = f" ({pod.waiting_message})" if pod.waiting_message else ""
        image = f", image {pod.image}" if kind == IMAGE and pod.image else ""
        return f"{container} of pod {pod.name} does not start: {pod.waiting_reason}{detail}{image}"
    if kind == CRASH:
        return f"{container} of pod {pod.name} has crashed {_times(pod.restarts)}, {_ended(pod)}{_said(pod)}"
    if kind == FAILED:
        return f"pod {pod.name} has failed ({pod.reason or _ended(pod)}){_said(pod)}"
    if kind == STARTING:
        detail = f": {pod.waiting_message}" if pod.waiting_message else ""
        return f"pod {pod.name} is {pod.waiting_reason or 'Pending'}{detail}"
    return f"pod {pod.name} runs, but is not ready{_said(pod)}"


def _times(restarts: int | None) -> str:
    return "repeatedly" if not restarts else "once" if restarts == 1 else f"{restarts} times"


def _ended(pod: PodTrouble) -> str:
    code = "unknown" if pod.exit_code is None else pod.exit_code
    named = f", {pod.ended_reason}" if pod.ended_reason and pod.ended_reason not in _ENDS else ""
    at = f" at {pod.ended_at}" if pod.ended_at else ""
    return f"last with exit code {code}{named}{at}"


def _said(pod: PodTrouble) -> str:
    """The first telling line: a program that dies says why before it prints anything else."""
    line = next((line.strip() for line in pod.last_words if line.strip()), "")
    return f'; it said: "{line[:300]}"' if line else ""


def _group(
    owner: tuple[str | None, ...], pods: Sequence[PodTrouble], counts: dict[Key, Counts]
) -> Trouble:
    namespace, kind, name = owner
    worst = min(pods, key=_severity)
    replicas, ready = counts.get((namespace, name), (None, None))
    known = ready is not None and replicas is not None
    head = f"{ready} of {replicas} pods ready: " if known else ""
    said = tuple(line for each in pods for line in each.last_words)[:6]
    found = class_of(worst)
    return Trouble(
        namespace=namespace,
        kind=kind,
        name=name or "unknown",
        component=_is_component(namespace, name),
        of_capi=namespace in CAPI_NAMESPACES,
        pods=tuple(each.name for each in pods if each.name)[:10],
        replicas=replicas,
        ready=ready,
        class_=found,
        lasting=found in LASTING and (found != CRASH or _keeps_crashing(worst)),
        why=head + sentence(worst),
        said=said,
        hook=_hook(worst),
        image=worst.image,
        age_seconds=max((each.age_seconds or 0 for each in pods), default=0),
        lease_duration_missing=any(_LEASE_DURATION in line and "not set" in line for line in said),
    )


def _severity(pod: PodTrouble) -> tuple[bool, int, bool]:
    order = (REFUSED, UNSCHEDULABLE, IMAGE, CONFIG, CRASH, FAILED, NOT_READY, STARTING)
    return bool(pod.ready), order.index(class_of(pod)), not pod.last_words


def _keeps_crashing(pod: PodTrouble) -> bool:
    return pod.waiting_reason == "CrashLoopBackOff" or (pod.restarts or 0) >= _RESTARTS


def _is_component(namespace: str | None, name: str | None) -> bool:
    names = COMPONENTS.get(namespace or "", frozenset())
    return names is None or name in names


def _hook(pod: PodTrouble) -> str | None:
    """Rancher's chart marks the Job, not its pod, as a hook; the name says it."""
    found = _HOOK.search(pod.owner or "") if pod.owner_kind == "Job" else None
    return pod.hook or (found["hook"] if found else None)


def _counts(evidence: Evidence) -> dict[Key, Counts]:
    """Replicas and ready pods of the workloads that are known."""
    fleet, rancher, awaited = evidence.fleet, evidence.rancher, evidence.awaited_workload
    counts: dict[Key, Counts] = {}
    for each in fleet.deployments if fleet else ():
        counts[each.namespace, each.name] = (each.replicas, each.ready)
    for kind in fleet.agent.kinds if fleet and fleet.agent else ():
        counts["cattle-fleet-local-system", "fleet-agent"] = (kind.replicas, kind.ready)
    if rancher:
        counts["cattle-system", "rancher"] = (rancher.replicas, rancher.ready)
    if awaited:
        counts[awaited.namespace, awaited.name] = (awaited.replicas, awaited.ready)
    return counts


def _counts_of_awaited(
    evidence: Evidence, namespace: str | None, name: str | None
) -> tuple[int | None, int | None, int | None]:
    awaited = evidence.awaited_workload
    if awaited and (awaited.namespace, awaited.name) == (namespace, name):
        return awaited.replicas, awaited.ready, awaited.updated
    replicas, ready = _counts(evidence).get((namespace, name), (None, None))
    fleet = evidence.fleet.deployments if evidence.fleet else ()
    known = next((each for each in fleet if (each.namespace, each.name) == (namespace, name)), None)
    return replicas, ready, known.updated if known else None


def _without_trouble(
    evidence: Evidence, name: str | None, ready: int | None, replicas: int | None
) -> str:
    """What can be said when no pod of it tells more."""
    head = "" if ready is None or replicas is None else f"{ready} of {replicas} pods ready"
    agent = evidence.fleet.agent if evidence.fleet else None
    pods = [text(pod.name) for pod in agent.pods if pod.ready is not True] if agent else []
    if name == "fleet-agent" and pods:
        return f"{head or 'not all pods ready'}: pod {pods[0]} is not ready"
    if evidence.pod_troubles is None or not head:
        return head or "its pods could not be seen"
    return f"{head}, and no pod of it is known to be in trouble"
