# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.cli import (
    HelmFailedError,
    ReleaseChange,
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


def test_the_apply_method_of_the_last_revision_decides_how_to_force() -> None:
    cluster, helm = cluster_with(apply_method="ssa")
    upgrade(cluster, helm, REQUEST)
    assert helm.operations[0][1]["apply_method"] == "ssa"


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
