# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the upgrade is, from its conditions and the job's log."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.upgrade import (
    upgrade_facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.shape import (
    write,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    build,
    evidence_of,
)


def facts(**overlay: Any) -> dict[str, Any]:
    return dict(write(upgrade_facts(evidence_of(overlay))))


def conditions(**states: str) -> dict[str, Any]:
    return {"conditions": [{"type": name, "status": state} for name, state in states.items()]}


def log(*kinds: str, **fields: Any) -> list[dict[str, Any]]:
    events = [{"kind": kind} for kind in kinds]
    return [{"name": "p", "log": {"state": "ok", "truncated": False, "events": events, **fields}}]


@pytest.mark.parametrize(
    ("upgrade", "phase", "well"),
    [
        (conditions(SystemServicesUpgraded="Unknown"), "rancher", False),
        (conditions(SystemServicesUpgraded="True"), "ended", True),
        (conditions(SystemServicesUpgraded="False"), "ended", False),
        ({"state": "Succeeded"}, "ended", True),
        ({"state": "Failed"}, "ended", False),
        ({"state": "UpgradingNodes", **conditions(SystemServicesUpgraded="True")}, "ended", True),
        ({"state": "Failed", **conditions(SystemServicesUpgraded="True")}, "ended", False),
        (conditions(Completed="False"), "ended", False),
    ],
)
def test_phase_of_conditions(upgrade: dict[str, Any], phase: str, well: bool) -> None:
    over = {"active": 0, "failed": 7 * (well is False), "succeeded": int(well)}
    job = {"active": 1} if phase == "rancher" else over
    if well is False and phase == "ended":
        job["conditions"] = [{"type": "Failed", "status": "True"}]
    found = facts(set={"upgrade": upgrade, "job": job})
    assert (found["phase"], found["ended_well"]) == (phase, well)


DONE = {"state": "Succeeded", "conditions": [{"type": "SystemServicesUpgraded", "status": "True"}]}
RUNS = {"name": "x", "phase": "Running"}
FAILED_POD = {"name": "x", "phase": "Failed", "exit_code": 1}
SUCCEEDED_POD = {"name": "x", "phase": "Succeeded", "exit_code": 0}
NO_JOB = {"sources": {"job": "absent"}}
UNREAD = {"sources": {"job": "forbidden"}}
OTHERS = {"name": "hvst-upgrade-old-apply-manifests", "created_at": "2026-11-20T10:00:00Z"}


@pytest.mark.parametrize(
    ("job", "pods", "overlay", "state", "well"),
    [
        ({"active": 1}, [RUNS], {}, "running", False),
        ({"active": 0}, [RUNS], {}, "running", False),
        ({"active": 0, "failed": 1}, [FAILED_POD], {}, "between-attempts", False),
        ({"active": 0, "succeeded": 1}, [], {}, "succeeded", True),
        ({"active": 0, "succeeded": 1}, [SUCCEEDED_POD, FAILED_POD], {}, "succeeded", True),
        (
            {"active": 0, "conditions": [{"type": "Complete", "status": "True"}]},
            [],
            {},
            "succeeded",
            True,
        ),
        (
            {"active": 0, "conditions": [{"type": "Failed", "status": "True"}]},
            [],
            {},
            "failed",
            False,
        ),
        (None, [], NO_JOB, "gone", True),
        (None, [RUNS], NO_JOB, "running", False),
        (None, [SUCCEEDED_POD], NO_JOB, "succeeded", True),
        (None, [FAILED_POD], NO_JOB, "failed", False),
        (None, [], UNREAD, None, None),
        (None, [RUNS], UNREAD, "running", False),
        (None, [FAILED_POD], UNREAD, None, None),
        (None, [SUCCEEDED_POD], UNREAD, "succeeded", True),
        (None, [], {"sources": {"job": "absent", "job_pods": "error"}}, None, None),
        (OTHERS, [], {}, None, None),
        (OTHERS, [RUNS], {}, "running", False),
    ],
)
def test_the_job_is_believed_over_the_condition(
    job: Any, pods: list[Any], overlay: dict[str, Any], state: str | None, well: bool | None
) -> None:
    evidence = build({"set": {"upgrade": DONE, "job_pods": pods}, **overlay})
    evidence["job"] = job
    found = derive(evidence).upgrade
    assert (found.job_state, found.ended_well or False) == (state, well or False)
    assert (found.contradicted is not None) is (state in ("running", "between-attempts", "failed"))


def test_a_job_that_has_succeeded_before_harvester_takes_note() -> None:
    found = facts(set={"job": {"active": 0, "succeeded": 1}})
    assert (found["phase"], found["ended_well"], found["contradicted"]) == (
        "after-rancher",
        False,
        None,
    )


