# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing objects back from a backup set, after a backup of what is there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._backup.back_up import BackupRequest, keep
from .._backup.backup_set import verify_set
from .._backup.read import Content, SavedObject
from .._core.errors import RemediationError
from .._documents.plan import ObjectRef, Plan, Step
from .._helm.idleness import DEFAULT_STALE_AFTER
from .._kube import paths
from .._kube.change import read_or_none
from .._kube.client import KubeClient
from .._kube.waiting import Progress, poll
from .change import Restoration, is_done, judge, write
from .diff import diff_text, differences
from .guards import require_restorable, require_safe, require_same_cluster
from .history import judge_history
from .later_objects import later_objects, made_by_steps
from .selection import Chosen, Selection, choose

Document = Mapping[str, Any]

SERVED_WITHIN = 60.0  # seconds
_CRD = "CustomResourceDefinition"


@dataclass(frozen=True)
class RestoreRequest:
    """What to bring back of which set; fingerprint is of the plan somebody has approved, when there is one."""

    files: Mapping[str, bytes]
    where: str
    selection: Selection
    safety: BackupRequest
    delete_later: bool = False
    stale_after: int = DEFAULT_STALE_AFTER
    fingerprint: str = ""


def restore(client: KubeClient, request: RestoreRequest) -> dict[str, Any]:
    """Bring back what is selected.

    An object that is gone is created, one that differs is replaced, one that is the same stays. The
    API server tries every write before the first is kept, and before that everything that will be
    replaced or deleted is saved in a set of its own. Raises backup-invalid for a damaged set,
    not-found for what it lacks, refused where it would do harm (see restore_guards and
    restore_history), plan-drifted when another thing was approved, conflict when an object changes
    while it is written.
    """
    manifest = verify_set(request.files, request.where)
    require_same_cluster(client, manifest)
    chosen = choose(manifest, request.selection)
    judged = _judged(client, request, chosen)
    judged += later_objects(client, chosen.undone, manifest)
    stays: list[str] = []
    if request.selection.is_undo:
        made, stays = made_by_steps(client, manifest)
        judged += made
    changes = [each for each in judged if each.action != "unchanged"]
    for each in changes:
        if not each.of_history:
            require_safe(client, each.one, each.live)
    plan = _plan(manifest, changes)
    _require_approved(plan, request.fingerprint)
    _try(client, changes)
    safety = _save_first(client, changes, request.safety)
    if not request.safety.dry_run:
        _carry_out(client, changes)
    return {
        "changed": bool(changes),
        "objects": [{"object": each.label, "action": each.action} for each in judged],
        "plan": plan.to_dict(),
        "safety_backup": safety,
        "diff_text": diff_text(changes),
        "differences": differences(changes),
        "stays": stays,
    }


def _judged(client: KubeClient, request: RestoreRequest, chosen: Chosen) -> list[Restoration]:
    """Everything chosen in the order it is written: definitions, objects, histories."""
    for entry in chosen.objects.values():
        require_restorable(entry)
    by_release = [
        judge_history(
            client,
            request.files,
            release,
            entries,
            delete_later=request.delete_later,
            stale_after=request.stale_after,
        )
        for release, entries in chosen.histories.items()
    ]
    histories = [each for found in by_release for each in found]
    of_history = {each.label for each in histories}
    objects = [
        judge(client, request.files, name, entry)
        for name, entry in chosen.objects.items()
        if name not in of_history
    ]
    return [*sorted(objects, key=lambda each: not _is_crd(each)), *histories]


def _is_crd(each: Restoration) -> bool:
    return each.one.get("kind") == _CRD


def _plan(manifest: Document, changes: Iterable[Restoration]) -> Plan:
    """The restoration as a plan, so that it is shown and approved like any other."""
    steps = [_step(number, each) for number, each in enumerate(changes, start=1)]
    return Plan(
        cluster_uid=str(manifest["cluster_uid"]),
        evidence_digest="",
        options={"backup_set": str(manifest["id"])},
        steps=tuple(steps),
    )


_VERBS = {"created": "Create", "replaced": "Replace", "deleted": "Delete"}


