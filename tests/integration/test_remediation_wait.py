# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting on a real API server: what each condition sees, and what the action tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    create,
    install_kinds,
    new,
    set_status,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)
from controlplane.cri_log import CriLog
from controlplane.handle import ControlPlane

ANSIBLE_PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
NAMESPACE = "wait-tests"
POD_LABELS = {
    "harvesterhci.io/upgrade": "hvst-upgrade-w1",
    "harvesterhci.io/upgradeComponent": "manifest",
}
FLEET_LINE = "wait helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed"
CRD_LINE = (
    "wait helm release cattle-fleet-system fleet-crd fleet-crd-106.0.0+up0.12.0 0.12.0 deployed"
)
FIRST_POD = "hvst-upgrade-w1-apply-manifests-a"
UPGRADE = new(
    "harvesterhci.io/v1beta1",
    "Upgrade",
    "hvst-upgrade-w1",
    "harvester-system",
    labels={
        "harvesterhci.io/latestUpgrade": "true",
        "harvesterhci.io/upgradeState": "UpgradingSystemServices",
    },
    spec={"version": "v1.5.0"},
    status={"conditions": [{"type": "SystemServicesUpgraded", "status": "Unknown"}]},
)


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> ControlPlane:
    install_kinds(control_plane)
    control_plane.apply(new("v1", "Namespace", NAMESPACE))
    return control_plane


@pytest.fixture
def run(cluster: ControlPlane, tmp_path: Path) -> ModuleRun:
    return ModuleRun(cluster, tmp_path)


def look(run: ModuleRun, condition: str, **options: Any) -> dict[str, Any]:
    seen: dict[str, Any] = run("remediation_wait", condition=condition, **options)["observation"]
    return seen


def secret(release: str, revision: int, status: str, version: str = "1.0.0") -> dict[str, Any]:
    chart = {"metadata": {"name": release, "version": version}}
    made = release_secret(release, revision, namespace=NAMESPACE, status=status, chart=chart)
    for name in ("uid", "resourceVersion", "creationTimestamp"):
        del made["metadata"][name]
    return made


class TestRelease:
    def test_version_is_reached(self, run: ModuleRun, cluster: ControlPlane) -> None:
        create(cluster, secret("there", 1, "deployed", "1.0.0+up2"))
        where = {"namespace": NAMESPACE, "release": "there"}
        assert look(run, "release_version", chart_version="1.0.0+up2", **where)["done"]
        # Build metadata counts: this is the very difference the upgrade waits for.
        other = look(run, "release_version", chart_version="1.0.0+up3", **where)
        assert (other["done"], other["begun"]) == (False, False)
        assert other["state"] == "revision 1 is deployed at 1.0.0+up2"

    def test_a_pending_revision_of_another_version_is_not_it(
        self, run: ModuleRun, cluster: ControlPlane
    ) -> None:
        create(cluster, secret("locked", 1, "pending-upgrade", "2.0.0"))
        seen = look(
            run, "release_version", namespace=NAMESPACE, release="locked", chart_version="2.0.0"
        )
        assert (seen["done"], seen["begun"], seen["hopeless"]) == (False, False, False)

    def test_a_new_revision_is_a_beginning_and_a_failed_one_an_end(
        self, run: ModuleRun, cluster: ControlPlane
    ) -> None:
        where = {"namespace": NAMESPACE, "release": "works", "chart_version": "2.0.0"}
        create(cluster, secret("works", 1, "deployed"))
        first = look(run, "release_version", **where)
        create(cluster, secret("works", 2, "pending-upgrade", "2.0.0"))
        second = look(run, "release_version", observation=first, **where)
        assert (second["begun"], second["hopeless"], second["done"]) == (True, False, False)
        create(cluster, secret("works", 2, "failed", "2.0.0"))
        third = look(run, "release_version", observation=second, **where)
        assert (third["hopeless"], third["done"]) == (True, False)

    def test_an_actor_is_seen_until_it_ends(self, run: ModuleRun, cluster: ControlPlane) -> None:
        where = {"namespace": NAMESPACE, "release": "acted"}
        pod = new(
            "v1",
            "Pod",
            "helm-operation-w1",
            "cattle-system",
            annotations={"controlplane.test/keep-running": "true"},
            spec={
                "restartPolicy": "Never",
                "containers": [{"name": "helm", "image": "rancher/shell:v0.4.0"}],
            },
        )
        operation = new(
            "catalog.cattle.io/v1",
            "Operation",
            "helm-operation-w1",
            "cattle-system",
            status={
                "releaseName": "acted",
                "namespace": NAMESPACE,
                "podName": "helm-operation-w1",
            },
        )
        create(cluster, secret("acted", 1, "pending-upgrade"), pod, operation)
        try:
            busy = look(run, "actor_finished", **where)
            assert not busy["done"]
            assert "Pod/cattle-system/helm-operation-w1 works on it" in busy["state"]
        finally:
            cluster.kubectl("delete", "pod", "-n", "cattle-system", "helm-operation-w1")
        # Its pod may be about to appear.
        coming = look(run, "actor_finished", **where)
        assert "Operation/cattle-system/helm-operation-w1 works on it" in coming["state"]
        cluster.kubectl("delete", "operation", "-n", "cattle-system", "helm-operation-w1")
        young = look(run, "actor_finished", **where)
        assert (young["done"], "abandoned only when 600 s old" in young["state"]) == (False, True)
        assert look(run, "actor_finished", stale_after=0, **where)["done"]

    def test_a_release_that_cannot_be_read_is_not_an_idle_one(
        self, run: ModuleRun, cluster: ControlPlane
    ) -> None:
        broken = secret("broken", 1, "deployed")
        broken["data"]["release"] = "bm8gcmVsZWFzZQ=="
        create(cluster, broken)
        seen = look(
            run, "release_version", namespace=NAMESPACE, release="broken", chart_version="1.0.0"
        )
        assert not seen["done"]
        assert seen["state"].startswith("revision 1 cannot be read")


