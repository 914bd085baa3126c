# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
    RELEASE_ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    decode_revision,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.permissions import (
    REVIEWS,
    Permission,
    in_words,
    of_step,
    require,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.live_actor import (
    find_live_actor,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import (
    RC,
    World,
    revision,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    stuck_cluster,
)

RBAC_FILES = Path(__file__).resolve().parents[5] / "files" / "rbac"


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


@pytest.mark.parametrize("action", sorted(RELEASE_ACTIONS))
def test_what_is_looked_at_before_a_release_is_written_is_asked_for(action: str) -> None:
    """Seen at the check itself: its requests, as the API server authorizes them."""
    cluster = stuck_cluster()
    find_live_actor(cast(KubeClient, cluster), decode_revision(release_secret()))
    asked = {str(each) for each in of_step(step_of(action))}
    assert {path_permission(verb, path) for verb, path in cluster.requests} <= asked


def step_of(action: str) -> Step:
    reference = ObjectRef("v1", "Secret", "cattle-fleet-system", "sh.helm.release.v1.fleet.v1")
    return Step(action, ACTIONS[action].module, "title", "finding", reference, {})


def path_permission(verb: str, path: str) -> str:
    """The permission for a request, in the words of a Permission."""
    parts = path.removeprefix("/api/v1/").removeprefix("/apis/catalog.cattle.io/v1/").split("/")
    if parts[0] != "namespaces":
        return f"{verb} {parts[0]}.catalog.cattle.io"
    resource = f"{parts[2]}/{parts[4]}" if len(parts) > 4 else parts[2]
    return f"{verb} {resource} in namespace {parts[1]}"


@pytest.mark.parametrize("action", ["unlock_release", "wait_for_actor"])
def test_what_is_looked_at_is_granted_by_the_roles_of_the_collection(action: str) -> None:
    """The role of the diagnosis: what it reads before the plan is what a step reads before it writes."""
    items = yaml.safe_load((RBAC_FILES / "diagnose.yml").read_text())["items"]
    rules = {each["metadata"]["name"]: each.get("rules") for each in items if each.get("rules")}
    bound = {
        each["metadata"].get("namespace", "")
        for each in items
        if each.get("roleRef", {}).get("name") == "harvester-ops-diagnose-namespace"
    }
    for each in of_step(step_of(action)):
        if each.resource not in ("pods", "operations"):
            continue
        role = "harvester-ops-diagnose" + ("-namespace" if each.namespace else "")
        resource = "/".join(filter(None, (each.resource, each.subresource)))
        assert not each.namespace or each.namespace in bound
        assert any(
            resource in rule["resources"] and each.verb in rule["verbs"] for rule in rules[role]
        ), str(each)


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
