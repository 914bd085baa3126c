# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents import (
    shape as document_shape,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    SCHEMA,
    SOURCES,
    Evidence,
    check_schema,
)

SAMPLE: dict[str, Any] = {
    "schema": SCHEMA,
    "collected_at": "2026-11-23T15:00:00Z",
    "cluster": {"uid": "u", "server": "https://s", "kubernetes_version": "v1.32.3+rke2r1"},
    "options": {"stale_after_seconds": 600, "expected_versions": {"fleet": "1.0.0"}},
    "api_requests": 57,
    "sources": {"upgrade": {"state": "ok", "reason": ""}},
    "upgrade": {
        "name": "hvst-upgrade-x",
        "conditions": [{"type": "Completed", "status": "Unknown"}],
        "latest_names": ["hvst-upgrade-x"],
    },
    "job_pods": [
        {
            "name": "p",
            "log": {
                "state": "ok",
                "events": [{"kind": "helm-release", "line": 3, "release": "fleet"}],
            },
        }
    ],
    "wait": {"kind": "helm-release", "age_seconds": 7},
    "releases": [{"release": "fleet", "revisions": [{"revision": 3, "labels": {"status": "x"}}]}],
    "cluster_repos": {"rancher-charts": {"uid": "1", "generation": 2}, "harvester-charts": None},
    "chart_index": {"state": "ok", "charts": {"fleet": [{"version": "106.0.0+up0.12.0"}]}},
    "rancher": {"node_images": {"n1": ["sha256:a"]}, "env": {"A": "b"}},
    "fleet": {"cluster": {"uid": "1"}, "crd": {"present": True}},
}


def test_a_document_comes_back_as_it_was() -> None:
    result = Evidence.from_dict(SAMPLE).to_dict()
    assert result["problems"] == []
    for key, value in SAMPLE.items():
        assert subset(value, result[key]), key
    assert Evidence.from_dict(result).to_dict() == result


def subset(wanted: Any, found: Any) -> bool:
    """Whether `found` has all of `wanted`; more fields are allowed."""
    if isinstance(wanted, dict):
        return all(key in found and subset(value, found[key]) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(subset, wanted, found))
    return bool(wanted == found)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"collected_at": 7}, "collected_at: a text was expected, not a number"),
        ({"api_requests": "many"}, "api_requests: a whole number was expected, not a text"),
        ({"api_requests": True}, "api_requests: a whole number was expected, not true or false"),
        ({"upgrade": []}, "upgrade: an object was expected, not a list"),
        ({"rancher": {"generation_observed": "yes"}}, "rancher.generation_observed: true or false was expected"),
        ({"job_pods": {}}, "job_pods: a list was expected, not an object"),
        ({"job_pods": [3]}, "job_pods[0]: an object was expected, not a number"),
        ({"sources": {"upgrade": "ok"}}, "sources.upgrade: an object was expected, not a text"),
        ({"surprise": 1}, "surprise: unknown, left out"),
        ({"wait": {"age": float("nan")}}, "wait.age: a number is no JSON value"),
        ({"wait": {"a": {1, 2}}}, "wait.a: set is no JSON value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_null_and_named(change: dict[str, Any], problem: str) -> None:
    evidence = Evidence.from_dict({**SAMPLE, **change})
    assert any(line.startswith(problem) for line in evidence.problems), evidence.problems
    assert json.loads(json.dumps(evidence.to_dict(), allow_nan=False)) == evidence.to_dict()


def test_absurd_sizes_are_cut() -> None:
    deep: Any = []
    for _level in range(10_000):
        deep = [deep]
    evidence = Evidence.from_dict(
        {
            "collected_at": "x" * 1_000_000,
            "job_pods": [{}] * 100_000,
            "api_requests": 10**5000,
            "wait": deep,
            "surprises": {},
            **{f"k{number}": 1 for number in range(1000)},
        }
    )
    assert len(evidence.collected_at or "") == document_shape.MAX_TEXT
    assert len(evidence.job_pods) == document_shape.MAX_ITEMS
    assert evidence.api_requests is None
    assert len(evidence.problems) == document_shape.MAX_PROBLEMS + 1


@pytest.mark.parametrize("document", [None, 1, "x", [], [SAMPLE], True])
def test_no_object_at_all_is_empty_evidence(document: object) -> None:
    evidence = Evidence.from_dict(document)
    assert evidence.upgrade is None
    assert evidence.problems[0].startswith("document: an object was expected")
    with pytest.raises(RemediationError) as caught:
        check_schema(document)
    assert caught.value.code == "evidence-invalid"


def test_another_version_is_refused_by_name() -> None:
    check_schema(SAMPLE)
    with pytest.raises(RemediationError) as caught:
        check_schema({"schema": "harvester_ops.remediation/evidence/v9"})
    assert "v9" in caught.value.message


KEYS = [
    *SAMPLE,
    *SOURCES,
    "name",
    "state",
    "conditions",
    "revisions",
    "labels",
    "log",
    "events",
    "uid",
]
HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(st.sampled_from(KEYS) | st.text() | st.integers(), inner, max_size=8),
    max_leaves=40,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), HOSTILE, max_size=12) | HOSTILE)
def test_no_document_makes_it_raise_and_what_was_read_is_stable(document: Any) -> None:
    once = Evidence.from_dict(document).to_dict()
    text = json.dumps(once, allow_nan=False)
    again = Evidence.from_dict(json.loads(text)).to_dict()
    assert again == once
    assert set(once) == set(Evidence().to_dict())


def mutations(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all places in a document."""
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(place for key, child in children for place in mutations(child, (*path, key)))]


@settings(max_examples=100)
@given(st.data(), HOSTILE)
def test_one_hostile_place_spoils_nothing_else(data: st.DataObject, poison: Any) -> None:
    document = json.loads(json.dumps(SAMPLE))
    place = data.draw(st.sampled_from([path for path in mutations(document) if path]))
    target = document
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = poison
    result = Evidence.from_dict(document).to_dict()
    for key, value in SAMPLE.items():
        if key != place[0]:
            assert subset(value, result[key])
