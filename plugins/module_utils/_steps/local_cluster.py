# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the upgrade script sets on the local cluster right after the Rancher step (FM 6.30, 6.38)."""

from __future__ import annotations

from functools import partial
from typing import Any

from .._core.errors import RemediationError
from .._kube import paths
from .._kube.change import Change, guarded_patch, precondition, read_or_none
from .._kube.client import KubeClient, Object

LOCAL_CLUSTER = paths.api("provisioning.cattle.io/v1", "clusters", "fleet-local", "local")
MANAGEMENT_LABEL = "provisioning.cattle.io/management-cluster-name"
MANAGEMENT_NAME = "local"
WORKSPACE = "fleet-local"

STV_NAMESPACE = "cattle-system"
STV_NAME = "stv-aggregation"


def set_fleet_workspace(
    client: KubeClient,
    *,
    expected_uid: str | None = None,
    expected_workspace: str | None = None,
    dry_run: bool = False,
) -> Change:
    """Label the local cluster and set status.fleetWorkspaceName; two writes, as they are two endpoints.

    A workspace that is neither the wanted nor the expected one ("" for none) is precondition-failed.
    """
    remedy = "Without this object the cluster is not managed by Rancher; nothing can be set."
    patch = partial(
        guarded_patch,
        client,
        LOCAL_CLUSTER,
        remedy=remedy,
        dry_run=dry_run,
        expected_uid=expected_uid,
    )

    def workspace(found: Object) -> dict[str, Any] | None:
        current = (found.get("status") or {}).get("fleetWorkspaceName") or ""
        if current == WORKSPACE:
            return None
        if expected_workspace is not None:
            where = paths.describe(LOCAL_CLUSTER)
            precondition(where, "status.fleetWorkspaceName", expected_workspace, current)
        return {"status": {"fleetWorkspaceName": WORKSPACE}}

    # The one that may be refused comes first.
    before, after = patch(workspace, subresource="status")
    unlabelled, labelled = patch(_label)
    return Change(
        paths.describe(LOCAL_CLUSTER),
        before is not after or unlabelled is not labelled,
        _workspace_fields(before),
        {
            "label": _workspace_fields(labelled)["label"],
            "fleetWorkspaceName": _workspace_fields(after)["fleetWorkspaceName"],
        },
    )


def _label(found: Object) -> dict[str, Any] | None:
    labels = found["metadata"].get("labels") or {}
    if labels.get(MANAGEMENT_LABEL) == MANAGEMENT_NAME:
        return None
    return {"metadata": {"labels": {MANAGEMENT_LABEL: MANAGEMENT_NAME}}}


def _workspace_fields(found: Object) -> dict[str, Any]:
    labels = found["metadata"].get("labels") or {}
    return {
        "label": labels.get(MANAGEMENT_LABEL),
        "fleetWorkspaceName": (found.get("status") or {}).get("fleetWorkspaceName"),
    }


def create_stv_aggregation(client: KubeClient, *, dry_run: bool = False) -> Change:
    """Create the empty Secret that Rancher's plan system-agent-upgrader names; one that is there stays."""
    path = paths.core("v1", "secrets", STV_NAMESPACE, STV_NAME)
    subject = paths.describe(path)
    if read_or_none(client, path) is not None:
        return Change(subject, False, {"present": True}, {"present": True})
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": STV_NAMESPACE, "name": STV_NAME},
        "type": "Opaque",
    }
    try:
        client.create(paths.core("v1", "secrets", STV_NAMESPACE), body, dry_run=dry_run)
    except RemediationError as error:
        if error.code != "conflict":
            raise
        # The upgrade job was faster, which is just as well.
        return Change(subject, False, {"present": True}, {"present": True})
    return Change(subject, True, {"present": False}, {"present": True})
