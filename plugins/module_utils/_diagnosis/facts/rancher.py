# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the running Rancher is the one the upgrade brings (FM 6.11, 6.12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..._core.lenient import mapping, text
from ..._documents.evidence import Evidence, Rancher, RancherPod, Revision
from .decisions import server_version
from .locks import Lock, lock_of, revision_age
from .pods import Trouble, hook_trouble, trouble_of
from .upgrade import UpgradeFacts

_PRE_UPGRADE = re.compile(r"pre-upgrade hooks? failed|failed pre-upgrade")
_NAMESPACE, _RELEASE = "cattle-system", "rancher"


@dataclass(frozen=True)
class UnreadyPod:
    """A pod of Rancher that is not ready."""

    name: str | None
    phase: str | None
    node: str | None
    waiting_reason: str | None
    restarts: int | None


@dataclass(frozen=True)
class RancherRelease:
    """The last revision of Rancher's own release, and its lock."""

    known: bool
    revision: int | None
    status: str | None
    chart_version: str | None
    description: str
    age_seconds: int | None
    lock: Lock


@dataclass(frozen=True)
class RancherState:
    """Versions, image, roll-out and Helm release of Rancher itself; every unknown is None."""

    expected_version: str | None
    running_version: str | None
    version_matches: bool | None
    image_tag: str | None
    image_matches: bool | None
    rolled_out: bool | None
    waits_for_node: bool
    replicas: int | None
    ready: int | None
    image_ids: tuple[str, ...]
    unready_pods: tuple[UnreadyPod, ...]
    trouble: Trouble | None
    hook: Trouble | None
    hook_failed: str | None
    versions: tuple[str, ...]
    witness: str | None
    release: RancherRelease


def rancher_facts(
    evidence: Evidence, upgrade: UpgradeFacts, troubles: Sequence[Trouble]
) -> RancherState:
    """The state of Rancher."""
    deployment = evidence.rancher or Rancher()
    expected = _expected_version(evidence)
    # The job compares the Setting, whatever the process of the leader says.
    running = deployment.version or server_version(evidence)
    tag = deployment.image_tag or None
    return RancherState(
        expected_version=expected,
        running_version=running,
        version_matches=running == expected if running and expected else None,
        image_tag=tag,
        image_matches=tag == expected if tag and expected else None,
        rolled_out=_rolled_out(deployment),
        waits_for_node=upgrade.nodes_phase is True and _waits_for_node(evidence, deployment),
        replicas=deployment.replicas,
        ready=deployment.ready,
        image_ids=_image_ids(deployment),
        unready_pods=_unready_pods(deployment),
        trouble=trouble_of(troubles, _NAMESPACE, _RELEASE),
        # Where the upgrade has come through all the same, the pod of a failed hook is only a leftover.
        hook=None if tag and tag == expected else hook_trouble(troubles, _NAMESPACE, _RELEASE),
        hook_failed=_hook_failed(evidence),
        versions=_versions(deployment),
        witness=_witness(evidence),
        release=_release(evidence),
    )


def _expected_version(evidence: Evidence) -> str | None:
    """Rancher's version in the words of the job, the release file or the Upgrade, in this order."""
    wait = mapping(evidence.wait)
    if wait.get("kind") == "rancher-version" and text(wait.get("version")):
        return text(wait.get("version"))
    listed = evidence.release_file.rancher if evidence.release_file else None
    target = evidence.upgrade.target_rancher_version if evidence.upgrade else None
    return listed or target or None


def _rolled_out(deployment: Rancher) -> bool | None:
    counts = (deployment.replicas, deployment.updated, deployment.ready)
    if None in counts:
        return None
    return deployment.generation_observed is not False and len(set(counts)) == 1


def _waits_for_node(evidence: Evidence, deployment: Rancher) -> bool:
    """Whether no more pods are missing than nodes are cordoned: of three that must not share a node one has to wait
    while its node is drained and restarted. A node that is only not ready explains nothing."""
    down = [node for node in evidence.nodes or () if node.unschedulable is True]
    missing = (deployment.replicas or 0) - (deployment.ready or 0)
    return bool(deployment.ready) and 0 < missing <= len(down)


def _hook_failed(evidence: Evidence) -> str | None:
    """What helm said of a pre-upgrade hook that failed: nothing else of the release has changed then (FM 6.12)."""
    last = next(iter(evidence.release(_NAMESPACE, _RELEASE).revisions), Revision())
    said = [last.description or ""] if last.status == "failed" else []
    said += [
        text(mapping(event).get("text")) or ""
        for event in evidence.log_events
        if mapping(event).get("kind") == "upgrade-failed"
    ]
    return next((each[:500] for each in said if _PRE_UPGRADE.search(each)), None)


def _versions(deployment: Rancher) -> tuple[str, ...]:
    """The versions that run now, by the tags of the running pods' images."""
    repository = (deployment.image or "").partition("@")[0].rpartition(":")[0]
    tags = {
        pod.image.rpartition(":")[2]
        for pod in deployment.pods
        if pod.phase == "Running" and pod.image and pod.image.rpartition(":")[0] == repository
    }
    return tuple(sorted(tags))


def _witness(evidence: Evidence) -> str | None:
    """The witness node: Rancher counts it, but its pods cannot run there."""
    return next((node.name for node in evidence.nodes or () if node.witness), None)


def _image_ids(deployment: Rancher) -> tuple[str, ...]:
    """The different images behind Rancher's one tag, on its pods and on the nodes; more than one means that some node
    holds another build (FM 6.11)."""
    found = {pod.image_id for pod in _pods_of_tag(deployment)}
    for images in deployment.node_images.values():
        found.update(images)
    return tuple(sorted(image for image in found if image))


def _pods_of_tag(deployment: Rancher) -> list[RancherPod]:
    image = deployment.image or None
    return [pod for pod in deployment.pods if image is None or pod.image in (None, image)]


def _unready_pods(deployment: Rancher) -> tuple[UnreadyPod, ...]:
    unready = (
        UnreadyPod(
            name=pod.name or None,
            phase=pod.phase or None,
            node=pod.node or None,
            waiting_reason=pod.waiting_reason or None,
            restarts=pod.restarts,
        )
        for pod in deployment.pods
        if pod.ready is not True and pod.phase != "Succeeded"
    )
    return tuple(unready)[:10]


def _release(evidence: Evidence) -> RancherRelease:
    release = evidence.release(_NAMESPACE, _RELEASE)
    last = release.revisions[0] if release.revisions else Revision()
    return RancherRelease(
        known=release.last_known,
        revision=last.revision,
        status=last.status or None,
        chart_version=last.chart_version or None,
        description=(last.description or "")[:500],
        age_seconds=revision_age(last, evidence),
        lock=lock_of(evidence, release, None),
    )
