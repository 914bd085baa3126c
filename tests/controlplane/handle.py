# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running control plane as an object: what tests and doubles work with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

PROGRAM = Path(__file__).resolve().parent / "controlplane"

Found = TypeVar("Found")


@dataclass(frozen=True)
class ControlPlane:
    """The answer of ``controlplane up``, with the few things every test does with it."""

    directory: Path
    kubeconfig: Path
    context: str
    server: str
    server_version: str
    kubectl_program: Path
    helm3: Path | None
    helm4: Path | None
    logs: Path
    audit_log: Path
    exec_path: Path
    nodes: tuple[str, ...]
    pids: dict[str, int]

    @classmethod
    def up(cls, directory: Path, *options: str) -> ControlPlane:
        """Run ``controlplane up --dir directory``; its progress goes to our stderr.

        Raises subprocess.CalledProcessError.
        """
        answer = _controlplane("up", "--dir", str(directory), *options)
        return cls(
            directory=Path(answer["dir"]),
            kubeconfig=Path(answer["kubeconfig"]),
            context=answer["context"],
            server=answer["server"],
            server_version=answer["server_version"],
            kubectl_program=Path(answer["kubectl"]),
            helm3=Path(answer["helm3"]) if answer["helm3"] else None,
            helm4=Path(answer["helm4"]) if answer["helm4"] else None,
            logs=Path(answer["logs"]),
            audit_log=Path(answer["audit_log"]),
            exec_path=Path(answer["exec_path"]),
            nodes=tuple(answer["nodes"]),
            pids=answer["pids"],
        )

    def down(self) -> None:
        """Run ``controlplane down``; logs stay."""
        _controlplane("down", "--dir", str(self.directory))

    def user(self, name: str, *groups: str) -> Path:
        """A kubeconfig of a user who may only do what RBAC grants to the name and the groups."""
        target = self.directory / f"kubeconfig-{name.replace(':', '-')}"
        options = [part for group in groups for part in ("--group", group)]
        command = ("user", "--dir", str(self.directory), "--name", name, *options)
        _controlplane(*command, "--output", str(target))
        return target

    def environment(self, kubeconfig: Path | None = None) -> dict[str, str]:
        """Our environment with KUBECONFIG set, for programs to be run against this server."""
        return dict(os.environ, KUBECONFIG=str(kubeconfig or self.kubeconfig))

    def kubectl(
        self,
        *arguments: str,
        stdin: str | bytes | None = None,
        check: bool = True,
        timeout: float = 180.0,
        kubeconfig: Path | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run kubectl; with ``check`` a failure raises RuntimeError with what it said."""
        done = subprocess.run(
            [str(self.kubectl_program), *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=self.environment(kubeconfig),
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"kubectl {' '.join(arguments)}: status {done.returncode}: {said}")
        return done

    def get(self, *arguments: str) -> Any:
        """``kubectl get ARGUMENTS -o json``, decoded."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json").stdout)

    def apply(self, *documents: dict[str, Any]) -> None:
        """Server-side apply of objects, as one owner."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        command = ("apply", "--server-side", "--force-conflicts", "-f", "-")
        self.kubectl(*command, stdin=json.dumps(items))

    def wait_for(
        self, what: str, look: Callable[[], Found | None], timeout: float = 120.0
    ) -> Found:
        """Poll ``look`` until it gives something true; AssertionError names ``what`` otherwise."""
        deadline = time.monotonic() + timeout
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout:.0f} s in vain for {what}; saw {found!r}")
            time.sleep(0.1)

    def set_logs(
        self,
        namespace: str,
        pod: str,
        file: Path,
        *,
        container: str = "",
        previous: Path | None = None,
    ) -> None:
        """Have ``kubectl logs`` of a pod read a file in CRI format (see cri_log.py).

        Without a container it holds for all of them. A second call replaces the first.
        """
        entry: dict[str, Any] = {"logsFile": str(file)}
        if previous:
            entry["previousLogsFile"] = str(previous)
        if container:
            entry["containers"] = [container]
        self.apply(_kwok("Logs", namespace, pod, {"logs": [entry]}))

    def set_exec(
        self,
        namespace: str,
        pod: str,
        *,
        container: str = "",
        work_dir: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        """Let ``kubectl exec`` into a pod run its command on this host."""
        local: dict[str, Any] = {
            "envs": [{"name": name, "value": value} for name, value in (environment or {}).items()]
        }
        if work_dir:
            local["workDir"] = str(work_dir)
        entry: dict[str, Any] = {"local": local}
        if container:
            entry["containers"] = [container]
        self.apply(_kwok("Exec", namespace, pod, {"execs": [entry]}))


def _kwok(kind: str, namespace: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": kind,
        "metadata": {"namespace": namespace, "name": name},
        "spec": spec,
    }


def _controlplane(*arguments: str) -> Any:
    command: Sequence[str] = [str(PROGRAM), *arguments]
    environment = dict(os.environ, PYTHON=sys.executable)
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=True)
    return json.loads(done.stdout)
