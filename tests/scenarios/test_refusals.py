# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run cannot work with: one clear error each, and no change of the cluster."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.tests.scenarios import transcripts
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    Finished,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    APPROVED,
    LOCK,
    become_old,
)
from controlplane.ports import free_ports
from doubles import chart_package
from doubles.scenarios import scenario

# All tests share one stuck cluster, which none of them may change; see conftest.py.
RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"
UPGRADES = "upgrades.harvesterhci.io"
NAMESPACE = "harvester-system"
# The cluster lock, and the journal's Events on the Upgrade, are no change of what the cluster does.
BOOKKEEPING = {f"{verb} {LOCK}" for verb in ("create", "update", "patch", "delete")}
BOOKKEEPING |= {"create events cattle-fleet-system", "create events harvester-system"}


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SickCluster]:
    """A cluster that could be repaired."""
    folder = tmp_path_factory.mktemp("refusals")
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), folder) as cluster:
        become_old(cluster)
        yield cluster


@pytest.fixture
def operator(sick: SickCluster, tmp_path: Path) -> Playbook:
    """The operator, with an artifacts folder for one test."""
    return sick.operator.writing_to(tmp_path / "artifacts")


def refused(
    sick: SickCluster,
    run: Callable[..., Finished],
    /,
    *arguments: str,
    besides: str = "nothing",
    **options: Any,
) -> dict[str, Any]:
    """The error of an approved run that must fail and must not change anything, besides one namespace."""
    log, before = sick.audit.mark(), sick.revisions()
    finished = run(*arguments, **{**APPROVED, **options})
    assert finished.code != 0, finished
    assert finished.changed == 0, finished
    assert {each for each in log.writes() if besides not in each} <= BOOKKEEPING
    assert sick.revisions() == before
    assert sick.lock_holder() == ""
    report = finished.report
    assert report["verdict"] in ("failed", "refused"), finished
    error: dict[str, Any] = report["error"]
    assert error["remedy"], error
    if error["code"] == "server-unreachable":
        transcripts.keep("failed", finished)
    assert error["message"] in " ".join(finished.output.split()), finished
    return error


# -- the way to the cluster ----------------------------------------------------------------------


def test_kubeconfig_is_missing(sick: SickCluster, operator: Playbook, tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere")
    error = refused(sick, operator.remediate, kubeconfig=path)
    assert error["code"] == "kubeconfig-unreadable"
    assert path in error["message"]


def test_kubeconfig_is_no_kubeconfig(sick: SickCluster, operator: Playbook, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("clusters: [oops", encoding="utf-8")
    error = refused(sick, operator.remediate, kubeconfig=str(path))
    assert error["code"] == "kubeconfig-invalid"
    assert str(path) in error["message"]


def test_context_does_not_exist(sick: SickCluster, operator: Playbook) -> None:
    error = refused(sick, operator.remediate, context="production")
    assert error["code"] == "context-unknown"
    assert "production" in error["message"]
    assert sick.control_plane.context in f"{error['message']} {error['remedy']}"


def test_server_does_not_answer(sick: SickCluster, operator: Playbook, tmp_path: Path) -> None:
    config = yaml.safe_load(Path(str(operator.options["remediation_kubeconfig"])).read_text())
    server = f"https://127.0.0.1:{free_ports(1)[0]}"
    config["clusters"][0]["cluster"]["server"] = server
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    error = refused(sick, operator.remediate, kubeconfig=str(path))
    assert error["code"] == "server-unreachable"
    assert server.removeprefix("https://") in error["message"]


def test_account_may_not_write(sick: SickCluster, operator: Playbook) -> None:
    reader = sick.control_plane.user("reader")
    sick.control_plane.apply(_view_everything(), _bound_to("reader", "view-everything"))
    error = refused(sick, operator.remediate, kubeconfig=str(reader))
    assert error["code"] == "forbidden"
    assert "nothing was begun" in error["message"]
    missing = error["details"]["missing"]
    assert {"harvester-ops-remediation", "02-upgrade-fleet"} <= set(missing)
    assert "escalate clusterroles.rbac.authorization.k8s.io" in missing["02-upgrade-fleet"]


def _view_everything() -> dict[str, Any]:
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "view-everything"},
        "rules": [rule],
    }


