# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout in progress is not stuck; silence is not progress."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    ago,
    build,
)


def moving(**overlay: Any) -> tuple[bool | None, str]:
    found = derive(build(overlay)).progress
    return found.moving, found.why


SETTLED = [7, "deployed", "105.0.2+up0.11.2", 90000]
WAITING = {"waiting_for": {"release": "fleet", "version": FLEET, "age": 3600}}


@pytest.mark.parametrize(
    ("overlay", "answer", "words"),
    [
        ({}, True, "only since 3 s"),
        (WAITING, False, "waited for 1 h"),
        (
            {
                **WAITING,
                "set": {"helm_pods": [{"name": "a", "phase": "Running", "release": "fleet"}]},
            },
            True,
            "Pod a is at work",
        ),
        # Rancher tries once more, however long it takes already.
        (
            {
                "waiting_for": {"release": "fleet", "version": FLEET, "age": 300_000},
                "set": {
                    "helm_pods": [
                        {"name": "a", "phase": "Running", "release": "fleet", "created_at": ago(40)}
                    ]
                },
            },
            True,
            "Pod a is at work",
        ),
        # A helm that nobody can see may still hold it: somebody's laptop runs none of the cluster's pods.
        (
            {**WAITING, "releases": {"fleet": [[8, "pending-upgrade", FLEET, 100], SETTLED]}},
            True,
            "has been pending-upgrade only for 1 min 40 s",
        ),
        (
            {**WAITING, "releases": {"fleet": [[8, "pending-upgrade", FLEET, 600], SETTLED]}},
            False,
            "waited for 1 h",
        ),
        ({"set": {"upgrade": None}, "sources": {"upgrade": "error"}}, None, "cannot be seen where"),
        ({"set": {"wait": None}, "sources": {"job_logs": "error"}}, None, "cannot be seen what"),
        (
            {"set": {"upgrade": {"state": "Succeeded"}, "job": {"active": 0, "succeeded": 1}}},
            False,
            "no upgrade job",
        ),
        # Harvester takes note of it within moments.
        (
            {
                "wait": {"kind": None},
                "set": {
                    "job": {"active": 0, "succeeded": 1},
                    "job_pods": [{"phase": "Succeeded", "finished_at": ago(20)}],
                },
            },
            True,
            "the last attempt succeeded, and the next step begins 20 s ago",
        ),
        ({"set": {"wait": {"age_seconds": None, "since": None}}}, None, "not known since when"),
    ],
)
def test_progress(overlay: dict[str, Any], answer: bool | None, words: str) -> None:
    found, why = moving(**overlay)
    assert found is answer
    assert words in why


@pytest.mark.parametrize(("age", "answer"), [(60, True), (1200, None)])
def test_without_a_wait_the_last_line_counts(age: int, answer: bool | None) -> None:
    evidence = build({"wait": {"kind": None}})
    evidence["job_pods"][0]["log"]["events"] = [
        {"kind": "upgrading-rancher", "at": ago(age), "last_at": ago(age)}
    ]
    assert derive(evidence).progress.moving is answer


@pytest.mark.parametrize(("age", "answer"), [(60, True), (1200, None)])
def test_between_two_attempts(age: int, answer: bool | None) -> None:
    evidence = build({"wait": {"kind": None}, "set": {"job": {"active": 0, "failed": 1}}})
    evidence["job_pods"][0].update(phase="Failed", finished_at=ago(age))
    assert derive(evidence).progress.moving is answer


def waits(kind: str, age: int, **options: Any) -> dict[str, Any]:
    return {"wait": {"kind": kind, "age": age}, "set": {"options": options}}


@pytest.mark.parametrize(
    ("overlay", "stale"),
    [
        (waits("upgrade-repo", 700), False),
        (waits("upgrade-repo", 900), True),
        (waits("managed-chart", 1700), False),
        (waits("managed-chart", 1800), True),
        (waits("plan", 600), True),
        (waits("no-such-kind", 600), True),
        # What the operator chose counts where it is less than the default, or more than what is usual.
        (waits("managed-chart", 60, stale_after_seconds=60), True),
        (waits("plan", 1200, stale_after_seconds=1800), False),
    ],
)
def test_every_wait_has_its_limit(overlay: dict[str, Any], stale: bool) -> None:
    facts = derive(build(overlay))
    assert facts.patience.wait_stale is stale
    assert facts.progress.moving is not stale


def test_a_wait_over_its_time_is_told_with_what_ends_it() -> None:
    found, why = moving(wait={"kind": "kubevirt", "version": "v1.6.0", "age": 7200})
    assert found is False
    assert "waited for 2 h for KubeVirt to become v1.6.0, more than the usual 30 min" in why
    assert "the wait ends when KubeVirt kubevirt in harvester-system observes" in why


