# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs that were judged wrong once, each the smallest of its kind (tests/cases)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import job_log
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.log_lines import (
    ContainerLog,
    parse_lines,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

CASES = Path(__file__).parents[1] / "cases"
_KEYS = {
    "verdict_in": "one of these verdicts",
    "verdict": "this verdict",
    "waits_for": "what the job is said to wait for (expression)",
    "fails": "findings that fail, each with expressions that its text has to match",
    "absent": "findings that must be neither fail nor warn",
    "says": "expressions that the failures and the headline match together",
    "denies": "expressions that no finding and no headline may match",
    "plan": "the actions planned, in their order",
    "plan_lacks": "actions that must not be planned",
    "wait": "fields of the wait that the log ends in",
}


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=path.stem)
        for path in sorted(CASES.glob("*.yml"))
        for case in [yaml.safe_load(path.read_bytes())]
    ]


@pytest.mark.parametrize("case", _cases())
def test_the_right_answer(case: dict[str, Any]) -> None:
    expect = case["expect"]
    assert set(case) <= {"about", "overlay", "log", "expect"}
    assert set(expect) <= set(_KEYS), "a key that nothing looks at proves nothing"
    if "log" in case:
        wait = job_log.wait_of(_events(case["log"])) or {}
        wait["since"] = wait.get("at")
        assert {key: wait.get(key) for key in expect["wait"]} == expect["wait"]
        return
    evidence = build(case["overlay"])
    findings = diagnose(evidence)
    plan = make_plan(evidence, findings, derive(evidence), {})
    _check_findings(expect, findings)
    actions = [step.action for step in plan.steps]
    assert actions == expect.get("plan", actions)
    assert not set(actions) & set(expect.get("plan_lacks", ()))


def _events(lines: list[str]) -> list[dict[str, Any]]:
    return job_log.events_of(ContainerLog(tuple(parse_lines("\n".join(lines)))))


def _check_findings(expect: Mapping[str, Any], findings: Mapping[str, Any]) -> None:
    assert findings["verdict"] == expect.get("verdict", findings["verdict"])
    assert findings["verdict"] in expect.get("verdict_in", [findings["verdict"]])
    assert re.search(expect.get("waits_for", ""), findings["waits_for"] or "")
    wrong = {
        each["id"]: each for each in findings["findings"] if each["outcome"] in ("fail", "warn")
    }
    assert not set(expect.get("absent", ())) & set(wrong)
    for name, expressions in expect.get("fails", {}).items():
        assert wrong[name]["outcome"] == "fail"
        for expression in expressions:
            assert re.search(expression, _words(wrong[name])), expression
    failures = [each for each in wrong.values() if each["outcome"] == "fail"]
    said = " ".join([findings["headline"], *map(_words, failures)])
    for expression in expect.get("says", ()):
        assert re.search(expression, said), expression
    everything = " ".join([findings["headline"], *map(_words, findings["findings"])])
    for expression in expect.get("denies", ()):
        assert not re.search(expression, everything), expression


def _words(finding: Mapping[str, Any]) -> str:
    """All that a reader is told about it."""
    told = (finding["title"], finding["subject"], finding["message"], finding["what_next"])
    return " ".join([*told, json.dumps(finding["remedy"], ensure_ascii=False)])
