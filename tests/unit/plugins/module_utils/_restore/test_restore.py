# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.back_up import (
    BackupRequest,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.read import (
    SavedObject,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.restore import (
    RestoreRequest,
    restore,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.selection import (
    Selection,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.backup_sets import (
    CONFIG_LABEL,
    a_set,
    config,
    saved,
    saved_secret,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

NAMESPACE = "cattle-fleet-system"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
FLEET = f"{NAMESPACE}/fleet"
Files = dict[str, bytes]


def name(number: int) -> str:
    return f"sh.helm.release.v1.fleet.v{number}"


def history(*statuses: str) -> list[dict[str, Any]]:
    made = [release_secret(revision=n, status=status) for n, status in enumerate(statuses, 1)]
    made[-1]["metadata"]["annotations"] = {"kept": "yes"}
    return made


BEFORE = history("superseded", "deployed", "pending-upgrade")


def set_of(*secrets: dict[str, Any]) -> Files:
    return a_set(config(), *(saved_secret(each) for each in secrets))


def cluster_with(*secrets: dict[str, Any]) -> Cluster:
    cluster = Cluster()
    for each in secrets:
        cluster.add_secret({"apiVersion": "v1", "kind": "Secret", **each})
    return cluster


def request(files: Files, folder: Path, **options: Any) -> RestoreRequest:
    selection = Selection(
        objects=options.pop("objects", []),
        releases=options.pop("releases", []),
        parts=options.pop("parts", []),
    )
    dry_run = options.pop("dry_run", False)
    safety = BackupRequest(folder, "before-restore-1", dry_run=dry_run)
    return RestoreRequest(files, "Set 1", selection, safety, **options)


def essence(secret: dict[str, Any]) -> dict[str, Any]:
    kept = {key: secret["metadata"].get(key) for key in ("name", "labels", "annotations")}
    return {**kept, "type": secret.get("type"), "data": secret["data"]}


def live(cluster: Cluster) -> list[dict[str, Any]]:
    return [essence(found) for path, found in sorted(cluster.objects.items()) if SECRETS in path]


def test_a_history_comes_back_exactly_as_it_was(tmp_path: Path) -> None:
    """Unlocked and upgraded by a repair: revision 3 is another one now, and there is a fourth."""
    after = history("superseded", "superseded", "superseded", "deployed")
    cluster = cluster_with(*after)
    asked = request(set_of(*BEFORE), tmp_path, releases=[FLEET], delete_later=True)
    result = restore(cluster, asked)
    assert live(cluster) == [essence(each) for each in BEFORE]
    assert [each["action"] for each in result["objects"]] == [
        "unchanged",
        "replaced",
        "replaced",
        "deleted",
    ]
    kept = set(result["safety_backup"]["objects"])
    assert kept == {f"Secret/{NAMESPACE}/{name(number)}" for number in (2, 3, 4)}
    assert result["plan"]["risks"] == ["high"]
    assert not restore(cluster, asked)["changed"]


def test_later_revisions_are_deleted_only_when_told(tmp_path: Path) -> None:
    cluster = cluster_with(*history("superseded", "superseded", "superseded", "deployed"))
    before = live(cluster)
    with pytest.raises(
        RemediationError, match="revisions that the backup set does not hold: 4"
    ) as raised:
        restore(cluster, request(set_of(*BEFORE), tmp_path, releases=[FLEET]))
    assert raised.value.code == "refused"
    assert live(cluster) == before


def test_a_pruned_history_is_filled_up_again(tmp_path: Path) -> None:
    cluster = cluster_with(BEFORE[2])
    result = restore(cluster, request(set_of(*BEFORE), tmp_path, releases=[FLEET], stale_after=0))
    assert live(cluster) == [essence(each) for each in BEFORE]
    assert result["safety_backup"] is None
    assert result["plan"]["risks"] == ["medium"]


def test_a_lost_history_comes_back(tmp_path: Path) -> None:
    cluster = cluster_with()
    restore(cluster, request(set_of(*BEFORE), tmp_path, parts=["releases"]))
    assert live(cluster) == [essence(each) for each in BEFORE]


def test_created_before_deleted_and_the_last_deleted_first(tmp_path: Path) -> None:
    """Whoever looks meanwhile never finds a release without revisions."""
    cluster = cluster_with(*[release_secret(revision=number) for number in (7, 8)])
    restore(cluster, request(set_of(*BEFORE), tmp_path, releases=[FLEET], delete_later=True))
    kept = [(verb, path.rpartition("/")[2]) for verb, path, _b, dry in cluster.writes if not dry]
    assert [verb for verb, _name in kept] == ["create"] * 3 + ["delete"] * 2
    assert [each for verb, each in kept if verb == "delete"] == [name(8), name(7)]


def test_a_young_pending_revision_is_somebodys(tmp_path: Path) -> None:
    young = release_secret(
        revision=4, status="pending-upgrade", info={"last_deployed": "2026-11-23T14:59:30Z"}
    )
    young["metadata"]["creationTimestamp"] = "2026-11-23T14:59:30Z"
    cluster = cluster_with(*BEFORE, young)
    with pytest.raises(RemediationError) as raised:
        restore(cluster, request(set_of(*BEFORE), tmp_path, releases=[FLEET], delete_later=True))
    assert raised.value.code == "release-busy"


def test_what_the_server_would_not_take_whole_is_not_begun(tmp_path: Path) -> None:
    cluster = cluster_with(*history("superseded", "superseded", "superseded", "deployed"))
    cluster.failures["delete", f"{SECRETS}/{name(4)}"] = RemediationError("forbidden", "No.")
    before = live(cluster)
    with pytest.raises(RemediationError, match="No"):
        restore(cluster, request(set_of(*BEFORE), tmp_path, releases=[FLEET], delete_later=True))
    assert live(cluster) == before
    assert list(tmp_path.iterdir()) == []


def test_without_its_own_backup_nothing_is_restored(tmp_path: Path) -> None:
    cluster = cluster_with(*history("superseded", "superseded", "superseded"))
    before = live(cluster)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RemediationError) as raised:
        restore(cluster, request(set_of(*BEFORE), tmp_path / "file", releases=[FLEET]))
    assert raised.value.code == "backup-failed"
    assert live(cluster) == before


def test_a_dry_run_says_the_same_and_keeps_nothing(tmp_path: Path) -> None:
    cluster = cluster_with(*history("superseded", "superseded", "superseded", "deployed"))
    options: dict[str, Any] = {"releases": [FLEET], "delete_later": True}
    tried = restore(cluster, request(set_of(*BEFORE), tmp_path, dry_run=True, **options))
    assert all(dry for *_write, dry in cluster.writes)
    fingerprint = tried["plan"]["fingerprint"]
    done = restore(cluster, request(set_of(*BEFORE), tmp_path, fingerprint=fingerprint, **options))
    assert done["objects"] == tried["objects"]


def test_the_diff_shows_the_history_and_no_blob(tmp_path: Path) -> None:
    cluster = cluster_with(*history("superseded", "superseded", "superseded", "deployed"))
    asked = request(set_of(*BEFORE), tmp_path, releases=[FLEET], delete_later=True, dry_run=True)
    text = restore(cluster, asked)["diff_text"]
    assert '+    "status": "pending-upgrade",' in text
    assert f"Secret/{NAMESPACE}/{name(4)} (deleted)" in text
    for each in (*BEFORE, *cluster.objects.values()):
        assert each["data"]["release"] not in text


CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/bundles.fleet.cattle.io"
BUNDLES = "/apis/fleet.cattle.io/v1alpha1/namespaces/fleet-local/bundles"
CRD = saved(
    "CustomResourceDefinition",
    "bundles.fleet.cattle.io",
    api_version="apiextensions.k8s.io/v1",
    spec={
        "group": "fleet.cattle.io",
        "names": {"kind": "Bundle", "plural": "bundles"},
        "versions": [{"name": "v1alpha1", "served": True}],
    },
)
BUNDLE = saved("Bundle", "mcc-x", "fleet-local", api_version="fleet.cattle.io/v1alpha1", spec={})
CRD_LABEL = "CustomResourceDefinition/bundles.fleet.cattle.io"


def test_a_definition_that_is_gone_comes_back_before_its_objects(tmp_path: Path) -> None:
    cluster = Cluster()

    def serve(api: Cluster, verb: str, path: str) -> None:
        if (
            verb == "get"
            and path == "/apis/fleet.cattle.io/v1alpha1/bundles"
            and CRD_PATH in api.objects
        ):
            api.objects[path] = {"metadata": {}, "items": []}

    cluster.before.append(serve)
    asked = request(a_set(BUNDLE, CRD), tmp_path, objects=["Bundle/fleet-local/mcc-x", CRD_LABEL])
    restore(cluster, asked)
    kept = [path for _verb, path, _body, dry in cluster.writes if not dry]
    assert kept == [CRD_PATH.rpartition("/")[0], BUNDLES]


def test_a_definition_that_exists_stays(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.add(CRD_PATH, {**CRD.content, "spec": {"group": "fleet.cattle.io"}})
    with pytest.raises(RemediationError, match="may lack fields") as raised:
        restore(cluster, request(a_set(CRD), tmp_path, objects=[CRD_LABEL]))
    assert raised.value.code == "refused"


def test_an_object_without_its_kind_says_what_to_do(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.failures["create", BUNDLES] = RemediationError("not-found", "The path is unknown.")
    with pytest.raises(RemediationError) as raised:
        restore(cluster, request(a_set(BUNDLE), tmp_path, objects=["Bundle/fleet-local/mcc-x"]))
    assert "CustomResourceDefinition" in raised.value.remedy


@pytest.mark.parametrize(
    ("kind", "where", "version"),
    [
        ("Upgrade", "harvester-system/u", "harvesterhci.io/v1beta1"),
        ("Setting", "server-version", "management.cattle.io/v3"),
        ("Secret", "fleet-local/local-rke-state", "v1"),
        ("Cluster", "fleet-local/local", "cluster.x-k8s.io/v1beta1"),
        ("Deployment", "cattle-system/rancher", "apps/v1"),
    ],
)
def test_what_must_not_come_back(tmp_path: Path, kind: str, where: str, version: str) -> None:
    namespace, _slash, called = where.rpartition("/")
    files = a_set(saved(kind, called, namespace or None, api_version=version))
    cluster = Cluster()
    with pytest.raises(RemediationError) as raised:
        restore(cluster, request(files, tmp_path, objects=[f"{kind}/{where}"]))
    assert raised.value.code == "refused"
    assert raised.value.remedy
    assert cluster.writes == []


LOCAL = "Cluster/fleet-local/local"
LABELLED = {"provisioning.cattle.io/management-cluster-name": "local"}
PROVISIONING = "provisioning.cattle.io/v1"


def local_cluster(workspace: str | None, **content: Any) -> SavedObject:
    status = {"ready": True, **({"fleetWorkspaceName": workspace} if workspace else {})}
    return saved(
        "Cluster", "local", "fleet-local", api_version=PROVISIONING, status=status, **content
    )


@pytest.mark.parametrize("saved_name", [None, "elsewhere"])
@pytest.mark.parametrize("labels", [{}, LABELLED])
def test_what_a_step_writes_in_a_status_comes_back_too(
    tmp_path: Path, saved_name: str | None, labels: dict[str, str]
) -> None:
    """And nothing else of the status, which belongs to the object's controllers."""
    before, after = local_cluster(saved_name, labels=labels), local_cluster("fleet-local")
    after.content["metadata"]["labels"] = LABELLED
    after.content["status"]["ready"] = False
    cluster = Cluster()
    cluster.add(after.api_path, after.content)
    asked = request(a_set(before), tmp_path, objects=[LOCAL])
    result = restore(cluster, asked)
    assert '-    "fleetWorkspaceName": "fleet-local"' in result["diff_text"]
    found = cluster.objects[after.api_path]
    assert (found["metadata"].get("labels") or {}) == labels
    assert found["status"] == {
        "ready": False,
        **({"fleetWorkspaceName": saved_name} if saved_name else {}),
    }
    assert not restore(cluster, asked)["changed"]


def test_a_deleted_object_comes_back_with_what_steps_write_in_its_status(tmp_path: Path) -> None:
    before, cluster = local_cluster("elsewhere"), Cluster()
    cluster.add(before.api_path.rpartition("/")[0], {"metadata": {}, "items": []})
    restore(cluster, request(a_set(before), tmp_path, objects=[LOCAL]))
    assert cluster.objects[before.api_path]["status"] == {"fleetWorkspaceName": "elsewhere"}


def test_a_status_that_must_not_be_written_is_refused_before_anything_is(tmp_path: Path) -> None:
    before, after = local_cluster(None), local_cluster("fleet-local", labels=LABELLED)
    cluster = Cluster()
    cluster.add(after.api_path, after.content)
    cluster.failures["patch", after.api_path] = RemediationError("forbidden", "No.")
    with pytest.raises(RemediationError, match="No"):
        restore(cluster, request(a_set(before), tmp_path, objects=[LOCAL]))
    assert cluster.objects[after.api_path]["metadata"]["labels"] == LABELLED
    assert list(tmp_path.iterdir()) == []


def test_a_set_of_another_cluster_is_refused(tmp_path: Path) -> None:
    files = a_set(cluster_uid="another")
    with pytest.raises(RemediationError, match="another") as raised:
        restore(Cluster(), request(files, tmp_path, objects=[CONFIG_LABEL]))
    assert raised.value.code == "refused"


def test_a_manifest_that_names_another_object_is_refused(tmp_path: Path) -> None:
    """Checksums alone do not keep a ConfigMap from being written over a Secret."""
    files = a_set()
    manifest = json.loads(files["manifest.json"])
    manifest["files"][0]["object"] = "ConfigMap/kube-system/coredns"
    files["manifest.json"] = json.dumps(manifest).encode()
    with pytest.raises(RemediationError, match="which is not ConfigMap/kube-system/coredns"):
        restore(Cluster(), request(files, tmp_path, objects=["ConfigMap/kube-system/coredns"]))


def test_owner_references_are_part_of_the_plan(tmp_path: Path) -> None:
    gone = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "x"}
    files = a_set(saved("ConfigMap", "c", "default", ownerReferences=[gone], data={}))
    cluster = Cluster()
    result = restore(cluster, request(files, tmp_path, objects=["ConfigMap/default/c"]))
    assert "is left out" in result["plan"]["steps"][0]["changes"][1]
    made = cluster.objects["/api/v1/namespaces/default/configmaps/c"]
    assert "ownerReferences" not in made["metadata"]


@pytest.mark.parametrize("present", ["another", None])
def test_an_index_comes_back_to_its_own_repository_only(
    tmp_path: Path, present: str | None
) -> None:
    """Rancher compares the owner's UID (FM 2.6): given the present one it would read an index of the past."""
    repo = "catalog.cattle.io/v1"
    owner = {"apiVersion": repo, "kind": "ClusterRepo", "name": "rancher-charts", "uid": "old"}
    files = a_set(saved("ConfigMap", "index", "cattle-system", ownerReferences=[owner], data={}))
    cluster = Cluster()
    resources = [{"name": "clusterrepos", "kind": "ClusterRepo", "namespaced": False}]
    cluster.add(f"/apis/{repo}", {"metadata": {}, "resources": resources})
    if present:
        path = f"/apis/{repo}/clusterrepos/rancher-charts"
        cluster.add(path, {"metadata": {"name": "rancher-charts", "uid": present}})
    with pytest.raises(RemediationError, match="is not there any more") as raised:
        restore(cluster, request(files, tmp_path, objects=["ConfigMap/cattle-system/index"]))
    assert raised.value.code == "refused"
