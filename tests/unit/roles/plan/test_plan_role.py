# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is approved, when, and what is still done when the cluster has gone on meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    build,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.role_play import (
    Played,
    play_role,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import STUCK

LOOP = yaml.safe_load(
    (Path(__file__).parents[2] / "data" / "evidence" / "repeated-reinstall-loop.yml").read_text()
)["match"][0]["overlay"]
#: The same cluster, where helm's storage cannot be read for a moment.
UNSEEN = {"sources": {"releases": "error"}, "set": {"releases": []}}


def planned(overlay: dict[str, Any]) -> dict[str, Any]:
    evidence = build(overlay)
    return make_plan(evidence, diagnose(evidence), derive(evidence)).to_dict()


def asked(folder: Path, overlay: dict[str, Any], **options: Any) -> Played:
    """The role plan on the evidence of this overlay."""
    evidence = build(overlay)
    variables = {
        "plan_evidence": evidence,
        "plan_findings": diagnose(evidence),
        "plan_artifacts_dir": str(folder),
        "plan_run_id": "run",
        "plan_auto_approve": ["low", "medium", "high"],
        **options,
    }
    facts = {
        "acts": "{{ plan_may_act | default(none) }}",
        "approval": "{{ plan_approval | default(none) }}",
    }
    return play_role(folder, "plan", variables, facts)


def confirmed(
    folder: Path, approved: dict[str, Any], now: dict[str, Any], how: str = "fingerprint"
) -> Played:
    """The second look, which finds the evidence of the overlay C(now)."""
    (folder / "evidence.json").write_text(json.dumps(build(now)))
    variables = {
        "plan_document": planned(approved),
        "plan_approval": {"approved": True, "how": how},
        "detect_evidence_file": str(folder / "evidence.json"),
        "detect_artifacts_dir": str(folder),
        "detect_run_id": "run",
    }
    facts = {
        "acts": "{{ plan_confirmed | default(none) }}",
        "moved": "{{ plan_moved | default(none) }}",
    }
    return play_role(folder, "plan", variables, facts, tasks_from="confirm")


def test_an_upgrade_that_moves_is_left_alone_whatever_is_approved(tmp_path: Path) -> None:
    assert diagnose(build(LOOP))["verdict"] == "moving"
    assert planned(LOOP)["steps"] == []
    done = asked(tmp_path, LOOP)
    assert done.facts["acts"] is False
    assert done.facts["approval"]["how"] == "nothing-to-approve"


def test_one_that_is_stuck_is_acted_on_once_approved(tmp_path: Path) -> None:
    done = asked(tmp_path, STUCK)
    assert (done.facts["acts"], done.facts["approval"]["approved"]) == (True, True)


def test_what_rancher_has_done_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    done = confirmed(tmp_path, STUCK, LOOP)
    assert (done.facts["acts"], done.error) == (False, None)


def test_what_cannot_be_seen_in_the_second_look_is_no_success(tmp_path: Path) -> None:
    done = confirmed(tmp_path, STUCK, UNSEEN)
    assert done.error is not None, done.output
    assert done.error["code"] == "refused"
    assert "releases" in done.error["message"]
    assert "Nothing was changed" in done.error["remedy"]


def test_a_moved_cluster_is_planned_again_where_risks_are_approved(tmp_path: Path) -> None:
    done = confirmed(tmp_path, STUCK, moved(), how="risks")
    assert (done.facts["acts"], done.facts["moved"], done.error) == (False, True, None)


def test_a_fingerprint_is_for_one_plan(tmp_path: Path) -> None:
    done = confirmed(tmp_path, STUCK, moved(), how="fingerprint")
    assert done.error is not None, done.output
    assert done.error["code"] == "plan-drifted"


def test_a_plan_that_still_fits_is_carried_out(tmp_path: Path) -> None:
    done = confirmed(tmp_path, STUCK, STUCK)
    assert (done.facts["acts"], done.error) == (True, None)


def moved() -> dict[str, Any]:
    """The same lock, one revision later."""
    fleet_crd, fleet = STUCK["releases"]["fleet-crd"], STUCK["releases"]["fleet"]
    later = {**fleet[0], "revision": 6}
    failed = [5, "failed", FLEET, 5500]
    return {**STUCK, "releases": {"fleet-crd": fleet_crd, "fleet": [later, failed, *fleet[1:]]}}


def test_the_new_plan_is_kept_and_shown_before_the_carried_one_is_refused(tmp_path: Path) -> None:
    carried = planned(STUCK)
    (tmp_path / "plan.json").write_text(json.dumps(carried))
    done = asked(
        tmp_path,
        moved(),
        plan_file=str(tmp_path / "plan.json"),
        plan_approved_fingerprint=carried["fingerprint"],
    )
    assert done.error is not None, done.output
    assert done.error["code"] == "plan-drifted"
    kept = json.loads((tmp_path / "plan.json").read_text())
    assert kept["fingerprint"] == planned(moved())["fingerprint"] != carried["fingerprint"]
    assert kept["fingerprint"] in done.output