class TestRollout:
    def deployment(self, name: str, **annotations: str) -> dict[str, Any]:
        labels = {"app": name}
        pod = {
            "metadata": {"labels": labels, "annotations": annotations},
            "spec": {"containers": [{"name": "c", "image": "rancher/fleet:v0.12.0"}]},
        }
        spec = {
            "replicas": 2,
            "progressDeadlineSeconds": 5,
            "selector": {"matchLabels": labels},
            "template": pod,
        }
        return new("apps/v1", "Deployment", name, NAMESPACE, spec=spec)

    def test_it_is_done_when_all_pods_are_there(
        self, run: ModuleRun, cluster: ControlPlane
    ) -> None:
        create(cluster, self.deployment("good"))
        seen = look(
            run,
            "rollout",
            namespace=NAMESPACE,
            name="good",
            observation={"seconds": 30, "state": "x"},
        )
        cluster.wait_for(
            "the rollout",
            lambda: look(run, "rollout", namespace=NAMESPACE, name="good")["done"],
        )
        assert "of 2 pods are new" in seen["state"]

    def test_what_does_not_start_is_named_and_ends_the_wait(
        self, run: ModuleRun, cluster: ControlPlane
    ) -> None:
        create(
            cluster,
            self.deployment("bad", **{"controlplane.test/waiting-reason": "ImagePullBackOff"}),
        )

        def failed() -> dict[str, Any] | None:
            seen = look(run, "rollout", namespace=NAMESPACE, name="bad")
            assert not seen["done"]
            return seen if seen["failure"] else None

        seen = cluster.wait_for("the failure", failed)
        assert f"Pod/{NAMESPACE}/bad-" in seen["state"]
        assert "ImagePullBackOff" in seen["failure"]["message"]
        assert f"Deployment/{NAMESPACE}/bad" in seen["failure"]["message"]

    def test_what_does_not_exist_is_waited_for(self, run: ModuleRun) -> None:
        seen = look(run, "rollout", namespace=NAMESPACE, name="nowhere")
        assert (seen["done"], seen["state"]) == (False, "it does not exist")


@pytest.fixture
def upgrade(cluster: ControlPlane, tmp_path: Path) -> Iterator[CriLog]:
    """An upgrade whose job waits for fleet; the log of its pod."""
    create(cluster, UPGRADE, *job_and_pod("a"))
    log = CriLog(tmp_path / "a.log")
    log.write("Upgrading Rancher")
    log.write(FLEET_LINE)
    cluster.set_logs("harvester-system", FIRST_POD, log.path)
    wait_for_log(cluster, FIRST_POD, FLEET_LINE)
    yield log
    selector = "harvesterhci.io/upgrade=hvst-upgrade-w1"
    cluster.kubectl("delete", "job,pod", "-n", "harvester-system", "-l", selector)
    cluster.kubectl("delete", "upgrades.harvesterhci.io", "-n", "harvester-system", "--all")


