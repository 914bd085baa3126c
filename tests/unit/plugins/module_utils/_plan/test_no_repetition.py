# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing plans again what has just failed for a reason that is still there, and warnings plan nothing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import ago, build

DATA = Path(__file__).resolve().parents[3] / "data/evidence"
GA, RC, OLD = "106.0.0+up0.12.0", "106.0.0+up0.12.0-rc.3", "105.0.2+up0.11.2"
REPETITIONS = {"nudge", "let_rancher_upgrade", "upgrade_release", "roll_back_release"}
LASTING = (
    "Error: UPGRADE FAILED: execution error at (x.yaml:1:2): no",
    "Error: UPGRADE FAILED: chart requires kubeVersion: < 1.33",
    "Error: Unable to continue with update: ConfigMap \"x\" in namespace \"y\" exists and cannot be imported into the"
    " current release: invalid ownership metadata",
    'Error: UPGRADE FAILED: admission webhook "x" denied the request: no',
    "Error: UPGRADE FAILED: configmaps is forbidden: exceeded quota: q",
    "Error: UPGRADE FAILED: namespace x because it is being terminated",
    'Error: UPGRADE FAILED: failed calling webhook "rancher.cattle.io.x": no endpoints',
    'Error: UPGRADE FAILED: no matches for kind "Bundle" in version "fleet.cattle.io/v1alpha1"',
    "Error: the moon is in the wrong phase",
)  # fmt: skip
PASSING = (
    "Error: Kubernetes cluster unreachable: dial tcp: connection refused",
    "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
)


def pod(line: str, age: int = 100, release: str = "fleet", **more: Any) -> dict[str, Any]:
    return {
        "name": f"helm-operation-{age}",
        "phase": "Failed",
        "created_at": ago(age),
        "release": release,
        "exit_code": 123,
        "log_lines": [line],
        **more,
    }


def plan(overlay: dict[str, Any], *accept: str) -> list[tuple[str, Any]]:
    evidence = build(overlay)
    made = make_plan(evidence, diagnose(evidence), derive(evidence), {"accept": list(accept)})
    return [(step.action, step.params.get("release")) for step in made.steps]


WAITS = {"waiting_for": {"release": "fleet", "version": GA, "age": 1990}}
SITUATIONS = {
    "deployed": {"fleet": [[6, "deployed", OLD, 900000]]},
    "skipped": {"fleet": [[6, "deployed", RC, 900000]]},
    "failed": {"fleet": [[7, "failed", GA, 95], [6, "deployed", OLD, 900000]]},
}


@pytest.mark.parametrize("line", LASTING)
@pytest.mark.parametrize("situation", sorted(SITUATIONS))
def test_what_fails_for_a_lasting_reason_is_not_tried_again(situation: str, line: str) -> None:
    overlay = {
        **WAITS,
        "releases": SITUATIONS[situation],
        "set": {"helm_pods": [pod(line)]},
    }
    assert plan(overlay) == []
    evidence = build(overlay)
    found = diagnose(evidence)
    assert found["verdict"] == "stuck"
    (told,) = [each for each in found["findings"] if each["outcome"] == "fail"]
    assert told["id"] == ("failed-release" if situation == "failed" else "helm-install-fails")


@pytest.mark.parametrize("line", PASSING)
@pytest.mark.parametrize("situation", ["deployed", "skipped"])
def test_what_passes_by_itself_is_tried_again(situation: str, line: str) -> None:
    overlay = {
        **WAITS,
        "releases": SITUATIONS[situation],
        "set": {"helm_pods": [pod(line)]},
    }
    assert ("upgrade_release", "fleet") in plan(overlay)


def test_a_helm_that_was_stopped_has_failed_for_no_lasting_reason() -> None:
    """Ours, when the rollout could not complete, or one of Rancher's whose pod was ended."""
    stopped = {
        "revision": 7,
        "status": "failed",
        "version": GA,
        "age": 1900,
        "description": 'Upgrade "fleet" failed: context canceled',
    }
    overlay = {**WAITS, "releases": {"fleet": [stopped, [6, "deployed", OLD, 900000]]}}
    assert ("upgrade_release", "fleet") in plan(overlay)


