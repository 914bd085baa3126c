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
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.leftover_removal import (
    Removal,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.leftovers import (
    ObjectLeftovers,
    Search,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.left_over import (
    MANIFEST,
    NAMESPACE,
    PATH,
    cluster_of,
    config_map_path,
    object_of,
)

SELECTOR = ("spec", "template", "spec", "nodeSelector")
DNS = ("spec", "template", "spec", "dnsPolicy")


class Judging(Cluster):
    """Says no to some changes, and fills a default in again."""

    refuses: tuple[str, ...] = ()

    def patch(self, path: str, body: Any, **options: Any) -> dict[str, Any]:
        """Merge as the API server does."""
        pod = body.get("spec", {}).get("template", {}).get("spec", {})
        for name in self.refuses:
            if name in pod:
                raise RemediationError("api-error", f"{name} stays", details={"http_status": 422})
        if "dnsPolicy" in pod:
            body = {**body, "spec": {"template": {"spec": {**pod, "dnsPolicy": "ClusterFirst"}}}}
        return super().patch(path, body, **options)


def judging(*refuses: str) -> Judging:
    cluster = Judging()
    cluster.objects = cluster_of().objects
    cluster.refuses = refuses
    return cluster


def found_in(cluster: Cluster, *fields: tuple[str, ...]) -> ObjectLeftovers:
    (found,) = Search(cluster, NAMESPACE, "fleet").fields(MANIFEST)
    return replace(found, fields=fields) if fields else found


def pod_of(cluster: Cluster) -> dict[str, Any]:
    pod: dict[str, Any] = cluster.objects[PATH]["spec"]["template"]["spec"]
    return pod


def test_a_field_is_removed_and_nothing_else() -> None:
    cluster = judging()
    before = dict(pod_of(cluster))
    (left,) = Removal(cluster).remove([found_in(cluster)])
    assert (left.field, left.outcome) == ("spec.template.spec.nodeSelector", "removed")
    assert pod_of(cluster) == {key: value for key, value in before.items() if key != "nodeSelector"}
    versions = [
        body["metadata"]["resourceVersion"] for _verb, _path, body, dry in cluster.writes if not dry
    ]
    assert versions == ["7"]


def test_a_dry_run_writes_nothing() -> None:
    cluster = judging()
    assert Removal(cluster, dry_run=True).remove([found_in(cluster)])
    assert all(dry for _verb, _path, _body, dry in cluster.writes)
    assert "nodeSelector" in pod_of(cluster)


def test_what_the_api_server_fills_in_again_is_not_left_over() -> None:
    cluster = judging()
    found = found_in(cluster, SELECTOR, DNS)
    assert [each.field for each in Removal(cluster).remove([found])] == [
        "spec.template.spec.nodeSelector"
    ]
    assert Removal(cluster).remove([replace(found, fields=(DNS,))]) == []


def test_what_the_api_server_does_not_let_go_is_named_and_the_rest_removed() -> None:
    cluster = judging("containers")
    containers = ("spec", "template", "spec", "containers")
    outcomes = {
        each.field.rpartition(".")[2]: (each.outcome, each.reason)
        for each in Removal(cluster).remove([found_in(cluster, containers, SELECTOR)])
    }
    assert outcomes == {
        "containers": ("refused", "containers stays"),
        "nodeSelector": ("removed", ""),
    }
    only = Removal(cluster).remove([found_in(judging(), containers)])
    assert [each.outcome for each in only] == ["refused"]


def test_fields_that_can_only_go_together_go() -> None:
    class Mounted(Cluster):
        def patch(self, path: str, body: Any, **options: Any) -> dict[str, Any]:
            pod = body.get("spec", {}).get("template", {}).get("spec", {})
            if "nodeSelector" in pod and "containers" not in pod:
                raise RemediationError("api-error", "still used", details={"http_status": 422})
            if "dnsPolicy" in pod:
                raise RemediationError("api-error", "stays", details={"http_status": 422})
            return super().patch(path, body, **options)

    cluster = Mounted()
    cluster.objects = cluster_of().objects
    containers = ("spec", "template", "spec", "containers")
    left = Removal(cluster).remove([found_in(cluster, SELECTOR, DNS, containers)])
    assert {each.field.rpartition(".")[2]: each.outcome for each in left} == {
        "nodeSelector": "removed",
        "containers": "removed",
        "dnsPolicy": "refused",
    }


def test_a_field_that_somebody_sets_meanwhile_is_theirs() -> None:
    cluster = judging()
    found = found_in(cluster)

    def interfere(here: Cluster, verb: str, path: str) -> None:
        if verb == "get" and path == PATH:
            here.objects[PATH]["metadata"]["resourceVersion"] = "9"
            here.objects[PATH]["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}

    cluster.before.append(interfere)
    Removal(cluster).remove([found])
    assert pod_of(cluster)["nodeSelector"] == {"disk": "ssd"}


def test_other_failures_are_not_taken_for_a_refusal() -> None:
    cluster = judging()
    found = found_in(cluster)
    cluster.failures["patch", PATH] = RemediationError("server-unreachable", "gone")
    with pytest.raises(RemediationError, match="gone"):
        Removal(cluster).remove([found])


def test_an_object_is_deleted_if_it_still_is_the_one_that_was_seen() -> None:
    cluster = cluster_of()
    cluster.add_config_map(object_of("ConfigMap", "more"))
    path = config_map_path("more")
    (found,) = Search(cluster, NAMESPACE, "fleet").objects(MANIFEST)
    assert [each.outcome for each in Removal(cluster, dry_run=True).remove([found])] == ["removed"]
    assert path in cluster.objects
    cluster.failures["delete", path] = RemediationError("forbidden", "No permission.")
    (left,) = Removal(cluster).remove([found])
    assert (left.outcome, left.reason, path in cluster.objects) == (
        "refused",
        "No permission.",
        True,
    )
    del cluster.failures["delete", path]
    cluster.objects[path]["metadata"]["uid"] = "another"
    assert Removal(cluster).remove([found]) == []
    cluster.objects[path]["metadata"].update(uid="uid-more", resourceVersion="9")
    assert [each.outcome for each in Removal(cluster).remove([found])] == ["removed"]
    assert path not in cluster.objects
    assert Removal(cluster).remove([found]) == []


def test_what_comes_back_at_once_is_reported_and_does_not_keep_other_objects_from_it() -> None:
    class Reverting(Judging):
        def patch(self, path: str, body: Any, **options: Any) -> dict[str, Any]:
            answer = super().patch(path, body, **options)
            pod_of(self)["nodeSelector"] = {"disk": "none"}
            return answer

    cluster = Reverting()
    cluster.objects = cluster_of().objects
    cluster.add_config_map(object_of("ConfigMap", "more"))
    found = [found_in(cluster), *Search(cluster, NAMESPACE, "fleet").objects(MANIFEST)]
    left = Removal(cluster).remove(found)
    assert [each.outcome for each in left] == ["refused", "removed"]
    assert "not there any more" in left[0].reason
