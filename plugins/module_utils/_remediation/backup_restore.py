# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing objects back from a backup set, after a backup of what is there now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup import (
    BackupRequest,
    keep,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_read import (
    Content,
    SavedObject,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_set import (
    verify_set,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.plan_document import (
    ObjectRef,
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.redaction import (
    Redactor,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.restore_guards import (
    require_restorable,
    require_safe,
    require_same_cluster,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.steps.change import (
    read_or_none,
)

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


@dataclass(frozen=True)
class RestoreRequest:
    """Which objects of which set; fingerprint is of the plan somebody has approved, when there is one."""

    files: Mapping[str, bytes]
    where: str
    labels: Sequence[str]
    safety: BackupRequest
    fingerprint: str = ""


@dataclass(frozen=True)
class Restoration:
    """One object: as it was saved, as it is now (None when it is gone), and what has to be done."""

    label: str
    api_path: str
    sha256: str
    saved: Document
    live: Document | None

    @property
    def action(self) -> str:
        """``created``, ``replaced`` or ``unchanged``."""
        if self.live is None:
            return "created"
        return "unchanged" if _content(self.live) == _content(self.saved) else "replaced"


def restore(client: KubeClient, request: RestoreRequest) -> dict[str, Any]:
    """Bring back the objects named by ``Kind/namespace/name``.

    One that is gone is created, one that differs is replaced, one that is the same stays. Before the
    first write everything that will be replaced is saved in a set of its own. Raises backup-invalid
    for a damaged set, not-found for an object it lacks, refused where it would do harm (see
    restore_guards), plan-drifted when another thing was approved, conflict when an object changes
    while it is written.
    """
    manifest = verify_set(request.files, request.where)
    require_same_cluster(client, manifest)
    judged = [_judge(client, request.files, entry) for entry in _entries(manifest, request.labels)]
    changes = [each for each in judged if each.action != "unchanged"]
    for each in changes:
        require_safe(client, each.saved, each.live)
    plan = _plan(manifest, changes)
    _require_approved(plan, request.fingerprint)
    safety = _save_first(client, changes, request.safety)
    for each in changes:
        _write(client, each, dry_run=request.safety.dry_run)
    if not request.safety.dry_run:
        _confirm(client, changes)
    return {
        "changed": bool(changes),
        "objects": [{"object": each.label, "action": each.action} for each in judged],
        "plan": plan.to_dict(),
        "safety_backup": safety,
        "differences": _differences(changes),
    }


def _entries(manifest: Document, labels: Sequence[str]) -> list[Document]:
    by_label: dict[str, Document] = {
        str(each["object"]): each for each in manifest["files"] if each.get("object")
    }
    missing = [label for label in labels if label not in by_label]
    if missing:
        raise RemediationError(
            "not-found",
            f"The backup set does not hold {', '.join(missing)}.",
            "Name objects as the set's manifest.json does (key object).",
            details={"objects": sorted(by_label)},
        )
    for label in labels:
        require_restorable(label)
    return [by_label[label] for label in dict.fromkeys(labels)]


def _judge(client: KubeClient, files: Mapping[str, bytes], entry: Document) -> Restoration:
    api_path = str(entry["api_path"])
    return Restoration(
        label=str(entry["object"]),
        api_path=api_path,
        sha256=str(entry["sha256"]),
        saved=json.loads(files[str(entry["path"])]),
        live=read_or_none(client, api_path),
    )


def _content(found: Document) -> dict[str, Any]:
    """What makes two objects the same: all but status and what the server writes."""
    metadata = {
        key: value
        for key, value in found["metadata"].items()
        if key not in _OWN_METADATA and value not in ({}, [])
    }
    rest = {
        key: value
        for key, value in found.items()
        if key not in ("metadata", "status", "apiVersion", "kind")
    }
    return {**rest, "metadata": metadata}


def _plan(manifest: Document, changes: Iterable[Restoration]) -> Plan:
    """The restoration as a plan, so that it is shown and approved like any other."""
    steps = [_step(number, each) for number, each in enumerate(changes, start=1)]
    return Plan(
        cluster_uid=str(manifest["cluster_uid"]),
        evidence_digest="",
        options={"backup_set": str(manifest["id"])},
        steps=tuple(steps),
    )


def _step(number: int, each: Restoration) -> Step:
    live, metadata = each.live or {"metadata": {}}, each.saved["metadata"]
    verb = "Create" if each.live is None else "Replace"
    return Step(
        id=f"{number:02}-restore-{each.saved['kind'].lower()}",
        action="restore_object",
        module="remediation_restore",
        title=f"{verb} {each.label} as it was saved",
        finding="",
        object=ObjectRef(
            str(each.saved["apiVersion"]),
            str(each.saved["kind"]),
            metadata.get("namespace"),
            str(metadata["name"]),
            uid=live["metadata"].get("uid"),
            resource_version=live["metadata"].get("resourceVersion"),
        ),
        params={"action": each.action, "sha256": each.sha256},
        reason="It was asked for.",
        risk="medium",
        undo=f"Delete {each.label}." if each.live is None else "Restore it from the safety backup.",
        changes=(f"{each.label} is {each.action}.",),
    )


def _require_approved(plan: Plan, fingerprint: str) -> None:
    if fingerprint and fingerprint != plan.fingerprint:
        raise RemediationError(
            "plan-drifted",
            f"What was approved is {fingerprint}, what would be done now is {plan.fingerprint}.",
            "An object has changed since. Look at the new plan and approve that.",
            details={"plan": plan.to_dict()},
        )


def _save_first(
    client: KubeClient, changes: Sequence[Restoration], safety: BackupRequest
) -> dict[str, Any] | None:
    content = Content()
    for each in changes:
        if each.live is None:
            continue
        metadata = {
            key: value for key, value in each.live["metadata"].items() if key != "managedFields"
        }
        kinds = {key: each.saved[key] for key in ("apiVersion", "kind")}
        saved = {**each.live, **kinds, "metadata": metadata}
        content.objects.append(SavedObject(each.api_path, saved))
    if not content.objects:
        return None
    kept: dict[str, Any] = keep(client, content, safety)["backup"]
    return kept


def _write(client: KubeClient, each: Restoration, *, dry_run: bool) -> None:
    body: dict[str, Any] = {key: value for key, value in each.saved.items() if key != "status"}
    metadata = {
        key: value for key, value in each.saved["metadata"].items() if key not in _OWN_METADATA
    }
    if each.live is None:
        collection = each.api_path.rsplit("/", 1)[0]
        client.create(collection, {**body, "metadata": metadata}, dry_run=dry_run)
        return
    live = each.live["metadata"]
    guard = {"uid": live["uid"], "resourceVersion": live["resourceVersion"]}
    client.replace(each.api_path, {**body, "metadata": {**metadata, **guard}}, dry_run=dry_run)


def _confirm(client: KubeClient, changes: Iterable[Restoration]) -> None:
    for each in changes:
        live = read_or_none(client, each.api_path)
        if live is None or _content(live) != _content(each.saved):
            raise RemediationError(
                "stalled",
                f"{each.label} was brought back and is not as it was saved.",
                "A controller changes it: look at its managedFields. The saved content is in the set.",
            )


def _differences(changes: Iterable[Restoration]) -> dict[str, str]:
    """Before and after of what is restored as texts for a diff, without secrets."""
    redactor = Redactor()
    before, after = [], []
    for each in changes:
        before.append(_shown(redactor, each.label, each.live))
        after.append(_shown(redactor, each.label, each.saved))
    return {"before": "".join(before), "after": "".join(after)}


def _shown(redactor: Redactor, label: str, found: Document | None) -> str:
    if found is None:
        return ""
    content = _content(found)
    if label.startswith("Secret/"):
        for part in ("data", "stringData"):
            content[part] = {
                key: redactor.token(str(value)) for key, value in (content.get(part) or {}).items()
            }
    text = json.dumps(redactor.value(content), indent=2, sort_keys=True, ensure_ascii=False)
    return f"{label}\n{text}\n"
