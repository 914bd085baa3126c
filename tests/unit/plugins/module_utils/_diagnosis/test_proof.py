# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade is called healthy only when everything is shown: never because something was not seen or has no rule."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.proof import (
    OBLIGATIONS,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import mutations
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build
from ansible_collections.harvester_ops.remediation.tests.unit.builders.mutations import (
    DATA,
    FAILURES,
    OVER,
    UPGRADING_NODES,
    merged,
    over,
    without,
)

TESTS = Path(__file__).parents[3]
OVERLAYS: list[dict[str, Any]] = [
    case["overlay"]
    for path in sorted((TESTS / "data" / "evidence").glob("*.yml"))
    for part in ("match", "neighbour")
    for case in yaml.safe_load(path.read_bytes())[part]
] + [
    case["overlay"]
    for path in sorted((TESTS.parent / "cases").glob("*.yml"))
    if "overlay" in (case := yaml.safe_load(path.read_bytes()))
]
ENDS = (None, OVER, UPGRADING_NODES)
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def results(found: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["result"] for each in found["obligations"]}


def words(found: dict[str, Any], name: str) -> str:
    return next(str(each["words"]) for each in found["obligations"] if each["id"] == name)


def wrong(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (each["id"], each["subject"])
        for each in found["findings"]
        if each["outcome"] in ("fail", "warn")
    }


@st.composite
def any_evidence(draw: st.DrawFn) -> dict[str, Any]:
    overlay = draw(st.sampled_from(OVERLAYS))
    if draw(st.booleans()):
        overlay = merged(overlay, draw(st.sampled_from(OVERLAYS)))
    end = draw(st.sampled_from(ENDS))
    evidence = build(overlay) if end is None else over(overlay, end)
    for name in draw(st.lists(st.sampled_from(sorted(FAILURES)), max_size=2, unique=True)):
        FAILURES[name](evidence)
    for source in draw(st.lists(st.sampled_from(sorted(DATA)), max_size=1)):
        evidence = without(
            evidence, source, draw(st.sampled_from(["forbidden", "error", "absent"]))
        )
    return evidence


@QUICK
@given(any_evidence())
def test_healthy_means_that_everything_was_shown(evidence: dict[str, Any]) -> None:
    found = diagnose(evidence)
    assert tuple(results(found)) == OBLIGATIONS
    unmet = {
        name for name, result in results(found).items() if result not in ("met", "not_applicable")
    }
    undecided = {each["id"] for each in found["findings"] if each["outcome"] in ("fail", "unknown")}
    if found["verdict"] == "healthy":
        assert (unmet, undecided, found["refusal"]) == (set(), set(), None)
    elif not (unmet or undecided or found["refusal"]):
        assert {each["source"] for each in found["not_seen"]}, "nothing stands against healthy"


@QUICK
@given(any_evidence(), st.data())
def test_what_is_not_seen_makes_nothing_healthy(
    evidence: dict[str, Any], data: st.DataObject
) -> None:
    before = diagnose(evidence)
    source = data.draw(st.sampled_from(sorted(DATA)))
    state = data.draw(st.sampled_from(["forbidden", "error", "absent"]))
    if state == "absent" and (source, evidence.get("release_file")) == ("job_pods", None):
        # Pods that are gone take their log with them; then what Rancher wants is what counts.
        return
    if before["verdict"] != "healthy":
        assert diagnose(without(evidence, source, state))["verdict"] != "healthy"


@QUICK
@given(any_evidence(), st.sampled_from(sorted(FAILURES)))
def test_a_failure_hides_no_other(evidence: dict[str, Any], failure: str) -> None:
    before = diagnose(evidence)
    worse = copy.deepcopy(evidence)
    FAILURES[failure](worse)
    after = diagnose(worse)
    aside = {(each["id"], each["subject"]) for each in after["set_aside"]}
    # The failure may be in the same release, whose own state is then another.
    same = {each for each in wrong(before) if "system-upgrade-controller" in each[1]}
    assert wrong(before) - wrong(after) - aside - (same if failure == "release" else set()) == set()
    if results(before) != results(after):
        assert after["verdict"] != "healthy"


def test_every_source_can_be_taken_out() -> None:
    assert set(DATA) == set(build()["sources"])


BESIDE_THE_POINT = ("job_pods", "job_logs", "leader_environment", "bundled_charts")


