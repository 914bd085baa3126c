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
    found = derive(build(overlay))["progress"]
    return found["moving"], found["why"]


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
    assert derive(evidence)["progress"]["moving"] is answer


@pytest.mark.parametrize(("age", "answer"), [(60, True), (1200, None)])
def test_between_two_attempts(age: int, answer: bool | None) -> None:
    evidence = build({"wait": {"kind": None}, "set": {"job": {"active": 0, "failed": 1}}})
    evidence["job_pods"][0].update(phase="Failed", finished_at=ago(age))
    assert derive(evidence)["progress"]["moving"] is answer
