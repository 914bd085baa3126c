# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance groups are for all job templates, slices for those over a whole inventory."""

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._awx.assets import (
    AssetImport,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._awx.capacity import (
    with_capacity,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from awx.assets import FOUNDATION, MANY, TEMPLATES
from awx.fake_controller import FakeController, InProcess

ONE_CLUSTER = {"job_templates": TEMPLATES["job_templates"]}


def test_nothing_asked_for_changes_nothing() -> None:
    assert with_capacity(MANY, [], 0) == MANY
    assert with_capacity(FOUNDATION, ["far"], 9) == FOUNDATION


def test_only_templates_over_many_clusters_are_cut_into_slices() -> None:
    slices = {each["name"]: each.get("job_slice_count") for each in MANY["job_templates"]}
    cut = with_capacity(MANY, [], 20)["job_templates"]
    assert {each["name"]: each.get("job_slice_count") for each in cut} == {
        name: count and 20 for name, count in slices.items()
    }
    assert set(slices.values()) == {5, None}
    assert with_capacity(ONE_CLUSTER, [], 20) == ONE_CLUSTER


def awx_with(*groups: str) -> FakeController:
    """A controller with all that is there before the templates."""
    awx = FakeController()
    for name in groups:
        awx.create("instance_group", {"name": name})
    organization = awx.named("organization", "Default")["id"]
    run(awx, FOUNDATION)
    awx.create("inventory", {"name": "Harvester clusters", "organization": organization})
    run(awx, {"credential_types": MANY["credential_types"]})
    kind = awx.named("credential_type", "Rancher API key")["id"]
    inputs = {"url": "https://rancher.example.com", "token": "token-a:b"}
    content = {"name": "Rancher", "organization": organization, "credential_type": kind}
    awx.create("credential", {**content, "inputs": inputs})
    return awx


def run(awx: FakeController, assets: dict[str, object]) -> AssetImport:
    task = AssetImport(InProcess(awx), sleep=lambda _seconds: None)
    task.run(assets)  # type: ignore[arg-type]
    return task


def test_groups_are_attached_in_their_order_and_once() -> None:
    awx = awx_with("far", "near")
    wanted = with_capacity(MANY, ["near", "far"], 3)
    run(awx, wanted)
    plan = awx.named("job_template", "Harvester clusters: plan")
    names = [awx.objects["instance_group"][number]["name"] for number in plan["instance_groups"]]
    assert (names, plan["job_slice_count"]) == (["near", "far"], 3)
    assert not run(awx, wanted).changed
    cut = run(awx, with_capacity(MANY, ["near", "far"], 9))
    changed = {each["object"]: each["fields"] for each in cut.outcomes if each["fields"]}
    assert changed["job_template/Harvester clusters: plan"] == ["job_slice_count"]


def test_a_group_that_is_missing_is_named() -> None:
    with pytest.raises(RemediationError, match="no instance_group/elsewhere"):
        run(awx_with("far"), with_capacity(MANY, ["elsewhere"], 0))
