# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.approval import (
    approval,
)


def plan(*risks: str) -> dict[str, Any]:
    steps = tuple(
        Step(
            action="nudge",
            module="cluster_repo",
            title=f"step {number}",
            finding="x",
            object=ObjectRef("catalog.cattle.io/v1", "ClusterRepo", None, "rancher-charts"),
            params={},
            risk=risk,
            id=f"{number:02}-nudge",
        )
        for number, risk in enumerate(risks, 1)
    )
    return Plan("cluster-1", "digest", {}, steps).to_dict()


def test_nothing_approves_itself() -> None:
    assert approval(plan("low", "medium")) == {
        "approved": False,
        "missing_risks": ["low", "medium"],
        "how": "none",
    }


def test_every_risk_must_be_granted() -> None:
    assert approval(plan("low", "high"), "", ["low"])["missing_risks"] == ["high"]
    assert approval(plan("low", "high"), "", ["low", "high"]) == {
        "approved": True,
        "missing_risks": [],
        "how": "risks",
    }


def test_granting_more_does_not_hurt() -> None:
    assert approval(plan("low"), None, ["low", "high"])["approved"] is True


def test_the_right_fingerprint_approves_every_risk() -> None:
    document = plan("high")
    given = f" {document['fingerprint'].upper()} "
    assert approval(document, given) == {
        "approved": True,
        "missing_risks": [],
        "how": "fingerprint",
    }


def test_another_fingerprint_is_not_outvoted_by_risks() -> None:
    decision = approval(plan("low"), "0" * 16, ["low"])
    assert decision["approved"] is False
    assert decision["how"] == "other-fingerprint"


def test_an_empty_plan_needs_no_approval() -> None:
    assert approval(plan()) == {
        "approved": True,
        "missing_risks": [],
        "how": "nothing-to-approve",
    }


def test_a_risk_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RemediationError, match="'all'") as caught:
        approval(plan("low"), "", ["all"])
    assert caught.value.code == "refused"


def test_an_edited_plan_is_refused() -> None:
    document = plan("high")
    document["steps"][0]["risk"] = "low"
    with pytest.raises(RemediationError) as caught:
        approval(document, document["fingerprint"])
    assert caught.value.code == "plan-invalid"
