# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import (
    upgrade_plan,
)


def plan(phase: str | None, *phases: str, created: str = "2026-11-23T12:00:00Z") -> dict[str, Any]:
    changes = [
        {"phase": each, "phaseTransitionTimestamp": f"2026-11-23T13:0{number}:00Z"}
        for number, each in enumerate(phases)
    ]
    progressing = {"type": "Progressing", "status": "True", "message": "it said"}
    return {
        "metadata": {"name": "up-1", "creationTimestamp": created},
        "spec": {"version": "v1.9.0"},
        "status": {
            "currentPhase": phase,
            "phaseTransitionTimestamps": changes,
            "conditions": [progressing],
            "previousVersion": "v1.8.1",
        },
    }


def first(state: str, created: str = "2026-11-23T11:00:00Z") -> dict[str, Any]:
    labels = {"harvesterhci.io/upgradeState": state}
    return {"metadata": {"name": "hvst-1", "creationTimestamp": created, "labels": labels}}


@pytest.mark.parametrize(
    ("phase", "phases", "state", "conditions"),
    [
        (None, (), "Initializing", {"Initializing": "Unknown"}),
        ("ImagePreloading", (), "ImagePreloading", {"ImagePreloading": "Unknown"}),
        ("ClusterUpgrading", (), "UpgradingSystemServices", {"SystemServicesUpgraded": "Unknown"}),
        ("ClusterUpgraded", (), "UpgradingNodes", {"SystemServicesUpgraded": "True"}),
        ("CleaningUp", (), "UpgradingNodes", {"SystemServicesUpgraded": "True"}),
        ("Succeeded", (), "Succeeded", {"SystemServicesUpgraded": "True", "Completed": "True"}),
        (
            "Failed",
            ("ClusterUpgrading", "Failed"),
            "Failed",
            {"SystemServicesUpgraded": "False", "Completed": "False"},
        ),
        (
            "Failed",
            ("ClusterUpgrading", "ClusterUpgraded", "Failed"),
            "Failed",
            {"SystemServicesUpgraded": "True", "Completed": "False"},
        ),
    ],
)
def test_phases_in_the_words_of_an_upgrade(
    phase: str | None, phases: tuple[str, ...], state: str, conditions: dict[str, str]
) -> None:
    found = upgrade_plan.as_upgrade(plan(phase, *phases))
    assert found["metadata"]["labels"]["harvesterhci.io/upgradeState"] == state
    assert {each["type"]: each["status"] for each in found["status"]["conditions"]} == conditions
    times = {each["lastUpdateTime"] for each in found["status"]["conditions"]}
    assert times == {f"2026-11-23T13:0{len(phases) - 1}:00Z" if phases else None}


@pytest.mark.parametrize(
    ("upgrades", "plans", "name"),
    [
        ([], [], None),
        ([first("UpgradingSystemServices")], [], "hvst-1"),
        ([], [plan("ClusterUpgrading")], "up-1"),
        ([first("UpgradingSystemServices")], [plan("ClusterUpgrading")], "hvst-1"),
        ([first("Succeeded")], [plan("ClusterUpgrading")], "up-1"),
        (
            [first("Succeeded")],
            [plan("Succeeded", created="2026-11-23T10:00:00Z")],
            "hvst-1",
        ),
    ],
)
def test_which_upgrade_is_the_latest(
    upgrades: list[dict[str, Any]], plans: list[dict[str, Any]], name: str | None
) -> None:
    found = upgrade_plan.latest(upgrades, plans)
    assert found.get("metadata", {}).get("name") == name
    assert upgrade_plan.is_plan(found) is (name == "up-1")


@pytest.mark.parametrize(
    "damaged", [{}, {"metadata": 3, "status": []}, {"status": {"conditions": 7}}]
)
def test_damaged_plans(damaged: dict[str, Any]) -> None:
    assert upgrade_plan.is_plan(upgrade_plan.latest([], [damaged]))
