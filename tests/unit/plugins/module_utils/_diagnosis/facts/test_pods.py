# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a pod is not ready, in words."""

from __future__ import annotations

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
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.pods import (
    class_of,
    sentence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    PodTrouble,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

DATA = Path(__file__).parents[4] / "data" / "evidence"


def overlay(rule: str, number: int) -> dict[str, Any]:
    return dict(yaml.safe_load((DATA / f"{rule}.yml").read_bytes())["match"][number]["overlay"])


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        (
            {"phase": "Pending", "unschedulable": "0/3 nodes are available"},
            "unschedulable",
            "pod p is Pending: 0/3 nodes are available",
        ),
        (
            {"name": None, "reason": "FailedCreate", "waiting_message": "exceeded quota: q"},
            "refused",
            "no new pod of it is let in: exceeded quota: q",
        ),
        (
            {"waiting_reason": "ErrImageNeverPull", "container": "c", "image": "i:1"},
            "image",
            "container c of pod p does not start: ErrImageNeverPull, image i:1",
        ),
        (
            {
                "waiting_reason": "CreateContainerConfigError",
                "waiting_message": 'secret "s" not found',
                "container": "c",
                "init": True,
            },
            "config",
            'init container c of pod p does not start: CreateContainerConfigError (secret "s" not found)',
        ),
        (
            {
                "phase": "Running",
                "restarts": 4,
                "exit_code": 137,
                "ended_reason": "OOMKilled",
                "container": "c",
                "ended_at": "2026-11-23T14:58:00Z",
            },
            "crash",
            "container c of pod p has crashed 4 times, last with exit code 137, OOMKilled at 2026-11-23T14:58:00Z",
        ),
        (
            {"phase": "Failed", "exit_code": 2, "last_words": ("no",)},
            "failed",
            'pod p has failed (last with exit code 2); it said: "no"',
        ),
        ({"phase": "Pending", "waiting_reason": "ContainerCreating"}, "starting", "pod p is ContainerCreating"),
        ({"phase": "Running"}, "not-ready", "pod p runs, but is not ready"),
        ({}, "not-ready", "pod p runs, but is not ready"),
    ],
)  # fmt: skip
def test_each_kind_of_trouble(fields: dict[str, Any], kind: str, words: str) -> None:
    pod = PodTrouble(**{"name": "p", **fields})
    assert (class_of(pod), sentence(pod)) == (kind, words)


def test_the_pods_of_one_workload_are_one_element() -> None:
    pods = [
        {"name": f"rancher-{number}", "namespace": "cattle-system", "owner_kind": "Deployment"}
        | {"owner": "rancher", "phase": "Running"}
        for number in range(3)
    ]
    pods[1]["waiting_reason"] = "ImagePullBackOff"
    evidence = build({"set": {"pod_troubles": pods, "rancher": {"ready": 0}}})
    (trouble,) = derive(evidence).pod_troubles
    assert trouble.why.startswith("0 of 3 pods ready: container unknown of pod rancher-1")
    assert (trouble.class_, len(trouble.pods)) == ("image", 3)


def test_an_agent_of_an_older_manifest_is_deployed_again() -> None:
    evidence = build(overlay("awaited-rollout-blocked", 0))
    findings = diagnose(evidence)
    plan = make_plan(evidence, findings, derive(evidence), {})
    assert [step.action for step in plan.steps] == ["redeploy_fleet_agent"]
    assert "CATTLE_ELECTION_LEASE_DURATION not set" in findings["findings"][0]["message"]
    assert "0 of 1 pods ready" in findings["findings"][0]["message"]


def test_an_agent_that_crashes_for_another_reason_is_left_to_a_person() -> None:
    given = overlay("awaited-rollout-blocked", 0)
    given["set"]["pod_troubles"][0]["last_words"] = ["Error: Unauthorized"]
    evidence = build(given)
    plan = make_plan(evidence, diagnose(evidence), derive(evidence), {})
    assert plan.steps == ()


def test_a_hook_that_failed_is_not_the_deployment() -> None:
    finding = diagnose(build(overlay("rancher-rollout-blocked", 3)))["findings"][0]
    assert "The pre-upgrade hook of Rancher's chart has failed" in finding["message"]
    assert "anti-affinity" in finding["message"]
    assert "cattle-system/rancher still runs v2.11.0" in finding["message"]
    commands = " ".join(finding["remedy"]["instructions"]["commands"])
    assert "helm -n cattle-system upgrade rancher" in commands
    assert "delete job rancher-pre-upgrade" in commands


def test_two_versions_and_the_witness_are_named() -> None:
    finding = diagnose(build(overlay("rancher-rollout-blocked", 4)))["findings"][0]
    assert "Rancher v2.10.1 and v2.11.0 run at once" in finding["message"]
    assert "Node node-3 is a witness" in finding["message"]
    commands = " ".join(finding["remedy"]["instructions"]["commands"])
    assert "scale deployment rancher --replicas=2" in commands
