# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our check of a rule against the schema gives the verdict of the jsonschema library, in our words."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rule_schema import (
    RULE_SCHEMA,
    problems,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import (
    SHIPPED_RULES,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
)

VALIDATOR = jsonschema.Draft202012Validator(RULE_SCHEMA)
RULES: list[tuple[str, dict[str, Any]]] = [
    (path.stem, yaml.safe_load(path.read_bytes())) for path in sorted(SHIPPED_RULES.glob("*.yml"))
]
GOOD = dict(RULES)["pending-install-no-deployed"]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(RULE_SCHEMA)


@pytest.mark.parametrize(
    "rule", [rule for _name, rule in RULES], ids=[name for name, _rule in RULES]
)
def test_shipped_rules_fit(rule: dict[str, Any]) -> None:
    assert list(problems(rule)) == []
    VALIDATOR.validate(rule)


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD), **changes}


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (None, "the file: must be an object, not nothing"),
        ([], "the file: must be an object, not a list"),
        ({k: v for k, v in GOOD.items() if k != "when"}, "when: is missing"),
        (changed(wehn="a"), "wehn: is not a key of a rule"),
        (changed(severity="bad"), "severity: 'bad' is not one of fail, warn, info"),
        (changed(priority="1"), "priority: must be an integer, not a text"),
        (changed(priority=-1), "priority: -1 is not between 0 and 9999"),
        (changed(id="Not An Id"), "id: 'Not An Id' does not fit"),
        (changed(title=""), "title: is empty"),
        (changed(title="x" * 200), "title: is longer than 120"),
        (changed(references=[]), "references: needs at least 1"),
        (changed(references=["http://a"]), "references[0]: 'http://a' does not fit"),
        (changed(must_not=[1]), "must_not[0]: must be a string, not a number"),
        (
            changed(remedy={"unattended": True, "risk": "low"}),
            "remedy.unattended: must be a string, not the truth value true (put a YAML word",
        ),
        (
            changed(
                remedy={"unattended": "yes", "risk": "low", "steps": [{"action": "uninstall"}]}
            ),
            "remedy.steps[0].action: 'uninstall' is not one of",
        ),
        (
            changed(
                remedy={
                    "unattended": "yes",
                    "risk": "low",
                    "steps": [{"action": "nudge", "with": {"release": 1}}],
                }
            ),
            "remedy.steps[0].with.release: must be a string",
        ),
        (
            changed(
                remedy={
                    "unattended": "yes",
                    "risk": "low",
                    "steps": [
                        {"action": "nudge"},
                        {"action": "rebuild_index", "with": {"names": "a"}},
                    ],
                }
            ),
            "remedy.steps[1].with.names: is not a parameter of rebuild_index; known here: name",
        ),
        (
            changed(
                remedy={
                    "unattended": "yes",
                    "risk": "low",
                    "steps": [{"action": "reset_shell_image", "with": {"value": "value"}}],
                }
            ),
            "remedy.steps[0].with.value: is not a parameter of reset_shell_image;"
            " known here: none",
        ),
        (
            changed(
                remedy={
                    "unattended": "yes",
                    "risk": "low",
                    "steps": [{"action": "nudge", "with": ["release"]}],
                }
            ),
            "remedy.steps[0].with: must be an object, not a list",
        ),
    ],
)
def test_problem(rule: object, problem: str) -> None:
    found = list(problems(rule))
    assert len(found) == 1
    assert found[0].startswith(problem)
    assert not VALIDATOR.is_valid(rule)


def test_all_problems_at_once() -> None:
    assert len(list(problems({"id": 1, "priority": "x"}))) == 2 + len(RULE_SCHEMA["required"]) - 2


def test_actions_are_those_of_the_plan() -> None:
    step = RULE_SCHEMA["properties"]["remedy"]["properties"]["steps"]["items"]
    assert set(step["properties"]["action"]["enum"]) == set(ACTIONS)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "action": st.sampled_from(sorted(ACTIONS)) | st.text(max_size=3) | st.integers(),
            "with": st.dictionaries(
                st.sampled_from(["name", "names", "release", "revision", "x"]),
                st.text(max_size=2) | st.none(),
                max_size=3,
            )
            | st.none()
            | st.lists(st.text(max_size=2), max_size=1),
        },
    )
)
def test_same_verdict_as_the_library_on_the_parameters_of_steps(step: dict[str, Any]) -> None:
    rule = changed(remedy={"unattended": "yes", "risk": "low", "steps": [step]})
    assert (not list(problems(rule))) == VALIDATOR.is_valid(rule)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20_000) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_same_verdict_as_the_library(data: st.DataObject) -> None:
    rule = copy.deepcopy(GOOD)
    target: Any = rule
    for _level in range(data.draw(st.integers(0, 3))):
        keys = [key for key, value in target.items() if isinstance(value, dict)]
        if not keys:
            break
        target = target[data.draw(st.sampled_from(sorted(keys)))]
    key = data.draw(st.sampled_from([*sorted(target), "other"]))
    if data.draw(st.booleans()):
        target[key] = data.draw(JSON)
    else:
        target.pop(key, None)
    assert (not list(problems(rule))) == VALIDATOR.is_valid(rule)