@pytest.mark.parametrize("source", sorted(DATA))
def test_an_upgrade_that_is_over_without_a_source(source: str) -> None:
    assert diagnose(over({}))["verdict"] == "healthy"
    for state in ("forbidden", "error"):
        found = diagnose(without(over({}), source, state))
        assert found["verdict"] == ("healthy" if source in BESIDE_THE_POINT else "unknown")


NO_RULE: dict[str, tuple[Any, str, str]] = {
    "bundle": (FAILURES["bundle"], "bundles", "Bundle/fleet-local/another is ErrApplied: refused."),
    "managed-chart": (FAILURES["managed-chart"], "managed-charts", "ManagedChart/fleet-local/another is not ready."),
    "plan": (FAILURES["plan"], "plans", "Plan/cattle-system/another is complete on no node."),
    "node": (FAILURES["node"], "nodes", "Node/node-9 is not ready."),
    "helm": (FAILURES["helm-operation"], "helm-operations", "failed to run helm of release rancher-monitoring"),
    "old-rancher": (
        lambda evidence: evidence["rancher"].update(version="v2.10.1"),
        "rancher-version",
        "Rancher is v2.10.1, this Harvester brings v2.11.0.",
    ),
    "agent": (
        lambda evidence: evidence["fleet"]["agent"]["kinds"][0].update(ready=0),
        "workloads",
        "Deployment/cattle-fleet-local-system/fleet-agent has 0 of 1 pods ready.",
    ),
    "scaled-down": (
        lambda evidence: evidence["fleet"]["deployments"][0].update(replicas=0, ready=0, updated=0),
        "workloads",
        "Deployment/cattle-fleet-system/fleet-controller has 0 of 0 pods ready.",
    ),
    "no-webhook": (
        lambda evidence: evidence["fleet"]["deployments"].pop(),
        "workloads",
        "Deployment rancher-webhook does not exist.",
    ),
    "capi": (
        lambda evidence: evidence["capi_cluster"].update(phase="Provisioning"),
        "cluster",
        "Cluster.cluster.x-k8s.io/fleet-local/local is Provisioning.",
    ),
    "no-config": (
        lambda evidence: evidence["fleet"].update(config=None),
        "fleet",
        "ConfigMap/cattle-fleet-system/fleet-controller does not exist.",
    ),
    "agent-pending": (
        lambda evidence: evidence["fleet"]["cluster"].update(redeploy_agent_generation=4),
        "fleet",
        "Cluster/fleet-local/local still waits for its agent to be deployed again.",
    ),
    "young-lock": (
        lambda evidence: evidence["releases"][0]["revisions"][0].update(
            status="pending-upgrade", label_status="pending-upgrade"
        ),
        "releases",
        "Release/cattle-fleet-system/fleet-crd is pending-upgrade.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_RULE)
def test_a_failure_that_no_rule_explains_is_unknown_and_named(name: str) -> None:
    change, obligation, said = NO_RULE[name]
    evidence = over({})
    change(evidence)
    found = diagnose(evidence)
    assert found["verdict"] == "unknown"
    assert "fail" not in {each["outcome"] for each in found["findings"]}
    assert results(found)[obligation] == "failed"
    assert said in words(found, obligation)
    assert said in found["headline"]


@pytest.mark.parametrize(
    ("release", "age", "met"),
    [
        # Rancher's operations: failed an hour and more ago; with a later success; with a revision since.
        (
            {"created_at": "2026-11-23T13:50:00Z", "release": "x", "release_namespace": "y"},
            4200,
            True,
        ),
        (
            {"created_at": "2026-11-23T14:50:00Z", "release": "x", "release_namespace": "y"},
            600,
            False,
        ),
        ({"created_at": "2026-11-23T14:50:00Z"}, 600, False),
        ({"created_at": "2026-11-23T14:50:00Z", "release": "fleet"}, 600, True),
    ],
)
def test_a_failed_helm_operation_counts_for_an_hour(
    release: dict[str, Any], age: int, met: bool
) -> None:
    pod = {
        "name": "helm-operation-a",
        "phase": "Failed",
        "exit_code": 1,
        "age_seconds": age,
        **release,
    }
    evidence = over({"set": {"helm_pods": [pod]}})
    found = diagnose(evidence)
    assert (results(found)["helm-operations"] != "failed") is met
    later = {
        **pod,
        "name": "b",
        "phase": "Succeeded",
        "exit_code": 0,
        "created_at": "2026-11-23T14:59:00Z",
        "age_seconds": 60,
    }
    evidence["helm_pods"].append(later)
    assert results(diagnose(evidence))["helm-operations"] == "met"


IN_PROGRESS = "another operation (install/upgrade/rollback) is in progress"


@pytest.mark.parametrize(
    ("release", "status", "words", "result"),
    [
        ("fleet", "deployed", IN_PROGRESS, "met"),
        ("fleet", "deployed", "context deadline exceeded", "failed"),
        ("fleet", "failed", IN_PROGRESS, "failed"),
        ("fleet", "pending-upgrade", IN_PROGRESS, "failed"),
        ("rancher-monitoring", "deployed", IN_PROGRESS, "failed"),
    ],
)
def test_helm_refused_by_an_operation_that_ended_well_is_no_failure(
    release: str, status: str, words: str, result: str
) -> None:
    """The revision was made before the attempt, which found it pending: its time shows no later success."""
    revisions = {"rancher-monitoring": [[2, status, "105.1.2", 300]]} if release != "fleet" else {}
    evidence = over({"releases": revisions})
    told = next(each for each in evidence["releases"] if each["release"] == release)
    told["revisions"][0].update(status=status, label_status=status)
    evidence["helm_pods"] = [
        {
            "name": "helm-operation-a",
            "phase": "Failed",
            "exit_code": 1,
            "age_seconds": 5,
            "created_at": "2026-11-23T14:59:55Z",
            "release": release,
            "release_namespace": told["namespace"],
            "log_lines": [f"Error: UPGRADE FAILED: {words}"],
        }
    ]
    assert results(diagnose(evidence))["helm-operations"] == result


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"name": "p", "complete": True}, "healthy"),
        ({"name": "p", "complete": False, "applying": ["node-2"], "missing_nodes": ["node-2", "node-3"]}, "healthy"),
        ({"name": "p", "complete": False, "created_at": "2026-11-23T14:50:00Z", "missing_nodes": ["node-1", "node-2", "node-3"]}, "healthy"),
        ({"name": "p", "complete": False, "applying": ["node-1"], "missing_nodes": ["node-1", "node-2", "node-3"]}, "unknown"),
        ({"name": "p", "complete": False, "missing_nodes": ["node-3"]}, "unknown"),
        ({"name": "p", "complete": None}, "unknown"),
    ],
)  # fmt: skip
def test_plans_while_nodes_are_upgraded(change: dict[str, Any], verdict: str) -> None:
    evidence = over({"set": {"plans": [change]}}, UPGRADING_NODES)
    assert diagnose(evidence)["verdict"] == verdict


