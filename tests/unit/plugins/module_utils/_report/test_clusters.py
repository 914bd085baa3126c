# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.clusters import (
    clusters_index,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.in_short import (
    cluster_outcome,
)

RUN = {"work": "diagnose", "finished_at": "2026-01-01T00:00:00Z", "check_mode": False}


def index(**outcomes: dict[str, Any]) -> dict[str, Any]:
    return clusters_index(outcomes, RUN)


def outcome(verdict: str, **document: Any) -> dict[str, Any]:
    return cluster_outcome({"verdict": verdict, "headline": f"It is {verdict}.", **document})


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
