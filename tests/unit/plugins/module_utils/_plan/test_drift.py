# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.drift import (
    check_plan,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    GA,
    OLD,
    RC,
    World,
    revision,
)


def world(*, webhook: str = RC, fleet: int = 2, uid: str = "cluster-1") -> World:
    made = World()
    made.evidence["cluster"]["uid"] = uid
    made.release("fleet", revision(fleet, "deployed", RC))
    made.finding("skip-fleet", "upgrade_release", release="fleet")
    made.release("rancher-webhook", revision(4, "deployed", webhook, "rancher-webhook"))
    if webhook != GA:
        made.finding("skip-webhook", "upgrade_release", release="rancher-webhook")
    return made


def with_values(**values: Any) -> World:
    made = world()
    made.dependencies = [
        replace(each, situation=replace(each.situation, values=values))
        for each in made.dependencies
    ]
    return made


def drift(now: World, options: dict[str, Any] | None = None) -> list[str]:
    return check_plan(make_plan(*world().documents()).to_dict(), *now.documents(), options)


def test_nothing_moved() -> None:
    assert drift(world()) == []


def test_later_evidence_of_the_same_state_is_no_drift() -> None:
    later = world()
    later.evidence["collected_at"] = "2026-11-23T17:00:00Z"
    assert drift(later) == []


def test_a_new_revision_is_told_once() -> None:
    secret = "Secret/cattle-fleet-system/sh.helm.release.v1.fleet"
    assert drift(world(fleet=3)) == [f"01-upgrade-fleet: {secret}.v2 is now {secret}.v3"]


def test_a_step_that_is_not_needed_any_more_is_named() -> None:
    assert drift(world(webhook=GA)) == [
        "02-upgrade-rancher-webhook on"
        " Secret/cattle-system/sh.helm.release.v1.rancher-webhook.v4"
        " is not needed or not possible any more"
    ]


def test_a_new_step_is_named() -> None:
    now = world()
    now.release("fleet-crd", revision(4, "pending-upgrade", OLD), revision(3, "deployed", GA))
    now.finding("lock", "unlock_release", release="fleet-crd")
    assert any("fleet-crd" in each and each.endswith("is new") for each in drift(now))


def test_another_cluster_is_the_only_difference_that_matters() -> None:
    assert drift(world(uid="cluster-2", fleet=9)) == [
        "it was made for cluster cluster-1, this is cluster-2"
    ]


def test_other_values_of_rancher_are_a_difference() -> None:
    """An edit of rancher-config after the approval would be installed along with the chart."""
    differences = drift(with_values(agentTLSMode="strict"))
    assert len(differences) == 2
    assert all("precondition.rancher_values" in each for each in differences)


def test_the_token_of_another_run_is_no_difference() -> None:
    """Each run redacts with a key of its own, so the same secret looks different in each evidence."""
    one, other = (
        with_values(apiServerCA=f"redacted:{token}", debug=False)
        for token in ("0123456789ab", "ba9876543210")
    )
    plan = make_plan(*one.documents()).to_dict()
    assert check_plan(plan, *other.documents()) == []


def test_other_options_of_this_run_are_a_difference() -> None:
    assert drift(world(), {"chart_source": "path"}) == [
        "option.chart_source was 'auto', is now 'path'"
    ]


def test_an_edited_plan_is_refused() -> None:
    document = make_plan(*world().documents()).to_dict()
    document["steps"][0]["params"]["chart_version"] = "666.0.0"
    with pytest.raises(RemediationError) as caught:
        check_plan(document, *world().documents())
    assert caught.value.code == "plan-invalid"
