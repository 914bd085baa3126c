# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan as an operator reads it before saying yes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._plan.advice import snapshot_advice
from ..words import label_of
from .text_layout import RULE, grid, wrap

Document = Mapping[str, Any]

# Of the 80 columns of a terminal; what does not fit is wrapped.
_WIDTHS = (4, 27, 27, 6, 8)
_HEAD = ("step", "object", "change", "risk", "undo")
# Long numbers that say nothing to a person; all of them together are "the same object".
_IDENTITIES = ("uid", "resource_version", "rancher_values")


def plan_text(plan: Document) -> str:
    """Render a plan document (schema plan/v1) for a terminal."""
    steps = plan.get("steps") or []
    lines = [RULE]
    if steps:
        count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
        risks = ", ".join(plan.get("risks") or []) or "none"
        lines += [f"Plan {plan.get('fingerprint')}: {count}, risks: {risks}", ""]
        lines += _table(steps)
        for number, step in enumerate(steps, start=1):
            lines += _step(number, step)
    else:
        lines.append("Plan: nothing that may be done without a person")
    for item in plan.get("instructions") or []:
        lines += instruction_lines(item)
    advice = snapshot_advice(plan)
    if advice is not None:
        lines += instruction_lines(advice.to_dict())
    return "\n".join([*lines, RULE]) + "\n"


def _table(steps: list[Document]) -> list[str]:
    """Every step on a row; the words that do not fit stand below, step by step."""
    rows = [_HEAD]
    for number, step in enumerate(steps, start=1):
        cells = (_object(step), str(step.get("title")), str(step.get("risk")))
        rows.append((f"{number}.", *cells, _undo_kind(step)))
    return grid(rows, _WIDTHS)


def _object(step: Document) -> str:
    """Kind, namespace and name, so that each gets a line of its own where they are long."""
    return label_of(step.get("object")).replace("/", "/\n")


def _undo_kind(step: Document) -> str:
    """The way back in a word or two; how exactly stands with the step."""
    undo = str(step.get("undo") or "")
    if not undo:
        return "not needed"
    if "backup" in undo and not undo.startswith("helm"):
        return "from backup"
    return "rollback" if undo.startswith("helm rollback") else "see below"


def _step(number: int, step: Document) -> list[str]:
    lines = ["", *wrap(f"{number}. {step.get('title')}", 1, 3)]
    lines += wrap(f"on: {_terms(step)}", 4, 4)
    for change in step.get("changes") or []:
        lines += wrap(f"- {change}", 4, 2)
    for label, key in (("why", "reason"), ("undo", "undo")):
        if step.get(key):
            lines += wrap(f"{label}: {step[key]}", 4, 6)
    return lines


def _terms(step: Document) -> str:
    """The object of a step, and what must still be true of it right before it is changed."""
    reference = step.get("object") or {}
    label, conditions = label_of(reference), []
    for name, value in (step.get("precondition") or {}).items():
        if name in ("absent", "services_absent"):
            conditions.append("it is absent" if name == "absent" else "its Services are absent")
        elif isinstance(value, (str, int)) and not name.endswith(_IDENTITIES):
            conditions.append(f"{name.replace('_', ' ')} is {value}")
    if reference.get("uid"):
        conditions.append("it is the same object")
    return f"{label}, only while {_listed(conditions)}" if conditions else label


def _listed(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def instruction_lines(item: Document) -> list[str]:
    """Render what is left to a person: why, the dangers, and commands to copy."""
    lines = ["", f"By hand: {item.get('title')}", *wrap(str(item.get("why") or ""), 2)]
    for danger in item.get("danger") or []:
        lines += wrap(f"Danger: {danger}", 2, 8)
    return lines + [f"    {command}" for command in item.get("commands") or []]