def test_the_certificate_has_to_be_looked_at() -> None:
    evidence = over({})
    evidence["webhook_certificate"] = {"present": True, "error": "no PEM block"}
    assert results(diagnose(evidence))["webhooks"] == "not_checked"
    del evidence["sources"]["webhook_certificate"]
    assert results(diagnose(evidence))["webhooks"] == "not_checked"


def test_no_upgrade_names_what_would_keep_one_from_being_made() -> None:
    evidence = build(
        {
            "wait": {"kind": None},
            "sources": {"upgrade": "absent"},
            "set": {"upgrade": None, "job": None, "job_pods": []},
        }
    )
    assert diagnose(evidence)["refusal"]["message"].endswith("in harvester-system.")
    evidence["managed_charts"][0]["ready"] = False
    evidence["nodes"][1]["unschedulable"] = True
    found = diagnose(evidence)
    assert found["refusal"]["code"] == "upgrade-absent"
    assert (
        "ManagedChart/fleet-local/harvester is not ready; Node/node-2 is unschedulable"
        in found["headline"]
    )
    assert [each["id"] for each in found["findings"]].count("start-refused") == 2


def test_mutations_are_what_they_say() -> None:
    assert mutations.merged({"set": {"a": {"b": 1}}}, {"set": {"a": {"c": 2}}}) == {
        "set": {"a": {"b": 1, "c": 2}}
    }


def test_a_chart_that_rancher_may_not_keep_need_not_be_at_its_setting() -> None:
    def result(status: str) -> str:
        old = [[1, status, "105.0.1", 900000]]
        return results(diagnose(over({"releases": {"system-upgrade-controller": old}})))["releases"]

    assert (result("deployed"), result("failed")) == ("met", "failed")