def _step(number: int, each: Restoration) -> Step:
    live, metadata = each.live or {"metadata": {}}, each.one["metadata"]
    ending = " as it was saved" if each.saved is not None else ", which came after the backup"
    return Step(
        id=f"{number:02}-restore-{each.one['kind'].lower()}",
        action="restore_object",
        module="remediation_restore",
        title=f"{_VERBS[each.action]} {each.label}{ending}",
        finding="",
        object=ObjectRef(
            str(each.one["apiVersion"]),
            str(each.one["kind"]),
            metadata.get("namespace"),
            str(metadata["name"]),
            uid=live["metadata"].get("uid"),
            resource_version=live["metadata"].get("resourceVersion"),
        ),
        params={"action": each.action, "sha256": each.sha256},
        reason="It was asked for.",
        risk="high" if each.of_history and each.live is not None else "medium",
        undo=f"Delete {each.label}." if each.live is None else "Restore it from the safety backup.",
        changes=(f"{each.label} is {each.action}.", *each.notes, *_of_history(each)),
    )


def _of_history(each: Restoration) -> tuple[str, ...]:
    return ("Only Helm's record changes; the objects of the release stay.",) * each.of_history


def _require_approved(plan: Plan, fingerprint: str) -> None:
    if fingerprint and fingerprint != plan.fingerprint:
        raise RemediationError(
            "plan-drifted",
            f"What was approved is {fingerprint}, what would be done now is {plan.fingerprint}.",
            "An object has changed since. Look at the new plan and approve that.",
            details={"plan": plan.to_dict()},
        )


def _try(client: KubeClient, changes: Sequence[Restoration]) -> None:
    """Have the API server judge every write, keeping none: what cannot be done whole is not begun.

    Objects of kinds that are brought back in the same go cannot be tried before their kinds are there.
    """
    new_kinds = {_defines(each) for each in changes if _is_crd(each)}
    for each in changes:
        group = str(each.one["apiVersion"]).partition("/")[0]
        if (group, each.one["kind"]) not in new_kinds:
            _write(client, each, dry_run=True)


def _defines(crd: Restoration) -> tuple[str, str]:
    spec = crd.one.get("spec") or {}
    return str(spec.get("group")), str((spec.get("names") or {}).get("kind"))


def _wait_until_served(client: KubeClient, crd: Restoration) -> None:
    """A definition is there at once, its objects only when the API server has taken notice."""
    spec = crd.one.get("spec") or {}
    versions = [each["name"] for each in spec.get("versions") or [] if each.get("served")]
    plural = str((spec.get("names") or {}).get("plural"))
    paths_of_kind = [paths.api(f"{spec.get('group')}/{version}", plural) for version in versions]

    def look() -> Progress[None]:
        served = all(read_or_none(client, path) is not None for path in paths_of_kind)
        return Progress(served, None, f"{crd.label} is {'' if served else 'not yet '}served")

    poll(look, what=f"Serving {crd.label}", timeout=SERVED_WITHIN, interval=0.5)


def _write(client: KubeClient, each: Restoration, *, dry_run: bool) -> None:
    try:
        write(client, each, dry_run=dry_run)
    except RemediationError as error:
        if error.code == "not-found" and each.action == "created":
            raise RemediationError(
                "not-found",
                f"{each.label} has no place to go back to: {error.message}",
                "Bring its CustomResourceDefinition or its namespace back first; the backup set holds"
                " the definitions of fleet.",
            ) from error
        raise


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
        kinds = {key: each.one[key] for key in ("apiVersion", "kind")}
        saved = {**each.live, **kinds, "metadata": metadata}
        content.objects.append(SavedObject(each.api_path, saved))
    if not content.objects:
        return None
    kept: dict[str, Any] = keep(client, content, safety)["backup"]
    # Check mode reads and checks everything for the set, and writes none.
    return None if safety.dry_run else kept


def _carry_out(client: KubeClient, changes: Sequence[Restoration]) -> None:
    definitions = [each for each in changes if _is_crd(each)]
    for each in definitions:
        _write(client, each, dry_run=False)
    for each in definitions:
        _wait_until_served(client, each)
    for each in changes:
        if not _is_crd(each):
            _write(client, each, dry_run=False)
    for each in changes:
        if not is_done(client, each):
            raise RemediationError(
                "stalled",
                f"{each.label} was brought back and is not as it was saved.",
                "A controller changes it: look at its managedFields. The saved content is in the set.",
            )
