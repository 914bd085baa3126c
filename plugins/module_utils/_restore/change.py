# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object on its way back: as it was saved, as it is, and what has to be done about the difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._backup.errors import invalid
from .._documents.actions import status_fields
from .._kube.change import read_or_none
from .._kube.client import KubeClient
from .owners import with_sane_owners

Document = Mapping[str, Any]

# What the API server and controllers write; it belongs to the object that was, not to its content.
_OWN_METADATA = frozenset(
    {
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
    }
)

# Counted by controllers, for each change of the object that they have seen.
_OWN_ANNOTATIONS = frozenset(
    {"deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"}
)


@dataclass(frozen=True)
class Restoration:
    """One object: as it will be, as it is now (None when it is gone), and how much of a history it is.

    saved is None for a revision that came after those of the set and is to be deleted.
    """

    label: str
    api_path: str
    sha256: str
    saved: Document | None
    live: Document | None
    of_history: bool = False
    notes: tuple[str, ...] = ()

    @property
    def action(self) -> str:
        """``created``, ``replaced``, ``deleted`` or ``unchanged``."""
        if self.saved is None:
            return "unchanged" if self.live is None else "deleted"
        if self.live is None:
            return "created"
        return "unchanged" if content_of(self.live) == content_of(self.saved) else "replaced"

    @property
    def one(self) -> Document:
        """The object in one of its states."""
        return self.saved or self.live or {}


def judge(
    client: KubeClient,
    files: Mapping[str, bytes],
    name: str,
    entry: Document,
    *,
    of_history: bool = False,
) -> Restoration:
    """Compare an object of the set with the cluster. Raises backup-invalid when the manifest is wrong about it."""
    api_path = str(entry["api_path"])
    saved = json.loads(files[str(entry["path"])])
    _require_same_object(saved, entry)
    live = read_or_none(client, api_path)
    notes: list[str] = []
    if live is None or _owners(live) != _owners(saved):
        saved, notes = with_sane_owners(client, saved)
    return Restoration(
        name, api_path, str(entry["sha256"]), saved, live, of_history, notes=tuple(notes)
    )


def write(client: KubeClient, each: Restoration, *, dry_run: bool) -> None:
    """Create, replace or delete the object, if it still is as it was judged."""
    live = each.live["metadata"] if each.live else {}
    if each.saved is None:
        client.delete(
            each.api_path,
            uid=live["uid"],
            resource_version=live["resourceVersion"],
            dry_run=dry_run,
        )
        return
    body = {key: value for key, value in each.saved.items() if key != "status"}
    metadata = {
        key: value for key, value in each.saved["metadata"].items() if key not in _OWN_METADATA
    }
    if each.live is None:
        collection = each.api_path.rsplit("/", 1)[0]
        created = client.create(collection, {**body, "metadata": metadata}, dry_run=dry_run)
        if not dry_run:
            _write_status(client, each, created, dry_run=False)
        return
    # A status can take a permission of its own, so nothing is changed yet when it is refused.
    found = _write_status(client, each, each.live, dry_run=dry_run)
    version = (each.live if dry_run else found)["metadata"]["resourceVersion"]
    guard = {"uid": live["uid"], "resourceVersion": version}
    client.replace(each.api_path, {**body, "metadata": {**metadata, **guard}}, dry_run=dry_run)


def _write_status(
    client: KubeClient, each: Restoration, found: Document, *, dry_run: bool
) -> Document:
    """Bring back the fields that steps write in the status, where they differ; the object after that."""
    saved = _written_status(each.one)
    if saved == _written_status(found):
        return found
    fields = {field: saved.get(field) for field in status_fields(each.one)}
    patch = {
        "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
        "status": fields,
    }
    return client.patch(each.api_path, patch, subresource="status", dry_run=dry_run)


def is_done(client: KubeClient, each: Restoration) -> bool:
    """Whether the object is now as it should be."""
    live = read_or_none(client, each.api_path)
    if each.saved is None or live is None:
        return each.saved is None and live is None
    return content_of(live) == content_of(each.saved)


def content_of(found: Document) -> dict[str, Any]:
    """What makes two objects the same: all but what the server writes, and of status only what steps write."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in _OWN_METADATA}
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {
        key: value for key, value in annotations.items() if key not in _OWN_ANNOTATIONS
    }
    metadata = {key: value for key, value in metadata.items() if value not in ({}, [])}
    rest = {
        key: value
        for key, value in found.items()
        if key not in ("metadata", "status", "apiVersion", "kind")
    }
    content = {**rest, "metadata": metadata}
    written = _written_status(found)
    return {**content, "status": written} if written else content


def _written_status(found: Document) -> dict[str, Any]:
    status = found.get("status") or {}
    return {field: status[field] for field in status_fields(found) if status.get(field)}


def _owners(found: Document) -> Any:
    return found["metadata"].get("ownerReferences") or []


def _require_same_object(saved: Document, entry: Document) -> None:
    """A checksum only says that a file is as it was written, not that the manifest names the right object."""
    metadata = saved.get("metadata") or {}
    parts = (saved.get("kind"), metadata.get("namespace"), metadata.get("name"))
    label = "/".join(str(part) for part in parts if part)
    group = str(saved.get("apiVersion"))
    prefix = f"/apis/{group}/" if "/" in group else f"/api/{group}/"
    path = str(entry["api_path"])
    if label != entry["object"] or not path.startswith(prefix) or ".." in path:
        raise invalid(
            "The backup set", f"{entry['path']} holds {label}, which is not {entry['object']}"
        )
