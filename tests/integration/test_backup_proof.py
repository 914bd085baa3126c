# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup must hold to, on a real API server and with real helms: nothing lost, nothing half done."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Step,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import paths
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import resolve
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    create,
    install_kinds,
    new,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import (
    CONFIG_MAP,
    write_chart,
)
from controlplane.handle import ControlPlane

NAMESPACE = "cattle-fleet-system"
SECRETS = paths.core("v1", "secrets", NAMESPACE)
BACKUPS = "harvester-ops-backups"
REVISIONS = 30
# The values of a Secret may have 1 MiB together.
BLOB_BYTES = 1024 * 1024 - 1
VERSIONS = ("106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0", "106.0.1+up0.12.1")


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> ControlPlane:
    install_kinds(control_plane)
    return control_plane


@pytest.fixture(scope="module")
def client(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> KubeClient:
    """The API without kubectl, which keeps a second copy of what it applies in an annotation."""
    scratch = tmp_path_factory.mktemp("client")
    return KubeClient(resolve({"kubeconfig": str(cluster.kubeconfig)}, tmpdir=str(scratch)))


@pytest.fixture
def run(cluster: ControlPlane, tmp_path: Path) -> ModuleRun:
    return ModuleRun(cluster, tmp_path)


def plan_to_unlock(namespace: str, release: str) -> dict[str, Any]:
    """A plan for whose backup every revision of the release is saved."""
    secret = ObjectRef("v1", "Secret", namespace, f"sh.helm.release.v1.{release}.v1")
    params = {"state": "unlocked", "namespace": namespace, "release": release}
    step = Step(
        "unlock_release", "helm_release", "Unlock it", "lock", secret, params, id="01-unlock"
    )
    return {"steps": [step.to_dict()]}


def copies(control_plane: ControlPlane, namespace: str) -> list[str]:
    """The Secrets in a namespace of backup sets."""
    return [
        each["metadata"]["name"] for each in control_plane.get("secrets", "-n", namespace)["items"]
    ]


# -- large histories -----------------------------------------------------------------------------


def big_revision(number: int) -> dict[str, Any]:
    """A revision as large as a Secret may be. Its content is noise: a backup must not care."""
    text = base64.b64encode(os.urandom(BLOB_BYTES * 3 // 4 - 3))[:BLOB_BYTES]
    labels = {
        "owner": "helm",
        "name": "big",
        "version": str(number),
        "status": "deployed" if number == REVISIONS else "superseded",
        "modifiedAt": f"17{number:08}",
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"sh.helm.release.v1.big.v{number}",
            "namespace": NAMESPACE,
            "labels": labels,
            "annotations": {"meta.example.org/kept": f"revision {number}"},
        },
        "type": "helm.sh/release.v1",
        "data": {"release": base64.b64encode(text).decode()},
    }


def as_it_matters(secret: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: secret["metadata"].get(key) for key in ("name", "labels", "annotations")}
    return {**metadata, "type": secret["type"], "data": secret["data"]}


@pytest.fixture(scope="module")
def big_history(client: KubeClient) -> Iterator[list[dict[str, Any]]]:
    revisions = [big_revision(number) for number in range(1, REVISIONS + 1)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda secret: client.create(SECRETS, secret), revisions))
    yield [as_it_matters(each) for each in revisions]
    for each in revisions:
        client.delete(f"{SECRETS}/{each['metadata']['name']}")


def test_thirty_revisions_of_one_mebibyte_come_back_byte_for_byte(
    run: ModuleRun, client: KubeClient, big_history: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Saved in a folder and, encrypted or not, in the cluster; half of them lost, two altered, one too many."""
    plan = plan_to_unlock(NAMESPACE, "big")
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    passphrase.chmod(0o600)
    sealed = {"passphrase_file": str(passphrase)}
    kept: dict[str, Any] = {"directory": str(tmp_path / "kept"), "run_id": "big"}
    backup = run("remediation_backup", plan=plan, location="both", **kept, **sealed)["backup"]
    assert backup["bytes"] > REVISIONS * BLOB_BYTES
    for number in range(1, REVISIONS // 2):
        client.delete(f"{SECRETS}/sh.helm.release.v1.big.v{number}")
    for number in (REVISIONS - 1, REVISIONS):
        path = f"{SECRETS}/sh.helm.release.v1.big.v{number}"
        client.patch(
            path, {"data": {"release": "eA=="}, "metadata": {"labels": {"status": "failed"}}}
        )
    client.create(SECRETS, big_revision(REVISIONS + 1))

    result = run(
        "remediation_restore",
        id=backup["id"],
        releases=[f"{NAMESPACE}/big"],
        delete_later_revisions=True,
        directory=str(tmp_path / "kept"),
        run_id="r2",
        **sealed,
    )
    actions = [each["action"] for each in result["objects"]]
    assert actions.count("created") == REVISIONS // 2 - 1
    assert (actions.count("replaced"), actions.count("deleted")) == (2, 1)
    found = client.list(SECRETS, label_selector="owner=helm,name=big", limit=10)
    by_name = {each["metadata"]["name"]: as_it_matters(each) for each in found}
    assert len(by_name) == REVISIONS
    assert [by_name[each["name"]] for each in big_history] == big_history
    shown = run("remediation_backup_info", path=backup["path"], **sealed)["set"]
    assert shown["opened"]
    assert len(shown["releases"][f"{NAMESPACE}/big"]) == REVISIONS


# -- helm itself ---------------------------------------------------------------------------------


class Helm:
    """One of the two helms, with release fleet in a namespace of its own."""

    def __init__(self, control_plane: ControlPlane, name: str, folder: Path) -> None:
        self.control_plane = control_plane
        self.program = getattr(control_plane, name)
        self.namespace = f"fleet-by-{name}"
        self.folder = folder
        create(control_plane, new("v1", "Namespace", self.namespace))

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.program), "--namespace", self.namespace, *arguments],
            env=self.control_plane.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def upgrade(self, version: str) -> None:
        """Install or upgrade fleet."""
        chart = write_chart(
            self.folder,
            "fleet",
            version,
            templates={"a.yaml": CONFIG_MAP},
            values="greeting: hello\n",
        )
        self("upgrade", "--install", "fleet", str(chart), "--history-max", "5")

    def history(self) -> Any:
        """What `helm history` says."""
        return json.loads(self("history", "fleet", "-o", "json"))


@pytest.mark.parametrize("name", ["helm3", "helm4"])
def test_helm_history_is_the_one_before_the_remediation(
    cluster: ControlPlane, run: ModuleRun, tmp_path: Path, name: str
) -> None:
    """And helm works on it: it lists, reads values, and upgrades."""
    helm = Helm(cluster, name, tmp_path)
    helm.upgrade(VERSIONS[0])
    helm.upgrade(VERSIONS[0])
    before = helm.history()
    plan = plan_to_unlock(helm.namespace, "fleet")
    kept = {"directory": str(tmp_path / "kept"), "run_id": "r1"}
    backup = run("remediation_backup", plan=plan, **kept)["backup"]
    helm.upgrade(VERSIONS[1])
    helm.upgrade(VERSIONS[1])
    assert helm.history() != before

    options: dict[str, Any] = {
        "path": backup["path"],
        "releases": [f"{helm.namespace}/fleet"],
        "directory": str(tmp_path / "kept"),
        "run_id": "r2",
    }
    error = run.error("remediation_restore", **options)
    assert (error["code"], "3, 4" in error["message"]) == ("refused", True)
    assert len(helm.history()) == 4
    run("remediation_restore", delete_later_revisions=True, **options)
    assert helm.history() == before
    assert VERSIONS[0] in helm("list", "-o", "json")
    helm("get", "values", "fleet")
    helm.upgrade(VERSIONS[2])
    assert [each["revision"] for each in helm.history()] == [1, 2, 3]


# -- what may not be half done -------------------------------------------------------------------


def three_pieces() -> dict[str, Any]:
    """An object that makes a set need three pieces in the cluster."""
    noise = base64.b64encode(os.urandom(500_000)).decode()
    return {"apiVersion": "v1", "kind": "ConfigMap", "data": {"x": noise}}


@pytest.fixture
def large_set(client: KubeClient) -> Iterator[None]:
    config_maps = paths.core("v1", "configmaps", "cattle-system")
    names = [f"rancher-charts-{number}-noise" for number in range(3)]
    for each in names:
        client.create(config_maps, {**three_pieces(), "metadata": {"name": each}})
    yield
    for each in names:
        client.delete(f"{config_maps}/{each}")


@pytest.mark.usefixtures("large_set")
def test_a_quota_in_the_middle_leaves_no_piece(run: ModuleRun, tmp_path: Path) -> None:
    namespace = "backups-with-a-quota"
    quota = new("v1", "ResourceQuota", "few", namespace, spec={"hard": {"count/secrets": "1"}})
    create(run.control_plane, new("v1", "Namespace", namespace), quota)
    run.control_plane.wait_for(
        "the quota to count",
        lambda: run.control_plane.get("resourcequota", "-n", namespace, "few").get("status"),
    )
    options = {"directory": str(tmp_path), "run_id": "q", "location": "cluster"}
    error = run.error("remediation_backup", namespace=namespace, **options)
    assert error["code"] == "backup-failed"
    assert "exceeded quota" in error["message"]
    assert copies(run.control_plane, namespace) == []
    assert list(tmp_path.glob("backup-*")) == []
    info = run("remediation_backup_info", in_cluster=True, namespace=namespace)
    assert info["sets"] == []


def test_a_forbidden_namespace_is_one_clear_error(cluster: ControlPlane, tmp_path: Path) -> None:
    reader = cluster.user("backup-reader")
    role = new(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        "read-all",
        rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}],
    )
    binding = new(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        "backup-reader",
        roleRef={
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "read-all",
        },
        subjects=[
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "backup-reader"}
        ],
    )
    cluster.apply(role, binding)
    run = ModuleRun(cluster, tmp_path, reader)
    options: dict[str, Any] = {"run_id": "f", "namespace": "nobody-made-it"}
    error = run.error(
        "remediation_backup", directory=str(tmp_path / "kept"), location="both", **options
    )
    assert error["code"] == "backup-failed"
    assert "Namespace/nobody-made-it" in error["message"]
    assert error["details"]["cause"]["code"] == "forbidden"
    assert not (tmp_path / "kept").exists()


def test_definitions_and_bundles_that_are_gone_come_back(run: ModuleRun, tmp_path: Path) -> None:
    """What `helm uninstall fleet-crd` does to a cluster; the set still holds what it takes to go back."""
    control_plane = run.control_plane
    bundle = new(
        "fleet.cattle.io/v1alpha1", "Bundle", "mcc-x", "fleet-local", spec={"paused": True}
    )
    create(control_plane, bundle)
    kept = {"directory": str(tmp_path), "run_id": "crd"}
    backup = run("remediation_backup", **kept)["backup"]
    crd = "bundles.fleet.cattle.io"
    control_plane.kubectl("delete", "crd", crd, "--wait=true")
    # A set can be made without the definitions, too, and says nothing is missing but what there is not.
    assert (
        run("remediation_backup", directory=str(tmp_path), run_id="without")["backup"]["missing"]
        == []
    )
    lonely: dict[str, Any] = {"path": backup["path"], "directory": str(tmp_path)}
    error = run.error(
        "remediation_restore", objects=["Bundle/fleet-local/mcc-x"], run_id="r1", **lonely
    )
    assert "CustomResourceDefinition" in error["remedy"]
    result = run(
        "remediation_restore",
        objects=["Bundle/fleet-local/mcc-x", f"CustomResourceDefinition/{crd}"],
        run_id="r2",
        **lonely,
    )
    assert [each["action"] for each in result["objects"]] == ["created", "created"]
    found = control_plane.get("bundles.fleet.cattle.io", "-n", "fleet-local", "mcc-x")
    assert found["spec"] == {"paused": True}


def test_an_owner_made_anew_holds_what_comes_back(run: ModuleRun, tmp_path: Path) -> None:
    """With the reference of old, the garbage collector would delete it again."""
    control_plane = run.control_plane
    owner = new("v1", "ConfigMap", "owner", "cattle-system", data={})
    create(control_plane, owner)

    def uid() -> str:
        return str(
            control_plane.get("configmap", "-n", "cattle-system", "owner")["metadata"]["uid"]
        )

    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid()}
    owned = new(
        "v1",
        "ConfigMap",
        "rancher-charts-owned",
        "cattle-system",
        data={"a": "b"},
        ownerReferences=[reference],
    )
    create(control_plane, owned)
    backup = run("remediation_backup", directory=str(tmp_path), run_id="o")["backup"]
    create(control_plane, owner)
    control_plane.kubectl(
        "delete", "configmap", "-n", "cattle-system", "rancher-charts-owned", "--ignore-not-found"
    )
    run(
        "remediation_restore",
        path=backup["path"],
        objects=["ConfigMap/cattle-system/rancher-charts-owned"],
        directory=str(tmp_path),
        run_id="r",
    )
    found = control_plane.get("configmap", "-n", "cattle-system", "rancher-charts-owned")
    assert [each["uid"] for each in found["metadata"]["ownerReferences"]] == [uid()]


def test_old_sets_go_and_the_newest_stays(
    run: ModuleRun, client: KubeClient, tmp_path: Path
) -> None:
    """Sets are aged in the seal, which is immutable: so it is written anew."""
    namespace = "backups-of-old"
    options: dict[str, Any] = {
        "directory": str(tmp_path),
        "location": "cluster",
        "namespace": namespace,
    }
    for number in (1, 2):
        run("remediation_backup", run_id=f"old-{number}", **options)
        _age(client, namespace, f"backup-old-{number}", f"2025-01-0{number}T00:00:00Z")
    done = run("remediation_backup", run_id="new", keep=1, **options)["backup"]
    assert len(done["removed"]) == 2
    listed = run("remediation_backup_info", in_cluster=True, namespace=namespace)["sets"]
    assert [each["id"] for each in listed] == ["backup-new"]


def _age(client: KubeClient, namespace: str, set_id: str, created_at: str) -> None:
    path = paths.core("v1", "secrets", namespace, f"{set_id}-seal")
    seal = client.get(path)
    cover = json.loads(base64.b64decode(seal["data"]["content"]))
    cover["identity"]["created_at"] = created_at
    seal["data"]["content"] = base64.b64encode(json.dumps(cover).encode()).decode()
    client.delete(path)
    kept = {key: seal["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
    client.create(path.rpartition("/")[0], {**seal, "metadata": kept})
