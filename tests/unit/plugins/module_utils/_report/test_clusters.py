# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.clusters import (
    cluster_outcome,
    clusters_index,
)

RUN = {"work": "diagnose", "finished_at": "2026-01-01T00:00:00Z", "check_mode": False}


def index(**outcomes: dict[str, Any]) -> dict[str, Any]:
    return clusters_index(outcomes, RUN)


def outcome(verdict: str, **document: Any) -> dict[str, Any]:
    return cluster_outcome({"verdict": verdict, "headline": f"It is {verdict}.", **document})


def test_the_outcome_of_a_report() -> None:
    report = {
        "verdict": "needs_approval",
        "headline": "Rancher takes the candidate for the release.",
        "plan": {"fingerprint": "3f9c", "steps": [{"title": "long"}]},
        "cluster": {"uid": "u-1", "server": "https://there"},
        "upgrade": {"name": "hvst-upgrade-1", "previous_version": "v1.4.2", "version": "v1.5.0"},
        "error": None,
    }
    assert cluster_outcome(report, "clusters/edge/report.html") == {
        "verdict": "needs_approval",
        "needs_attention": True,
        "headline": "Rancher takes the candidate for the release.",
        "error_code": None,
        "plan_fingerprint": "3f9c",
        "cluster_uid": "u-1",
        "upgrade": "hvst-upgrade-1",
        "versions": ["v1.4.2", "v1.5.0"],
        "report": "clusters/edge/report.html",
    }


def test_the_outcome_of_a_failure_is_its_message() -> None:
    error = {"code": "unauthorized", "message": "The API server did not accept it."}
    found = cluster_outcome({"error": error})
    assert (found["verdict"], found["error_code"]) == ("failed", "unauthorized")
    assert found["headline"] == "The API server did not accept it."
    assert found["needs_attention"] is True


@pytest.mark.parametrize(
    ("verdict", "needed"),
    [
        *[(calm, False) for calm in ("healthy", "moving", "repaired", "safe", "saved")],
        *[
            (bad, True)
            for bad in ("stuck", "unknown", "needs_approval", "refused", "never heard of")
        ],
    ],
)
def test_who_needs_somebody(verdict: str, needed: bool) -> None:
    assert outcome(verdict)["needs_attention"] is needed


def test_what_is_calm_can_be_said() -> None:
    assert (
        cluster_outcome({"verdict": "risky"}, calm_verdicts=["risky"])["needs_attention"] is False
    )
    assert cluster_outcome({"verdict": "safe"}, calm_verdicts=["risky"])["needs_attention"] is True


def test_those_in_need_come_first() -> None:
    found = index(
        d=outcome("healthy"), c=outcome("stuck"), b=outcome("failed"), a=outcome("healthy")
    )
    assert [row["host"] for row in found["clusters"]] == ["b", "c", "a", "d"]
    assert found["needs_attention"] == ["b", "c"]
    assert found["verdicts"] == {"failed": 1, "stuck": 1, "healthy": 2}
    assert found["headline"] == "2 of 4 clusters need attention."
    assert index(a=outcome("stuck"))["headline"] == "1 of 1 clusters needs attention."
    assert index(a=outcome("safe"))["headline"] == "None of 1 clusters needs attention."


@pytest.mark.parametrize("nothing", [{}, None, "broken"])
def test_a_host_that_broke_off_has_failed(nothing: Any) -> None:
    (row,) = clusters_index({"edge": nothing}, RUN)["clusters"]
    assert row["verdict"] == "failed"
    assert "broke off" in row["headline"]
    assert row["needs_attention"] is True


def test_only_plans_that_wait_are_to_be_approved() -> None:
    plan = {"fingerprint": "3f9c"}
    found = index(
        a=outcome("needs_approval", plan=plan),
        b=outcome("repaired", plan=plan),
        c=outcome("needs_approval"),
    )
    assert found["plans_to_approve"] == {"a": "3f9c"}


def test_hosts_that_are_one_cluster_are_named() -> None:
    one, two = {"uid": "u-1"}, {"uid": "u-2"}
    found = index(
        c=outcome("stuck", cluster=one),
        a=outcome("failed"),
        d=outcome("failed"),
        b=outcome("stuck", cluster=one),
        e=outcome("stuck", cluster=two),
    )
    assert found["same_cluster"] == [["b", "c"]]
