# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.helm_failures import (
    HelmFailure,
    helm_failures,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    ago,
    evidence_of,
)

FLEET = "106.0.0+up0.12.0"
RENDER = "Error: UPGRADE FAILED: YAML parse error on fleet/templates/deployment.yaml: bad"
LOCKED = "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"
OLD: dict[str, Any] = {"fleet": [[6, "deployed", "105.0.2+up0.11.2", 900000]]}


def pod(name: str, age: int, line: str = RENDER, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "phase": "Failed",
        "created_at": ago(age),
        "age_seconds": age,
        "release": "fleet",
        "release_namespace": "cattle-fleet-system",
        "exit_code": 123,
        "log_kinds": [],
        "log_lines": [line] if line else [],
        **more,
    }


def failures(releases: dict[str, Any] | None = None, **parts: Any) -> list[HelmFailure]:
    return list(helm_failures(evidence_of({"releases": releases or OLD, "set": parts})))


def failure(releases: dict[str, Any] | None = None, **parts: Any) -> HelmFailure:
    found = failures(releases, **parts)
    assert len(found) == 1
    return found[0]


def test_a_chart_that_does_not_render_leaves_no_revision() -> None:
    found = failure(helm_pods=[pod("c", 180), pod("b", 480), pod("a", 780)])
    assert (found.release, found.chart, found.count) == ("fleet", "fleet", 3)
    assert (found.cause, found.pod, found.revision) == ("render", "c", None)
    assert (found.first_age_seconds, found.last_age_seconds) == (780, 180)
    assert (found.first_at, found.last_at) == (ago(780), ago(180))
    assert found.words == RENDER.removeprefix("Error: ")
    assert found.lasting
    assert not found.passes


def test_the_facts_have_it_for_the_release_and_for_all() -> None:
    facts = derive(evidence_of({"releases": OLD, "set": {"helm_pods": [pod("c", 180)]}}))
    by_release = {each.release: each.helm_failure for each in facts.dependencies}
    assert by_release["fleet"].cause == "render"
    assert by_release["rancher-webhook"] is None
    assert [each.release for each in facts.helm_failures] == ["fleet"]


@pytest.mark.parametrize(
    ("releases", "pods"),
    [
        pytest.param(
            {"fleet": [[7, "deployed", FLEET, 100]]}, [pod("a", 180)], id="deployed since"
        ),
        pytest.param(
            OLD,
            [pod("b", 60, "", phase="Succeeded", exit_code=0), pod("a", 180)],
            id="a later run went well",
        ),
        pytest.param(OLD, [pod("a", 180, LOCKED)], id="it failed on a lock, and the lock is gone"),
        pytest.param(OLD, [pod("a", 60, "", phase="Running", exit_code=None)], id="it runs"),
        pytest.param(
            {"fleet": [[8, "deployed", FLEET, 10], [7, "failed", FLEET, 300]]}, [], id="repaired"
        ),
        pytest.param(OLD, [pod("a", 60, release=None)], id="nobody knows for what it ran"),
    ],
)
def test_what_is_over_or_unknown_is_no_failure(
    releases: dict[str, Any], pods: list[dict[str, Any]]
) -> None:
    assert failures(releases, helm_pods=pods) == []


def test_a_run_and_the_revision_it_left_are_one_attempt() -> None:
    rows: dict[str, Any] = {
        "fleet": [
            {"revision": 9, "status": "failed", "version": FLEET, "age": 173, "description": "no"},
            {"revision": 8, "status": "failed", "version": FLEET, "age": 473, "description": "no"},
            {
                "revision": 7,
                "status": "failed",
                "version": FLEET,
                "age": 7000,
                "description": 'Upgrade "fleet" failed: timed out waiting for the condition',
            },
            [6, "deployed", "105.0.2+up0.11.2", 900000],
        ]
    }
    found = failure(rows, helm_pods=[pod("b", 180, ""), pod("a", 480, "")])
    assert (found.count, found.revision, found.pod) == (3, 9, "b")
    assert (found.cause, found.first_age_seconds) == ("timed-out", 7000)
    assert found.words == 'Upgrade "fleet" failed: timed out waiting for the condition'


