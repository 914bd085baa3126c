# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging one rule on the facts: for every element fail, warn, pass or unknown.

Nothing here raises because of what the facts or the rule hold: a condition that cannot be decided gives ``unknown``,
never ``fail`` or ``pass``, and says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .._core import template
from .._core.lenient import dig, mapping, text
from .._documents.evidence import READABLE
from .._documents.vocabulary import Outcome
from . import expression
from .rules import Rule

FAIL, WARN, UNKNOWN, PASS = (each.value for each in Outcome)
_MATCHED = {"fail": FAIL, "warn": WARN, "info": PASS}


@dataclass(frozen=True)
class Judgement:
    """What a rule says about one element. ``matched`` is true when its condition held; ``reason`` tells why an
    outcome is unknown."""

    rule: Rule
    subject: str
    element: dict[str, Any]
    outcome: str
    matched: bool = False
    reason: str = ""


def judge(rule: Rule, facts: dict[str, Any]) -> list[Judgement]:
    """One judgement per element the rule applies to; none where there is no such element."""
    unread = unread_sources(rule, facts)
    try:
        elements = _elements(rule, facts)
    except expression.ExpressionError as problem:
        reason = f"{rule.applies_to!r} could not be evaluated: {problem}"
        return [_unknown(rule, {"root": facts}, reason)]
    if not elements and unread:
        return [_unknown(rule, {"root": facts}, unread)]
    return [_judge_element(rule, element, unread) for element in elements]


def unread_sources(rule: Rule, facts: dict[str, Any]) -> str:
    """Which of the evidence sources a rule needs could not be read, and why; empty when all could."""
    return "; ".join(_unread(rule, facts))


def _unread(rule: Rule, facts: dict[str, Any]) -> Iterator[str]:
    sources = mapping(facts.get("sources"))
    for name in rule.needs:
        state = text(dig(sources, name, "state"))
        if state is None:
            yield f"{name} was not collected"
        elif state not in READABLE:
            why = text(dig(sources, name, "reason"))
            yield f"{name} could not be read ({state}{': ' + why if why else ''})"


def _elements(rule: Rule, facts: dict[str, Any]) -> list[dict[str, Any]]:
    found = expression.evaluate(rule.applies_to, facts)
    items = found if isinstance(found, list) else [found]
    return [{**item, "root": facts} for item in items if isinstance(item, dict)]


def _judge_element(rule: Rule, element: dict[str, Any], unread: str) -> Judgement:
    if rule.only_when is not None:
        applicable = expression.truth(rule.only_when, element)
        if applicable.value is None:
            return _unknown(rule, element, unread or applicable.reason)
        if not applicable.value:
            return Judgement(rule, subject_of(rule, element), element, PASS)
    if unread:
        return _unknown(rule, element, unread)
    if rule.unknown_when is not None:
        undecidable = expression.truth(rule.unknown_when, element)
        if undecidable.value is not False:
            reason = undecidable.reason or f"the evidence does not say enough: {rule.unknown_when}"
            return _unknown(rule, element, reason)
    held = expression.truth(rule.when, element)
    if held.value is None:
        return _unknown(rule, element, held.reason)
    outcome = _MATCHED[rule.severity] if held.value else PASS
    return Judgement(rule, subject_of(rule, element), element, outcome, matched=held.value)


def _unknown(rule: Rule, element: dict[str, Any], reason: str) -> Judgement:
    return Judgement(rule, subject_of(rule, element), element, UNKNOWN, reason=reason)


def subject_of(rule: Rule, element: dict[str, Any]) -> str:
    """``Kind/namespace/name`` of what the rule is about: its own wording, else the release or the upgrade."""
    if rule.subject is not None:
        try:
            return " ".join(template.render(rule.subject, element).split())[:400]
        except template.TemplateError:
            pass
    release, namespace = text(element.get("release")), text(element.get("namespace"))
    if release and namespace:
        return f"Release/{namespace}/{release}"[:400]
    upgrade = mapping(dig(element, "root", "upgrade"))
    name = text(upgrade.get("name"))
    if name is None:
        return "Upgrade"
    if upgrade.get("kind"):
        return f"{upgrade['kind']}/{name}"[:400]
    return f"Upgrade/{text(upgrade.get('namespace')) or 'harvester-system'}/{name}"[:400]
