# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rancher's helm operations: a pod, an Operation object and a real helm process (FM 2.4)."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doubles import pod_files
from doubles.decision import Values
from doubles.kube import ApiError, Cluster

NAMESPACE = "cattle-system"
_SHELL_HOME = "/home/shell/helm"
# From a decision to the pod: Rancher makes an account with its roles and waits for the token (FM 2.6).
PREPARATION_SECONDS = (10.0, 14.0)


class OperationFailed(Exception):
    """What ``waitPodDone`` returns: the pod exited non-zero, or the watch ended before it did."""


@dataclass(frozen=True)
class Upgrade:
    """What Rancher asks for: one chart to install or upgrade."""

    namespace: str
    release: str
    chart: str
    version: str
    values: Values
    take_ownership: bool
    timeout: int


class HelmOperations:
    """Starts helm operations as Rancher does and waits for their pods.

    ``node_images`` are the shell images the nodes have; any other one cannot be pulled.
    ``preparation`` bounds the seconds until the pod of an operation is created.
    """

    def __init__(
        self,
        cluster: Cluster,
        helm: str,
        directory: Path,
        node_images: Sequence[str],
        watch_seconds: float = 60.0,
        preparation: tuple[float, float] = PREPARATION_SECONDS,
    ) -> None:
        self._cluster = cluster
        self._helm = helm
        self._directory = directory
        self._node_images = frozenset(node_images)
        self._watch_seconds = watch_seconds
        self._preparation = preparation
        self._stopping = threading.Event()
        self._processes: list[subprocess.Popen[bytes]] = []

    def upgrade(self, upgrade: Upgrade, archive: bytes, image: str, wait: bool = True) -> None:
        """Run one upgrade; OperationFailed in Rancher's words when its pod does not succeed in time."""
        if self._stopping.wait(random.uniform(*self._preparation)):
            raise OperationFailed("context canceled")
        suffix = "".join(random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
        name = f"helm-operation-{suffix}"
        pulled = not self._node_images or image in self._node_images
        pod = self._cluster.create(_pod(name, image, pulled))
        log = pod_files.ContainerLog(self._directory / name / "helm.log")
        proxy = pod_files.ContainerLog(self._directory / name / "proxy.log")
        pod_files.serve_logs(self._cluster, pod, {"helm": log, "proxy": proxy})
        shown, argv = self._commands(upgrade, archive, self._directory / name)
        self._record(upgrade, name, shown, "running operation")
        if pulled:
            work = threading.Thread(
                target=self._run, args=(upgrade, name, argv, shown, log, image), daemon=True
            )
            work.start()
        if wait:
            self._wait(name)

    def stop(self) -> None:
        """End the helm processes that still run; helm records what it was doing as failed."""
        self._stopping.set()
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()

    def _commands(
        self, upgrade: Upgrade, archive: bytes, directory: Path
    ) -> tuple[list[str], list[str]]:
        """The command line as the pod's log shows it, and the one run here."""
        version = upgrade.version.replace("+", "-")
        chart_name = f"{upgrade.chart}-{version}.tgz"
        values_name = f"values-{upgrade.chart}-{version}.yaml"
        (directory / chart_name).write_bytes(archive)
        (directory / values_name).write_text(json.dumps(upgrade.values), encoding="utf-8")
        options = ["--history-max=5", "--install=true"]
        options.append("--labels=catalog.cattle.io/cluster-repo-name=rancher-charts")
        options += [f"--namespace={upgrade.namespace}", "--reset-values=true"]
        if upgrade.take_ownership:
            options.append("--take-ownership=true")
        options.append(f"--timeout={upgrade.timeout // 60}m{upgrade.timeout % 60}s")

        def command(folder: str) -> list[str]:
            files = [f"--values={folder}/{values_name}", f"--version={upgrade.version}"]
            tail = ["--wait=true", upgrade.release, f"{folder}/{chart_name}"]
            return ["upgrade", *options, *files, *tail]

        return ["helm", *command(_SHELL_HOME)], [self._helm, *command(str(directory))]

    def _run(
        self,
        upgrade: Upgrade,
        name: str,
        argv: list[str],
        shown: list[str],
        log: pod_files.ContainerLog,
        image: str,
    ) -> None:
        log.write(" ".join(shown))
        if upgrade.take_ownership and ":v0.1." in image:
            log.write("Error: unknown flag: --take-ownership")
            code = 1
        else:
            code = self._helm_exit(argv, log)
        note = "SUCCESS" if code == 0 else "FAILED"
        log.write(
            f"---------------------------------------------------------------------\n{note}: "
            f"{' '.join(shown)}"
        )
        self._finish(name, code)
        self._record(upgrade, name, shown, "" if code == 0 else f" exit code: {code}")

    def _helm_exit(self, argv: list[str], log: pod_files.ContainerLog) -> int:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                "KUBECONFIG": str(self._cluster.kubeconfig),
                "HOME": str(self._directory),
                "PATH": "/usr/bin:/bin",
            },
            start_new_session=True,
        )
        self._processes.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line.decode(errors="replace").rstrip("\n"))
        return process.wait()

    def _finish(self, name: str, code: int) -> None:
        patch = {"metadata": {"annotations": {"controlplane.test/exit-code": str(code)}}}
        try:
            self._cluster.patch("pods", name, patch, NAMESPACE)
        except ApiError as error:
            if not error.not_found:
                raise

    def _record(self, upgrade: Upgrade, name: str, command: list[str], problem: str) -> None:
        """Write the Operation object and its conditions."""
        running = problem == "running operation"
        failed = bool(problem) and not running
        conditions = [
            {"type": "Reconciling", "status": str(running), "message": problem if running else ""},
            {"type": "Stalled", "status": str(failed), "message": problem if failed else ""},
        ]
        status = {
            "action": "upgrade",
            "releaseName": upgrade.release,
            "namespace": upgrade.namespace,
            "command": command,
            "podName": name,
            "podNamespace": NAMESPACE,
            "podCreated": True,
            "conditions": conditions,
        }
        operation = {
            "apiVersion": "catalog.cattle.io/v1",
            "kind": "Operation",
            "metadata": {"name": name, "namespace": upgrade.namespace},
            "spec": {},
        }
        self._cluster.ensure(operation)
        self._cluster.patch(
            "operations.catalog.cattle.io",
            name,
            {"status": status},
            upgrade.namespace,
            subresource="status",
        )

    def _wait(self, name: str) -> None:
        deadline = time.monotonic() + self._watch_seconds
        while time.monotonic() < deadline:
            pod = self._cluster.find("pods", name, NAMESPACE) or {}
            code = _exit_code(pod)
            if code == 0:
                return
            if code is not None:
                raise OperationFailed(
                    # Rancher's own words lack the chart.
                    f"failed to install , pod {NAMESPACE}/{name} exited {code}"
                )
            time.sleep(0.3)
        raise OperationFailed(f"pod {NAMESPACE}/{name} failed, watch closed")


def _exit_code(pod: dict[str, Any]) -> int | None:
    for container in pod.get("status", {}).get("containerStatuses", ()):
        if container["name"] == "helm" and "terminated" in container.get("state", {}):
            return int(container["state"]["terminated"]["exitCode"])
    return None


def _pod(name: str, image: str, pulled: bool) -> dict[str, Any]:
    annotations = {} if pulled else {"controlplane.test/waiting-reason": "ErrImagePull"}
    containers = [
        {"name": "helm", "image": image, "command": ["helm-cmd"], "workingDir": _SHELL_HOME},
        {"name": "proxy", "image": image, "command": ["sh", "-c", "kubectl proxy"]},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": annotations,
            "labels": {"pod-impersonation.cattle.io/token": name.rpartition("-")[2]},
        },
        "spec": {"restartPolicy": "Never", "containers": containers},
    }
