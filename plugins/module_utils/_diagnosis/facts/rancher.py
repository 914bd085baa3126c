# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the running Rancher is the one the upgrade brings (FM 6.11, 6.12)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, boolean, dig, integer, mapping, mappings, text, texts
from .decisions import release_entry, server_version
from .locks import lock_of, revision_age

_NAMESPACE, _RELEASE = "cattle-system", "rancher"


def rancher_facts(evidence: Document) -> dict[str, Any]:
    """Versions, image, roll-out and Helm release of Rancher itself; every unknown is None."""
    deployment = mapping(evidence.get("rancher"))
    expected = _expected_version(evidence)
    running = server_version(evidence)
    tag = text(deployment.get("image_tag"))
    return {
        "expected_version": expected,
        "running_version": running,
        "version_matches": running == expected if running and expected else None,
        "image_tag": tag,
        "image_matches": tag == expected if tag and expected else None,
        "rolled_out": _rolled_out(deployment),
        "replicas": integer(deployment.get("replicas")),
        "ready": integer(deployment.get("ready")),
        "image_ids": _image_ids(deployment),
        "unready_pods": _unready_pods(deployment),
        "release": _release(evidence),
    }


def _expected_version(evidence: Document) -> str | None:
    """Rancher's version in the words of the job, the release file or the Upgrade, in this order."""
    wait = mapping(evidence.get("wait"))
    if wait.get("kind") == "rancher-version" and text(wait.get("version")):
        return text(wait.get("version"))
    return text(dig(evidence, "release_file", "rancher")) or text(
        dig(evidence, "upgrade", "target_rancher_version")
    )


def _rolled_out(deployment: Document) -> bool | None:
    counts = [integer(deployment.get(key)) for key in ("replicas", "updated", "ready")]
    if None in counts:
        return None
    observed = boolean(deployment.get("generation_observed"))
    return observed is not False and counts[0] == counts[1] == counts[2]


def _image_ids(deployment: Document) -> list[str]:
    """The different images behind Rancher's one tag, on its pods and on the nodes; more than one means that some node
    holds another build (FM 6.11)."""
    found = {text(pod.get("image_id")) for pod in _pods_of_tag(deployment)}
    for images in mapping(deployment.get("node_images")).values():
        found.update(texts(images))
    return sorted(image for image in found if image)


def _pods_of_tag(deployment: Document) -> list[Document]:
    image = text(deployment.get("image"))
    pods = mappings(deployment.get("pods"))
    return [pod for pod in pods if image is None or pod.get("image") in (None, image)]


def _unready_pods(deployment: Document) -> list[dict[str, Any]]:
    return [
        {
            "name": text(pod.get("name")),
            "phase": text(pod.get("phase")),
            "node": text(pod.get("node")),
            "waiting_reason": text(pod.get("waiting_reason")),
            "restarts": integer(pod.get("restarts")),
        }
        for pod in mappings(deployment.get("pods"))
        if pod.get("ready") is not True and pod.get("phase") not in ("Succeeded",)
    ][:10]


def _release(evidence: Document) -> dict[str, Any]:
    entry = release_entry(evidence, _NAMESPACE, _RELEASE)
    revisions = mappings(entry.get("revisions"))
    last = revisions[0] if revisions else {}
    return {
        "known": entry.get("read") in ("ok", "absent"),
        "revision": integer(last.get("revision")),
        "status": text(last.get("status")),
        "chart_version": text(last.get("chart_version")),
        "description": (text(last.get("description")) or "")[:500],
        "age_seconds": revision_age(last, evidence),
        "lock": lock_of(evidence, {**entry, "namespace": _NAMESPACE, "release": _RELEASE}, None),
    }