def job_and_pod(suffix: str) -> list[dict[str, Any]]:
    template = {
        "metadata": {"labels": POD_LABELS},
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "apply", "image": "rancher/harvester-upgrade:v1.5.0"}],
        },
    }
    name = f"hvst-upgrade-w1-apply-manifests-{suffix}"
    pod = new(
        "v1",
        "Pod",
        name,
        "harvester-system",
        labels=POD_LABELS,
        annotations={"controlplane.test/keep-running": "true"},
        spec=template["spec"],
    )
    job = new(
        "batch/v1",
        "Job",
        "hvst-upgrade-w1-apply-manifests",
        "harvester-system",
        labels=POD_LABELS,
        # The pods are made by the test, so that it knows their names.
        spec={"suspend": True, "template": template},
    )
    return [job, pod]


def wait_for_log(cluster: ControlPlane, pod: str, line: str) -> None:
    def printed() -> bool:
        command = ("logs", "-n", "harvester-system", pod)
        return line.encode() in cluster.kubectl(*command, check=False).stdout

    cluster.wait_for("the log", printed)


class TestJob:
    def test_a_new_line_of_the_job_is_a_new_state(
        self, run: ModuleRun, cluster: ControlPlane, upgrade: CriLog
    ) -> None:
        seen = look(run, "system_services_upgraded")
        assert not seen["done"]
        assert FLEET_LINE in seen["state"]
        upgrade.write(CRD_LINE)
        wait_for_log(cluster, FIRST_POD, CRD_LINE)
        assert CRD_LINE in look(run, "system_services_upgraded")["state"]

    @pytest.mark.usefixtures("upgrade")
    def test_a_new_pod_is_the_one_that_is_looked_at(
        self, run: ModuleRun, cluster: ControlPlane, tmp_path: Path
    ) -> None:
        time.sleep(1.1)  # creation times have whole seconds
        create(cluster, job_and_pod("b")[1])
        log = CriLog(tmp_path / "b.log")
        log.write("Upgrading Rancher")
        cluster.set_logs("harvester-system", "hvst-upgrade-w1-apply-manifests-b", log.path)
        wait_for_log(cluster, "hvst-upgrade-w1-apply-manifests-b", "Upgrading")
        seen = look(run, "system_services_upgraded")
        assert not seen["done"]
        assert "hvst-upgrade-w1-apply-manifests-b" in seen["state"]
        assert FLEET_LINE not in seen["state"]

    @pytest.mark.usefixtures("upgrade")
    def test_the_services_are_upgraded(self, run: ModuleRun, cluster: ControlPlane) -> None:
        assert not look(run, "system_services_upgraded")["done"]
        done = {"conditions": [{"type": "SystemServicesUpgraded", "status": "True"}]}
        set_status(cluster, UPGRADE, done)
        assert look(run, "system_services_upgraded")["done"]

    @pytest.mark.usefixtures("upgrade")
    def test_a_failed_job_ends_the_wait_for_it(self, run: ModuleRun, cluster: ControlPlane) -> None:
        condition = {
            "type": "SystemServicesUpgraded",
            "status": "False",
            "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit",
        }
        set_status(cluster, UPGRADE, {"conditions": [condition]})
        failure = look(run, "system_services_upgraded")["failure"]
        assert failure["code"] == "stalled"
        assert "Upgrade/harvester-system/hvst-upgrade-w1" in failure["message"]
        assert "BackoffLimitExceeded" in failure["message"]

    @pytest.mark.usefixtures("upgrade")
    def test_a_helm_pod_that_never_starts_is_nobody_at_work(
        self, run: ModuleRun, cluster: ControlPlane
    ) -> None:
        assert not look(run, "system_services_upgraded")["begun"]
        spec = {
            # Never scheduled: nobody but the test writes its status.
            "nodeSelector": {"doubles.test/nowhere": "true"},
            "containers": [{"name": "helm", "image": "rancher/shell:v0.1.26"}],
        }
        pod = new("v1", "Pod", "helm-operation-a1b2c", "cattle-system", spec=spec)
        create(cluster, pod)
        try:
            seen = look(run, "system_services_upgraded")
            assert seen["begun"]
            assert "helm runs in Pod/cattle-system/helm-operation-a1b2c" in seen["state"]
            status = {"name": "helm", "image": "", "imageID": "", "ready": False, "restartCount": 0}
            waiting = {"waiting": {"reason": "ErrImagePull"}}
            set_status(cluster, pod, {"containerStatuses": [{**status, "state": waiting}]})
            assert not look(run, "system_services_upgraded")["begun"]
        finally:
            cluster.kubectl("delete", "pod", "-n", "cattle-system", "helm-operation-a1b2c")

    def test_without_an_upgrade_there_is_nothing_to_wait_for(self, run: ModuleRun) -> None:
        error = run.error("remediation_wait", condition="system_services_upgraded")
        assert error["code"] == "upgrade-absent"


