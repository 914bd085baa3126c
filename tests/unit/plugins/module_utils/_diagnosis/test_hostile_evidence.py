# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that is damaged, incomplete, huge or made to hurt never ends a diagnosis, and is never called healthy."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import (
    load_rules,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.canonical import (
    canonical_json,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    SOURCES,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

DATA = Path(__file__).parents[3] / "data" / "evidence"
OVERLAYS = [
    case["overlay"]
    for path in sorted(DATA.glob("*.yml"))
    for case in yaml.safe_load(path.read_bytes())["match"]
]
HEALTHY: dict[str, Any] = {
    "wait": {"kind": None},
    "set": {
        "upgrade": {
            "state": "Succeeded",
            "conditions": [{"type": "SystemServicesUpgraded", "status": "True"}],
        },
        "job": {"active": 0, "succeeded": 1},
        "job_pods": [{"name": "p", "phase": "Succeeded", "exit_code": 0}],
        "managed_charts": [],
    },
}
NEEDED = sorted({source for rule in load_rules() for source in rule.needs})

HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "{{ 1 / 0 }}",
            "{% raw %}",
            "x" * 200_000,
            "v" + "9" * 5000,
            "1.2.3+" + "a." * 3000,
            "2026-11-23T14:59:00Z",
            "9999-12-31T23:59:59+14:00",
            "../../etc/passwd",
            "\x00\ud800\u202e",
            [[]] * 2000,
            [None] * 3,
            {"kind": "helm-release"},
            {str(number): number for number in range(2000)},
            {"": {"": {"": None}}},
        ]
    ),
    st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=4),
    st.dictionaries(
        st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5), max_size=4
    ),
)


def places(node: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    return [found for key, item in items for found in ((*above, key), *places(item, (*above, key)))]


def damage(evidence: dict[str, Any], place: tuple[Any, ...], remove: bool, value: Any) -> None:
    node: Any = evidence
    for key in place[:-1]:
        node = node[key]
    if remove:
        del node[place[-1]]
    else:
        node[place[-1]] = value


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_damaged_evidence(data: st.DataObject) -> None:
    evidence = build(data.draw(st.sampled_from([*OVERLAYS, HEALTHY])))
    for _level in range(data.draw(st.integers(1, 6))):
        place = data.draw(
            st.sampled_from([each for each in places(evidence) if each != ("schema",)])
        )
        damage(evidence, place, data.draw(st.booleans()), copy.deepcopy(data.draw(HOSTILE)))
    found = diagnose(evidence)
    assert found["verdict"] in ("healthy", "moving", "stuck", "unknown")
    assert found["headline"]
    assert {item["outcome"] for item in found["findings"]} <= {"fail", "warn", "pass", "unknown"}
    assert len(canonical_json(found)) < 2_000_000
    assert canonical_json(found) == canonical_json(diagnose(evidence))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([*build(), "other"]), HOSTILE))
def test_facts_of_anything(document: dict[str, Any]) -> None:
    derive(document).to_dict()


@pytest.mark.parametrize("document", [None, 1, "text", [], [[1]], {1: 2}, {"dependencies": 5}])
def test_facts_of_no_document(document: object) -> None:
    assert derive(document).dependencies


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("state", ["forbidden", "error", "nonsense"])
def test_a_source_that_was_not_read_is_never_healthy(source: str, state: str) -> None:
    found = diagnose(build({**HEALTHY, "sources": {source: state}}))
    # A Job that says that it has succeeded needs no pods to say so, too.
    assert found["verdict"] == ("healthy" if source in BESIDE_THE_POINT else "unknown")
    assert [item["source"] for item in found["not_seen"]] == [source]
    moving = diagnose(build({"sources": {source: state}}))
    assert moving["verdict"] == ("moving" if source in BY_EXEC else "unknown")


BY_EXEC = ("leader_environment", "bundled_charts")
BESIDE_THE_POINT = ("job_pods", "job_logs", *BY_EXEC)


def test_all_was_read_and_nothing_is_wrong() -> None:
    assert diagnose(build(HEALTHY))["verdict"] == "healthy"


def test_every_source_that_rules_need_is_collected() -> None:
    assert set(NEEDED) <= set(SOURCES)


@pytest.mark.parametrize("depth", [50, 100_000])
def test_deep_evidence_is_a_diagnosis_or_one_clear_error(depth: int) -> None:
    deep: Any = "x"
    for _level in range(depth):
        deep = {"a": [deep]}
    evidence = build()
    evidence["fleet"]["cluster"]["summary"] = evidence["capi_cluster"] = deep
    if depth == 50:
        assert json.loads(canonical_json(diagnose(evidence)))["verdict"] == "moving"
        return
    with pytest.raises(RemediationError) as caught:
        diagnose(evidence)
    assert caught.value.code == "evidence-invalid"


def test_huge_lists_are_shown_in_part() -> None:
    pods = [
        {
            "name": f"helm-operation-{n}",
            "phase": "Failed",
            "release": "fleet",
            "log_kinds": ["timed-out"],
        }
        for n in range(5000)
    ]
    found = diagnose(build({"set": {"helm_pods": pods}}))
    assert len(canonical_json(found)) < 200_000
