# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is handed over to a workflow: short, whole, and never mistaken for a setting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.handover import (
    LIMIT,
    handover,
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
    """All keys of a document, and names of results, but those that are handed over by the same way."""
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
