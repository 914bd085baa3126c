# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnosis: evidence in, findings document out. Pure: no cluster, no clock, no file but the rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .._core.errors import RemediationError
from .._documents.canonical import digest
from .._documents.evidence import Evidence, check_schema
from .._documents.shape import write
from . import findings, proof, verdict
from .facts.dependencies import Dependency
from .facts.derive import derive
from .facts.origin import origin_of
from .facts.sources import not_seen
from .judging import FAIL, PASS, UNKNOWN, WARN, Judgement, judge
from .rules import Rule, load_rules

FINDINGS_SCHEMA = "harvester_ops.remediation/findings/v1"
_WORST_FIRST = (FAIL, WARN, UNKNOWN, PASS)


def diagnose(evidence: object, rules_dirs: Sequence[str | Path] = ()) -> dict[str, Any]:
    """The findings document of an evidence document, with the collection's rules and those of more directories.

    The same evidence and rules give the same bytes, always and everywhere. Raises RemediationError
    ``evidence-invalid`` when the input is no evidence document at all, and ``rule-invalid`` for faulty rules; no damage
    inside an evidence document makes it raise.
    """
    document = _plain(evidence)
    rules = load_rules(rules_dirs)
    read = Evidence.from_dict(document)
    facts = derive(read)
    told = facts.to_dict()
    judged = [judgement for rule in rules for judgement in judge(rule, told)]
    kept, set_aside = exclude(judged)
    ranked = findings.rank(kept)
    holes = not_seen(read)
    duties = proof.obligations(facts)
    answer = verdict.verdict(facts, ranked, duties, [hole["source"] for hole in holes])
    return {
        "schema": FINDINGS_SCHEMA,
        "evidence_digest": digest(document),
        "collected_at": read.collected_at,
        "verdict": answer.word,
        "headline": answer.headline,
        "refusal": answer.refusal,
        "phase": facts.upgrade.phase,
        "waits_for": verdict.waits_for(facts),
        "since": verdict.since(facts),
        "dependencies": [_state_of(item) for item in facts.dependencies],
        "findings": ranked,
        "set_aside": set_aside,
        "obligations": [write(duty) for duty in duties],
        "rules": _summary(rules, kept),
        "not_seen": holes,
        **origin_of(read, facts.dependencies),
    }


def _state_of(dependency: Dependency) -> dict[str, Any]:
    """One row of the versions an operator compares, and what Rancher would do about it."""
    decision = dependency.decision
    return {
        "chart": dependency.chart,
        "release": dependency.release,
        "namespace": dependency.namespace,
        "awaited": dependency.awaited,
        "wanted": dependency.wanted,
        "expected": dependency.expected_version,
        "desired": dependency.desired_version,
        "installed": dependency.installed_version,
        "status": dependency.release_state,
        "decision": {"action": decision.action.value, "reason": decision.reason.value},
    }


def exclude(judged: Sequence[Judgement]) -> tuple[list[Judgement], list[dict[str, str]]]:
    """Leave out what cannot be judged while another mode is there (FM 6.0, mutual exclusion).

    A rule that matched sets the rules it excludes aside: for the same subject when both are judged on the same
    elements, else everywhere. What is set aside excludes nothing itself. A rule of severity info says that all is well,
    which the first failure sets aside. Answers the judgements left and, for the reader, what was set aside and because
    of which finding.
    """
    kept: list[Judgement] = []
    aside: list[dict[str, str]] = []
    active: list[Judgement] = []
    calm_last = sorted(judged, key=lambda judgement: judgement.rule.severity == "info")
    for judgement in calm_last:
        cause = next((item for item in active if _excludes(item, judgement)), None)
        if cause is None:
            kept.append(judgement)
            if judgement.matched and judgement.outcome in (FAIL, WARN):
                active.append(judgement)
        elif judgement.matched or judgement.outcome == UNKNOWN:
            aside.append(
                {"id": judgement.rule.id, "subject": judgement.subject, "by": cause.rule.id}
            )
    return kept, aside


def _excludes(cause: Judgement, judgement: Judgement) -> bool:
    # That all is well, or that nothing is known, is not to be said beside a failure.
    if (judgement.rule.last_resort or judgement.rule.severity == "info") and cause.outcome == FAIL:
        return True
    if judgement.rule.id not in cause.rule.excludes:
        return False
    if cause.rule.applies_to != judgement.rule.applies_to:
        return True
    return cause.subject == judgement.subject


def _summary(rules: Sequence[Rule], judged: Sequence[Judgement]) -> list[dict[str, str]]:
    """For every rule the worst it has said, so that the reader sees what was looked for and not found."""
    outcomes: dict[str, set[str]] = {}
    for judgement in judged:
        outcomes.setdefault(judgement.rule.id, set()).add(judgement.outcome)
    return [
        {"id": rule.id, "failure_mode": rule.failure_mode, "outcome": _worst(outcomes.get(rule.id))}
        for rule in rules
    ]


def _worst(outcomes: set[str] | None) -> str:
    return next((name for name in _WORST_FIRST if name in (outcomes or ())), PASS)


def _plain(evidence: object) -> dict[str, Any]:
    """A copy made of plain JSON types. Ansible hands values over in types of its own, whose names the functions of
    JMESPath do not know; and what is no JSON at all has to be told before anything is judged."""
    check_schema(evidence)
    try:
        plain: dict[str, Any] = json.loads(json.dumps(evidence))
    except (TypeError, ValueError, RecursionError) as problem:
        raise RemediationError(
            "evidence-invalid",
            f"The evidence is no JSON document: {str(problem)[:200]}.",
            "Give the evidence.json that a diagnosis wrote, whole and unchanged.",
        ) from problem
    return plain
