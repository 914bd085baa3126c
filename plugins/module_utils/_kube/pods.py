# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API says of a pod that does not become ready."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._core.lenient import Document, dig, mappings, text

_STARTING = (None, "ContainerCreating", "PodInitializing")
#: Reasons to wait that no time removes: an image or an object that is not there.
_LASTING = re.compile(r"ImagePullBackOff|InvalidImageName|CreateContainerConfigError")


def owner_of(pod: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Kind and name of what made the pod; of a ReplicaSet the Deployment it belongs to."""
    owners = mappings(dig(pod, "metadata", "ownerReferences"))
    kind = text(owners[0].get("kind")) if owners else None
    name = text(owners[0].get("name")) if owners else None
    template = text(dig(pod, "metadata", "labels", "pod-template-hash"))
    if kind == "ReplicaSet" and name and template:
        return "Deployment", name.removesuffix(f"-{template}")
    if kind is None and template:
        return "Deployment", str(dig(pod, "metadata", "name")).partition(f"-{template}")[0]
    return kind, name


def culprit(pod: Mapping[str, Any]) -> tuple[bool, Document]:
    """The status of the first container that waits, has failed, or has crashed before; and whether it is an init container."""
    found = [
        (init, each)
        for init, each in _statuses(pod)
        if not (init and dig(each, "state", "terminated", "exitCode") == 0)
    ]
    for keys in (("state", "waiting"), ("state", "terminated"), ("lastState", "terminated")):
        for init, each in found:
            if dig(each, *keys) and dig(each, *keys, "reason") != "PodInitializing":
                return init, each
    return next(iter(found), (False, {}))


def ended(status: Mapping[str, Any]) -> Document:
    """How a container ended last: now, or before it was started again."""
    for key in ("state", "lastState"):
        found = dig(status, key, "terminated")
        if isinstance(found, dict):
            return found
    return {}


def unschedulable(pod: Mapping[str, Any]) -> str | None:
    """What the scheduler says of a pod that fits on no node, None for any other."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") != "False":
        return None
    return (text(scheduled.get("message")) or text(scheduled.get("reason")) or "Unschedulable")[
        :1000
    ]


def trouble(pod: Mapping[str, Any]) -> str | None:
    """Why a pod does not start or has crashed, in the words of the API; None while it only starts, or runs."""
    said = unschedulable(pod)
    if said is not None:
        return f"Pending: {said}"
    _init, status = culprit(pod)
    reason = text(dig(status, "state", "waiting", "reason"))
    last = ended(status)
    code = f", last exit code {last.get('exitCode')}" if last else ""
    if reason not in _STARTING:
        message = text(dig(status, "state", "waiting", "message"))
        return f"{reason}{code}{f' ({message[:300]})' if message else ''}"
    if last and last.get("exitCode") != 0:
        return f"{text(last.get('reason')) or 'Error'}{code}"
    return None


def is_lasting(pod: Mapping[str, Any]) -> bool:
    """Whether the trouble stays for as long as nobody does anything about it."""
    if unschedulable(pod) is not None:
        return True
    reason = text(dig(culprit(pod)[1], "state", "waiting", "reason"))
    return bool(_LASTING.search(reason or ""))


def condition(obj: Mapping[str, Any] | None, kind: str) -> Document:
    """A condition in the status of an object, empty where it has none of that type."""
    found = (
        each for each in mappings(dig(obj, "status", "conditions")) if each.get("type") == kind
    )
    return next(found, {})


def _statuses(pod: Mapping[str, Any]) -> Iterator[tuple[bool, Document]]:
    """Init containers, which run first, then the others; each with whether it is an init container."""
    for each in mappings(dig(pod, "status", "initContainerStatuses")):
        yield True, each
    for each in mappings(dig(pod, "status", "containerStatuses")):
        yield False, each
