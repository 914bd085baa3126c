# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From judgements to findings: texts, proof and remedy of what the rules have said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from .._core import template
from .._core.listing import first_of
from . import expression
from .judging import FAIL, PASS, UNKNOWN, WARN, Judgement
from .rules import Remedy, Step, Way

_ORDER = {FAIL: 0, WARN: 1, UNKNOWN: 2, PASS: 3}
_LONGEST_TEXT = 2000
_MOST_ITEMS = 20
_DEEPEST = 6


def rank(judgements: Sequence[Judgement]) -> list[dict[str, Any]]:
    """The findings, most urgent first, each with its ``rank`` from 1.

    What matched or could not be judged becomes a finding; a rule that found nothing wrong does not. Order: outcome,
    then what holds the job now, then the priority of the rule (FM 6.0), then the subject. A job stands in one place:
    where several findings could hold it, it is the first of them that does.
    """
    told = [item for item in judgements if item.matched and item.outcome != UNKNOWN]
    findings = [(item.rule.priority, _finding(item)) for item in told]
    findings += [(group[0].rule.priority, _unknown(group)) for group in _unknown_groups(judgements)]
    findings.sort(
        key=lambda pair: (
            _ORDER[pair[1]["outcome"]],
            not pair[1]["holds_job"],
            pair[0],
            pair[1]["id"],
            pair[1]["subject"],
        )
    )
    ranked = [finding for _priority, finding in findings]
    return [
        {**finding, "rank": number, "holds_job": finding["holds_job"] and number == 1}
        for number, finding in enumerate(ranked, 1)
    ]


def _finding(judgement: Judgement) -> dict[str, Any]:
    rule, element = judgement.rule, judgement.element
    return {
        "id": rule.id,
        "failure_mode": rule.failure_mode,
        "title": rule.title,
        "outcome": judgement.outcome,
        "subject": judgement.subject,
        "message": _rendered(rule.message, element, rule.title),
        "proof": [{"path": path, "value": _shown(path, element)} for path in rule.proof],
        "references": list(rule.references),
        "holds_job": _holds_job(judgement),
        "remedy": _remedy(rule.remedy, element),
        "what_next": _rendered(rule.what_next, element, rule.what_next),
        "must_not": list(rule.must_not),
    }


def _unknown_groups(judgements: Sequence[Judgement]) -> list[list[Judgement]]:
    """The undecided judgements of one rule for one reason belong together: seven releases that could not be read are
    one thing to say, not seven."""

    def key(judgement: Judgement) -> tuple[str, str]:
        return judgement.rule.id, judgement.reason

    # A rule that would say that all is well has nothing to say when it cannot know.
    undecided = sorted(
        (item for item in judgements if item.outcome == UNKNOWN and item.rule.severity != "info"),
        key=key,
    )
    return [list(group) for _key, group in groupby(undecided, key)]


def _unknown(group: Sequence[Judgement]) -> dict[str, Any]:
    rule = group[0].rule
    subjects = sorted({judgement.subject for judgement in group})
    about = first_of(subjects, 7)
    return {
        "id": rule.id,
        "failure_mode": rule.failure_mode,
        "title": rule.title,
        "outcome": UNKNOWN,
        "subject": subjects[0],
        "message": f"Cannot say whether this is so for {about}: {group[0].reason}."[:_LONGEST_TEXT],
        "reason": group[0].reason[:_LONGEST_TEXT],
        "proof": [],
        "references": list(rule.references),
        "holds_job": False,
        "remedy": None,
        "what_next": "Make the missing part readable (permissions, API, logs) and diagnose again.",
        "must_not": [],
    }


def _holds_job(judgement: Judgement) -> bool:
    condition = judgement.rule.holds_job
    if condition is None or judgement.outcome != FAIL:
        return False
    return expression.truth(condition, judgement.element).value is True


def _remedy(remedy: Remedy | None, element: dict[str, Any]) -> dict[str, Any] | None:
    if remedy is None:
        return None
    steps = [_step(step, element) for step in remedy.steps if _wanted(step.when, element)]
    instructions = remedy.instructions
    if instructions and not _wanted(instructions.when, element):
        instructions = None
    return {
        "unattended": remedy.unattended,
        "risk": remedy.risk,
        "steps": steps,
        "instructions": instructions
        and {
            "why": _rendered(instructions.why, element, instructions.why),
            "danger": [_rendered(text, element, text) for text in instructions.danger],
            "commands": _commands(instructions.commands, element),
            **_ways(instructions.ways, element),
        },
    }


def _wanted(when: str | None, element: dict[str, Any]) -> bool:
    return when is None or expression.truth(when, element).value is True


def _step(step: Step, element: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "action": step.action,
        "with": {key: _shown(path, element) for key, path in step.parameters.items()},
    }
    if step.unattended is not None:
        found["unattended"] = step.unattended
    if step.risk is not None:
        found["risk"] = step.risk
    return found


def _ways(ways: Sequence[Way], element: dict[str, Any]) -> dict[str, Any]:
    if not ways:
        return {}
    return {
        "ways": [{"title": way.title, "commands": _commands(way.commands, element)} for way in ways]
    }


def _commands(sources: Sequence[str], element: dict[str, Any]) -> list[str]:
    """The commands as they are to be typed, one a line; a template that comes out empty is not for this element."""
    filled = "\n".join(_filled(source, element, source) for source in sources)
    return [command for command in filled.split("\n") if command]


def _rendered(source: str, element: dict[str, Any], fallback: str) -> str:
    """The text of a template, or the plain wording where that would be nothing."""
    return _filled(source, element, fallback) or fallback


def _filled(source: str, element: dict[str, Any], fallback: str) -> str:
    """The text of a template. When it cannot be rendered the reader gets the plain wording: never a crash at the moment
    the diagnosis is needed."""
    try:
        return template.render(source, element)
    except template.TemplateError:
        return fallback


def _shown(path: str, element: dict[str, Any]) -> Any:
    try:
        return bounded(expression.evaluate(path, element))
    except expression.ExpressionError as problem:
        return f"could not be read: {problem}"


def bounded(value: Any, depth: int = _DEEPEST) -> Any:
    """A copy of a JSON value that is small enough to be shown: long texts, long lists and deep trees are cut."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + " …"
    if isinstance(value, (dict, list)) and depth == 0:
        return "…"
    if isinstance(value, dict):
        kept = list(value.items())[: _MOST_ITEMS * 5]
        return {str(key): bounded(item, depth - 1) for key, item in kept if key != "root"}
    if isinstance(value, list):
        return [bounded(item, depth - 1) for item in value[:_MOST_ITEMS]]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)
