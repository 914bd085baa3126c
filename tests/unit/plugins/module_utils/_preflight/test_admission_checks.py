# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.admission_checks import (
    admission_checks,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.check import (
    Check,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    base,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.resting_cluster import (
    bad,
    only,
    resting_cluster,
)

READY = {"ready": True, "paused": False, "summary": {"ready": 1}, "conditions": []}


def checks(**changes: Any) -> list[Check]:
    parts = {"managed_charts": [{"name": "harvester", **READY}], **changes}
    return admission_checks(Evidence.from_dict(resting_cluster({"set": parts})))


def chart(name: str = "harvester", **changes: Any) -> list[dict[str, Any]]:
    return [{"name": name, **READY, **changes}]


def bundle(**changes: Any) -> list[dict[str, Any]]:
    whole = {
        "name": "mcc-harvester",
        "release": "harvester",
        "default_namespace": "harvester-system",
        "state": "Ready",
        "message": "",
    }
    return [{**whole, **changes}]


def test_a_cluster_at_rest() -> None:
    assert bad(checks()) == []
    assert {check.id for check in checks()} == {"managed-chart", "capi-cluster", "node"}


def test_an_upgrade_that_is_under_way() -> None:
    found = next(
        check
        for check in admission_checks(Evidence.from_dict(base()))
        if check.id == "upgrade-under-way"
    )
    assert (found.outcome, found.subject) == ("fail", "Upgrade/harvester-system/hvst-upgrade-x7k2p")


@pytest.mark.parametrize("status", ["True", "False"])
def test_an_upgrade_that_is_over(status: str) -> None:
    over = {
        "name": "hvst-upgrade-1",
        "namespace": "harvester-system",
        "state": "Succeeded",
        "conditions": [{"type": "Completed", "status": status}],
    }
    assert bad(checks(upgrade=over)) == []


@pytest.mark.parametrize(
    ("charts", "outcome", "said"),
    [
        (chart(ready=False), "fail", "a new upgrade is not admitted"),
        (chart("hvst-upgrade-9-upgradelog-operator", ready=False), "fail", "left over from an earlier upgrade"),
        (chart(paused=True), "warn", "an aborted upgrade leaves behind"),
        (chart(ready=None), "unknown", "cannot be told"),
    ],
)  # fmt: skip
def test_managed_charts(charts: list[dict[str, Any]], outcome: str, said: str) -> None:
    found = only(checks(managed_charts=charts))
    assert (found.outcome, found.id) == (outcome, "managed-chart")
    assert said in found.message


@pytest.mark.parametrize(
    ("bundles", "outcome", "mode"),
    [
        (
            bundle(
                state="ErrApplied",
                message="another operation (install/upgrade/rollback) is in progress",
            ),
            "fail",
            "6.17",
        ),
        (bundle(state="Modified", message="cdi.cdi.kubevirt.io missing"), "warn", "6.18"),
        (bundle(state="NotReady"), "warn", "6.18"),
        (bundle(values_secret_missing=True), "warn", "6.32"),
    ],
)
def test_bundles(bundles: list[dict[str, Any]], outcome: str, mode: str) -> None:
    found = only(checks(bundles=bundles))
    assert (found.outcome, found.failure_mode) == (outcome, mode)
    assert found.subject == "Bundle/fleet-local/mcc-harvester"


def test_a_capi_cluster_that_is_not_provisioned() -> None:
    found = only(checks(capi_cluster={"phase": "Provisioning"}))
    assert (found.outcome, found.id, found.failure_mode) == ("fail", "capi-cluster", "6.21")


@pytest.mark.parametrize(
    ("wrong", "said"), [({"ready": False}, "not ready"), ({"unschedulable": True}, "unschedulable")]
)
def test_nodes_that_are_not_there(wrong: dict[str, bool], said: str) -> None:
    nodes = [{"name": "node-1", "ready": True}, {"name": "node-2", "ready": True, **wrong}]
    found = only(checks(nodes=nodes))
    assert (found.outcome, found.subject) == ("fail", "Node/node-2")
    assert said in found.message
