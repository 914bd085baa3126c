# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is never brought back from a backup set, because it would do harm (FM 3.2, 4, 6.10b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._backup.backup_set import qualified
from .._core.errors import RemediationError
from .._helm.storage import Revision, list_revisions, revision_from_metadata
from .._kube import paths
from .._kube.change import read_or_none
from .._kube.client import KubeClient
from .._rancher.server.live_actor import find_live_actor

Document = Mapping[str, Any]

_RECORD = (
    "is the record of something that ran; it is saved to be read",
    "Leave it out. Harvester makes Upgrade, Job and Pod itself.",
)
_BY_KIND = {"Upgrade": _RECORD, "Job": _RECORD, "Pod": _RECORD}
_BY_LABEL = {
    "Setting/server-version": (
        "is the version that the running Rancher reports, and must not be set for it",
        "Leave it out. Rancher writes it when it starts.",
    ),
    "Secret/fleet-local/local-rke-state": (
        "is the state of the RKE2 cluster itself, which must not go back under a running Rancher",
        "Leave it out. 'local-rke-state-opaque' in docs/failure-modes.md describes how to restore it by hand.",
    ),
    "Deployment/cattle-system/rancher": (
        "is created by the rancher chart; an older one would be a downgrade of Rancher",
        "Leave it out. It is saved to be read.",
    ),
}
# What Rancher needs, whoever has made it.
_NEVER_DELETED = {
    "ClusterRepo": "without it Rancher finds no chart, and from Rancher 2.12 on its charts in the leader's pod go with it.",
    "Setting": "Rancher reads it.",
}
_CAPI_CLUSTER = (
    "is written only by Rancher's provisioning and CAPI",
    "Leave it out. It is saved to be read.",
)
_CRD_EXISTS = (
    "exists, and the saved one may lack fields that objects in the cluster have by now, which would then"
    " be lost",
    "Leave it out. Bring CRDs forward with their chart, as a Helm upgrade of release fleet-crd.",
)


def require_same_cluster(client: KubeClient, manifest: Document) -> None:
    """Raise refused unless the set was made of this cluster."""
    here = client.cluster_uid()
    if manifest.get("cluster_uid") != here:
        raise RemediationError(
            "refused",
            f"The backup set is of cluster {manifest.get('cluster_uid')}, this one is {here}.",
            "Restore it where it was made.",
        )


def never_restored(entry: Document) -> tuple[str, str] | None:
    """Why an object of the manifest never comes back, and what to do instead; None when it may."""
    if qualified(entry).startswith("Cluster.cluster.x-k8s.io/"):
        return _CAPI_CLUSTER
    label = str(entry["object"])
    return _BY_KIND.get(label.split("/", maxsplit=1)[0]) or _BY_LABEL.get(label)


def never_deleted(label: str) -> str:
    """Why an object that a plan has made stays when the plan is undone; "" when it may go."""
    return _NEVER_DELETED.get(label.split("/", maxsplit=1)[0], "")


def require_restorable(entry: Document) -> None:
    """Raise refused for what is only saved to be read, or must not be said for others."""
    found = never_restored(entry)
    if found is not None:
        raise RemediationError("refused", f"{entry['object']} {found[0]}.", found[1])


def require_safe(client: KubeClient, saved: Document, live: Document | None) -> None:
    """Raise refused or release-busy when this object must not come back in the state found."""
    if saved.get("kind") == "Secret":
        revision = revision_from_metadata(saved)
        if revision is not None:
            _require_newest(client, revision, live)
    if saved.get("kind") == "CustomResourceDefinition" and live is not None:
        name = saved["metadata"]["name"]
        raise RemediationError(
            "refused", f"CustomResourceDefinition/{name} {_CRD_EXISTS[0]}.", _CRD_EXISTS[1]
        )
    if live is None:
        _require_index_owner(client, saved)


def require_idle(client: KubeClient, last: Revision) -> None:
    """Raise release-busy while somebody works on a release."""
    actor = find_live_actor(client, last)
    if actor is not None:
        raise RemediationError(
            "release-busy",
            f"{actor.subject} works on release {last.namespace}/{last.release} right now.",
            "Wait until it has ended. Nothing was changed.",
            retryable=True,
        )


def _require_newest(client: KubeClient, saved: Revision, live: Document | None) -> None:
    """A revision comes back as the last one or not at all: Helm writes the others itself."""
    if live is not None:
        raise RemediationError(
            "refused",
            f"{saved.subject} exists and differs from the saved one: Helm has written it since.",
            "Restore the whole history of the release, or roll it back to a named revision.",
        )
    revisions = list_revisions(client, saved.namespace, saved.release, decode="last")
    last = revisions[0] if revisions else saved
    if last.revision > saved.revision:
        raise RemediationError(
            "refused",
            f"Release {saved.namespace}/{saved.release} has gone on to revision {last.revision}; "
            f"revision {saved.revision} would come back below it.",
            "Restore the whole history of the release, or roll it back to a named revision.",
        )
    require_idle(client, last)


def _require_index_owner(client: KubeClient, saved: Document) -> None:
    """An index of a ClusterRepo that is gone is one Rancher refuses to read (FM 2.6)."""
    for owner in saved["metadata"].get("ownerReferences") or []:
        if owner.get("kind") != "ClusterRepo":
            continue
        path = paths.api(str(owner["apiVersion"]), "clusterrepos", None, str(owner["name"]))
        found = read_or_none(client, path)
        if found is None or found["metadata"]["uid"] != owner.get("uid"):
            raise RemediationError(
                "refused",
                f"{saved['kind']}/{saved['metadata']['name']} belongs to a"
                f" ClusterRepo/{owner['name']} that is not there any more.",
                "Rebuild the index instead; Rancher does not read the index of another ClusterRepo.",
            )
