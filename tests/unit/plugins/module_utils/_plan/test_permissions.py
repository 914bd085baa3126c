# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import Plan
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.permissions import (
    REVIEWS,
    Permission,
    in_words,
    require,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    RC,
    World,
    revision,
)


class Account(Cluster):
    """An API server that grants what may says of the attributes asked for."""

    def __init__(self, may: Callable[[Mapping[str, str]], bool]) -> None:
        super().__init__()
        self.may = may
        self.asked: list[dict[str, str]] = []

    def create(
        self, path: str, body: Mapping[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        assert (path, dry_run) == (REVIEWS, False)
        attributes = body["spec"]["resourceAttributes"]
        self.asked.append(attributes)
        return {**body, "status": {"allowed": self.may(attributes)}}


def nudging() -> Plan:
    world = World().finding("helm-operation-apiserver-interruption", "nudge")
    return make_plan(*world.documents())


def upgrading() -> Plan:
    world = World().release("fleet", revision(2, "deployed", RC))
    world.finding("rc-to-ga-skip-fleet", "upgrade_release", release="fleet")
    return make_plan(*world.documents())


def refused(account: Account, plan: Plan) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        require(account, plan)
    assert caught.value.code == "forbidden"
    return caught.value


def test_all_is_asked_for_and_nothing_else() -> None:
    account = Account(lambda _asked: True)
    assert require(account, nudging()) == len(account.asked) == 6
    lease = {"resource": "leases", "group": "coordination.k8s.io", "namespace": "harvester-system"}
    assert {**lease, "verb": "create"} in account.asked
    assert {
        "verb": "patch",
        "resource": "clusterrepos",
        "group": "catalog.cattle.io",
        "name": "rancher-charts",
    } in account.asked


def test_an_empty_plan_needs_nothing() -> None:
    assert require(Account(lambda _asked: False), make_plan(*World().documents())) == 0


def test_one_message_names_all_that_is_missing() -> None:
    error = refused(Account(lambda asked: asked["verb"] in ("get", "list")), nudging())
    assert "patch on clusterrepos.catalog.cattle.io rancher-charts" in error.message
    assert "create on leases.coordination.k8s.io in namespace harvester-system" in error.message
    assert "nothing was begun" in error.message
    assert "files/rbac/remediate.yml" in error.remedy
    assert error.details["missing"]["01-nudge"] == [
        "patch clusterrepos.catalog.cattle.io rancher-charts"
    ]


def test_a_backup_in_the_cluster_is_asked_for_by_its_namespace() -> None:
    account = Account(lambda _asked: True)
    assert require(account, nudging(), "harvester-ops-backups") == 6 + 5
    namespace = {"verb": "get", "resource": "namespaces", "name": "harvester-ops-backups"}
    assert namespace in account.asked
    secrets = {"resource": "secrets", "namespace": "harvester-ops-backups"}
    for verb in ("get", "list", "create", "delete"):
        assert {**secrets, "verb": verb} in account.asked


@pytest.mark.parametrize(
    ("namespace", "told"),
    [
        ("harvester-ops-backups", "remediate.yml of the collection, or"),
        ("mine", "remediate.yml of the collection (mine in it in the place of harvester-ops-bac"),
    ],
)
def test_what_the_backup_lacks_is_told_before_it_is_begun(namespace: str, told: str) -> None:
    account = Account(lambda asked: asked["resource"] != "secrets")
    with pytest.raises(RemediationError) as caught:
        require(account, nudging(), namespace)
    assert list(caught.value.details["missing"]) == ["backup"]
    assert told in caught.value.remedy


def test_helm_needs_what_only_an_administrator_has() -> None:
    error = refused(Account(lambda asked: asked["verb"] != "escalate"), upgrading())
    assert error.message.endswith("escalate on clusterroles.rbac.authorization.k8s.io.")
    assert "cluster-admin" in error.remedy
    assert "remediate.yml" not in error.remedy


def test_what_cannot_be_asked_is_not_granted() -> None:
    def away(_asked: Mapping[str, str]) -> bool:
        raise RemediationError("server-unreachable", "No connection.", retryable=True)

    with pytest.raises(RemediationError, match="No connection"):
        require(Account(away), nudging())


def test_a_long_list_is_cut_off() -> None:
    many = [Permission(verb, f"kind{number}") for verb in ("get", "patch") for number in range(10)]
    words = in_words(many)
    assert words.startswith("get, patch on kind0; get, patch on kind1;")
    assert words.endswith("; and 2 more")