@pytest.mark.parametrize("said", [None, 'Upgrade "fleet" failed: nobody knows this line'])
def test_a_failure_of_unknown_cause_is_told_in_words(said: str | None) -> None:
    failed = {"revision": 7, "status": "failed", "version": GA, "age": 1900, "description": said}
    overlay = {**WAITS, "releases": {"fleet": [failed, [6, "deployed", OLD, 900000]]}}
    assert plan(overlay) == []
    (told,) = [each for each in diagnose(build(overlay))["findings"] if each["outcome"] == "fail"]
    assert told["what_next"].startswith("Find and remove the cause")
    assert "{%" not in json.dumps(told)


def test_an_index_that_is_repaired_does_not_bring_back_what_fails() -> None:
    """Every release the job waits for is looked at then, whoever asked."""
    overlay: dict[str, Any] = yaml.safe_load((DATA / "clusterrepo-stale-index.yml").read_bytes())[
        "match"
    ][0]["overlay"]
    before = plan(copy.deepcopy(overlay))
    failing = [each[1] for each in before if each[0] in REPETITIONS and each[1]]
    assert failing
    overlay.setdefault("set", {})["helm_pods"] = [
        pod(LASTING[0], 50 + number, release) for number, release in enumerate(failing)
    ]
    after = plan(overlay)
    assert not [each for each in after if each[1] in failing]
    assert [each for each in after if not each[1]]


def test_a_lock_is_removed_without_a_nudge_when_something_else_has_failed_last() -> None:
    overlay = {
        **WAITS,
        "releases": {"fleet": [[7, "pending-upgrade", OLD, 5000], [6, "deployed", OLD, 900000]]},
        "set": {"helm_pods": [pod(LASTING[3], 5003)]},
    }
    assert plan(overlay) == [("unlock_release", "fleet")]
    found = {each["id"] for each in diagnose(build(overlay))["findings"]}
    assert found >= {"pending-upgrade-lock", "helm-install-fails"}


def test_crds_that_the_plan_brings_do_not_stop_the_chart_that_needs_them() -> None:
    rows: dict[str, Any] = {
        "fleet-crd": [[6, "pending-upgrade", OLD, 5000], [5, "deployed", OLD, 900000]],
        "fleet": [[7, "pending-upgrade", OLD, 5000], [6, "deployed", OLD, 900000]],
    }
    overlay = {**WAITS, "releases": rows, "set": {"helm_pods": [pod(LASTING[7])]}}
    assert ("let_rancher_upgrade", "fleet") in plan(overlay)
    # With nothing done about the CRDs it would fail again.
    alone = {**overlay, "releases": {"fleet": rows["fleet"]}}
    assert ("let_rancher_upgrade", "fleet") not in plan(alone)


def test_a_webhook_repaired_since_is_no_reason_any_more() -> None:
    overlay: dict[str, Any] = {
        **WAITS,
        "releases": {
            **SITUATIONS["deployed"],
            "rancher-webhook": [[8, "deployed", "106.0.0+up0.7.0", 50]],
        },
        "set": {"helm_pods": [pod(LASTING[6])]},
    }
    assert ("let_rancher_upgrade", "fleet") in plan(overlay)


def locked(*pods: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "releases": {
            "rancher-webhook": [
                [8, "pending-upgrade", "105.0.1+up0.6.2", 5400],
                [7, "deployed", "105.0.1+up0.6.2", 900000],
            ]
        },
        "waiting_for": {"release": "rancher-webhook", "version": "106.0.0+up0.7.0", "age": 5300},
        "set": {"helm_pods": list(pods), **more},
    }


ALIVE = pod("", 15, "rancher-webhook", phase="Running", exit_code=None, log_lines=[])
ON_LOCK = pod(PASSING[1], 180, "rancher-webhook")
OPERATION = {
    "name": "helm-operation-15",
    "release": "rancher-webhook",
    "release_namespace": "cattle-system",
    "created_at": ago(15),
}


