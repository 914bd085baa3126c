# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to a person, as it is to be followed: in order, and one way out at a time."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    GA,
    World,
    revision,
)

CANDIDATE = "106.0.0+up0.12.0-rc.6"


def commands(world: World) -> tuple[str, ...]:
    (told,) = make_plan(*world.documents()).instructions
    return told.commands


def told_of(expected: dict[str, str]) -> list[str]:
    """The commands for a job that expects other versions than Rancher wants."""
    evidence = build(
        {
            "waiting_for": {"release": "fleet", "version": expected["fleet"]},
            "set": {"options": {"expected_versions": expected}},
        }
    )
    plan = make_plan(evidence, diagnose(evidence), derive(evidence), {})
    (told,) = plan.instructions
    return list(told.commands)


def test_each_way_out_is_one_list_with_fleet_crd_first() -> None:
    world = World()
    for name in ("fleet", "fleet-crd"):
        world.release(name, revision(2, "deployed", GA, name))
        given: dict[str, Any] = {
            "why": "The expectation is wrong.",
            "danger": [],
            "commands": ["take a snapshot"],
            "ways": [
                {"title": "make it match", "commands": [f"upgrade {name}"]},
                {"title": "skip the step", "commands": ["delete the pod"]},
            ],
        }
        world.finding("wrong", release=name, unattended="no", instructions=given)
    assert commands(world) == (
        "take a snapshot",
        "# One of these ways only: A or B",
        "# A: make it match",
        "upgrade fleet-crd",
        "upgrade fleet",
        "# B: skip the step",
        "delete the pod",
    )


def test_commands_without_ways_are_in_the_order_of_the_releases_too() -> None:
    world = World()
    for name in ("rancher-webhook", "fleet", "fleet-crd"):
        given = {"why": "Look.", "danger": [], "commands": [f"look at {name}"]}
        world.finding("look", release=name, unattended="no", instructions=given)
    assert commands(world) == ("look at fleet-crd", "look at fleet", "look at rancher-webhook")


def test_a_candidate_that_is_expected_is_called_what_it_counts_as() -> None:
    lines = told_of({"fleet": CANDIDATE, "fleet-crd": CANDIDATE})
    ways = [lines.index(each) for each in lines if each.startswith(("# A: ", "# B: "))]
    upgrades = [number for number, each in enumerate(lines) if " upgrade fleet" in each]
    assert ["fleet-crd" in lines[number] for number in upgrades] == [True, False]
    assert ways[0] < min(upgrades)
    assert max(upgrades) < ways[1]
    assert [each for each in lines[ways[1] :] if "delete pod" in each] == lines[ways[1] + 1 :]
    (said,) = [each for each in lines if each.startswith("# fleet: ")]
    assert "counts as equal to 106.0.0+up0.12.0, neither higher nor lower" in said


def test_a_lower_version_that_is_expected_is_never_given_commands() -> None:
    lines = told_of({"fleet": "105.0.2+up0.11.2"})
    (said,) = [each for each in lines if each.startswith("# fleet: ")]
    assert "not this way" in said
    assert not [each for each in lines if "helm" in each]
