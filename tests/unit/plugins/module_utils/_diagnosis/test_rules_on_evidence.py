# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule finds its mode, leaves the neighbouring case alone, and says unknown when it cannot know.

The cases are in tests/unit/data/evidence, one file per rule: ``match`` (the rule's finding comes first; ``also`` names
the others), ``neighbour`` (``finds`` names all findings there are, never this rule's) and ``unknown``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import (
    load_rules,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.canonical import (
    canonical_json,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

DATA = Path(__file__).parents[3] / "data" / "evidence"
RULES = {rule.id: rule for rule in load_rules()}
FAILURE_MODES = {*(f"6.{number}" for number in range(1, 40)), "6.10b"}


def cases(part: str) -> list[Any]:
    return [
        pytest.param(path.stem, case, id=f"{path.stem}-{number}")
        for path in sorted(DATA.glob("*.yml"))
        for number, case in enumerate(yaml.safe_load(path.read_bytes()).get(part, ()), 1)
    ]


def wrong(findings: dict[str, Any]) -> set[str]:
    return {item["id"] for item in findings["findings"] if item["outcome"] in ("fail", "warn")}


def outcome_of(findings: dict[str, Any], rule: str) -> str:
    return next(str(item["outcome"]) for item in findings["rules"] if item["id"] == rule)


@pytest.mark.parametrize(("rule", "case"), cases("match"))
def test_match(rule: str, case: dict[str, Any]) -> None:
    found = diagnose(build(case["overlay"]))
    severity = RULES[rule].severity
    assert wrong(found) == set(case.get("also", ())) | ({rule} if severity != "info" else set())
    first = found["findings"][0]
    assert (first["id"], first["rank"]) == (rule, 1)
    assert first["outcome"] == {"fail": "fail", "warn": "warn", "info": "pass"}[severity]
    assert found["verdict"] == case.get("verdict", {"fail": "stuck"}.get(severity, "moving"))
    assert_readable(first)
    assert any(item["value"] not in (None, [], {}) for item in first["proof"])


def assert_readable(finding: dict[str, Any]) -> None:
    """Texts were rendered, not fallen back to their templates, and name what they speak of."""
    instructions = (finding["remedy"] or {}).get("instructions") or {}
    texts = [finding["message"], finding["what_next"], *instructions.get("commands", ())]
    texts += [instructions.get("why", ""), *instructions.get("danger", ())]
    for text in texts:
        assert "{{" not in text
        assert "{%" not in text
        assert "None" not in text
        assert "  " not in text.replace("   #", "")
    assert finding["message"] != finding["title"]
    assert finding["subject"].count("/") in (1, 2)


@pytest.mark.parametrize(("rule", "case"), cases("neighbour"))
def test_neighbour(rule: str, case: dict[str, Any]) -> None:
    found = diagnose(build(case["overlay"]))
    assert wrong(found) == set(case["finds"])
    assert rule not in {item["id"] for item in found["findings"]}
    assert outcome_of(found, rule) == "pass" or rule in {each["id"] for each in found["set_aside"]}


@pytest.mark.parametrize(("rule", "case"), cases("unknown"))
def test_unknown(rule: str, case: dict[str, Any]) -> None:
    found = diagnose(build(case["overlay"]))
    assert outcome_of(found, rule) == "unknown"
    assert found["verdict"] in ("unknown", "stuck")
    assert any(item["id"] == rule and item["message"] for item in found["findings"])


@pytest.mark.parametrize("rule", sorted(set(RULES)))
def test_every_rule_has_all_three(rule: str) -> None:
    parts = yaml.safe_load((DATA / f"{rule}.yml").read_bytes())
    wanted = ["match", "neighbour"] + ([] if RULES[rule].severity == "info" else ["unknown"])
    assert [part for part in wanted if not parts.get(part)] == []


def test_every_failure_mode_has_its_rule() -> None:
    modes = [rule.failure_mode for rule in RULES.values()]
    assert set(modes) >= FAILURE_MODES
    assert len(modes) == len(set(modes))


@pytest.mark.parametrize(("rule", "case"), cases("match"))
def test_same_bytes_again(rule: str, case: dict[str, Any]) -> None:
    evidence = build(case["overlay"])
    assert canonical_json(diagnose(evidence)) == canonical_json(diagnose(evidence)), rule


def test_what_stopped_the_last_attempt_of_rancher_is_said() -> None:
    _plain, failed, _locked = yaml.safe_load((DATA / "rancher-not-retrying.yml").read_bytes())[
        "match"
    ]
    found = diagnose(build(failed["overlay"]))
    (message,) = [
        each["message"] for each in found["findings"] if each["id"] == "rancher-not-retrying"
    ]
    assert "attempt, pod helm-operation-x, failed 30 min 30 s ago: Kubernetes cluster" in message