def test_pods_that_die_on_the_lock_do_not_keep_it() -> None:
    for overlay in (locked(ALIVE, ON_LOCK), locked(ALIVE, ON_LOCK, operations=[OPERATION])):
        assert plan(overlay)[:2] == [("unlock_release", "rancher-webhook"), ("nudge", None)]
        assert diagnose(build(overlay))["verdict"] == "stuck"


@pytest.mark.parametrize(
    "overlay",
    [
        pytest.param(locked(ALIVE), id="nothing has failed on the lock yet"),
        pytest.param(
            locked({**ALIVE, "created_at": ago(5403)}, ON_LOCK), id="it was made before the lock"
        ),
        pytest.param(locked({**ALIVE, "created_at": ago(5400)}, ON_LOCK), id="in the same second"),
        pytest.param(locked({**ALIVE, "release": None}, ON_LOCK), id="nobody knows on what it is"),
        pytest.param(
            locked(ALIVE, ON_LOCK, operations=[{**OPERATION, "action": "rollback"}]),
            id="a rollback does not ask for the lock",
        ),
        pytest.param(
            locked(
                ALIVE,
                ON_LOCK,
                helm_jobs=[{"kind": "Job", "name": "j", "release": "rancher-webhook"}],
            ),
            id="something else works on it, too",
        ),
        pytest.param(locked({**ALIVE, "created_at": None}, ON_LOCK), id="its age is not known"),
    ],
)
def test_a_helm_that_may_hold_the_lock_is_left_alone(overlay: dict[str, Any]) -> None:
    assert plan(overlay) == []
    assert diagnose(build(overlay))["verdict"] != "stuck"


def test_a_young_lock_is_left_alone_whoever_fails_on_it() -> None:
    overlay = locked(ALIVE, {**ON_LOCK, "created_at": ago(60)})
    overlay["releases"]["rancher-webhook"][0][3] = 100
    assert plan(overlay) == []
    assert diagnose(build(overlay))["verdict"] == "moving"


def test_the_agent_s_own_rollbacks_are_not_interrupted() -> None:
    case = yaml.safe_load((DATA.parents[2] / "cases/agent-rolls-back-for-ever.yml").read_bytes())
    for accept in ((), ("bundle-errapplied-operation-in-progress",)):
        assert plan(case["overlay"], *accept) == []


def warnings() -> list[Any]:
    found = []
    for path in sorted(DATA.glob("*.yml")):
        for number, case in enumerate(yaml.safe_load(path.read_bytes()).get("match") or []):
            found.append(pytest.param(case["overlay"], id=f"{path.stem}-{number}"))
    return found


@pytest.mark.parametrize("overlay", warnings())
def test_a_warning_never_adds_a_step(overlay: dict[str, Any]) -> None:
    """Also of rules that are no warnings today, and with everything agreed to that asks."""
    evidence = build(overlay)
    found = diagnose(evidence)
    for finding in found["findings"]:
        finding["outcome"] = "warn" if finding["outcome"] == "fail" else finding["outcome"]
    accept = [each["id"] for each in found["findings"]]
    assert make_plan(evidence, found, derive(evidence), {"accept": accept}).steps == ()


@pytest.mark.parametrize("held", [True, False])
def test_a_failing_chart_is_not_left_until_the_nodes_are_upgraded(held: bool) -> None:
    """It can be what holds a node (harvester #10284); another release can wait."""
    case = yaml.safe_load(
        (DATA.parents[2] / "cases/failed-chart-in-the-nodes-phase.yml").read_bytes()
    )
    if not held:
        case["overlay"]["releases"] = {
            "rancher-provisioning-capi": [
                [20, "pending-upgrade", "105.1.0+up0.6.0", 7000],
                [1, "deployed", "105.1.0+up0.6.0", 900000],
            ]
        }
    evidence = build(case["overlay"])
    made = make_plan(evidence, diagnose(evidence), derive(evidence), {})
    assert made.steps == ()
    told = [each for each in made.instructions if "get values" in " ".join(each.commands)]
    left = [each for each in made.instructions if each.title.startswith("Left until")]
    assert (bool(told), bool(left)) == (held, not held)
