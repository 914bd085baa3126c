# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dry run found, or helm's last failure names, decides what is planned for a release."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import Plan
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.drift import (
    check_plan,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import ago, build

GA, OLD = "106.0.0+up0.12.0", "105.0.2+up0.11.2"
FLEET = "cattle-fleet-system/fleet"
CONFIG = {
    "object": "ConfigMap/cattle-fleet-system/fleet-controller",
    "field": ".data.config",
    "manager": "harvester",
}
IMAGE = {
    "object": "Deployment/cattle-fleet-system/gitjob",
    "field": '.spec.template.spec.containers[name="gitjob"].image',
    "manager": "kubectl-edit",
}
WAITS = {"waiting_for": {"release": "fleet", "version": GA, "age": 1990}}
LOCKED = {
    **WAITS,
    "releases": {"fleet": [[7, "pending-upgrade", OLD, 5000], [6, "deployed", OLD, 900000]]},
}


def refused(*fields: dict[str, str]) -> str:
    """Helm's words about these fields."""
    told = []
    for each in fields:
        kind, namespace, name = each["object"].split("/")
        told.append(
            f"conflict occurred while applying object {namespace}/{name} /v1, Kind={kind}: Apply failed with"
            f' 1 conflict: conflict with "{each["manager"]}" using v1: {each["field"]}'
        )
    return "Error: UPGRADE FAILED: " + " && ".join(told)


def failed(*fields: dict[str, str], status: str = "failed") -> dict[str, Any]:
    """Rancher's helm, or that of an earlier run, was refused fields."""
    pod = {
        "name": "helm-operation-1",
        "phase": "Failed",
        "created_at": ago(100),
        "release": "fleet",
        "exit_code": 123,
        "log_lines": [refused(*fields)],
    }
    last = [[7, "failed", GA, 95]] if status == "failed" else []
    return {
        **WAITS,
        "releases": {"fleet": [*last, [6, "deployed", OLD, 900000]]},
        "set": {"helm_pods": [pod]},
    }


def tried(*fields: dict[str, str], unchecked: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"conflicts": {FLEET: {"conflicts": [*fields], "unchecked": [*unchecked]}}}


def planned(overlay: dict[str, Any], options: dict[str, Any] | None = None) -> Plan:
    evidence = build(overlay)
    return make_plan(evidence, diagnose(evidence), derive(evidence), options)


def actions(plan: Plan) -> list[str]:
    return [step.action for step in plan.steps]


@pytest.mark.parametrize("status", ["failed", "deployed"])
def test_a_failure_on_shared_fields_leads_to_the_upgrade_that_takes_them(status: str) -> None:
    plan = planned(failed(CONFIG, status=status))
    assert actions(plan) == ["upgrade_release", "restore_fleet_config"]
    assert not any(each.blocks for each in plan.instructions)


@pytest.mark.parametrize("status", ["failed", "deployed"])
def test_after_a_dry_run_only_that_counts(status: str) -> None:
    """Whoever had set the field that helm was refused may have let it go."""
    plan = planned(failed(IMAGE, status=status), tried(CONFIG))
    assert actions(plan) == ["upgrade_release", "restore_fleet_config"]


@pytest.mark.parametrize("overlay", [LOCKED, failed(CONFIG), failed(CONFIG, status="deployed")])
def test_the_plan_says_which_fields_it_takes_and_that_is_approved(overlay: dict[str, Any]) -> None:
    plan = planned(overlay, tried(CONFIG))
    (step,) = [each for each in plan.steps if each.action == "upgrade_release"]
    (line,) = [each for each in step.changes if "taken over" in each]
    assert line.startswith(".data.config of ConfigMap/cattle-fleet-system/fleet-controller")
    assert "from harvester" in line
    assert step.risk == "low"
    assert "--force-conflicts" in step.undo
    assert plan.fingerprint != planned(overlay, tried()).fingerprint


def test_where_rancher_would_be_refused_it_is_not_waited_for() -> None:
    assert "let_rancher_upgrade" in actions(planned(LOCKED))
    expected = ["unlock_release", "upgrade_release", "restore_fleet_config"]
    assert actions(planned(LOCKED, tried(CONFIG))) == expected


@pytest.mark.parametrize("status", ["failed", "deployed", "locked"])
def test_fields_of_others_are_left_to_a_person_with_the_exact_option(status: str) -> None:
    overlay = LOCKED if status == "locked" else failed(IMAGE, status=status)
    plan = planned(overlay, tried(CONFIG, IMAGE))
    assert actions(plan) == (["unlock_release"] if status == "locked" else [])
    (told,) = plan.instructions
    assert told.blocks
    assert f"{IMAGE['field']} of {IMAGE['object']} (manager kubectl-edit)" in told.why
    assert ".data.config" not in told.why
    assert told.commands[0].startswith("kubectl -n cattle-fleet-system get deployment gitjob")
    assert told.commands[-1].endswith('-e \'{"remediation_force_releases": ["fleet"]}\'')


def test_the_release_named_is_forced_and_the_plan_says_what_that_takes() -> None:
    plan = planned(failed(IMAGE), {**tried(CONFIG, IMAGE), "force_releases": ["fleet"]})
    step = plan.steps[0]
    assert (step.action, step.params["force"], step.risk) == ("upgrade_release", True, "medium")
    assert any(IMAGE["field"] in each and "not put back" in each for each in step.changes)
    assert plan.instructions == ()


def test_where_the_dry_run_failed_helms_last_words_count() -> None:
    without = tried(unchecked=("There is no helm program helm in PATH.",))
    assert actions(planned(failed(IMAGE), without)) == []
    plan = planned(failed(CONFIG), without)
    assert any("There is no helm program" in each for each in plan.steps[0].changes)


def test_what_a_dry_run_found_is_no_choice_that_could_differ() -> None:
    evidence = build(LOCKED)
    findings, facts = diagnose(evidence), derive(evidence)
    plan = make_plan(evidence, findings, facts, tried(CONFIG)).to_dict()
    assert check_plan(plan, evidence, findings, facts, {}) == []
    assert check_plan(plan, evidence, findings, facts, tried(CONFIG)) == []
    assert check_plan(plan, evidence, findings, facts, {"force_releases": ["fleet"]}) != []


def test_the_finding_itself_names_fields_managers_and_the_option() -> None:
    findings = diagnose(build(failed(CONFIG, IMAGE)))["findings"]
    (told,) = [each for each in findings if each["outcome"] == "fail"]
    assert told["id"] == "failed-release"
    assert IMAGE["field"] in told["message"]
    assert '{"remediation_force_releases": ["fleet"]}' in told["what_next"]
