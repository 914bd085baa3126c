# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans made of what the shipped rules find in their own evidence, and of several illnesses at once."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    row,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

MODULES = "ansible_collections.harvester_ops.remediation.plugins.modules"
DATA = Path(__file__).resolve().parents[3] / "data/evidence"
ASKED = (
    "bundle-errapplied-operation-in-progress",
    "fleet-agent-kind-or-absent",
    "pending-install-no-deployed",
    "pinned-values-in-release",
)
GA = "106.0.0+up0.12.0"
RC = "106.0.0+up0.12.0-rc.3"
OLD = "105.0.2+up0.11.2"


def cases() -> list[Any]:
    found = []
    for path in sorted(DATA.glob("*.yml")):
        for number, case in enumerate(yaml.safe_load(path.read_text()).get("match") or []):
            found.append(pytest.param(case["overlay"], id=f"{path.stem}-{number}"))
    return found


def plan_for(overlay: dict[str, Any], *accept: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The findings and the plan of a cluster."""
    evidence = build(overlay)
    findings = diagnose(evidence)
    plan = make_plan(evidence, findings, derive(evidence), {"accept": list(accept)})
    return findings, plan.to_dict()


def actions(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """Every step as its action and what it is about."""
    return [
        (step["action"], step["params"].get("release") or step["params"].get("name") or "")
        for step in plan["steps"]
    ]


@pytest.mark.parametrize("accept", [(), ASKED], ids=["plain", "accepted"])
@pytest.mark.parametrize("overlay", cases())
def test_no_failure_goes_without_a_step_or_words(
    overlay: dict[str, Any], accept: tuple[str, ...]
) -> None:
    findings, plan = plan_for(overlay, *accept)
    answered = {step["finding"] for step in plan["steps"]}
    answered |= {each["finding"] for each in plan["instructions"]}
    failed = {each["id"] for each in findings["findings"] if each["outcome"] == "fail"}
    # A nudge that belongs to a lock and to the CRD behind it is one step of either.
    assert failed - answered <= {"fleet-crd-too-old"}


@pytest.mark.parametrize("overlay", cases())
def test_every_step_fits_its_module(overlay: dict[str, Any]) -> None:
    _findings, plan = plan_for(overlay, *ASKED)
    for step in plan["steps"]:
        module = importlib.import_module(f"{MODULES}.{step['module']}")
        given = {key: value for key, value in step["params"].items() if value is not None}
        given.update({"release": given["release"]} if "release" in given else {})
        result = ArgumentSpecValidator(module.ARGUMENT_SPEC).validate(given)
        assert result.error_messages == [], step["id"]


@pytest.mark.parametrize("overlay", cases())
def test_every_parameter_and_precondition_reaches_its_module(overlay: dict[str, Any]) -> None:
    _findings, plan = plan_for(overlay, *ASKED)
    for step in plan["steps"]:
        given = {key: value for key, value in step["params"].items() if value is not None}
        read = Step.from_dict(step)
        assert row(read).arguments(read, {}) == given, step["id"]


@pytest.mark.parametrize("overlay", cases())
def test_every_write_to_an_object_that_exists_checks_that_it_is_the_same(
    overlay: dict[str, Any],
) -> None:
    _findings, plan = plan_for(overlay, *ASKED)
    for step in plan["steps"]:
        if step["object"]["uid"] is not None and step["module"] != "remediation_wait":
            awaited = any("let-rancher-upgrade" in each for each in step["depends_on"])
            uids = {value for key, value in step["params"].items() if key.endswith("uid")}
            assert step["object"]["uid"] in uids or awaited, step["id"]


@pytest.mark.parametrize("overlay", cases())
def test_steps_are_in_order_and_without_repetition(overlay: dict[str, Any]) -> None:
    _findings, plan = plan_for(overlay, *ASKED)
    Plan.from_dict(plan)
    done: list[str] = []
    for step in plan["steps"]:
        assert set(step["depends_on"]) <= set(done)
        done.append(step["id"])
    seen = [
        (step["action"], step["object"]["name"], step["object"]["kind"]) for step in plan["steps"]
    ]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("overlay", cases())
def test_what_nobody_may_do_unattended_is_never_planned(overlay: dict[str, Any]) -> None:
    findings, plan = plan_for(overlay)
    unattended = set()
    for each in findings["findings"]:
        remedy = each["remedy"] or {"unattended": "no", "steps": []}
        wishes = [remedy["unattended"], *(step.get("unattended") for step in remedy["steps"])]
        if "yes" in wishes:
            unattended.add(each["id"])
    assert {step["finding"] for step in plan["steps"]} <= unattended


def test_an_immutable_field_comes_with_the_only_way_past_it() -> None:
    case = yaml.safe_load((DATA / "failed-release.yml").read_text())["match"][0]["overlay"]
    (pod,) = case["set"]["helm_pods"]
    said = 'Error: UPGRADE FAILED: cannot patch "fleet-controller": field is immutable'
    case["set"]["helm_pods"] = [{**pod, "log_lines": [said], "log_kinds": ["immutable"]}]
    _findings, plan = plan_for(case)
    (words,) = plan["instructions"]
    assert any("delete KIND NAME" in each and "force" in each for each in words["commands"])
    assert plan["steps"] == []


LOCKED_CANDIDATE = [
    {"revision": 8, "status": "pending-upgrade", "version": GA, "age": 4000},
    {"revision": 7, "status": "deployed", "version": RC, "age": 90000},
]


def test_lock_over_a_candidate_with_a_lost_url_is_one_plan() -> None:
    findings, plan = plan_for(
        {
            "releases": {"fleet-crd": [[7, "deployed", RC, 90000]], "fleet": LOCKED_CANDIDATE},
            "waiting_for": {"release": "fleet", "version": GA, "age": 3900},
            "set": {"fleet": {"config": {"api_server_url": "", "api_server_ca_present": False}}},
        }
    )
    assert findings["verdict"] == "stuck"
    assert actions(plan) == [
        ("unlock_release", "fleet"),
        ("upgrade_release", "fleet-crd"),
        ("upgrade_release", "fleet"),
        ("restore_fleet_config", ""),
    ]
    unlock, _crd, upgrade, restore = plan["steps"]
    assert upgrade["params"]["expected_revision"] == 7
    assert upgrade["depends_on"] == [unlock["id"]]
    assert restore["depends_on"] == [upgrade["id"]]


@pytest.mark.parametrize("status", ["pending-upgrade", "pending-rollback"])
@pytest.mark.parametrize("version", [GA, OLD], ids=["right-version", "old-version"])
def test_a_lock_over_a_failed_revision_is_rolled_back_for_the_sake_of_the_values(
    status: str, version: str
) -> None:
    """Without the lock the failed revision is the last one, and Rancher drops the values (FM 2.5 row 1)."""
    findings, plan = plan_for(
        {
            "releases": {
                "fleet": [
                    [9, status, version, 4000],
                    [8, "failed", GA, 4600],
                    [7, "deployed", OLD, 90000],
                ]
            },
            "waiting_for": {"release": "fleet", "version": GA, "age": 3900},
        }
    )
    (lock,) = [each for each in findings["findings"] if each["outcome"] == "fail"]
    assert "revision 8 below the lock is failed" in lock["what_next"]
    assert actions(plan)[0] == ("roll_back_release", "fleet")
    assert ("unlock_release", "fleet") not in actions(plan)
    back, upgrade = plan["steps"][0], plan["steps"][3]
    assert (back["params"]["revision"], back["risk"]) == (7, "medium")
    assert upgrade["undo"].startswith("helm rollback fleet 10 ")


def test_fleet_crd_over_a_failed_revision_is_only_unlocked() -> None:
    """It has no values to lose, and older CRDs can drop fields."""
    _findings, plan = plan_for(
        {
            "releases": {
                "fleet-crd": [
                    [9, "pending-upgrade", OLD, 4000],
                    [8, "failed", GA, 4600],
                    [7, "deployed", OLD, 90000],
                ]
            },
            "waiting_for": {"release": "fleet-crd", "version": GA, "age": 3900},
        }
    )
    assert actions(plan)[0] == ("unlock_release", "fleet-crd")


def test_a_broken_off_upgrade_is_done_by_us_with_the_values_of_the_release() -> None:
    case = yaml.safe_load((DATA / "helm-operation-apiserver-interruption.yml").read_text())
    findings, plan = plan_for(case["match"][0]["overlay"])
    assert [each["id"] for each in findings["findings"] if each["outcome"] == "fail"] == [
        "helm-operation-apiserver-interruption"
    ]
    assert actions(plan) == [("upgrade_release", "fleet"), ("restore_fleet_config", "")]


UPGRADING_NODES = {
    "wait": {"kind": None},
    "set": {
        "upgrade": {
            "state": "UpgradingNodes",
            "conditions": [
                {"type": "SystemServicesUpgraded", "status": "True"},
                {"type": "NodesUpgraded", "status": "Unknown"},
            ],
        },
        "job": {"active": 0, "succeeded": 1},
        "managed_charts": [],
    },
}


@pytest.mark.parametrize(
    "fleet",
    [
        [[7, "deployed", RC, 90000]],
        [[8, "pending-upgrade", OLD, 4000], [7, "deployed", OLD, 90000]],
        [[8, "pending-install", GA, 4000]],
        [[8, "failed", GA, 4000], [7, "deployed", OLD, 90000]],
    ],
    ids=["candidate", "lock", "to-be-asked", "by-hand"],
)
def test_nothing_of_the_rancher_step_is_repaired_while_nodes_are_upgraded(fleet: list[Any]) -> None:
    findings, plan = plan_for({"releases": {"fleet": fleet}, **UPGRADING_NODES}, *ASKED)
    assert findings["verdict"] == "stuck"
    assert plan["steps"] == []
    failed = {each["id"] for each in findings["findings"] if each["outcome"] == "fail"}
    assert {each["finding"] for each in plan["instructions"]} == failed
    for told in plan["instructions"]:
        assert "then run this again" in told["why"]
        assert told["blocks"] is False
        assert all("get upgrades" in command for command in told["commands"])


def test_an_upgrade_that_has_succeeded_is_repaired_as_ever() -> None:
    done = {"upgrade": {**UPGRADING_NODES["set"]["upgrade"], "state": "Succeeded"}}
    overlay = {**UPGRADING_NODES, "set": {**UPGRADING_NODES["set"], **done}}
    _findings, plan = plan_for({"releases": {"fleet": [[7, "deployed", RC, 90000]]}, **overlay})
    assert ("upgrade_release", "fleet") in actions(plan)


def test_what_the_nodes_wait_for_is_made_all_the_same() -> None:
    case = yaml.safe_load((DATA / "missing-stv-aggregation.yml").read_text())["match"][0]
    _findings, plan = plan_for(case["overlay"])
    assert actions(plan) == [("create_stv_aggregation", "")]


def test_stale_index_under_a_lock_is_one_plan() -> None:
    _findings, plan = plan_for(
        {
            "releases": {
                "fleet-crd": [[7, "deployed", OLD, 90000]],
                "fleet": [
                    {"revision": 8, "status": "pending-upgrade", "version": OLD, "age": 4000},
                    {"revision": 7, "status": "deployed", "version": OLD, "age": 90000},
                ],
            },
            "waiting_for": {"release": "fleet", "version": GA, "age": 3900},
            "set": {
                "chart_index": {
                    "charts": {"fleet": [{"version": OLD}], "fleet-crd": [{"version": OLD}]}
                }
            },
        }
    )
    assert actions(plan) == [
        ("unlock_release", "fleet"),
        ("refresh_index", "rancher-charts"),
        ("nudge", "rancher-charts"),
        ("let_rancher_upgrade", "fleet-crd"),
        ("upgrade_release", "fleet-crd"),
        ("let_rancher_upgrade", "fleet"),
        ("upgrade_release", "fleet"),
        ("restore_fleet_config", ""),
    ]


def test_the_chart_that_blocks_the_queue_is_refreshed_though_the_awaited_ones_are_listed() -> None:
    path = DATA / "system-chart-queue-blocked.yml"
    overlay = yaml.safe_load(path.read_text())["match"][0]["overlay"]
    _findings, plan = plan_for(overlay)
    assert actions(plan)[0] == ("refresh_index", "rancher-charts")
    params = plan["steps"][0]["params"]
    assert params["force"] is True
    charts = {each["chart"]: each["version"] for each in params["charts"]}
    assert {"fleet", "system-upgrade-controller"} <= set(charts)
    assert charts["system-upgrade-controller"].count(".") >= 2


def test_a_broken_chain_of_the_index_is_rebuilt() -> None:
    """While the first ConfigMap is there, Rancher builds nothing anew for the same commit (FM 3.2)."""
    path = DATA / "clusterrepo-or-index-missing.yml"
    (overlay,) = (
        case["overlay"]
        for case in yaml.safe_load(path.read_text())["match"]
        if "rancher-charts-1-" in str(case)
    )
    findings, plan = plan_for(overlay)
    assert actions(plan)[:2] == [("rebuild_index", "rancher-charts"), ("nudge", "rancher-charts")]
    assert (
        'configmaps "rancher-charts-1-uid-rancher-charts" not found'
        in findings["findings"][0]["message"]
    )


def test_an_index_that_stays_stale_comes_with_the_way_to_a_new_one() -> None:
    overlay = yaml.safe_load((DATA / "clusterrepo-stale-index.yml").read_text())["match"][0]
    _findings, plan = plan_for(overlay["overlay"])
    (words,) = (
        each for each in plan["instructions"] if each["finding"] == "clusterrepo-stale-index"
    )
    commands = "\n".join(words["commands"])
    assert "delete configmap rancher-charts-0-" in commands
    assert "forceUpdate" in commands
    assert "rollout restart deployment rancher" in commands


def test_accepted_but_impossible_keeps_its_words() -> None:
    # Undecodable and unlike a Helm revision: no step can be planned for it.
    overlay = yaml.safe_load((DATA / "helm-cannot-read-last-revision.yml").read_text())["match"][1]
    _findings, plan = plan_for(overlay["overlay"], "helm-cannot-read-last-revision")
    assert plan["steps"] == []
    assert [each["finding"] for each in plan["instructions"]] == ["helm-cannot-read-last-revision"]


def test_pinned_values_at_the_right_version_are_dropped_by_the_same_chart() -> None:
    overlay = yaml.safe_load((DATA / "pinned-values-in-release.yml").read_text())["match"][0]
    _findings, plan = plan_for(overlay["overlay"], "pinned-values-in-release")
    assert actions(plan)[0] == ("upgrade_release", "fleet")
    step = plan["steps"][0]
    assert step["params"]["drop_pinned_values"]
    assert any(text.startswith("Its value ") for text in step["changes"])


def test_the_retry_trap_over_a_lock_is_one_plan() -> None:
    overlay = yaml.safe_load((DATA / "clusterrepos-deleted-retry-trap.yml").read_text())["match"][0]
    locked = [
        {"revision": 8, "status": "pending-upgrade", "version": OLD, "age": 4000},
        {"revision": 7, "status": "deployed", "version": OLD, "age": 90000},
    ]
    _findings, plan = plan_for({**overlay["overlay"], "releases": {"fleet": locked}})
    done = actions(plan)
    assert done[0] == ("unlock_release", "fleet")
    assert [name for action, name in done if action == "create_cluster_repos"] == [
        "rancher-partner-charts",
        "rancher-rke2-charts",
        "rancher-charts",
    ]
