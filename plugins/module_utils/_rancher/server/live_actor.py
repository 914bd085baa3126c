# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who runs helm on a release right now, as far as the cluster shows it (FM P-IDLE, 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..._core.errors import RemediationError
from ..._helm.idleness import LiveActor
from ..._helm.storage import Revision, helm_time
from ..._kube.paths import api, core

if TYPE_CHECKING:
    from ..._kube.client import KubeClient

OPERATIONS = api("catalog.cattle.io/v1", "operations")
OPERATION_NAMESPACE = "cattle-system"
OPERATION_POD_PREFIX = "helm-operation-"
HELM_CONTAINER = "helm"
NEVER_STARTS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull")
"""Waiting reasons of a pod whose helm has not begun and will not: it holds nothing."""

UPGRADE_NAMESPACE = "harvester-system"
MANIFEST_SELECTOR = "harvesterhci.io/upgradeComponent=manifest"
RANCHER_RELEASE = ("cattle-system", "rancher")

# Waiting reasons of a pod whose helm has not begun and will not: it holds nothing.
NEVER_STARTS = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull")

Object = Mapping[str, Any]


def _part(obj: Object, key: str) -> Object:
    value = obj.get(key)
    return value if isinstance(value, dict) else {}


def _name(obj: Object) -> str:
    return str(_part(obj, "metadata").get("name") or "")


def helm_is_running(pod: Object) -> bool:
    """Whether the helm container of a helm-operation pod runs or is about to.

    The pod itself may outlive helm: its other container, the proxy, ends later. One whose image cannot
    be had has not begun; should it begin after all, helm refuses whoever comes second.
    """
    status = _part(pod, "status")
    if status.get("phase") in ("Succeeded", "Failed"):
        return False
    states = [
        _part(each, "state")
        for each in status.get("containerStatuses") or []
        if isinstance(each, dict) and each.get("name") == HELM_CONTAINER
    ]
    return not any(
        "terminated" in state or _part(state, "waiting").get("reason") in NEVER_STARTS
        for state in states
    )


def _actor(pod: Object) -> LiveActor:
    metadata = _part(pod, "metadata")
    return LiveActor(
        "Pod",
        str(metadata.get("namespace") or ""),
        _name(pod),
        helm_time(metadata.get("creationTimestamp")),
    )


def _operations_by_pod(client: KubeClient) -> dict[str, tuple[str, str]]:
    """Which release each helm-operation pod works on; empty where Rancher's API does not exist."""
    try:
        operations = client.list(OPERATIONS)
    except RemediationError as error:
        if error.code == "not-found":
            return {}
        raise
    targets = {}
    for operation in operations:
        status = _part(operation, "status")
        release, namespace = status.get("releaseName"), status.get("namespace")
        if release and namespace:
            pod = str(status.get("podName") or _name(operation))
            targets[pod] = (str(namespace), str(release))
    return targets


def _operation_pod(client: KubeClient, revision: Revision) -> LiveActor | None:
    pods = [
        pod
        for pod in client.list(core("v1", "pods", OPERATION_NAMESPACE))
        if _name(pod).startswith(OPERATION_POD_PREFIX) and helm_is_running(pod)
    ]
    targets = _operations_by_pod(client) if pods else {}
    release = (revision.namespace, revision.release)
    # Rancher names the release in the operation a moment after the pod is made: until then it may be ours.
    return next((_actor(pod) for pod in pods if targets.get(_name(pod), release) == release), None)


def _upgrade_job_pod(client: KubeClient, revision: Revision) -> LiveActor | None:
    """The upgrade job's pod, which itself runs helm on release rancher and dies with it (FM 1.7)."""
    if (revision.namespace, revision.release) != RANCHER_RELEASE:
        return None
    for pod in client.list(core("v1", "pods", UPGRADE_NAMESPACE), label_selector=MANIFEST_SELECTOR):
        actor = _actor(pod)
        older = not (actor.since and revision.created_at) or actor.since <= revision.created_at
        if older and _part(pod, "status").get("phase") in ("Pending", "Running"):
            return actor
    return None


def find_live_actor(client: KubeClient, revision: Revision) -> LiveActor | None:
    """Something in the cluster that runs helm on the release of a revision; null when nothing does.

    Raises RemediationError when that cannot be looked up: not seen is not the same as not there.
    """
    return _operation_pod(client, revision) or _upgrade_job_pod(client, revision)


def actor_finder(client: KubeClient) -> Callable[[Revision], LiveActor | None]:
    """C(find_live_actor) for one cluster."""
    return lambda revision: find_live_actor(client, revision)
