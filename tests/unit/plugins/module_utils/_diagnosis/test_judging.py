# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule on given facts: fail, warn, pass, unknown, and why."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    exclude,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.judging import (
    Judgement,
    judge,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import Rule

FACTS: dict[str, Any] = {
    "sources": {
        "releases": {"state": "ok", "reason": ""},
        "secrets": {"state": "absent", "reason": ""},
        "nodes": {"state": "forbidden", "reason": "nodes is forbidden"},
        "plans": {"state": "error", "reason": "timeout"},
    },
    "upgrade": {"name": "u", "namespace": "harvester-system"},
    "things": [
        {"name": "a", "bad": True, "known": True},
        {"name": "b", "bad": False, "known": True},
        {"name": "c", "bad": None, "known": False},
    ],
    "one": {"release": "fleet", "namespace": "cattle-fleet-system", "bad": True},
}


def rule(**changes: Any) -> Rule:
    document = {
        "id": "a-rule",
        "failure_mode": "6.1",
        "title": "A title",
        "applies_to": "things",
        "subject": "Thing/{{ name }}",
        "severity": "fail",
        "priority": 1,
        "when": "bad",
        "message": "{{ name }} is bad",
        "what_next": "Next",
        "references": ["https://example.com"],
    }
    return Rule.from_dict({**document, **changes})


def outcomes(**changes: Any) -> list[tuple[str, str]]:
    return [(item.subject, item.outcome) for item in judge(rule(**changes), FACTS)]


def test_every_element_by_itself() -> None:
    assert outcomes() == [("Thing/a", "fail"), ("Thing/b", "pass"), ("Thing/c", "unknown")]


@pytest.mark.parametrize(
    ("severity", "outcome"), [("fail", "fail"), ("warn", "warn"), ("info", "pass")]
)
def test_severity(severity: str, outcome: str) -> None:
    judged = judge(rule(severity=severity), FACTS)[0]
    assert (judged.outcome, judged.matched) == (outcome, True)


def test_only_when_comes_before_what_is_unknown() -> None:
    assert outcomes(only_when="known", unknown_when="`true`") == [
        ("Thing/a", "unknown"),
        ("Thing/b", "unknown"),
        ("Thing/c", "pass"),
    ]


def test_only_when_that_cannot_be_decided() -> None:
    assert {outcome for _subject, outcome in outcomes(only_when="missing")} == {"unknown"}


def test_unknown_when_comes_before_when() -> None:
    assert outcomes(unknown_when="name == 'a'")[0] == ("Thing/a", "unknown")


@pytest.mark.parametrize(
    ("needs", "outcome", "reason"),
    [
        (["releases"], "fail", ""),
        (["secrets"], "fail", ""),
        (["nodes"], "unknown", "nodes could not be read (forbidden: nodes is forbidden)"),
        (["releases", "plans"], "unknown", "plans could not be read (error: timeout)"),
        (["never_heard_of"], "unknown", "never_heard_of was not collected"),
    ],
)
def test_needs(needs: list[str], outcome: str, reason: str) -> None:
    judged = judge(rule(needs=needs), FACTS)[0]
    assert (judged.outcome, judged.reason) == (outcome, reason)


def test_no_element_is_no_judgement() -> None:
    assert judge(rule(applies_to="missing"), FACTS) == []
    assert judge(rule(applies_to="things[?name=='z']"), FACTS) == []


def test_no_element_because_it_was_not_read_is_unknown() -> None:
    judged = judge(rule(applies_to="missing", needs=["nodes"], subject=None), FACTS)
    assert [(item.outcome, item.subject) for item in judged] == [
        ("unknown", "Upgrade/harvester-system/u")
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"when": "length(missing) > `0`"},
        {"when": "missing"},
        {"when": "name"},
        {"applies_to": "length(missing)"},
        {"only_when": "contains(missing, 'a')"},
        {"unknown_when": "contains(missing, 'a')"},
    ],
)
def test_a_crash_is_unknown_and_says_why(changes: dict[str, str]) -> None:
    judged = judge(rule(**changes), FACTS)
    assert {item.outcome for item in judged} == {"unknown"}
    assert all(repr(next(iter(changes.values()))) in item.reason for item in judged)


def test_an_object_counts_as_one_element() -> None:
    judged = judge(rule(applies_to="one", subject=None), FACTS)
    assert [item.subject for item in judged] == ["Release/cattle-fleet-system/fleet"]


def test_a_subject_that_cannot_be_rendered_falls_back() -> None:
    assert judge(rule(applies_to="one", subject="{{ missing.x }}"), FACTS)[0].subject == (
        "Release/cattle-fleet-system/fleet"
    )


def test_the_whole_of_the_facts_is_within_reach() -> None:
    assert outcomes(when="root.upgrade.name == 'u' && name == 'b'")[1] == ("Thing/b", "fail")


def judgement(
    identifier: str, subject: str = "s", outcome: str = "fail", **changes: Any
) -> Judgement:
    made = rule(id=identifier, **changes)
    return Judgement(made, subject, {}, outcome, matched=outcome in ("fail", "warn"))


def test_excluded_for_the_same_subject_only() -> None:
    first = judgement("first", excludes=["second"])
    same, other = judgement("second"), judgement("second", "other")
    kept, aside = exclude([first, same, other])
    assert kept == [first, other]
    assert aside == [{"id": "second", "subject": "s", "by": "first"}]


def test_excluded_everywhere_when_judged_on_other_elements() -> None:
    first = judgement("first", excludes=["second"], applies_to="one")
    kept, aside = exclude([first, judgement("second"), judgement("second", "other", "unknown")])
    assert kept == [first]
    assert len(aside) == 2


@pytest.mark.parametrize("outcome", ["pass", "unknown"])
def test_what_did_not_match_excludes_nothing(outcome: str) -> None:
    first = judgement("first", outcome=outcome, excludes=["second"])
    assert exclude([first, judgement("second")])[1] == []


def test_what_is_set_aside_excludes_nothing() -> None:
    first = judgement("first", excludes=["second"])
    second = judgement("second", excludes=["third"])
    third = judgement("third")
    assert exclude([first, second, third])[0] == [first, third]