class Play:
    """A play of one wait, run by ansible-playbook while the test goes on."""

    def __init__(self, folder: Path, cluster: ControlPlane, *options: str, **task: Any) -> None:
        self.registered = folder / "registered.json"
        group = "group/harvester_ops.remediation.remediation"
        document = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "module_defaults": {group: {"kubeconfig": str(cluster.kubeconfig)}},
            "tasks": [
                {
                    "harvester_ops.remediation.remediation_wait": task,
                    "register": "done",
                    "ignore_errors": True,
                },
                {
                    "ansible.builtin.copy": {
                        "content": "{{ done | to_json }}",
                        "dest": str(self.registered),
                    },
                    "check_mode": False,
                },
            ],
        }
        (folder / "play.yml").write_text(json.dumps([document]))
        self.output = folder / "output"
        with self.output.open("w") as stream:
            self.process = subprocess.Popen(
                [ANSIBLE_PLAYBOOK, folder / "play.yml", *options],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, "ANSIBLE_NOCOLOR": "1", "PYTHONUNBUFFERED": "1"},
            )

    def told(self) -> list[str]:
        """The lines of the wait so far."""
        lines = self.output.read_text().splitlines()
        return [line for line in lines if line.startswith("Waiting for ")]

    def end(self) -> dict[str, Any]:
        """Wait for its end; what the task registered."""
        self.process.wait(timeout=120)
        registered: dict[str, Any] = json.loads(self.registered.read_text())
        return registered


class TestAction:
    def test_it_tells_each_change_and_ends(
        self, cluster: ControlPlane, upgrade: CriLog, tmp_path: Path
    ) -> None:
        play = Play(tmp_path, cluster, condition="system_services_upgraded", timeout=60, interval=1)
        cluster.wait_for("the first line", play.told)
        upgrade.write(CRD_LINE)
        cluster.wait_for("the second line", lambda: len(play.told()) > 1)
        done = {"conditions": [{"type": "SystemServicesUpgraded", "status": "True"}]}
        set_status(cluster, UPGRADE, done)
        registered = play.end()
        first, second = play.told()
        assert first.startswith("Waiting for the upgrade job to end: ")
        assert FLEET_LINE in first
        assert CRD_LINE in second
        assert "s waited, " in first
        assert first.endswith(" s left).")
        assert (registered["outcome"], registered["changed"]) == ("reached", False)
        assert CRD_LINE in registered["state"]

    @pytest.mark.usefixtures("upgrade")
    def test_time_is_up(self, cluster: ControlPlane, tmp_path: Path) -> None:
        play = Play(tmp_path, cluster, condition="system_services_upgraded", timeout=4, interval=1)
        done = play.end()
        assert done["failed"]
        assert done["error"]["code"] == "stalled"
        assert "within 4 s" in done["msg"]
        assert FLEET_LINE in done["msg"]
        assert len(play.told()) == 1

    @pytest.mark.usefixtures("upgrade")
    def test_check_mode_looks_once(self, cluster: ControlPlane, tmp_path: Path) -> None:
        play = Play(tmp_path, cluster, "--check", condition="system_services_upgraded")
        done = play.end()
        assert (done["outcome"], done["changed"]) == ("pending", False)
        assert play.told() == []

    def test_the_lock_is_kept_and_what_is_there_already_is_not_waited_for(
        self, cluster: ControlPlane, run: ModuleRun, tmp_path: Path
    ) -> None:
        lease = ("lease", "harvester-ops-remediation", "-n", "harvester-system")
        where = {"namespace": NAMESPACE, "release": "nobody", "condition": "actor_finished"}
        try:
            run("remediation_lock", holder="this wait", duration=3600)
            play = Play(tmp_path, cluster, lock_holder="this wait", **where)
            assert play.end()["outcome"] == "reached"
            assert len(play.told()) == 1
            assert "Ctrl-C" not in play.output.read_text()
            held = json.loads(cluster.kubectl("get", *lease, "-o", "json").stdout)
            assert held["spec"]["holderIdentity"] == "this wait"
            assert held["spec"]["leaseDurationSeconds"] < 3600, "it was not renewed"
        finally:
            cluster.kubectl("delete", *lease, "--ignore-not-found")

    def test_a_forgotten_option_is_named(self, cluster: ControlPlane, tmp_path: Path) -> None:
        done = Play(tmp_path, cluster, condition="release_version", release="fleet").end()
        assert done["failed"]
        assert "namespace, chart_version" in done["msg"]

    def test_an_error_of_the_collection_keeps_its_shape(
        self, cluster: ControlPlane, tmp_path: Path
    ) -> None:
        done = Play(tmp_path, cluster, condition="system_services_upgraded").end()
        assert done["error"]["code"] == "upgrade-absent"