def _bound_to(user: str, role: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{user}-{role}"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }


# -- helm and charts -----------------------------------------------------------------------------


def test_helm_is_missing(sick: SickCluster, operator: Playbook) -> None:
    error = refused(sick, operator.remediate, helm_binary="/nowhere/helm")
    assert error["code"] == "helm-missing"
    assert "/nowhere/helm" in error["message"]


def _archives(folder: Path) -> Path:
    """The three charts as they should be."""
    folder.mkdir()
    for name, version in (
        ("fleet-crd", GA),
        ("fleet", GA),
        ("rancher-webhook", "106.0.0+up0.7.0"),
    ):
        chart_package.package(name, version).write(folder)
    return folder


def test_chart_is_of_another_version(sick: SickCluster, operator: Playbook, tmp_path: Path) -> None:
    """Not even under the right name is a release candidate taken for the release."""
    folder = _archives(tmp_path / "charts")
    candidate = chart_package.package("fleet-crd", RC).write(tmp_path / "candidate")
    shutil.copy(candidate, folder / f"fleet-crd-{GA}.tgz")
    error = refused(sick, operator.remediate, chart_source="path", chart_path=str(folder))
    assert error["code"] == "chart-mismatch"
    assert RC in error["message"]
    assert GA in error["message"]


def test_chart_archive_is_truncated(sick: SickCluster, operator: Playbook, tmp_path: Path) -> None:
    folder = _archives(tmp_path / "charts")
    archive = folder / f"fleet-crd-{GA}.tgz"
    archive.write_bytes(archive.read_bytes()[:-200])
    error = refused(sick, operator.remediate, chart_source="path", chart_path=str(folder))
    assert error["code"] == "chart-archive-invalid"
    assert archive.name in error["message"]


def test_chart_archive_is_hostile(sick: SickCluster, operator: Playbook, tmp_path: Path) -> None:
    folder = _archives(tmp_path / "charts")
    archive = folder / f"fleet-crd-{GA}.tgz"
    with tarfile.open(archive, "w:gz") as chart:
        for name in ("fleet-crd/Chart.yaml", "../../outside"):
            content = f"apiVersion: v2\nname: fleet-crd\nversion: {GA}\n".encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            chart.addfile(member, io.BytesIO(content))
    error = refused(sick, operator.remediate, chart_source="path", chart_path=str(folder))
    assert error["code"] == "chart-archive-unsafe"
    assert archive.name in error["message"]
    assert not list(tmp_path.parent.rglob("outside"))


# -- the backup ----------------------------------------------------------------------------------


def test_backup_has_no_room_in_the_cluster(sick: SickCluster, operator: Playbook) -> None:
    """The quota takes effect in the middle of the set: no step runs, no piece stays."""
    namespace = "no-room-for-backups"
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few", "namespace": namespace},
        "spec": {"hard": {"count/secrets": "1"}},
    }
    metadata = {"name": namespace}
    sick.control_plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, quota)
    error = refused(
        sick,
        operator.remediate,
        besides=namespace,
        backup_location="both",
        backup_namespace=namespace,
    )
    assert error["code"] == "backup-failed"
    assert "exceeded quota" in error["message"]
    assert sick.control_plane.get("secrets", "-n", namespace)["items"] == []
    assert list(operator.artifacts.glob("backup-*")) == []


def test_backup_cannot_be_encrypted(sick: SickCluster, operator: Playbook, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("for everybody to read", encoding="utf-8")
    passphrase.chmod(0o644)
    error = refused(sick, operator.remediate, backup_passphrase_file=str(passphrase))
    assert error["code"] == "refused"
    assert str(passphrase) in error["message"]
    assert list(operator.artifacts.glob("backup-*")) == []


# -- the Upgrade ---------------------------------------------------------------------------------


def test_two_upgrades_are_the_latest(sick: SickCluster, operator: Playbook) -> None:
    body = sick.stuck.cluster.get(UPGRADES, sick.stuck.upgrade, NAMESPACE)
    other = {
        **{key: body[key] for key in ("apiVersion", "kind", "spec")},
        "metadata": {
            "name": "hvst-upgrade-older",
            "namespace": NAMESPACE,
            "labels": body["metadata"]["labels"],
        },
    }
    sick.stuck.cluster.ensure(other)
    try:
        error = refused(sick, operator.remediate)
    finally:
        sick.stuck.cluster.delete(UPGRADES, "hvst-upgrade-older", NAMESPACE)
    assert error["code"] == "upgrade-ambiguous"
    assert "hvst-upgrade-older" in error["message"]
    assert sick.stuck.upgrade in error["message"]


def test_no_upgrade_is_the_latest(sick: SickCluster, operator: Playbook) -> None:
    label = "harvesterhci.io/latestUpgrade"
    without: dict[str, Any] = {"metadata": {"labels": {label: None}}}
    sick.stuck.cluster.patch(UPGRADES, sick.stuck.upgrade, without, NAMESPACE)
    try:
        error = refused(sick, operator.remediate)
    finally:
        marked = {"metadata": {"labels": {label: "true"}}}
        sick.stuck.cluster.patch(UPGRADES, sick.stuck.upgrade, marked, NAMESPACE)
    assert error["code"] == "upgrade-absent"
    assert label in error["message"]
