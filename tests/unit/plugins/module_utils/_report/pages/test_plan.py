# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.plan import (
    object_name,
    plan_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.html import (
    render_html,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.markdown import (
    render_markdown,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    render_text,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    GA,
    RC,
    World,
    revision,
)


def text_of(world: World) -> str:
    return " ".join(render_text(plan_page(make_plan(*world.documents()).to_dict())).split())


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


def test_the_table_names_a_release_and_its_revision() -> None:
    world = World().release("fleet", revision(2, "deployed", RC))
    world.finding("skip", "upgrade_release", release="fleet")
    page = plan_page(make_plan(*world.documents()).to_dict())
    for form in (render_text(page), render_html(page), render_markdown(page)):
        table = form.partition("nly while")[0]
        assert "cattle-fleet-system/fleet" in table
        assert "revision 2" in table
    assert "1.    cattle-fleet-system/fleet" in render_text(page)


def test_what_is_no_revision_keeps_its_kind() -> None:
    assert object_name({"kind": "Secret", "namespace": "n", "name": "x"}) == "Secret/n/x"
    revision_of = {"kind": "Secret", "namespace": "n", "name": "sh.helm.release.v1.a.v1.v12"}
    assert object_name(revision_of) == "n/a.v1 revision 12"
