# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has moved since a plan was made: the plan is made anew and the two are held side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._diagnosis.facts.document import Facts
from .._documents.plan import Plan, Step
from .make import make_plan, read_options

COMPARED = ("object", "precondition", "params", "risk", "finding", "module", "unattended")


def check_plan(
    plan: Mapping[str, Any],
    evidence: Mapping[str, Any],
    findings: Mapping[str, Any],
    facts: Facts,
    options: Mapping[str, Any] | None = None,
) -> list[str]:
    """The differences between a plan and the one that fits the evidence now; none when it still fits.

    The plan is made anew with the options it was made with; options of this run that differ from them
    are differences too, but for what a dry run has found, which nobody chooses. Raises plan-invalid for a document that is no plan or was edited.
    """
    approved = Plan.from_dict(plan)
    wanted = approved.options
    if options is not None:
        wanted = read_options({"conflicts": approved.options.get("conflicts"), **options})
    changed = [
        f"{path} was {was!r}, is now {is_now!r}"
        for path, was, is_now in _leaves("option", dict(approved.options), dict(wanted))
    ]
    current = make_plan(evidence, findings, facts, approved.options)
    if approved.cluster_uid != current.cluster_uid:
        return [f"it was made for cluster {approved.cluster_uid}, this is {current.cluster_uid}"]
    if approved.fingerprint == current.fingerprint:
        return changed
    moved = list(_differences(approved, current)) or ["the order of the steps is another"]
    return changed + moved


def _differences(approved: Plan, current: Plan) -> Iterator[str]:
    now = {_identity(step): step for step in current.steps}
    before = {_identity(step): step for step in approved.steps}
    for identity, step in before.items():
        if identity not in now:
            yield f"{step.id} on {step.object.label} is not needed or not possible any more"
        else:
            yield from _step_difference(step, now[identity])
    for identity, step in now.items():
        if identity not in before:
            yield f"{step.title} ({step.object.label}) is new"


def _identity(step: Step) -> tuple[str, str]:
    """A step by what it does to what; a release's Secret carries the revision, which may move."""
    release = step.params.get("release")
    if isinstance(release, str):
        revision = step.params.get("expected_revision") if step.action == "unlock_release" else ""
        return step.action, f"{step.params.get('namespace')}/{release}/{revision}"
    return step.action, step.object.label


def _step_difference(before: Step, now: Step) -> Iterator[str]:
    """What a person has to know, once: a new revision alone changes nine fields of a step."""
    if before.object.label != now.object.label:
        yield f"{before.id}: {before.object.label} is now {now.object.label}"
        return
    old, new = before.to_dict(), now.to_dict()
    leaves = [leaf for part in COMPARED for leaf in _leaves(part, old[part], new[part])]
    if leaves:
        path, was, is_now = leaves[0]
        more = f", and {len(leaves) - 1} more" if len(leaves) > 1 else ""
        yield f"{before.id}: {path} of {before.object.label} was {was!r}, is now {is_now!r}{more}"


def _leaves(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(set(old) | set(new)):
            yield from _leaves(f"{path}.{key}", old.get(key), new.get(key))
    else:
        yield path, old, new