@pytest.mark.parametrize(
    ("condition", "job", "said"),
    [
        ({"status": "True"}, {"active": 1}, "condition SystemServicesUpgraded is True"),
        ({"status": "False"}, {"active": 1}, "condition SystemServicesUpgraded is False"),
        ({"status": "Unknown"}, {"active": 1}, None),
        ({"status": "True", "last_update_time": "2026-11-23T14:59:30Z"}, {"active": 1}, None),
        (
            {"status": "False"},
            {"active": 0, "conditions": [{"type": "Failed", "status": "True"}]},
            None,
        ),
    ],
)
def test_contradicted(condition: dict[str, Any], job: dict[str, Any], said: str | None) -> None:
    upgrade = {"conditions": [{"type": "SystemServicesUpgraded", **condition}]}
    assert facts(set={"upgrade": upgrade, "job": job})["contradicted"] == said


@pytest.mark.parametrize(
    ("pods", "phase"),
    [
        (log("upgrading-rancher"), "rancher"),
        (log("upgrading-rancher", "helm-release"), "rancher"),
        (log("upgrading-rancher", "helm-release", "next-phase"), "after-rancher"),
        (log("upgrading-rancher", "rancher-skipped"), "after-rancher"),
        (log("plan"), "not-started"),
        (log(), "not-started"),
        (log("helm-release", truncated=True), "rancher"),
        (log(truncated=True), None),
        (log(state="error"), None),
        ([], None),
        ([{"name": "p", "phase": "Pending", "log": None}], "not-started"),
        # An earlier attempt may have come further.
        ([{"name": "p", "phase": "Pending", "log": None}, {"name": "o", "phase": "Failed"}], None),
    ],
)
def test_phase_of_the_log(pods: list[Any], phase: str | None) -> None:
    assert facts(set={"job_pods": pods, "wait": None})["phase"] == phase


@pytest.mark.parametrize(
    ("upgrade", "begun"),
    [
        (conditions(SystemServicesUpgraded="Unknown"), False),
        (conditions(SystemServicesUpgraded="False", Completed="False"), False),
        ({"state": "Failed"}, False),
        ({"state": "UpgradingNodes"}, True),
        ({"state": "UpgradingNodes", **conditions(SystemServicesUpgraded="True")}, True),
        (
            {
                "state": "Failed",
                **conditions(SystemServicesUpgraded="True", NodesUpgraded="False"),
            },
            True,
        ),
        ({"state": "Succeeded", **conditions(SystemServicesUpgraded="True")}, False),
        (conditions(SystemServicesUpgraded="True", Completed="True"), False),
    ],
)
def test_nodes_phase(upgrade: dict[str, Any], begun: bool) -> None:
    assert facts(set={"upgrade": upgrade})["nodes_phase"] is begun


def test_nodes_phase_of_an_upgrade_that_was_not_read() -> None:
    found = facts(set={"upgrade": None}, sources={"upgrade": "forbidden"})
    assert found["nodes_phase"] is None


def test_no_upgrade() -> None:
    found = facts(set={"upgrade": None}, sources={"upgrade": "absent"})
    assert (found["phase"], found["upgrade_count"], found["wait_kind"]) == ("none", 0, "none")


def test_upgrade_not_read() -> None:
    found = facts(set={"upgrade": None}, sources={"upgrade": "forbidden"})
    assert (found["phase"], found["upgrade_count"], found["ended_well"]) == (None, None, None)


def test_job_not_read() -> None:
    found = facts(set={"job": None}, sources={"job": "forbidden"})
    assert (found["phase"], found["job_running"]) == ("rancher", True), "its pod says so"
    found = facts(set={"job": None, "job_pods": []}, sources={"job": "forbidden"})
    assert (found["phase"], found["job_running"]) == (None, None)


def test_job_not_created_yet() -> None:
    upgrade = {"state": "PreparingNodes", **conditions(NodesPrepared="Unknown")}
    found = facts(set={"upgrade": upgrade, "job": None, "job_pods": [], "wait": None})
    assert (found["phase"], found["wait_kind"]) == ("not-started", "none")


def test_the_wait_of_a_job_that_is_over_counts_no_more() -> None:
    over = {"active": 0, "succeeded": 1}
    found = facts(set={"upgrade": conditions(SystemServicesUpgraded="True"), "job": over})
    assert (found["wait"], found["wait_kind"]) == (None, "none")


@pytest.mark.parametrize(
    ("overlay", "kind"),
    [
        ({}, "helm-release"),
        ({"wait": {"kind": None}}, "none"),
        ({"set": {"wait": None}, "sources": {"job_logs": "forbidden"}}, None),
        ({"set": {"wait": None, "job_pods": log("upgrading-rancher", state="error")}}, None),
    ],
)
def test_wait_kind(overlay: dict[str, Any], kind: str | None) -> None:
    assert facts(**overlay)["wait_kind"] == kind


def test_age_of_the_wait_is_computed_when_it_is_missing() -> None:
    wait = {"kind": "plan", "since": "2026-11-23T14:50:00Z"}
    assert facts(set={"wait": {**wait, "age_seconds": None}})["wait"]["age_seconds"] == 600


def test_two_latest_upgrades() -> None:
    assert facts(set={"upgrade": {"latest_names": ["a", "b"]}})["upgrade_count"] == 2


def test_attempts() -> None:
    assert facts(set={"job": {"failed": 2, "backoff_limit": None}})["attempts"] == {
        "failed": 2,
        "limit": 6,
    }
