# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays Harvester around the apply-manifests job: Upgrade, Job, its pods and their logs (FM 1).

Run by tests/doubles/upgrade_job_double; see README.md there.
"""

from __future__ import annotations

import argparse
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from doubles import pod_files
from doubles.apply_manifests import (
    STEPS,
    ApplyManifests,
    Pace,
    PodGone,
    Script,
    ScriptFailed,
)
from doubles.kube import ApiError, Cluster, now
from doubles.watch import Changes, Watched, keep_looking

NAMESPACE = "harvester-system"
UPGRADE = "upgrades.harvesterhci.io"
_LABEL_UPGRADE = "harvesterhci.io/upgrade"
_LABEL_COMPONENT = "harvesterhci.io/upgradeComponent"
_LABEL_STATE = "harvesterhci.io/upgradeState"
# status.repoInfo knows no more of the release file than this (FM 1.3).
_REPO_INFO_KEYS = (
    "harvester",
    "harvesterChart",
    "os",
    "kubernetes",
    "rancher",
    "monitoringChart",
    "minUpgradableVersion",
)
_KEEP_RUNNING = "controlplane.test/keep-running"
_EXIT_CODE = "controlplane.test/exit-code"


class UpgradeController:
    """What the Harvester controller does with the Upgrade and its job (FM 1.2, 1.4)."""

    def __init__(self, cluster: Cluster, options: argparse.Namespace) -> None:
        self._cluster, self._options = cluster, options
        self.release_text: str = options.release_file.read_text(encoding="utf-8")
        self.release: dict[str, Any] = yaml.safe_load(self.release_text)
        self.job = f"{options.upgrade}-apply-manifests"

    def start(self) -> None:
        """Create the Upgrade, and its Job unless the phase is already over."""
        upgrade = self._cluster.ensure(self._upgrade())
        conditions = {item["type"] for item in upgrade["status"]["conditions"]}
        if "SystemServicesUpgraded" not in conditions:
            self._cluster.ensure(self._job())
            self._set_condition("SystemServicesUpgraded", "Unknown")

    def follow(self) -> None:
        """Take over what became of the Job; once the condition is decided nothing changes it."""
        upgrade = self._cluster.find(UPGRADE, self._options.upgrade, NAMESPACE)
        job = self._cluster.find("jobs", self.job, NAMESPACE)
        if (
            upgrade is None
            or job is None
            or _status_of(upgrade, "SystemServicesUpgraded")
            in (
                "True",
                "False",
            )
        ):
            return
        for condition in job.get("status", {}).get("conditions", ()):
            if condition["status"] != "True":
                continue
            if condition["type"] == "Complete":
                self._unpause_charts()
                self._set_condition("SystemServicesUpgraded", "True")
                self._set_condition("NodesUpgraded", "Unknown")
                self._set_state("UpgradingNodes")
            elif condition["type"] == "Failed":
                reason, message = condition.get("reason", ""), condition.get("message", "")
                self._set_condition("SystemServicesUpgraded", "False", reason, message)
                self._set_condition("Completed", "False", reason, message)
                self._set_state("Failed")

    def _unpause_charts(self) -> None:
        """The rest of the job, after the Rancher step, upgrades the paused ManagedCharts."""
        for chart in self._cluster.list("managedcharts.management.cattle.io", "fleet-local"):
            if chart["spec"].get("paused"):
                name = chart["metadata"]["name"]
                self._cluster.patch(
                    "managedcharts.management.cattle.io",
                    name,
                    {"spec": {"paused": False}},
                    "fleet-local",
                )

    def _upgrade(self) -> dict[str, Any]:
        release = {key: self.release.get(key, "") for key in _REPO_INFO_KEYS}
        done = {"status": "True", "lastUpdateTime": now()}
        conditions = [{"type": "Completed", "status": "Unknown"}]
        for kind in ("LogReady", "ImageReady", "RepoReady", "NodesPrepared"):
            conditions.append({"type": kind, **done})
        return {
            "apiVersion": "harvesterhci.io/v1beta1",
            "kind": "Upgrade",
            "metadata": {
                "name": self._options.upgrade,
                "namespace": NAMESPACE,
                "labels": {
                    "harvesterhci.io/latestUpgrade": "true",
                    _LABEL_STATE: "UpgradingSystemServices",
                },
                "finalizers": ["wrangler.cattle.io/harvester-upgrade-controller"],
            },
            "spec": {"version": self._options.harvester_version, "logEnabled": True},
            "status": {
                "previousVersion": self._options.previous_version,
                "imageID": f"{NAMESPACE}/{self._options.upgrade}",
                "singleNode": "",
                "nodeStatuses": {
                    node["metadata"]["name"]: {"state": "Images preloaded"}
                    for node in self._cluster.list("nodes")
                },
                "repoInfo": yaml.safe_dump({"release": release}, sort_keys=False),
                "upgradeLog": f"{self._options.upgrade}-upgradelog",
                "conditions": conditions,
            },
        }

    def _job(self) -> dict[str, Any]:
        labels = {_LABEL_UPGRADE: self._options.upgrade, _LABEL_COMPONENT: "manifest"}
        upgrade = self._cluster.get(UPGRADE, self._options.upgrade, NAMESPACE)
        owner = {"apiVersion": "harvesterhci.io/v1beta1", "kind": "Upgrade"}
        owner |= {"name": self._options.upgrade, "uid": upgrade["metadata"]["uid"]}
        container = {
            "name": "apply",
            "image": f"rancher/harvester-upgrade:{self.release['harvester']}",
            "command": ["upgrade_manifests.sh"],
            "env": [{"name": "HARVESTER_UPGRADE_NAME", "value": self._options.upgrade}],
        }
        pod = {
            "serviceAccountName": "harvester",
            "restartPolicy": "Never",
            "containers": [container],
        }
        template = {"metadata": {"labels": labels, "annotations": {_KEEP_RUNNING: "true"}}}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": self.job,
                "namespace": NAMESPACE,
                "labels": labels,
                "ownerReferences": [owner],
            },
            "spec": {"ttlSecondsAfterFinished": 604800, "template": {**template, "spec": pod}},
        }

    def _set_condition(self, kind: str, status: str, reason: str = "", message: str = "") -> None:
        upgrade = self._cluster.get(UPGRADE, self._options.upgrade, NAMESPACE)
        conditions = [item for item in upgrade["status"]["conditions"] if item["type"] != kind]
        condition = {"type": kind, "status": status, "lastUpdateTime": now()}
        if reason:
            condition |= {"reason": reason, "message": message}
        upgrade["status"]["conditions"] = [*conditions, condition]
        self._cluster.replace(upgrade)

    def _set_state(self, state: str) -> None:
        patch = {"metadata": {"labels": {_LABEL_STATE: state}}}
        self._cluster.patch(UPGRADE, self._options.upgrade, patch, NAMESPACE)


class JobPods:
    """Gives every pod the job controller makes its log: a seeded failure, or the script."""

    def __init__(
        self, cluster: Cluster, controller: UpgradeController, options: argparse.Namespace
    ) -> None:
        self._cluster, self._controller, self._options = cluster, controller, options
        self.selector = f"batch.kubernetes.io/job-name={controller.job}"
        self._attended: dict[str, threading.Event] = {}
        self._failures: list[Path] = list(options.failed_pod_logs)
        self._starts = 0
        self._last_failure = datetime.fromtimestamp(0, timezone.utc)

    def look(self) -> None:
        """Attend to new pods, and let scripts whose pod is gone stop."""
        listed = self._cluster.list("pods", NAMESPACE, self.selector)
        pods = {pod["metadata"]["uid"]: pod for pod in listed}
        for uid, gone in self._attended.items():
            pod = pods.get(uid)
            if pod is None or pod["metadata"].get("deletionTimestamp") or _is_over(pod):
                gone.set()
        for uid, pod in pods.items():
            fresh = uid not in self._attended and pod["status"].get("phase") == "Running"
            if fresh and not pod["metadata"].get("deletionTimestamp"):
                self._attended[uid] = threading.Event()
                self._attend(pod, self._attended[uid])

    def stop(self) -> None:
        """Let the scripts stop; their pods stay as they are."""
        for gone in self._attended.values():
            gone.set()

    def _attend(self, pod: dict[str, Any], gone: threading.Event) -> None:
        name = pod["metadata"]["name"]
        log = pod_files.ContainerLog(self._options.dir / "job" / f"{name}.log")
        pod_files.serve_logs(self._cluster, pod, {"apply": log})
        if self._failures:
            self._fail_long_ago(pod, log, self._failures.pop(0))
            return
        start_at = self._options.start_at if self._starts == 0 else STEPS[0]
        self._starts += 1
        threading.Thread(
            target=self._play, args=(name, log, gone, start_at), name=name, daemon=True
        ).start()

    def _fail_long_ago(self, pod: dict[str, Any], log: pod_files.ContainerLog, text: Path) -> None:
        """An earlier attempt: it ended long ago, so that the job controller tries again at once."""
        ended = datetime.now(timezone.utc) - timedelta(hours=1)
        lines = text.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            log.write(line, ended - timedelta(seconds=len(lines) - number))
        # Pods are told apart by their age, which the API server keeps in whole seconds.
        wait = 1.1 - (datetime.now(timezone.utc) - self._last_failure).total_seconds()
        threading.Event().wait(max(0.0, wait))
        self._last_failure = datetime.now(timezone.utc)
        stamp = ended.strftime("%Y-%m-%dT%H:%M:%SZ")
        terminated = {"exitCode": 1, "reason": "Error", "startedAt": stamp, "finishedAt": stamp}
        container = {
            "name": "apply",
            "image": pod["spec"]["containers"][0]["image"],
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": {"terminated": terminated},
        }
        status = {"phase": "Failed", "containerStatuses": [container]}
        name = pod["metadata"]["name"]
        self._cluster.patch("pods", name, {"status": status}, NAMESPACE, subresource="status")

    def _play(
        self, name: str, log: pod_files.ContainerLog, gone: threading.Event, start_at: str
    ) -> None:
        script = ApplyManifests(
            self._cluster,
            log,
            Script.of(self._options.harvester_version),
            self._controller.release,
            self._controller.release_text,
            self._options.upgrade,
            Pace(self._options.poll_seconds, self._options.minute_seconds),
            self._options.helm,
            gone,
            self._options.dir,
        )
        try:
            script.run(start_at, self._options.capi_generation)
        except PodGone:
            return
        except (ScriptFailed, ApiError) as error:
            if str(error):
                log.write(f"Error from server: {error}")
            self._annotate(name, {_EXIT_CODE: "1"})
        else:
            self._annotate(name, {_KEEP_RUNNING: None})

    def _annotate(self, name: str, annotations: dict[str, str | None]) -> None:
        try:
            patch = {"metadata": {"annotations": annotations}}
            self._cluster.patch("pods", name, patch, NAMESPACE)
        except ApiError as error:
            if not error.not_found:
                raise


def _status_of(upgrade: dict[str, Any], kind: str) -> str:
    for condition in upgrade["status"]["conditions"]:
        if condition["type"] == kind:
            return str(condition["status"])
    return ""


def _is_over(pod: dict[str, Any]) -> bool:
    return pod["status"].get("phase") in ("Succeeded", "Failed")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options of upgrade_job_double."""
    parser = argparse.ArgumentParser(prog="upgrade_job_double", description=__doc__)
    parser.add_argument("--kubeconfig", required=True, type=Path)
    parser.add_argument("--helm", required=True, help="helm for the script's own helm commands")
    parser.add_argument("--dir", required=True, type=Path, help="for the pods' logs")
    parser.add_argument("--upgrade", required=True, help="name of the Upgrade: hvst-upgrade-xxxxx")
    parser.add_argument("--release-file", required=True, type=Path, help="harvester-release.yaml")
    parser.add_argument("--harvester-version", required=True, help="target, and the script's age")
    parser.add_argument("--previous-version", required=True)
    parser.add_argument("--start-at", choices=STEPS, default=STEPS[0], help="of the first pod")
    parser.add_argument(
        "--capi-generation", type=int, default=0, help="noted before the Rancher step was played"
    )
    parser.add_argument("--poll-seconds", type=float, default=5.0, help="the script's 5 s loop")
    parser.add_argument("--minute-seconds", type=float, default=60.0, help="the script's minute")
    parser.add_argument(
        "--failed-pod-log",
        dest="failed_pod_logs",
        action="append",
        default=[],
        type=Path,
        help="the log of an earlier attempt that failed; may be given several times",
    )
    options = parser.parse_args(arguments)
    options.dir = options.dir.resolve()
    return options


def main() -> int:
    """Play Harvester and the job until SIGTERM or SIGINT."""
    options = parse_arguments()
    cluster = Cluster(options.kubeconfig)
    controller = UpgradeController(cluster, options)
    controller.start()
    pods = JobPods(cluster, controller, options)
    watched = (
        Watched("pods", NAMESPACE, selector=pods.selector),
        Watched("jobs", NAMESPACE, controller.job),
        Watched(UPGRADE, NAMESPACE),
    )

    def look() -> None:
        pods.look()
        controller.follow()

    keep_looking("upgrade_job_double", Changes(cluster, watched), look)
    pods.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
