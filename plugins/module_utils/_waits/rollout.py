# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the rollout of a workload, as ``kubectl rollout status`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import dig, integer, mapping, mappings
from .._kube import paths
from .._kube.change import read_or_none
from .._kube.client import KubeClient
from .._kube.pods import trouble
from .observation import Observation

KINDS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


def rollout(
    client: KubeClient, params: Mapping[str, Any], _baseline: Mapping[str, Any]
) -> Observation:
    """Done when the controller has seen the newest spec and all pods are new and available.

    A Deployment whose progress deadline has passed is a failure: nothing changes it by itself.
    """
    namespace, kind, name = params["namespace"], params["kind"], params["name"]
    found = read_or_none(client, paths.api("apps/v1", KINDS[kind], namespace, name))
    if found is None:
        return Observation(False, "it does not exist")
    wanted, updated, available = _counts(found, kind)
    seen = (integer(dig(found, "status", "observedGeneration")) or 0) >= (
        integer(dig(found, "metadata", "generation")) or 0
    )
    state = f"{updated} of {wanted} pods are new, {available} available"
    if seen and updated >= wanted and available >= wanted and not _old_pods(found, kind):
        return Observation(True, state)
    troubles = _troubles(client, namespace, found)
    if troubles:
        state = f"{state}; {', '.join(troubles)}"
    failure = _deadline_passed(found, f"{kind}/{namespace}/{name}", state) if seen else None
    return Observation(False, state, failure=failure)


def _counts(found: Mapping[str, Any], kind: str) -> tuple[int, int, int]:
    status = mapping(found.get("status"))
    if kind == "DaemonSet":
        names = ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
        wanted, updated, available = (integer(status.get(name)) or 0 for name in names)
        return wanted, updated, available
    replicas = integer(dig(found, "spec", "replicas"))
    return (
        1 if replicas is None else replicas,
        integer(status.get("updatedReplicas")) or 0,
        integer(status.get("availableReplicas")) or 0,
    )


def _old_pods(found: Mapping[str, Any], kind: str) -> bool:
    """Whether pods of an earlier revision still run."""
    status = mapping(found.get("status"))
    if kind == "Deployment":
        updated = integer(status.get("updatedReplicas")) or 0
        return (integer(status.get("replicas")) or 0) > updated
    if kind == "StatefulSet":
        return status.get("currentRevision") != status.get("updateRevision")
    return False


def _troubles(client: KubeClient, namespace: str, found: Mapping[str, Any]) -> list[str]:
    """Why pods of the workload do not start, as far as the API says so."""
    labels = mapping(dig(found, "spec", "selector", "matchLabels"))
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    if not selector:
        return []
    pods = client.list(paths.core("v1", "pods", namespace), label_selector=selector)
    said = ((pod["metadata"]["name"], trouble(pod)) for pod in pods)
    return sorted({f"Pod/{namespace}/{name}: {why}" for name, why in said if why})


def _deadline_passed(found: Mapping[str, Any], subject: str, state: str) -> RemediationError | None:
    for condition in mappings(dig(found, "status", "conditions")):
        if condition.get("reason") == "ProgressDeadlineExceeded":
            return RemediationError(
                "stalled",
                f"{subject} is not rolled out within its progress deadline: {state}.",
                "Look at the events and logs of its pods; what they lack has to be repaired first.",
            )
    return None