def test_a_helm_at_work_is_not_progress_for_ever() -> None:
    pod = {"name": "a", "phase": "Running", "release": "fleet"}
    for age, answer in ((4000, True), (4300, False), (300_000, False)):
        waiting = {"waiting_for": {"release": "fleet", "version": FLEET, "age": age}}
        assert moving(**waiting, set={"helm_pods": [pod]})[0] is answer


def without_job(**upgrade: Any) -> dict[str, Any]:
    conditions = [{"type": "ImageReady", "status": "True"}, upgrade.pop("condition")]
    fields = {"created_at": ago(300_000), "conditions": conditions, **upgrade}
    return {
        "wait": {"kind": None},
        "set": {"job": None, "job_pods": [], "upgrade": fields},
        "sources": {"job": "absent", "job_pods": "absent", "job_logs": "absent"},
    }


@pytest.mark.parametrize(
    ("age", "answer", "words"),
    [
        (600, True, "has not come to Rancher yet"),
        (7200, None, "NodesPrepared is Unknown"),
        (300_000, None, "nothing of the Upgrade has changed for 3 d 11 h"),
    ],
)
def test_before_the_job_the_last_change_of_the_upgrade_counts(
    age: int, answer: bool | None, words: str
) -> None:
    condition = {"type": "NodesPrepared", "status": "Unknown", "last_update_time": ago(age)}
    found, why = moving(**without_job(condition=condition, state="PreparingNodes"))
    assert found is answer
    assert words in why


def test_an_upgrade_of_unknown_age_is_not_moving() -> None:
    found, why = moving(
        **without_job(condition={"type": "x", "status": "Unknown"}, created_at=None)
    )
    assert found is None
    assert "not known when the upgrade began" in why


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        ({"phase": "Pending", "log": None}, "its pod p is Pending"),
        ({"phase": "Running", "log": {"state": "ok", "truncated": False}}, "its pod p is Running"),
    ],
)
def test_a_job_that_prints_nothing_is_not_moving_for_ever(pod: dict[str, Any], words: str) -> None:
    for age, answer in ((60, True), (300_000, None)):
        pods = [{"name": "p", "created_at": ago(age), **pod}]
        found, why = moving(wait={"kind": None}, set={"job": {"active": 1}, "job_pods": pods})
        assert found is answer
        assert words in why


def test_a_line_of_no_known_kind_is_no_progress_and_is_quoted() -> None:
    log = {
        "state": "ok",
        "truncated": False,
        "events": [{"kind": "upgrading-rancher", "at": ago(300_000), "last_at": ago(300_000)}],
        "tail": ["Upgrading Rancher", "waiting for the moon to rise", ""],
        "last_line": "waiting for the moon to rise",
        "last_line_since": ago(299_000),
        "last_line_known": False,
    }
    pods = [{"name": "p", "phase": "Running", "created_at": ago(300_000), "log": log}]
    found, why = moving(wait={"kind": None}, set={"job": {"active": 1}, "job_pods": pods})
    assert found is None
    assert (
        f'no known kind since {ago(299_000)}, the last one is "waiting for the moon to rise"' in why
    )
    # Evidence of an earlier version has only the tail.
    del log["last_line"], log["last_line_since"], log["last_line_known"]
    assert (
        '"waiting for the moon to rise"'
        in moving(wait={"kind": None}, set={"job": {"active": 1}, "job_pods": pods})[1]
    )


@pytest.mark.parametrize(
    ("tail", "kind", "age"),
    [
        (["Upgrade repo deployment is not ready yet, waiting..."], "upgrade-repo", 300_000),
        (["Waiting for longhorn-manager to be upgraded (1/3)..."], "longhorn-manager", None),
        (["something"], "none", None),
    ],
)
def test_lines_that_an_earlier_collector_did_not_know(
    tail: list[str], kind: str, age: int | None
) -> None:
    log = {"state": "ok", "truncated": False, "events": [], "tail": tail}
    pods = [{"name": "p", "phase": "Running", "created_at": ago(300_000), "log": log}]
    facts = derive(build({"wait": {"kind": None}, "set": {"job": {"active": 1}, "job_pods": pods}}))
    assert facts.upgrade.wait_kind == kind
    assert (facts.upgrade.wait or {}).get("age_seconds") == age
    assert facts.progress.moving is (False if age else None)


def test_a_helm_that_runs_longer_than_helm_takes_is_no_progress() -> None:
    for age, answer in ((1700, True), (2400, False)):
        pod = {"name": "a", "phase": "Running", "release": "fleet", "created_at": ago(age)}
        waiting = {"waiting_for": {"release": "fleet", "version": FLEET, "age": age + 60}}
        found, why = moving(**waiting, set={"helm_pods": [pod]})
        assert found is answer
        assert ("has been at work for 40 min" in why) is not answer
