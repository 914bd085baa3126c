# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.plan_text import (
    plan_text,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    GA,
    RC,
    World,
    revision,
)


def text_of(world: World) -> str:
    return " ".join(plan_text(make_plan(*world.documents()).to_dict()).split())


def test_a_step_says_all_that_is_approved() -> None:
    world = World().release("fleet", revision(2, "deployed", RC))
    world.finding("skip", "upgrade_release", release="fleet")
    text = text_of(world)
    assert f"Upgrade release fleet to {GA}" in text
    assert (
        "on: Secret/cattle-fleet-system/sh.helm.release.v1.fleet.v2, only while revision is 2,"
        f" status is deployed, chart version is {RC} and it is the same object" in text
    )
    assert "undo: helm rollback fleet 2" in text
    assert "why: Rancher takes" in text


def test_an_absent_object_is_only_made_while_it_is_absent() -> None:
    world = World()
    world.evidence["cluster_repos"] = {"rancher-charts": None}
    world.finding("trap", "create_cluster_repos", arguments={"names": ["rancher-charts"]})
    assert "on: ClusterRepo/rancher-charts, only while it is absent" in text_of(world)


def test_nothing_to_do_without_a_person() -> None:
    world = World().finding(
        "cause", unattended="no", instructions={"why": "w", "danger": ["d"], "commands": ["c -d"]}
    )
    text = text_of(world)
    assert "only while" not in text
    assert "nothing that may be done without a person" in text
    assert "Danger: d" in text
    assert "c -d" in text
