# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owner references of what is brought back: a reference to an owner that is gone would have it deleted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.lenient import mappings, text
from .._kube import paths
from .._kube.change import read_or_none
from .._kube.client import KubeClient, Object


def with_sane_owners(client: KubeClient, saved: Mapping[str, Any]) -> tuple[Object, list[str]]:
    """The object with owner references that hold, and what was changed about them.

    An owner that was made anew in the meantime is referred to by its present UID; a reference to one
    that is gone is left out, because the garbage collector deletes what only such owners hold. A
    reference to a ClusterRepo stays as it is: it tells Rancher which repository an index is of (see
    restore_guards).
    """
    metadata = saved["metadata"]
    references, notes = [], []
    for reference in mappings(metadata.get("ownerReferences")):
        owner = f"{reference.get('kind')}/{reference.get('name')}"
        if reference.get("kind") == "ClusterRepo":
            references.append(dict(reference))
            continue
        found = _owner(client, reference, text(metadata.get("namespace")))
        if found is None:
            notes.append(f"The reference to its owner {owner}, which is gone, is left out.")
            continue
        uid = found["metadata"]["uid"]
        if uid != reference.get("uid"):
            notes.append(f"Its owner {owner} was made anew: the reference gets the present UID.")
        references.append({**reference, "uid": uid})
    if not notes:
        return dict(saved), []
    kept = {key: value for key, value in metadata.items() if key != "ownerReferences"}
    if references:
        kept["ownerReferences"] = references
    return {**saved, "metadata": kept}, notes


def _owner(
    client: KubeClient, reference: Mapping[str, Any], namespace: str | None
) -> Object | None:
    """The owner as it is now; a namespaced object is owned within its namespace or by a cluster's object."""
    api_version = str(reference.get("apiVersion") or "")
    group = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    served = read_or_none(client, group)
    for resource in mappings((served or {}).get("resources")):
        plural = str(resource.get("name") or "")
        if resource.get("kind") != reference.get("kind") or "/" in plural:
            continue
        make = paths.api if "/" in api_version else paths.core
        where = namespace if resource.get("namespaced") else None
        return read_or_none(client, make(api_version, plural, where, str(reference.get("name"))))
    return None
