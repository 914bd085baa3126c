# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.change import (
    ReleaseChange,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.cli import (
    HelmFailedError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.expectation import (
    Expectation,
    history_max,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.upgrade import (
    UpgradeRequest,
    same_values,
    upgrade,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.fake_helm import FakeHelm
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

NAMESPACE = "cattle-fleet-system"
RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"
VALUES = {"apiServerURL": "", "bootstrap": {"enabled": False}}
REQUEST = UpgradeRequest(
    change=ReleaseChange(NAMESPACE, "fleet"),
    chart_path=Path("/charts/fleet.tgz"),
    chart_name="fleet",
    chart_version=GA,
    values=VALUES,
    expected=Expectation(revision=4),
)
GITJOB = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/gitjob"
OWNERSHIP = "Error: UPGRADE FAILED: invalid ownership metadata\n"


def cluster_with(**secret: Any) -> tuple[Cluster, FakeHelm]:
    cluster = Cluster()
    cluster.add_secret(release_secret(revision=4, **secret))
    return cluster, FakeHelm(cluster, "fleet", GA)


def failing(cluster: Cluster, request: UpgradeRequest, helm: FakeHelm) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        upgrade(cluster, helm, request)
    return caught.value


def test_a_release_is_upgraded_and_read_again() -> None:
    cluster, helm = cluster_with()
    outcome = upgrade(cluster, helm, REQUEST)
    assert outcome.changed
    assert outcome.before is not None
    assert outcome.after is not None
    assert (outcome.before.revision, outcome.before.chart_version) == (4, RC)
    assert (outcome.after.revision, outcome.after.chart_version) == (5, GA)
    assert outcome.after.config == VALUES
    assert helm.operations == [("upgrade", {"take_ownership": False, "apply_method": "csa"})]


def test_a_second_upgrade_changes_nothing_and_starts_no_helm() -> None:
    cluster, helm = cluster_with()
    upgrade(cluster, helm, REQUEST)
    outcome = upgrade(cluster, helm, REQUEST)
    assert not outcome.changed
    assert len(helm.operations) == 1


@pytest.mark.parametrize(
    "secret",
    [
        {"chart": {"metadata": {"name": "fleet", "version": RC}}, "config": VALUES},
        {"chart": {"metadata": {"name": "fleet", "version": GA}}, "config": {}},
        {
            "chart": {"metadata": {"name": "fleet", "version": GA}},
            "config": VALUES,
            "status": "failed",
        },
    ],
)
def test_version_values_and_status_all_count(secret: dict[str, Any]) -> None:
    cluster, helm = cluster_with(**secret)
    assert upgrade(cluster, helm, REQUEST).changed


def test_check_mode_runs_helm_dry_and_changes_nothing() -> None:
    cluster, helm = cluster_with()
    before = dict(cluster.objects)
    request = replace(REQUEST, change=replace(REQUEST.change, dry_run=True))
    outcome = upgrade(cluster, helm, request)
    assert outcome.changed
    assert [name for name, _options in helm.operations] == ["upgrade"]
    assert cluster.objects == before
    assert outcome.rendered is not None
    assert "rendered" in outcome.rendered
    assert outcome.rendered not in repr(outcome)


@pytest.mark.parametrize("status", ["pending-upgrade", "pending-install", "pending-rollback"])
def test_a_locked_release_is_refused(status: str) -> None:
    cluster, helm = cluster_with(status=status)
    error = failing(cluster, REQUEST, helm)
    assert error.code == "release-locked"
    assert f"Release/{NAMESPACE}/fleet" in error.message
    assert status in error.message
    assert helm.operations == []


@pytest.mark.parametrize("status", ["uninstalled", "uninstalling", "unknown"])
def test_a_release_that_helm_cannot_build_on_is_refused(status: str) -> None:
    cluster, helm = cluster_with(status=status)
    assert failing(cluster, REQUEST, helm).code == "refused"
    assert helm.operations == []


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (Expectation(revision=3), "revision 4 instead of 3"),
        (Expectation(uid="other"), "uid uid-cattle-fleet-system-fleet-4 instead of other"),
        (Expectation(resource_version="1"), "resource_version 1004 instead of 1"),
    ],
)
def test_another_revision_than_expected_is_refused_with_what_was_seen(
    expected: Expectation, told: str
) -> None:
    cluster, helm = cluster_with()
    error = failing(cluster, replace(REQUEST, expected=expected), helm)
    assert error.code == "precondition-failed"
    assert told in error.message
    assert error.details["seen"]["chart_version"] == RC
    assert helm.operations == []


def test_a_target_reached_by_somebody_else_is_success_in_spite_of_the_expectation() -> None:
    cluster, helm = cluster_with()
    cluster.add_secret(
        release_secret(
            revision=5, chart={"metadata": {"name": "fleet", "version": GA}}, config=VALUES
        )
    )
    assert not upgrade(cluster, helm, REQUEST).changed


def test_an_absent_release_is_never_installed() -> None:
    cluster = Cluster()
    helm = FakeHelm(cluster, "fleet", GA)
    error = failing(cluster, REQUEST, helm)
    assert error.code == "not-found"
    assert helm.operations == []


def test_an_undecodable_last_revision_is_refused() -> None:
    cluster, helm = cluster_with(stored="%%%")
    assert failing(cluster, REQUEST, helm).code == "release-undecodable"


def test_ownership_is_taken_only_after_helm_complained() -> None:
    cluster, helm = cluster_with()
    helm.failures = [HelmFailedError("upgrade", 1, OWNERSHIP)]
    outcome = upgrade(cluster, helm, REQUEST)
    assert outcome.took_ownership
    assert [options["take_ownership"] for _name, options in helm.operations] == [False, True]


@pytest.mark.parametrize(
    ("choice", "stderr"),
    [("never", OWNERSHIP), ("when_refused", "Error: UPGRADE FAILED: field is immutable\n")],
)
def test_ownership_is_not_taken_otherwise(choice: str, stderr: str) -> None:
    cluster, helm = cluster_with()
    helm.failures = [HelmFailedError("upgrade", 1, stderr)]
    error = failing(cluster, replace(REQUEST, take_ownership=choice), helm)
    assert error.code == "helm-failed"
    assert len(helm.operations) == 1


def test_ownership_can_be_taken_at_once() -> None:
    cluster, helm = cluster_with()
    assert upgrade(cluster, helm, replace(REQUEST, take_ownership="always")).took_ownership
    assert [options["take_ownership"] for _name, options in helm.operations] == [True]


def test_no_second_helm_is_started_once_a_signal_asked_to_end() -> None:
    cluster, helm = cluster_with()
    helm.failures = [HelmFailedError("upgrade", 1, OWNERSHIP)]
    helm.interrupted = True
    assert failing(cluster, REQUEST, helm).details["reason"] == "ownership"
    assert len(helm.operations) == 1


def server_side() -> tuple[Cluster, FakeHelm]:
    """A release that Helm 4 has applied server-side, of one Deployment that somebody has scaled."""
    cluster, helm = cluster_with(apply_method="ssa")
    resources = [{"name": "deployments", "kind": "Deployment", "namespaced": True}]
    cluster.add("/apis/apps/v1", {"metadata": {}, "resources": resources})
    live = {"metadata": {"name": "gitjob", "uid": "u", "resourceVersion": "7"}}
    cluster.add(GITJOB, {**live, "spec": {"replicas": 3}})
    helm.rendered = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gitjob}\nspec: {replicas: 1}\n"
    )
    return cluster, helm


