# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run ended, in short: what is handed over to a workflow is whole and never mistaken for a setting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.report import (
    Glance,
    Report,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.in_short import (
    LIMIT,
    at_a_glance,
    cluster_outcome,
    handover,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import (
    report_of,
)

CHECKOUT = Path(__file__).resolve().parents[5]
STEPS = [
    {"title": "Upgrade release fleet-crd", "risk": "low", "undo": "helm rollback fleet-crd 3"},
    {"title": "Nudge Rancher", "risk": "medium", "undo": ""},
]
REPORT: dict[str, Any] = {
    "verdict": "needs_approval",
    "headline": "Rancher takes the release candidate for the release.",
    "waited_for": "Helm release fleet",
    "plan": {"fingerprint": "3f9c2a71d0b84e56", "risks": ["low", "medium"], "steps": STEPS},
    "next": [{"text": "Read the plan.", "command": "-e x=1"}, {"text": "Or not.", "command": None}],
}


def test_a_plan_is_told_in_a_line_for_each_step() -> None:
    assert handover(REPORT) == {
        "remediation_verdict": "needs_approval",
        "remediation_headline": "Rancher takes the release candidate for the release.",
        "remediation_waits_for": "Helm release fleet",
        "remediation_plan_fingerprint": "3f9c2a71d0b84e56",
        "remediation_plan_summary": (
            "Plan 3f9c2a71d0b84e56: 2 steps, risks: low, medium\n"
            "1. [low] Upgrade release fleet-crd. Undo: helm rollback fleet-crd 3\n"
            "2. [medium] Nudge Rancher."
        ),
        "remediation_next": "Read the plan. -e x=1 Or not.",
    }


def test_findings_have_no_plan() -> None:
    told = handover({"verdict": "stuck", "headline": "A lock.", "waits_for": "Helm release fleet"})
    assert told["remediation_waits_for"] == "Helm release fleet"
    assert told["remediation_plan_fingerprint"] == told["remediation_plan_summary"] == ""


def test_a_diagnosis_hands_over_what_its_findings_advise() -> None:
    advice = {"outcome": "fail", "what_next": "Run the remediation."}
    found = [advice, advice, {"outcome": "warn", "what_next": "Wait."}]
    stuck = {"verdict": "stuck", "findings": found}
    assert handover(stuck)["remediation_next"] == "Run the remediation."
    assert handover({**stuck, "verdict": "moving"})["remediation_next"] == ""


def test_an_approver_is_told_what_comes_before_and_what_is_left() -> None:
    advice = {
        "finding": "",
        "title": "Take a snapshot",
        "why": "It brings CRDs:",
        "commands": ["a"],
    }
    left = {"finding": "x", "title": "Give the pod a node", "why": "?", "commands": ["b"]}
    told = handover({**REPORT, "instructions": [left, advice]})["remediation_next"]
    assert told == (
        "Read the plan. -e x=1 Or not. Left to a person: Give the pod a node."
        " Take a snapshot. It brings CRDs: a"
    )
    ended = handover({**REPORT, "verdict": "repaired", "instructions": [left, advice]})
    assert ended["remediation_next"] == "Read the plan. -e x=1 Or not."


@pytest.mark.parametrize("document", [{}, {"plan": None}, {"plan": {"steps": None}, "next": "?"}])
def test_what_there_is_not_is_an_empty_text(document: dict[str, Any]) -> None:
    assert set(handover(document).values()) == {""}


@given(st.text(min_size=500), st.integers(0, 300))
def test_is_short_whatever_the_run_found(text: str, steps: int) -> None:
    many = [{"title": text, "risk": "low", "undo": text}] * steps
    told = handover({**REPORT, "headline": text, "waited_for": text * 9, "plan": {"steps": many}})
    assert sum(len(value.encode()) for value in told.values()) <= LIMIT
    assert json.loads(json.dumps(told)) == told


def test_a_cut_text_says_so() -> None:
    told = handover({"headline": "é" * 2000})
    assert told["remediation_headline"].endswith("é …")


def _keys(value: object) -> Iterator[str]:
    """All keys of a document but those that are handed over by the same way."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from (str(inner),) if key == "register" else ()
            yield from () if key == "ansible.builtin.set_stats" else _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


def test_no_name_is_a_setting_or_a_fact_of_a_run() -> None:
    """A later job of the workflow gets them as extra variables, which win over everything."""
    taken: set[str] = set()
    for specs in (CHECKOUT / "roles").glob("*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(specs.read_text(encoding="utf-8"))["argument_specs"].values():
            taken |= set(entry["options"])
    for tasks in [*(CHECKOUT / "roles").rglob("*.yml"), *(CHECKOUT / "playbooks").rglob("*.yml")]:
        taken |= set(_keys(yaml.safe_load(tasks.read_text(encoding="utf-8"))))
    assert "remediation_run" in taken
    assert not taken & set(handover({}))


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
    assert cluster_outcome({"verdict": verdict})["needs_attention"] is needed


def test_what_is_calm_can_be_said() -> None:
    assert (
        cluster_outcome({"verdict": "risky"}, calm_verdicts=["risky"])["needs_attention"] is False
    )
    assert cluster_outcome({"verdict": "safe"}, calm_verdicts=["risky"])["needs_attention"] is True


def glance_at(report: dict[str, Any]) -> Glance:
    return at_a_glance(Report.from_document(report))


def test_repaired() -> None:
    glance = glance_at(report_of("repaired"))
    assert glance.wrong == (
        "The release is locked at the version that the job expects: "
        "Release/cattle-fleet-system/fleet, and 1 more finding."
    )
    assert glance.done.startswith("3 of 4 steps changed the cluster: Unlock release fleet")
    assert glance.proof.startswith("No failure was found")
    assert glance.next.startswith("The upgrade goes on by itself")


def test_nothing_done_is_said_so() -> None:
    for verdict in ("needs_approval", "needs_human", "refused", "failed"):
        glance = glance_at(report_of(verdict))
        assert glance.done == "Nothing was changed."
        assert glance.proof == "Nothing was done, so there is nothing to prove yet."
        assert glance.next != "Nothing."


def test_a_failed_step_is_named() -> None:
    report = report_of("stalled")
    report["plan"]["steps"][2]["outcome"] = "failed"
    assert "Failed: Upgrade release fleet to 106.0.0+up0.12.0." in glance_at(report).done


def test_rancher_that_would_still_act_is_no_proof() -> None:
    report = report_of("repaired")
    report["dependencies"][0]["decision_after"] = {"action": "upgrade"}
    assert "Rancher would still act on fleet-crd." in glance_at(report).proof


def test_check_mode_only_tried() -> None:
    report = {**report_of("repaired"), "check_mode": True}
    assert glance_at(report).done == "Nothing was changed: check mode only tried the steps."