def test_helm_that_fails_before_a_revision_after_one_that_left_one() -> None:
    rows: dict[str, Any] = {
        "fleet": [
            {"revision": 7, "status": "failed", "version": FLEET, "age": 7000},
            [6, "deployed", "105.0.2+up0.11.2", 900000],
        ]
    }
    found = failure(rows, helm_pods=[pod("b", 180)])
    assert (found.count, found.revision, found.cause) == (2, None, "render")


def test_pods_that_are_gone_are_known_from_operations_and_rancher_s_log() -> None:
    found = failure(
        operations=[
            {
                "name": "helm-operation-x",
                "release": "fleet",
                "release_namespace": "cattle-fleet-system",
                "created_at": ago(4000),
                "failed": True,
                "message": "",
            },
            {
                "name": "helm-operation-y",
                "release": "fleet",
                "release_namespace": "cattle-fleet-system",
                "created_at": ago(3000),
            },
        ],
        leader_log={
            "matches": [
                {
                    "kind": "pod-exited",
                    "pod": f"cattle-system/helm-operation-{name}",
                    "exit_code": 123,
                    "chart": chart,
                    "at": ago(age),
                    "last_at": ago(age),
                    "count": 1,
                }
                for name, age, chart in (
                    ("x", 3990, "fleet"),  # counted already
                    ("y", 2990, None),  # its operation names the release
                    ("z", 1990, "fleet"),  # only this line tells
                )
            ]
        },
        helm_pods=[],
    )
    assert (found.count, found.cause, found.last_age_seconds) == (3, "unknown", 1990)


def test_a_pod_without_operation_is_named_by_rancher_s_log() -> None:
    line = {"kind": "pod-exited", "pod": "cattle-system/a", "chart": "fleet", "last_at": ago(100)}
    found = failure(helm_pods=[pod("a", 180, release=None)], leader_log={"matches": [line]})
    assert (found.count, found.cause) == (1, "render")


def test_a_locked_release_keeps_what_failed_on_its_lock() -> None:
    rows = {"fleet": [[7, "pending-upgrade", FLEET, 5400], *OLD["fleet"]]}
    pods = [pod("c", 60, LOCKED), pod("b", 360, LOCKED), pod("a", 5403, "", exit_code=137)]
    found = failure(rows, helm_pods=pods)
    assert (found.count, found.cause, found.passes) == (3, "another-operation", True)


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"exit_code": 137}, "interrupted"),
        ({"exit_code": 125}, "interrupted"),
        ({"exit_code": None}, "interrupted"),
        ({"exit_code": 1}, "unknown"),
        ({"exit_code": 1, "log_kinds": ["quota", "hook-failed"]}, "quota"),
        ({"exit_code": None, "phase": "Pending", "waiting_reason": "ErrImagePull"}, "image"),
        ({"exit_code": 1, "phase": "Running"}, "unknown"),
    ],
)
def test_a_pod_without_words(more: dict[str, Any], cause: str) -> None:
    assert failure(helm_pods=[pod("a", 180, "", **more)]).cause == cause


@pytest.mark.parametrize(
    ("ages", "line", "lasting"),
    [
        ([60], RENDER, True),
        ([60], "Error: UPGRADE FAILED: timed out waiting for the condition", False),
        ([60, 400], "Error: UPGRADE FAILED: timed out waiting for the condition", True),
        ([9, 18, 27], "Error: UPGRADE FAILED: timed out waiting for the condition", True),
        ([9, 18], "Error: UPGRADE FAILED: timed out waiting for the condition", False),
    ],
)
def test_when_a_failure_is_not_just_a_moment_s(ages: list[int], line: str, lasting: bool) -> None:
    pods = [pod(f"p{age}", age, line) for age in ages]
    assert failure(helm_pods=pods).lasting is lasting


def test_releases_that_rancher_does_not_keep_come_last() -> None:
    other = pod("a", 50, release="monitoring", release_namespace="cattle-monitoring-system")
    found = failures(helm_pods=[other, pod("b", 60)])
    assert [(each.release, each.chart) for each in found] == [
        ("fleet", "fleet"),
        ("monitoring", None),
    ]


def test_words_are_bounded() -> None:
    found = failure(helm_pods=[pod("a", 50, "Error: execution error at (x): " + "y" * 5000)])
    assert len(found.words) == 500
