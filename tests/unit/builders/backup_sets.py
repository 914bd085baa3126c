# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup sets, for tests of what reads, keeps and restores them."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.backup_set import (
    files_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.cover import (
    SetIdentity,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.read import (
    Content,
    SavedObject,
)

CONFIG_PATH = "/api/v1/namespaces/cattle-fleet-system/configmaps/fleet-controller"
CONFIG_LABEL = "ConfigMap/cattle-fleet-system/fleet-controller"
CONFIG_FILE = "objects/ConfigMap.v1/cattle-fleet-system/fleet-controller.json"
CLUSTER_UID = "uid-of-the-cluster"


def saved(
    kind: str,
    name: str,
    namespace: str | None = None,
    *,
    api_version: str = "v1",
    plural: str = "",
    **content: Any,
) -> SavedObject:
    """An object as it is saved; labels, uid and the like go into its metadata."""
    metadata: dict[str, Any] = {"name": name, "uid": f"uid-of-{name}", "resourceVersion": "7"}
    if namespace is not None:
        metadata["namespace"] = namespace
    for key in ("labels", "annotations", "ownerReferences", "uid"):
        if key in content:
            metadata[key] = content.pop(key)
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    where = f"/namespaces/{namespace}" if namespace else ""
    path = f"{root}{where}/{plural or kind.lower() + 's'}/{name}"
    body = {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}
    return SavedObject(path, body)


def saved_secret(secret: dict[str, Any]) -> SavedObject:
    """A release Secret (see helm_storage) as it is saved."""
    metadata = secret["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/secrets/{metadata['name']}"
    return SavedObject(path, {"apiVersion": "v1", "kind": "Secret", **secret})


def config(url: str = "https://10.53.0.1") -> SavedObject:
    """The ConfigMap of fleet."""
    return saved("ConfigMap", "fleet-controller", "cattle-fleet-system", data={"url": url})


def identity(set_id: str = "backup-1", **changes: Any) -> SetIdentity:
    """What a set says about itself."""
    known = {
        "cluster_uid": CLUSTER_UID,
        "server": "https://10.0.0.1:6443",
        "created_at": "2026-11-23T14:00:00Z",
        "plan_fingerprint": "3f9c2a71d0b84e56",
        "reason": "plan 3f9c2a71d0b84e56",
        "tool_version": "0.1.0",
    }
    return SetIdentity(set_id, **{**known, **changes})


def a_set(*objects: SavedObject, set_id: str = "backup-1", **changes: Any) -> dict[str, bytes]:
    """The files of a set."""
    content = Content(objects=list(objects or (config(),)))
    return files_of(identity(set_id, **changes), content)
