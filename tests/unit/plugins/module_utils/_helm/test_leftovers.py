# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.redaction import (
    Redactor,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.leftovers import (
    Leftover,
    Search,
    sentences,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    Revision,
    list_revisions,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.left_over import (
    MANIFEST,
    MARKS,
    MORE,
    NAMESPACE,
    PATH,
    cluster_of,
    config_map_path,
    deployment,
    object_of,
)

SELECTOR = "spec.template.spec.nodeSelector"


def search(cluster: Cluster) -> Search:
    revisions: list[Revision] = list_revisions(cluster, NAMESPACE, "fleet")
    return Search(cluster, NAMESPACE, "fleet", revisions)


def shown(cluster: Cluster, manifest: str = MANIFEST, known: str = "") -> list[Leftover]:
    found = search(cluster).fields(manifest, known)
    return [each for one in found for each in one.shown(Redactor())]


def test_a_field_of_helm_that_the_manifest_lacks_is_named_with_who_set_it() -> None:
    cluster = cluster_of(
        {"revision": 3, "status": "failed", "manifest": MORE},
        {"revision": 2, "status": "deployed", "manifest": MANIFEST},
    )
    (found,) = shown(cluster)
    assert (found.object, found.field) == (f"Deployment/{NAMESPACE}/web", SELECTOR)
    assert found.revision == 3
    assert found.value == "{'disk': 'none'}"
    assert {verb for verb, _path in cluster.requests} == {"get", "list"}


def test_nothing_is_left_over_of_what_the_manifest_or_the_next_merge_knows() -> None:
    cluster = cluster_of()
    assert shown(cluster, MORE) == []
    assert shown(cluster, known=MORE) == []
    assert shown(cluster, "a: [") == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {**MARKS, "helm.sh/resource-policy": "keep"}},
        {"annotations": {**MARKS, "meta.helm.sh/release-name": "another"}},
    ],
)
def test_what_is_kept_or_belongs_to_another_release_is_left_alone(metadata: Any) -> None:
    cluster = cluster_of()
    cluster.add(PATH, deployment(**metadata))
    assert shown(cluster) == []


def test_an_object_that_is_gone_or_of_an_unknown_kind_has_nothing_left() -> None:
    cluster = cluster_of()
    del cluster.objects[PATH]
    assert shown(cluster) == []
    del cluster.objects["/apis/apps/v1"]
    assert shown(cluster) == []
    cluster.failures["get", "/apis/apps/v1"] = RemediationError("timeout", "late")
    with pytest.raises(RemediationError):
        shown(cluster)


def test_without_owners_the_earlier_manifests_tell() -> None:
    cluster = cluster_of({"revision": 3, "status": "failed", "manifest": MORE})
    cluster.add(PATH, deployment(managedFields=[{}]))
    assert [each.field for each in shown(cluster)] == [SELECTOR]
    live = deployment(managedFields=[])
    live["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "by hand"}
    cluster.add(PATH, live)
    assert shown(cluster) == []


def test_values_of_secrets_are_not_shown() -> None:
    cluster = cluster_of()
    fields = {"f:data": {"f:word": {}}, "f:type": {}}
    owner = {"manager": "helm", "apiVersion": "v1", "fieldsV1": fields}
    secret = object_of("Secret", "s", managedFields=[owner])
    cluster.add_secret({**secret, "data": {"word": "aHVudGVyMg=="}, "type": "Opaque"})
    (found,) = shown(cluster, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n")
    assert found.field == "data"
    assert found.value.startswith("redacted:")


def test_objects_that_only_earlier_revisions_list_are_found_by_name_and_by_label() -> None:
    more = f"{MANIFEST}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: listed}}\n"
    cluster = cluster_of({"revision": 3, "status": "failed", "manifest": more})
    for name in ("listed", "unlisted"):
        cluster.add_config_map(object_of("ConfigMap", name))
    found = search(cluster).objects(MANIFEST)
    assert {each.label: each.revisions.get(()) for each in found} == {
        f"ConfigMap/{NAMESPACE}/listed": 3,
        f"ConfigMap/{NAMESPACE}/unlisted": None,
    }
    assert [each.label for each in search(cluster).objects(more)] == [
        f"ConfigMap/{NAMESPACE}/unlisted"
    ]


@pytest.mark.parametrize(
    "metadata",
    [
        {"annotations": {**MARKS, "helm.sh/resource-policy": "keep"}},
        {"annotations": {**MARKS, "helm.sh/hook": "pre-upgrade"}},
        {"annotations": {**MARKS, "meta.helm.sh/release-namespace": "another"}},
        {"annotations": {}},
        {"ownerReferences": [{"kind": "Bundle", "name": "b"}]},
        # A controller has copied the marks.
        {"managedFields": [{"manager": "a-controller", "fieldsV1": {}}]},
    ],
)
def test_objects_that_helm_has_not_made_for_this_release_are_none(metadata: Any) -> None:
    cluster = cluster_of()
    cluster.add_config_map(object_of("ConfigMap", "other", **metadata))
    assert search(cluster).objects(MANIFEST) == []


def test_crds_are_never_found() -> None:
    crd = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n"
    )
    cluster = cluster_of({"revision": 3, "status": "failed", "manifest": crd})
    resources = [
        {
            "kind": "CustomResourceDefinition",
            "name": "customresourcedefinitions",
            "namespaced": False,
        }
    ]
    cluster.add("/apis/apiextensions.k8s.io/v1", {"resources": resources, "metadata": {}})
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/a"
    cluster.add(path, object_of("CustomResourceDefinition", "a"))
    assert search(cluster).objects(MANIFEST) == []
    assert path not in [each for _verb, each in cluster.requests]


def test_lists_that_are_not_allowed_are_left_out() -> None:
    cluster = cluster_of()
    cluster.failures["list", config_map_path("x").rpartition("/")[0]] = RemediationError(
        "forbidden", "No permission"
    )
    assert search(cluster).objects(MANIFEST) == []


def test_what_is_said() -> None:
    removed = Leftover("Deployment/n/web", "spec.paused", "True", 3, "removed")
    refused = Leftover("ConfigMap/n/a", "", outcome="refused", reason="It is immutable.")
    assert list(sentences([removed, refused])) == [
        "Removed field spec.paused of Deployment/n/web (True), set by revision 3: the manifest does not have it.",
        "Left over: ConfigMap/n/a; it is not in the manifest. It cannot be removed: It is immutable.",
    ]
