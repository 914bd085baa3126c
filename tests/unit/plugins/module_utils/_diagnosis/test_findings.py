# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: their order, their texts, and what a faulty text leaves behind."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.findings import (
    bounded,
    rank,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.judging import (
    Judgement,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import Rule

ELEMENT: dict[str, Any] = {"name": "fleet", "age": 75, "root": {"big": "x"}}


def judged(
    identifier: str = "a-rule", outcome: str = "fail", subject: str = "Kind/ns/name", **changes: Any
) -> Judgement:
    document = {
        "id": identifier,
        "failure_mode": "6.1",
        "title": "A title",
        "applies_to": "things",
        "severity": "fail",
        "priority": 10,
        "when": "bad",
        "message": "{{ name }} since {{ age | duration }}",
        "what_next": "Next for {{ name }}",
        "references": ["https://example.com"],
    }
    rule = Rule.from_dict({**document, **changes})
    return Judgement(
        rule, subject, ELEMENT, outcome, matched=outcome != "unknown", reason="not seen"
    )


def test_order() -> None:
    findings = rank(
        [
            judged("moving", "pass"),
            judged("unseen", "unknown"),
            judged("note", "warn", priority=1),
            judged("late", priority=20),
            judged("early", priority=5, subject="Kind/ns/b"),
            judged("early", priority=5, subject="Kind/ns/a"),
            judged("holding", priority=30, holds_job="`true`"),
        ]
    )
    assert [(item["rank"], item["id"], item["subject"][-1]) for item in findings] == [
        (1, "holding", "e"),
        (2, "early", "a"),
        (3, "early", "b"),
        (4, "late", "e"),
        (5, "note", "e"),
        (6, "unseen", "e"),
        (7, "moving", "e"),
    ]


def test_the_job_stands_in_one_place() -> None:
    findings = rank(
        [judged("b", priority=2, holds_job="`true`"), judged("a", priority=1, holds_job="`true`")]
    )
    assert [(item["id"], item["holds_job"]) for item in findings] == [("a", True), ("b", False)]


def test_a_warning_holds_nothing() -> None:
    assert rank([judged(outcome="warn", holds_job="`true`")])[0]["holds_job"] is False


def test_texts() -> None:
    finding = rank([judged(proof=["name", "missing", "length(name, name)"])])[0]
    assert finding["message"] == "fleet since 1 min 15 s"
    assert finding["what_next"] == "Next for fleet"
    assert finding["proof"][:2] == [
        {"path": "name", "value": "fleet"},
        {"path": "missing", "value": None},
    ]
    assert finding["proof"][2]["value"].startswith("could not be read: ")


def test_a_message_that_cannot_be_rendered_falls_back_to_the_title() -> None:
    assert rank([judged(message="{{ missing.x }}")])[0]["message"] == "A title"


def test_instructions_that_cannot_be_rendered_are_shown_as_they_are() -> None:
    remedy = {
        "unattended": "no",
        "risk": "high",
        "instructions": {"why": "{{ name }}", "danger": [], "commands": ["rm {{ missing.x }}"]},
    }
    shown = rank([judged(remedy=remedy)])[0]["remedy"]["instructions"]
    assert shown == {"why": "fleet", "danger": [], "commands": ["rm {{ missing.x }}"]}


def test_ways_out_are_rendered_and_what_is_not_for_this_element_is_left_out() -> None:
    one, other = "{% if age %}run {{ name }}{% endif %}", "{% if not age %}never{% endif %}"
    remedy = {
        "unattended": "no",
        "risk": "high",
        "instructions": {
            "why": "w",
            "danger": [],
            "commands": [one, other],
            "ways": [{"title": "go on", "commands": [other, one]}],
        },
    }
    shown = rank([judged(remedy=remedy)])[0]["remedy"]["instructions"]
    assert shown["commands"] == ["run fleet"]
    assert shown["ways"] == [{"title": "go on", "commands": ["run fleet"]}]


def test_steps() -> None:
    remedy = {
        "unattended": "ask",
        "risk": "low",
        "steps": [
            {"action": "nudge", "when": "age > `100`"},
            {"action": "nudge", "when": "missing"},
            {"action": "unlock_release", "with": {"release": "name", "revision": "missing"}},
            {"action": "wait_for_actor", "unattended": "yes", "risk": "low"},
        ],
    }
    assert rank([judged(remedy=remedy)])[0]["remedy"]["steps"] == [
        {"action": "unlock_release", "with": {"release": "fleet", "revision": None}},
        {"action": "wait_for_actor", "with": {}, "unattended": "yes", "risk": "low"},
    ]


def test_what_is_unknown_for_one_reason_is_said_once() -> None:
    findings = rank([judged(outcome="unknown", subject=f"Release/ns/{n}") for n in range(9)])
    assert len(findings) == 1
    assert findings[0]["message"] == (
        "Cannot say whether this is so for Release/ns/0, Release/ns/1, Release/ns/2, Release/ns/3, "
        "Release/ns/4, Release/ns/5, Release/ns/6 and 2 more: not seen."
    )
    assert findings[0]["remedy"] is None


def test_bounded() -> None:
    deep: Any = "x"
    for _level in range(50):
        deep = {"a": [deep]}
    value = {
        "text": "x" * 10_000,
        "list": list(range(1000)),
        "deep": deep,
        "root": "left out",
        "number": float("nan"),
    }
    shown = bounded(value)
    assert len(shown["text"]) < 2100
    assert len(shown["list"]) == 20
    assert "root" not in shown
    assert len(json.dumps(shown, allow_nan=False)) < 5000


def test_what_a_step_does_is_not_left_to_a_person() -> None:
    def instructions(when: str) -> Any:
        by_hand = {"why": "because", "danger": [], "commands": ["true"], "when": when}
        remedy = {"unattended": "yes", "risk": "low", "instructions": by_hand}
        return rank([judged(remedy=remedy)])[0]["remedy"]["instructions"]

    assert instructions("name == 'fleet'")["why"] == "because"
    assert instructions("name == 'another'") is None
