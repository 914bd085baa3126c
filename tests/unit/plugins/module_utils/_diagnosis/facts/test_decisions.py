# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's decision is computed from what was read, and unknown where it rests on what was not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.dependencies import (
    Dependency,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    OLD_FLEET,
    OLD_WEBHOOK,
    build,
)

RC = "106.0.0+up0.12.0-rc.3"


def decided(release: str, **overlay: Any) -> Dependency:
    facts = derive(build(overlay))
    return next(each for each in facts.dependencies if each.release == release)


def test_at_rest() -> None:
    for release in ("fleet-crd", "fleet", "rancher-webhook"):
        found = decided(release)
        assert (found.decision.action, found.situation.unreadable) == ("skip", ())


@pytest.mark.parametrize(
    ("release", "version", "action", "reason"),
    [
        ("fleet", RC, "skip", "equal-precedence"),
        ("fleet", OLD_FLEET, "upgrade", "below-minimum"),
        ("fleet", "106.1.0+up0.12.9", "skip", "newer-installed"),
        ("rancher-webhook", OLD_WEBHOOK, "upgrade", "version-differs"),
    ],
)
def test_deployed(release: str, version: str, action: str, reason: str) -> None:
    found = decided(release, releases={release: [[7, "deployed", version, 90_000]]}).decision
    assert (found.action, found.reason, found.values) == (action, reason, None)


def test_values_of_the_release_count() -> None:
    found = decided("fleet", releases={"fleet": {"config": {"apiServerURL": "changed"}}})
    assert found.decision.reason == "values-differ"


@pytest.mark.parametrize(
    ("release", "source", "part"),
    [
        ("fleet", "settings", "min"),
        ("rancher-webhook", "settings", "exact"),
        ("fleet", "chart_index", "index"),
        ("fleet", "features", "values"),
        ("fleet", "rancher_config", "values"),
        ("fleet", "rancher_deployment", "values"),
    ],
)
def test_what_was_not_read(release: str, source: str, part: str) -> None:
    overlay = {"sources": {source: "forbidden"}}
    if source == "chart_index":
        overlay["set"] = {"chart_index": None}
    found = decided(release, **overlay)
    assert part in found.situation.unreadable
    assert found.decision.action == "unknown"


def test_tolerations_are_added_after_the_decision() -> None:
    found = decided("fleet", sources={"nodes": "forbidden"})
    assert found.situation.unreadable == ("control_plane_tolerations",)
    assert found.decision.action == "skip"


def test_values_that_were_not_kept_are_not_read() -> None:
    found = decided("fleet", releases={"fleet": {"config": None}})
    assert found.situation.unreadable == ("values",)


def test_fleet_crd_has_no_values_to_read() -> None:
    found = decided("fleet-crd", releases={"fleet-crd": {"config": None}})
    assert found.decision.action == "skip"


@pytest.mark.parametrize(
    ("index", "repo", "error"),
    [
        ({"state": "absent"}, {"index_config_map": ""}, 'configmaps "" not found'),
        ({"state": "absent"}, {}, 'configmaps "rancher-charts-0-uid-rancher-charts" not found'),
        ({"state": "absent"}, None, 'clusterrepos.catalog.cattle.io "rancher-charts" not found'),
        ({"state": "foreign-owner"}, {}, "Unauthorized"),
        ({"state": "corrupt", "reason": "gzip: invalid header"}, {}, "gzip: invalid header"),
    ],
)
def test_no_index(index: dict[str, Any], repo: dict[str, Any] | None, error: str) -> None:
    parts = {"chart_index": index, "cluster_repos": {"rancher-charts": repo}}
    found = decided("fleet", set=parts).decision
    assert (found.action, found.error) == ("error", error)


def test_releases_of_newer_ranchers_have_other_names() -> None:
    newer = {
        "settings": {"server-version": {"value": "v2.12.2", "effective": "v2.12.2"}},
        "rancher": {"version": "v2.12.2"},
    }
    names = {each.release for each in derive(build({"set": newer})).dependencies}
    assert "mcc-local-managed-system-upgrade-controller" in names


def test_a_fleet_document_that_is_no_yaml_is_told() -> None:
    found = decided("fleet", set={"rancher_config": {"charts": {"fleet": "a: ["}}})
    assert "failed to unmarshal 'fleet' value" in found.values_error
    assert found.situation.unreadable == ("values",)


NEWER = "106.0.1+up0.12.1"


def test_the_environment_of_the_leader_beats_a_setting() -> None:
    setting = {"effective": NEWER, "environment": NEWER, "overruled": True}
    found = decided("fleet", set={"settings": {"fleet-version": setting}})
    assert found.desired.chart_version == NEWER
    assert found.situation.min == NEWER


def test_what_is_doubtful_is_not_decided_on() -> None:
    doubt = {"settings": {"fleet-version": {"doubt": "kubectl-patch has changed its value"}}}
    found = decided("fleet", set=doubt)
    assert found.desired is None
    assert found.decision.action == "unknown"
    assert {"min", "exact"} <= set(found.situation.unreadable)
    assert decided("rancher-webhook", set=doubt).desired is not None
    values = {"settings": {"system-default-registry": {"doubt": "from another object"}}}
    assert decided("rancher-webhook", set=values).situation.unreadable == ("values",)


def test_proxies_come_from_the_process_where_it_was_read() -> None:
    proxies = {"rancher": {"env": {"HTTP_PROXY": "old"}, "process_env": {"HTTP_PROXY": ""}}}
    values = decided("fleet", set=proxies).situation.values
    assert values["proxy"] == values["gitjob"]["proxy"] == ""


def test_the_leader_decides_by_its_own_version_and_the_job_reads_the_setting() -> None:
    old = {"rancher": {"process_env": {"CATTLE_SERVER_VERSION": "v2.10.1"}}}
    facts = derive(build({"set": old}))
    assert facts.rancher_state.running_version == "v2.11.0"
    assert {each.situation.rancher for each in facts.dependencies} == {"v2.10.1"}