def test_the_apply_method_of_the_last_revision_decides_how_to_force() -> None:
    cluster, helm = server_side()
    upgrade(cluster, helm, REQUEST)
    assert helm.operations == [("upgrade", {"take_ownership": False, "apply_method": "ssa"})]


def test_a_shared_field_is_taken_over_and_put_back() -> None:
    cluster, helm = server_side()
    cluster.owned[GITJOB] = [(".spec.replicas", "hpa")]
    cluster.before.append(_scaled_by_helm(helm))
    outcome = upgrade(cluster, helm, REQUEST)
    assert helm.operations[0][1]["force"]
    assert cluster.objects[GITJOB]["spec"]["replicas"] == 3
    assert ".spec.replicas of Deployment/cattle-fleet-system/gitjob" in outcome.note


def test_it_is_put_back_after_a_failure_too() -> None:
    cluster, helm = server_side()
    cluster.owned[GITJOB] = [(".spec.replicas", "hpa")]
    cluster.before.append(_scaled_by_helm(helm))
    helm.failures = [HelmFailedError("upgrade", 1, "Error: timed out waiting for the condition")]
    helm.leaves = "failed"
    error = failing(cluster, REQUEST, helm)
    assert cluster.objects[GITJOB]["spec"]["replicas"] == 3
    assert "Put back as it was before: .spec.replicas" in error.message


def _scaled_by_helm(helm: FakeHelm) -> Callable[[Cluster, str, str], None]:
    """What an upgrade does to the object, seen by the first request after it."""

    def hook(cluster: Cluster, _verb: str, _path: str) -> None:
        if helm.operations and cluster.objects[GITJOB]["metadata"]["resourceVersion"] == "7":
            cluster.objects[GITJOB]["spec"]["replicas"] = 1
            cluster.objects[GITJOB]["metadata"]["resourceVersion"] = "8"

    return hook


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_field_of_others_is_refused_before_anything_is_done(dry_run: bool) -> None:
    cluster, helm = server_side()
    cluster.owned[GITJOB] = [(".spec.paused", "me"), (".spec.replicas", "hpa")]
    request = replace(REQUEST, change=replace(REQUEST.change, dry_run=dry_run))
    error = failing(cluster, request, helm)
    assert error.code == "field-conflict"
    assert ".spec.paused of Deployment/cattle-fleet-system/gitjob (manager me)" in error.message
    assert helm.operations == []
    assert cluster.writes == []


