# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: every step on a row of a table, then each in full, then what is left to a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..._core.lenient import mapping, text
from ..._documents.plan import Instruction
from ..._documents.report import PlannedStep
from ..._documents.run import RunPlan, RunStep
from ..._documents.shape import Problems, read
from ..._plan.advice import snapshot_advice
from ..blocks import (
    Block,
    Card,
    Commands,
    Item,
    Items,
    Labelled,
    Page,
    Paragraph,
    Section,
    Table,
    Words,
    listed,
    tag,
)
from ..in_short import plan_line
from ..words import label_of

_HEAD = ("step", "object", "change", "risk", "undo")
# Of the 80 columns of a terminal; what does not fit is wrapped.
_WIDTHS = (4, 27, 27, 6, 8)
_RISK_TONES = {"low": "good", "medium": "ask", "high": "bad"}
# The Secret or ConfigMap in which Helm keeps a revision of a release.
_REVISION = re.compile(r"sh\.helm\.release\.v1\.(?P<release>.+)\.v(?P<number>\d+)")
# Long numbers that say nothing to a person; all of them together are "the same object".
_IDENTITIES = ("uid", "resource_version", "rancher_values")


def plan_page(document: Mapping[str, Any]) -> Page:
    """What a plan document (schema plan/v1) says, as an operator reads it before approving it."""
    plan = read(RunPlan, document, Problems()) or RunPlan()
    line = "Plan: nothing that may be done without a person"
    if plan.steps:
        line = plan_line(plan.fingerprint, len(plan.steps), plan.risks)
    advice = snapshot_advice(document)
    by_hand = [*plan.instructions, *([] if advice is None else [advice])]
    sections = (
        Section("plan", "Steps", tuple(plan_blocks(plan.steps)), silent=True),
        Section("by-hand", "To do by hand", manual_work(by_hand), silent=True),
    )
    return Page(
        title=line, heading=line, tone="ask", brief=(Paragraph(line), *sections), sections=sections
    )


def plan_blocks(
    steps: Sequence[PlannedStep], outcomes: Sequence[Words] = (), details: Sequence[str] = ()
) -> Iterator[Block]:
    """A table of the steps, then each of them in full; outcomes and details are what became of them."""
    if not steps:
        return
    head = (*_HEAD, "what happened") if outcomes else _HEAD
    rows = []
    for index, step in enumerate(steps):
        row = (
            f"{index + 1}.",
            object_name(step.object),
            step.title or "",
            tag(step.risk, _RISK_TONES.get(step.risk or "", "")),
            _undo_kind(step.undo or ""),
        )
        rows.append((*row, outcomes[index]) if outcomes else row)
    yield Table("Steps", head, tuple(rows), () if outcomes else _WIDTHS)
    yield Items(
        tuple(
            Item(step.title or "", tuple(_details(step, detail)))
            for step, detail in zip(steps, details or [""] * len(steps), strict=True)
        ),
        numbered=True,
        spaced=True,
    )


def object_name(reference: object) -> str:
    """The object of a step, as an operator calls it: a revision by its release, everything else by its kind."""
    label, found = label_of(reference), mapping(reference)
    revision = _REVISION.fullmatch(text(found.get("name")) or "")
    if revision is None:
        return label
    return f"{found.get('namespace')}/{revision['release']} revision {revision['number']}"


def _undo_kind(undo: str) -> str:
    """How to undo a step in a word or two; the step itself says it in full."""
    if not undo:
        return "not needed"
    if "backup" in undo and not undo.startswith("helm"):
        return "from backup"
    return "rollback" if undo.startswith("helm rollback") else "see below"


def _details(step: PlannedStep, detail: str) -> Iterator[Block]:
    yield Labelled("on", _terms(step))
    yield from listed(step.changes)
    if step.reason:
        yield Labelled("why", step.reason)
    if step.undo:
        yield Labelled("undo", step.undo)
    if detail:
        yield Labelled("result", detail)


def _terms(step: PlannedStep) -> str:
    """The object of a step, and what must still be true of it right before it is changed."""
    label, conditions = label_of(step.object), list[str]()
    if not isinstance(step, RunStep):
        return label
    for name, value in mapping(step.precondition).items():
        if name in ("absent", "services_absent"):
            conditions.append("it is absent" if name == "absent" else "its Services are absent")
        elif isinstance(value, (str, int)) and not name.endswith(_IDENTITIES):
            conditions.append(f"{name.replace('_', ' ')} is {value}")
    if mapping(step.object).get("uid"):
        conditions.append("it is the same object")
    return f"{label}, only while {_listed(conditions)}" if conditions else label


def _listed(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def manual_work(items: Iterable[Instruction]) -> tuple[Block, ...]:
    """What is left to a person: why, the dangers, and commands to copy."""
    return tuple(
        Card(
            item.title,
            (
                Paragraph(item.why),
                *(Labelled("Danger", each) for each in item.danger),
                *([Commands(item.commands, "console")] if item.commands else []),
            ),
            mark=tag("By hand", "ask"),
        )
        for item in items
    )
