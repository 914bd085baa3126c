# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saving what a plan touches and bringing it back, on a real API server."""

from __future__ import annotations

import hashlib
import json
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.plan import (
    ObjectRef,
    Plan,
    Step,
)
from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    create,
    install_kinds,
    new,
    read,
    setting,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)
from controlplane.cri_log import CriLog
from controlplane.handle import ControlPlane

FLEET_CONFIG = new(
    "v1",
    "ConfigMap",
    "fleet-controller",
    "cattle-fleet-system",
    data={"config": '{"apiServerURL":"https://10.53.0.1"}'},
)
NAMESPACE = "cattle-fleet-system"
PENDING = "sh.helm.release.v1.fleet.v2"


def secret(revision: int, status: str) -> dict[str, Any]:
    made = release_secret("fleet", revision, status=status)
    for name in ("uid", "resourceVersion", "creationTimestamp"):
        del made["metadata"][name]
    return made


@pytest.fixture(scope="module")
def ill_cluster(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """A locked fleet, its configuration, a waiting job with a log, and a chart index."""
    install_kinds(control_plane)
    labels = {"harvesterhci.io/upgradeComponent": "manifest"}
    pod = new(
        "v1",
        "Pod",
        "hvst-apply-manifests-x1",
        "harvester-system",
        labels=labels,
        spec={"containers": [{"name": "apply", "image": "rancher/harvester-upgrade:v1.5.0"}]},
    )
    create(
        control_plane,
        secret(1, "deployed"),
        secret(2, "pending-upgrade"),
        FLEET_CONFIG,
        setting("fleet-version", "106.0.0+up0.12.0"),
        new("v1", "ConfigMap", "rancher-charts-3-abc", "cattle-system", binaryData={"content": ""}),
        pod,
    )
    log = CriLog(tmp_path_factory.mktemp("logs") / "job.log")
    log.write("wait helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed")
    control_plane.set_logs("harvester-system", "hvst-apply-manifests-x1", log.path)
    yield control_plane
    control_plane.kubectl("delete", "pod", "-n", "harvester-system", pod["metadata"]["name"])


@pytest.fixture
def run(ill_cluster: ControlPlane, tmp_path: Path) -> ModuleRun:
    return ModuleRun(ill_cluster, tmp_path)


def plan_for(control_plane: ControlPlane, cluster_uid: str | None = None) -> dict[str, Any]:
    uid = control_plane.get("namespace", "kube-system")["metadata"]["uid"]
    unlock = Step(
        action="unlock_release",
        module="helm_release",
        title="Unlock fleet",
        finding="pending-upgrade-lock",
        object=ObjectRef("v1", "Secret", "cattle-fleet-system", PENDING),
        params={"state": "unlocked", "namespace": "cattle-fleet-system", "release": "fleet"},
        id="01-unlock-fleet",
    )
    return Plan(cluster_uid or uid, "0" * 64, {}, (unlock,)).to_dict()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_set_holds_the_plans_objects_and_what_surrounds_them(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    result = run(
        "remediation_backup",
        plan=plan_for(control_plane),
        directory=str(tmp_path / "kept"),
        run_id="r1",
    )
    backup = result["backup"]
    folder = Path(backup["path"])
    assert folder == tmp_path / "kept" / "backup-r1"
    assert result["changed"]
    assert backup["missing"] == []
    for label in (
        f"Secret/cattle-fleet-system/{PENDING}",
        "Secret/cattle-fleet-system/sh.helm.release.v1.fleet.v1",
        "ConfigMap/cattle-fleet-system/fleet-controller",
        "ConfigMap/cattle-system/rancher-charts-3-abc",
        "Setting/fleet-version",
        "Pod/harvester-system/hvst-apply-manifests-x1",
        "CustomResourceDefinition/bundles.fleet.cattle.io",
    ):
        entry = backup["objects"][label]
        assert hashlib.sha256(Path(entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
    log = folder / "logs/harvester-system/hvst-apply-manifests-x1/apply.log"
    assert "wait helm release cattle-fleet-system fleet" in log.read_text()
    values = folder / f"releases/cattle-fleet-system/{PENDING}/values.yaml"
    assert "v0.12.0-rc.3" in values.read_text()


def test_the_saved_secret_is_the_one_helm_release_asks_for(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    result = run(
        "remediation_backup", plan=plan_for(control_plane), directory=str(tmp_path), run_id="r1"
    )
    entry = result["secrets"][f"cattle-fleet-system/{PENDING}"]
    saved = json.loads(Path(entry["path"]).read_text())
    live = control_plane.get("secret", "-n", "cattle-fleet-system", PENDING)
    assert saved["metadata"]["uid"] == live["metadata"]["uid"]
    assert (saved["kind"], saved["data"]) == ("Secret", live["data"])


def test_files_and_folders_are_for_their_owner_only(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    run("remediation_backup", plan=plan_for(control_plane), directory=str(tmp_path), run_id="r1")
    written = list((tmp_path / "backup-r1").rglob("*"))
    assert {mode(each) for each in written if each.is_file()} == {0o600}
    assert {mode(each) for each in written if each.is_dir()} == {0o700}


def test_manifest_holds_the_checksum_of_every_other_file(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    backup = run(
        "remediation_backup", plan=plan_for(control_plane), directory=str(tmp_path), run_id="r1"
    )["backup"]
    folder = tmp_path / "backup-r1"
    manifest = (folder / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == backup["manifest_sha256"]
    listed = {entry["path"]: entry["sha256"] for entry in json.loads(manifest)["files"]}
    found = {
        each.relative_to(folder).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in folder.rglob("*")
        if each.is_file() and each.name != "manifest.json"
    }
    assert listed == found
    assert len(found) == backup["files"]


def test_check_mode_says_the_same_and_writes_nothing(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    options: dict[str, Any] = {
        "plan": plan_for(control_plane),
        "directory": str(tmp_path / "kept"),
        "run_id": "r",
    }
    tried = run("remediation_backup", check=True, location="both", **options)
    assert not (tmp_path / "kept").exists()
    assert (
        "NotFound"
        in control_plane.kubectl(
            "get", "secret", "-n", "harvester-ops-backups", "backup-r-0", check=False
        ).stderr.decode()
    )
    done = run("remediation_backup", **options)
    assert tried["changed"]
    assert set(tried["backup"]["objects"]) == set(done["backup"]["objects"])
    # Nobody may look for a set that check mode has not written.
    assert (tried["backup"]["path"], tried["backup"]["namespace"]) == (None, None)
    assert done["backup"]["path"]


def test_the_set_of_a_run_is_kept_as_it_is(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    options: dict[str, Any] = {
        "plan": plan_for(control_plane),
        "directory": str(tmp_path),
        "run_id": "r1",
    }
    first = run("remediation_backup", **options)
    second = run("remediation_backup", **options)
    assert not second["changed"]
    assert second["backup"]["manifest_sha256"] == first["backup"]["manifest_sha256"]
    assert second["secrets"] == first["secrets"]
    error = run.error("remediation_backup", **{**options, "plan": {}})
    assert error["code"] == "backup-failed"


def test_a_damaged_set_is_not_taken_for_a_backup(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    options: dict[str, Any] = {
        "plan": plan_for(control_plane),
        "directory": str(tmp_path),
        "run_id": "r1",
    }
    entry = run("remediation_backup", **options)["secrets"][f"cattle-fleet-system/{PENDING}"]
    path = Path(entry["path"])
    path.write_bytes(path.read_bytes()[:-20])
    error = run.error("remediation_backup", **options)
    assert error["code"] == "backup-invalid"
    assert PENDING in error["message"]


def test_what_a_step_changes_must_be_readable(ill_cluster: ControlPlane, tmp_path: Path) -> None:
    run = ModuleRun(ill_cluster, tmp_path, ill_cluster.user("backup-blind"))
    ill_cluster.apply(
        new(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "backup-blind",
            rules=[{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}],
        ),
        new(
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            "backup-blind",
            roleRef={
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "backup-blind",
            },
            subjects=[
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "backup-blind"}
            ],
        ),
    )
    options: dict[str, Any] = {"directory": str(tmp_path / "kept"), "run_id": "r1"}
    error = run.error("remediation_backup", plan=plan_for(ill_cluster), **options)
    assert error["code"] == "backup-failed"
    assert "Secret/cattle-fleet-system" in error["message"]
    assert not (tmp_path / "kept").exists()
    # Without a step on it nothing is required; what cannot be read is listed.
    missing = run("remediation_backup", **options)["backup"]["missing"]
    assert any("forbid" in each["reason"] for each in missing)


def test_a_plan_of_another_cluster_is_refused(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    error = run.error(
        "remediation_backup",
        plan=plan_for(control_plane, cluster_uid="another"),
        directory=str(tmp_path / "kept"),
        run_id="r1",
    )
    assert error["code"] == "refused"
    assert not (tmp_path / "kept").exists()


def test_an_unwritable_folder_is_one_clear_error(run: ModuleRun, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    error = run.error("remediation_backup", directory=str(tmp_path / "file"), run_id="r1")
    assert error["code"] == "backup-failed"
    assert str(tmp_path / "file") in error["message"]


def test_a_copy_in_the_cluster_is_in_secrets(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    run_id = f"20261123T150000Z-{secrets.token_hex(3)}"
    result = run(
        "remediation_backup",
        plan=plan_for(control_plane),
        directory=str(tmp_path),
        run_id=run_id,
        location="both",
    )
    assert result["backup"]["cluster_copy"] == [
        f"Secret/harvester-ops-backups/backup-{run_id.lower()}-{part}" for part in ("0", "seal")
    ]
    name = result["backup"]["cluster_copy"][0].rsplit("/", 1)[1]
    found = control_plane.get("secret", "-n", "harvester-ops-backups", name)
    assert found["immutable"]


def test_no_secret_is_in_the_result(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    result = run(
        "remediation_backup", plan=plan_for(control_plane), directory=str(tmp_path), run_id="r1"
    )
    blob = control_plane.get("secret", "-n", "cattle-fleet-system", PENDING)["data"]["release"]
    assert blob not in json.dumps(result)


def test_fleets_configuration_is_saved_whole(run: ModuleRun, tmp_path: Path) -> None:
    backup = run("remediation_backup", directory=str(tmp_path), run_id="r1")["backup"]
    entry = backup["objects"]["ConfigMap/cattle-fleet-system/fleet-controller"]
    saved = json.loads(Path(entry["path"]).read_text())
    live = read(run.control_plane, FLEET_CONFIG)
    assert live is not None
    assert saved["data"] == live["data"]


@pytest.fixture
def saved(run: ModuleRun, control_plane: ControlPlane, tmp_path: Path) -> Path:
    """A fresh state of what the tests change, saved."""
    create(control_plane, secret(1, "deployed"), secret(2, "pending-upgrade"), FLEET_CONFIG)
    result = run(
        "remediation_backup", plan=plan_for(control_plane), directory=str(tmp_path), run_id="r1"
    )
    return Path(result["backup"]["path"])


def restoring(saved: Path, *objects: str, **more: Any) -> dict[str, Any]:
    return {
        "path": str(saved),
        "objects": list(objects),
        "directory": str(saved.parent),
        "run_id": "r2",
        **more,
    }


CONFIG_LABEL = "ConfigMap/cattle-fleet-system/fleet-controller"
PENDING_LABEL = f"Secret/cattle-fleet-system/{PENDING}"


def wipe_config(control_plane: ControlPlane) -> None:
    control_plane.apply({**FLEET_CONFIG, "data": {"config": '{"apiServerURL":""}'}})


def remove_pending(control_plane: ControlPlane) -> None:
    control_plane.kubectl("delete", "secret", "-n", "cattle-fleet-system", PENDING)


def test_a_changed_object_comes_back_after_it_was_saved(
    run: ModuleRun, control_plane: ControlPlane, saved: Path
) -> None:
    wipe_config(control_plane)
    result = run("remediation_restore", **restoring(saved, CONFIG_LABEL))
    assert result["changed"]
    assert result["objects"] == [{"object": CONFIG_LABEL, "action": "replaced"}]
    live = read(control_plane, FLEET_CONFIG)
    assert live is not None
    assert live["data"] == FLEET_CONFIG["data"]
    entry = result["safety_backup"]["objects"][CONFIG_LABEL]
    assert json.loads(Path(entry["path"]).read_text())["data"] == {"config": '{"apiServerURL":""}'}
    assert not run("remediation_restore", **restoring(saved, CONFIG_LABEL))["changed"]


def test_a_removed_revision_comes_back_and_helm_sees_it(
    run: ModuleRun, control_plane: ControlPlane, saved: Path
) -> None:
    remove_pending(control_plane)
    result = run("remediation_restore", **restoring(saved, PENDING_LABEL))
    assert result["objects"] == [{"object": PENDING_LABEL, "action": "created"}]
    assert result["safety_backup"] is None
    history = run("helm_release_info", releases=[{"namespace": NAMESPACE, "release": "fleet"}])
    last = history["releases"][f"{NAMESPACE}/fleet"]["revisions"][0]
    assert (last["revision"], last["status"]) == (2, "pending-upgrade")


def test_restoring_in_check_mode_is_a_plan(
    run: ModuleRun, control_plane: ControlPlane, saved: Path
) -> None:
    wipe_config(control_plane)
    remove_pending(control_plane)
    options = restoring(saved, CONFIG_LABEL, PENDING_LABEL)
    tried = run("remediation_restore", check=True, diff=True, **options)
    live = read(control_plane, FLEET_CONFIG)
    assert live is not None
    assert live["data"] == {"config": '{"apiServerURL":""}'}
    assert not (saved.parent / "before-restore-r2").exists()
    assert [step["object"]["name"] for step in tried["plan"]["steps"]] == [
        "fleet-controller",
        PENDING,
    ]
    assert '{\\"apiServerURL\\":\\"\\"}' in tried["diff"]["before"]
    assert "https://10.53.0.1" in tried["diff"]["after"]
    done = run("remediation_restore", **options, approved_plan=tried["plan"]["fingerprint"])
    assert done["objects"] == tried["objects"]


def test_only_what_was_approved_is_done(
    run: ModuleRun, control_plane: ControlPlane, saved: Path
) -> None:
    wipe_config(control_plane)
    options = restoring(saved, CONFIG_LABEL)
    fingerprint = run("remediation_restore", check=True, **options)["plan"]["fingerprint"]
    control_plane.apply({**FLEET_CONFIG, "data": {"config": '{"apiServerURL":"x"}'}})
    error = run.error("remediation_restore", **options, approved_plan=fingerprint)
    assert error["code"] == "plan-drifted"
    live = read(control_plane, FLEET_CONFIG)
    assert live is not None
    assert live["data"] == {"config": '{"apiServerURL":"x"}'}


def test_a_diff_shows_no_secret(run: ModuleRun, control_plane: ControlPlane, saved: Path) -> None:
    remove_pending(control_plane)
    blob = json.loads((saved / "objects/Secret.v1" / NAMESPACE / f"{PENDING}.json").read_text())
    result = run("remediation_restore", diff=True, **restoring(saved, PENDING_LABEL))
    assert blob["data"]["release"] not in json.dumps(result)
    assert "redacted:" in result["diff"]["after"]


def test_a_damaged_set_is_not_restored_from(
    run: ModuleRun, control_plane: ControlPlane, saved: Path
) -> None:
    wipe_config(control_plane)
    path = saved / "objects/ConfigMap.v1" / NAMESPACE / "fleet-controller.json"
    path.write_text(path.read_text().replace("10.53.0.1", "10.53.0.2"))
    error = run.error("remediation_restore", **restoring(saved, CONFIG_LABEL))
    assert error["code"] == "backup-invalid"
    assert "fleet-controller.json" in error["message"]


def test_an_object_the_set_lacks(run: ModuleRun, saved: Path) -> None:
    error = run.error("remediation_restore", **restoring(saved, "ConfigMap/default/nothing"))
    assert error["code"] == "not-found"
    assert CONFIG_LABEL in error["details"]["objects"]


@pytest.mark.parametrize("label", ["Pod/harvester-system/hvst-apply-manifests-x1"])
def test_records_and_definitions_do_not_come_back(run: ModuleRun, saved: Path, label: str) -> None:
    error = run.error("remediation_restore", **restoring(saved, label))
    assert error["code"] == "refused"
    assert label in error["message"]


def test_a_release_that_has_gone_on_stays(
    run: ModuleRun, control_plane: ControlPlane, saved: Path
) -> None:
    create(control_plane, secret(2, "deployed"))
    written = run.error("remediation_restore", **restoring(saved, PENDING_LABEL))
    assert (written["code"], "Helm has written it since" in written["message"]) == ("refused", True)
    remove_pending(control_plane)
    create(control_plane, secret(3, "deployed"))
    try:
        gone_on = run.error("remediation_restore", **restoring(saved, PENDING_LABEL))
    finally:
        name = "sh.helm.release.v1.fleet.v3"
        control_plane.kubectl("delete", "secret", "-n", NAMESPACE, name)
    assert gone_on["code"] == "refused"
    assert "revision 3" in gone_on["message"]


def test_a_set_of_another_cluster_is_not_restored(run: ModuleRun, saved: Path) -> None:
    manifest = saved / "manifest.json"
    document = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**document, "cluster_uid": "another"}))
    error = run.error("remediation_restore", **restoring(saved, CONFIG_LABEL))
    assert error["code"] == "refused"
    assert "another" in error["message"]


def test_the_copy_in_the_cluster_is_as_good(
    run: ModuleRun, control_plane: ControlPlane, saved: Path
) -> None:
    run_id = secrets.token_hex(4)
    options: dict[str, Any] = {"directory": str(saved.parent), "run_id": run_id}
    run("remediation_backup", location="cluster", **options)
    assert not (saved.parent / f"backup-{run_id}").exists()
    wipe_config(control_plane)
    options = {**options, "id": f"backup-{run_id}", "objects": [CONFIG_LABEL]}
    assert run("remediation_restore", **options)["changed"]
    live = read(control_plane, FLEET_CONFIG)
    assert live is not None
    assert live["data"] == FLEET_CONFIG["data"]
    error = run.error("remediation_restore", **{**options, "id": "backup-nowhere"})
    assert error["code"] == "backup-invalid"
