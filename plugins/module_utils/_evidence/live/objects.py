# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that many Kubernetes objects share, read without trusting them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, mappings, text
from ..._documents.evidence import Condition


def name_of(obj: object) -> str:
    """``metadata.name``, empty when there is none."""
    return text(dig(obj, "metadata", "name")) or ""


def namespace_of(obj: object) -> str | None:
    """``metadata.namespace``."""
    return text(dig(obj, "metadata", "namespace"))


def identity(obj: object) -> dict[str, Any]:
    """``uid`` and ``resource_version``, what a later change is guarded with."""
    return {
        "uid": text(dig(obj, "metadata", "uid")),
        "resource_version": text(dig(obj, "metadata", "resourceVersion")),
    }


def created_at(obj: object) -> str | None:
    """``metadata.creationTimestamp``."""
    return text(dig(obj, "metadata", "creationTimestamp"))


def label(obj: object, name: str) -> str | None:
    """A label's value."""
    return text(dig(obj, "metadata", "labels", name))


def newest_first(objects: Iterable[Document]) -> list[Document]:
    """By creation time, the newest first; by name where that is equal."""
    return sorted(objects, key=lambda obj: (created_at(obj) or "", name_of(obj)), reverse=True)


def conditions_of(owner: object) -> tuple[Condition, ...]:
    """``conditions`` of a status, by type."""
    found = [
        Condition(
            type=text(item.get("type")),
            status=text(item.get("status")),
            reason=text(item.get("reason")),
            message=text(item.get("message")),
            last_update_time=text(item.get("lastUpdateTime"))
            or text(item.get("lastTransitionTime")),
        )
        for item in mappings(mapping(owner).get("conditions"))
    ]
    return tuple(sorted(found, key=lambda condition: condition.type or ""))


def condition_status(owner: object, kind: str) -> str | None:
    """The status of one condition."""
    return next((each.status for each in conditions_of(owner) if each.type == kind), None)


def pod_is_ready(pod: object) -> bool:
    """Whether condition Ready is True."""
    return condition_status(dig(pod, "status"), "Ready") == "True"


def container_status(pod: object, container: str | None = None) -> Document:
    """The status of a container, of the first one without a name; empty when there is none yet."""
    statuses = mappings(dig(pod, "status", "containerStatuses"))
    return next((each for each in statuses if container in (None, each.get("name"))), {})


def waiting_reason(pod: object) -> str | None:
    """Why a container of the pod does not start (ImagePullBackOff, CrashLoopBackOff), None when all do."""
    statuses = [
        *mappings(dig(pod, "status", "initContainerStatuses")),
        *mappings(dig(pod, "status", "containerStatuses")),
    ]
    reasons = (text(dig(each, "state", "waiting", "reason")) for each in statuses)
    return next((reason for reason in reasons if reason), None)


def terminated(pod: object, container: str | None = None) -> Document:
    """How a container ended: exitCode, reason, finishedAt; empty while it has not."""
    return mapping(dig(container_status(pod, container), "state", "terminated"))


def image_tag(image: str | None) -> str | None:
    """The tag of an image reference, None when it has none."""
    if not image:
        return None
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return tag or None


def digest_of(image_id: str | None) -> str | None:
    """``sha256:…`` of an image ID such as ``docker.io/rancher/rancher@sha256:…``."""
    if not image_id:
        return None
    return image_id.rpartition("@")[2] if "@" in image_id else image_id


def replica_counts(workload: object) -> dict[str, int | bool | None]:
    """``replicas`` (wanted), ``ready``, ``updated``, ``generation_observed`` of a Deployment or StatefulSet."""
    status = mapping(dig(workload, "status"))
    observed = integer(status.get("observedGeneration"))
    generation = integer(dig(workload, "metadata", "generation"))
    wanted = integer(dig(workload, "spec", "replicas"))
    return {
        "replicas": 1 if wanted is None else wanted,
        "ready": integer(status.get("readyReplicas")) or 0,
        "updated": integer(status.get("updatedReplicas")) or 0,
        "generation_observed": (
            None if observed is None or generation is None else observed >= generation
        ),
    }