def test_force_takes_over_all_of_it() -> None:
    cluster, helm = server_side()
    cluster.owned[GITJOB] = [(".spec.paused", "me")]
    upgrade(cluster, helm, replace(REQUEST, change=replace(REQUEST.change, force=True)))
    assert helm.operations[0][1]["force"]


def test_one_object_that_cannot_be_tried_forbids_to_override_another() -> None:
    cluster, helm = server_side()
    cluster.owned[GITJOB] = [(".spec.replicas", "hpa")]
    other = GITJOB.replace("gitjob", "other")
    cluster.add(other, {"metadata": {"name": "other", "uid": "o"}})
    cluster.failures["apply", other] = RemediationError("api-error", "webhook says no", "")
    helm.rendered += "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other}\n"
    error = failing(cluster, REQUEST, helm)
    assert (error.code, helm.operations) == ("field-conflict", [])
    assert "Deployment/cattle-fleet-system/other: webhook says no" in error.message


def test_an_object_that_is_not_there_yet_and_a_kind_nobody_serves_are_no_reason() -> None:
    cluster, helm = server_side()
    missing = GITJOB.replace("gitjob", "new")
    cluster.failures["apply", missing] = RemediationError("forbidden", "no create", "")
    cluster.owned[GITJOB] = [(".spec.replicas", "hpa")]
    helm.rendered += "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: new}\n"
    helm.rendered += "---\napiVersion: no.such/v1\nkind: Thing\nmetadata: {name: t}\n"
    assert upgrade(cluster, helm, REQUEST).changed


def test_a_conflict_that_came_meanwhile_names_the_option() -> None:
    cluster, helm = server_side()
    words = (
        "Error: UPGRADE FAILED: conflict occurred while applying object cattle-fleet-system/gitjob apps/v1,"
        ' Kind=Deployment: Apply failed with 2 conflicts: conflicts with "me" using apps/v1:\n'
        "- .spec.paused\n- .spec.minReadySeconds\n"
    )
    helm.failures = [HelmFailedError("upgrade", 1, words)]
    helm.leaves = "failed"
    error = failing(cluster, REQUEST, helm)
    assert error.code == "field-conflict"
    assert ".spec.minReadySeconds of Deployment/cattle-fleet-system/gitjob" in error.message
    assert '{"remediation_force_releases": ["fleet"]}' in error.remedy
    assert not error.retryable


def test_a_failure_tells_reason_and_state_left() -> None:
    cluster, helm = cluster_with()
    helm.failures = [
        HelmFailedError(
            "upgrade", 1, "Error: UPGRADE FAILED: timed out waiting for the condition\n"
        )
    ]
    helm.leaves = "failed"
    error = failing(cluster, REQUEST, helm)
    assert error.details["reason"] == "timed-out"
    assert error.retryable
    assert f"Release/{NAMESPACE}/fleet" in error.message
    assert "last revision 5 is now failed" in error.message


def test_an_operation_that_was_faster_makes_the_release_busy() -> None:
    cluster, helm = cluster_with()
    stderr = "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress"
    helm.failures = [HelmFailedError("upgrade", 1, stderr)]
    error = failing(cluster, REQUEST, helm)
    assert (error.code, error.retryable) == ("release-busy", True)
    assert "another operation" in error.message


def test_a_failed_helm_with_the_release_deployed_all_the_same_is_success() -> None:
    cluster, helm = cluster_with()
    helm.failures = [HelmFailedError("upgrade", 1, "Error: unexpected EOF\n")]
    helm.leaves = "deployed"
    outcome = upgrade(cluster, helm, REQUEST)
    assert outcome.changed
    assert "unexpected EOF" in outcome.note


def test_success_that_cannot_be_seen_is_no_success() -> None:
    cluster, helm = cluster_with()
    helm.version_stored = RC
    error = failing(cluster, REQUEST, helm)
    assert error.code == "stalled"
    assert f"fleet-{RC} instead of fleet-{GA}" in error.message


def test_a_release_that_cannot_be_read_is_not_upgraded() -> None:
    cluster, helm = cluster_with()
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets"
    cluster.failures["list", path] = RemediationError("forbidden", "no", "")
    assert failing(cluster, REQUEST, helm).code == "forbidden"
    assert helm.operations == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": None}, {}, False),
        ({"a": []}, {"a": {}}, False),
        ({"a": [1, {"b": 0}]}, {"a": [1, {"b": False}]}, False),
        ({"a": {"b": 1}, "c": 2}, {"c": 2, "a": {"b": 1}}, True),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": 2**53 + 1}, {"a": 2**53}, True),
        ({"a": 10**400}, {"a": 10**400}, True),
    ],
)
def test_values_are_compared_as_helm_stores_them(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    for left, right in ((one, other), (other, one)):
        assert same_values(left, right) is same


def test_nothing_is_pruned_where_deletion_is_refused() -> None:
    assert history_max("harvester-system", 5) == 0
    assert history_max(NAMESPACE, 5) == 5
