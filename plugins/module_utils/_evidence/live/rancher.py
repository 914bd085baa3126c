# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher itself: its Deployment, pods, leader and the leader's log (FM 2.1, 6.0 D.6 and D.9)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._core.lenient import Document, dig, integer, mappings, text, texts
from ..._documents.evidence import ABSENT, OK, LeaderLog, Rancher, RancherPod, Services, Source
from ..._kube import paths
from ..._kube.log_lines import parse_lines
from ..._kube.reader import Reader
from ..._rancher.decision.settings import PROXY_VARIABLES, container_environment
from ..._rancher.server import leader_log
from ..._rancher.server.pods import LEADER_LEASE, rancher_container
from .leader_process import (
    DEPLOYMENTS,
    LEASE,
    deployment,
    leader_of,
    of_leader,
    process_environment,
)
from .log_across_restart import log_across_restart
from .objects import (
    container_status,
    created_at,
    digest_of,
    image_tag,
    name_of,
    namespace_of,
    newest_first,
    pod_is_ready,
    replica_counts,
    waiting_reason,
)
from .reading import Context, Found, Group, Parts, Reads
from .settings import stored_setting
from .webhooks import SERVICES

NAMESPACE = "cattle-system"
PODS = "pods:cattle-system"
NODES = "nodes"
SERVICE = "rancher_service"

_INGRESS = ("ingress-expose", "rke2-traefik")
_CONTAINER = "rancher"
_VARIABLES = ("CATTLE_", *PROXY_VARIABLES)


def _variables(container: Mapping[str, Any]) -> dict[str, str]:
    """Rancher's own and the proxy variables of its container, unredacted."""
    variables = container_environment(container).variables
    return {name: value for name, value in variables.items() if name.startswith(_VARIABLES)}


def _log_name(found: Found) -> str:
    return f"leader_log:{leader_of(found)}"


def _reads(context: Context, found: Found) -> Reads:
    def read_log(pod: Document, client: Reader) -> str:
        return log_across_restart(client, pod, _CONTAINER, context.log_tail_lines)

    reads: Reads = {
        DEPLOYMENTS: lambda client: client.list(paths.api("apps/v1", "deployments", NAMESPACE)),
        PODS: lambda client: client.list(paths.core("v1", "pods", NAMESPACE)),
        LEASE: lambda client: client.get(LEADER_LEASE),
        NODES: lambda client: client.list(paths.core("v1", "nodes")),
        SERVICE: lambda client: client.get(paths.core("v1", "services", NAMESPACE, "rancher")),
    }
    leader = leader_of(found)
    if leader:
        # The list of pods can be forbidden, or the Lease name one that is gone.
        gone = {"metadata": {"name": leader, "namespace": NAMESPACE}}
        pod = next((pod for pod in found.objects(PODS) if name_of(pod) == leader), gone)
        reads[_log_name(found)] = partial(read_log, pod)
    return reads


def _parts(context: Context, found: Found) -> Parts:
    obj, pods = deployment(found), _pods(found)
    counts = replica_counts(obj) if obj else {}
    container = rancher_container(obj)
    process = process_environment(found)
    image = text(container.get("image"))
    fields: dict[str, Any] = {
        "rancher": Rancher(
            version=stored_setting(found, "server-version"),
            image=image,
            image_tag=image_tag(image),
            **counts,  # type: ignore[arg-type]
            env=context.redactor.value(_variables(container)),
            process_env=None if process is None else context.redactor.value(process),
            pods=tuple(_pod(pod) for pod in pods),
            leader=leader_of(found),
            node_images=_node_images(found, image),
        ),
        "leader_log": _leader_log(context, found),
        "services": Services(
            text(dig(found.object(SERVICE), "spec", "clusterIP")), _ingress(found)
        ),
    }
    return Parts(
        fields,
        {
            "rancher_deployment": _present(found, DEPLOYMENTS, bool(obj), "Deployment/cattle-system/rancher"),
            "rancher_pods": _present(found, PODS, bool(pods), "A pod with the label app=rancher"),
            "leader": found.source(LEASE),
            "leader_log": of_leader(found, _log_name(found)),
            "services": found.source(SERVICE),
        },
    )  # fmt: skip


def _ingress(found: Found) -> tuple[str, ...] | None:
    """Harvester's ingress is nginx up to 1.8 and traefik from 1.9 on; both exist while it is upgraded."""
    if not found.ok(SERVICES):
        return None
    there = {(namespace_of(each), name_of(each)) for each in found.objects(SERVICES)}
    return tuple(name for name in _INGRESS if ("kube-system", name) in there)


def _present(found: Found, name: str, present: bool, what: str) -> Source:
    if not found.ok(name):
        return found.source(name)
    return Source(OK) if present else Source(ABSENT, f"{what} does not exist.")


def _pods(found: Found) -> list[Document]:
    pods = [
        pod for pod in found.objects(PODS) if dig(pod, "metadata", "labels", "app") == "rancher"
    ]
    return newest_first(pods)


def _pod(pod: Document) -> RancherPod:
    status = container_status(pod, _CONTAINER) or container_status(pod)
    containers = mappings(dig(pod, "spec", "containers"))
    asked = next((each for each in containers if each.get("name") == _CONTAINER), {})
    return RancherPod(
        name=name_of(pod),
        phase=text(dig(pod, "status", "phase")),
        ready=pod_is_ready(pod),
        image=text(asked.get("image")) or text(status.get("image")),
        image_id=digest_of(text(status.get("imageID"))),
        node=text(dig(pod, "spec", "nodeName")),
        created_at=created_at(pod),
        waiting_reason=waiting_reason(pod),
        restarts=integer(status.get("restartCount")),
    )


def _node_images(found: Found, image: str | None) -> dict[str, tuple[str, ...]]:
    """Node -> digests of the image that bears Rancher's tag there (FM 6.11).

    An image that was imported without a digest has none to show; nodes report their 50 largest images.
    """
    if not image:
        return {}
    result = {}
    for node in found.objects(NODES):
        digests: set[str] = set()
        for entry in mappings(dig(node, "status", "images")):
            names = texts(entry.get("names"))
            if any(name == image or name.endswith(f"/{image}") for name in names):
                digests.update(d for name in names if "@" in name and (d := digest_of(name)))
        if digests:
            result[name_of(node)] = tuple(sorted(digests))
    return result


def _leader_log(context: Context, found: Found) -> LeaderLog | None:
    content = found.value(_log_name(found))
    if not isinstance(content, str):
        return None
    lines = parse_lines(content)
    times = [line.at for line in lines if line.at]
    return LeaderLog(
        pod=leader_of(found),
        start=times[0] if times else None,
        end=times[-1] if times else None,
        matches=tuple(context.redactor.value(match) for match in leader_log.matches_of(lines)),
    )


GROUP = Group(
    ("rancher_deployment", "rancher_pods", "leader", "leader_log", "services"), _reads, _parts
)
