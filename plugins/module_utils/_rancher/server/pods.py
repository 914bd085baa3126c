# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Rancher pods that may be asked for a chart, the best first (FM 2.1, 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..._core.errors import RemediationError
from ..._core.lenient import dig, mappings
from ..._kube.paths import api, core

if TYPE_CHECKING:
    from ..._kube.client import KubeClient

NAMESPACE = "cattle-system"
CONTAINER = "rancher"
POD_SELECTOR = "app=rancher"
DEPLOYMENT = api("apps/v1", "deployments", NAMESPACE, "rancher")
LEADER_LEASE = api("coordination.k8s.io/v1", "leases", "kube-system", "cattle-controllers")


@dataclass(frozen=True)
class RancherPod:
    """A running Rancher pod; C(image) is that of its Rancher container."""

    name: str
    created_at: str
    ready: bool
    leader: bool
    image: str = ""


@dataclass(frozen=True)
class PodChoice:
    """The pods to ask, in their order, and those not to ask: name to reason."""

    pods: Sequence[RancherPod]
    passed_over: Mapping[str, str]


def image_tag(image: str) -> str | None:
    """The tag of an image reference; null when it has none (a digest alone)."""
    name = image.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2] or None


def _rancher_pod(pod: Mapping[str, Any], leader: str | None) -> RancherPod | None:
    metadata, status = pod.get("metadata") or {}, pod.get("status") or {}
    if status.get("phase") != "Running" or metadata.get("deletionTimestamp"):
        return None
    statuses = status.get("containerStatuses") or []
    running = [each for each in statuses if each.get("name") == CONTAINER]
    if not any("running" in (each.get("state") or {}) for each in running):
        return None
    return RancherPod(
        name=str(metadata.get("name")),
        created_at=str(metadata.get("creationTimestamp") or ""),
        ready=any(each.get("ready") for each in running),
        leader=metadata.get("name") == leader,
        image=_image((pod.get("spec") or {}).get("containers") or []),
    )


def _image(containers: Sequence[Mapping[str, Any]]) -> str:
    images = (each.get("image") for each in containers if each.get("name") == CONTAINER)
    return str(next(images, None) or "")


def rancher_container(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rancher's container in its Deployment; empty when there is none."""
    containers = mappings(dig(deployment, "spec", "template", "spec", "containers"))
    named = [each for each in containers if each.get("name") == CONTAINER]
    return next(iter(named or containers), {})


def leader_name(client: KubeClient) -> str | None:
    """The pod that holds Rancher's leader Lease; null when there is no such Lease (FM 2.1)."""
    lease = _get_or_none(client, LEADER_LEASE)
    holder = (lease.get("spec") or {}).get("holderIdentity") if lease else None
    # Some releases of the library append a random part to the name of the pod.
    return str(holder).partition("_")[0] or None if holder else None


def target_tag(client: KubeClient) -> str | None:
    """The image tag that the Rancher Deployment is to run; null when there is none to be read."""
    deployment = _get_or_none(client, DEPLOYMENT)
    template = ((deployment or {}).get("spec") or {}).get("template") or {}
    return image_tag(_image((template.get("spec") or {}).get("containers") or []))


def _get_or_none(client: KubeClient, path: str) -> Mapping[str, Any] | None:
    try:
        return client.get(path)
    except RemediationError as error:
        if error.code in ("not-found", "forbidden"):
            return None
        raise


def rancher_pods(client: KubeClient, wanted_tag: str | None = None) -> PodChoice:
    """The running Rancher pods whose image is the wanted one, by default that of the Deployment.

    During a rollout pods of two versions run, and each carries the charts of its own version only. Tags
    are compared, not whole references: a mirror may stand in front of one of them. Followers come before
    the leader, which deletes its charts together with the ClusterRepo from 2.12 on; then ready before
    not ready, and newer before older ones.
    """
    leader, wanted = leader_name(client), wanted_tag or target_tag(client)
    found = [
        _rancher_pod(pod, leader)
        for pod in client.list(core("v1", "pods", NAMESPACE), label_selector=POD_SELECTOR)
    ]
    pods = sorted(
        (pod for pod in found if pod is not None),
        key=lambda pod: (pod.created_at, pod.name),
        reverse=True,
    )
    other = {
        pod.name: f"runs {pod.image}, wanted is {wanted}"
        for pod in pods
        if wanted and image_tag(pod.image) not in (None, wanted)
    }
    fit = [pod for pod in pods if pod.name not in other]
    return PodChoice(sorted(fit, key=lambda pod: (pod.leader, not pod.ready)), other)
