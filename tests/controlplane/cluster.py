# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one control plane up, step by step, and down again."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane import kubeconfig, objects, processes, services, stages
from controlplane.api import Api, ApiError
from controlplane.build import build
from controlplane.cache import folder
from controlplane.certificates import Authority, KeyPair, new_key, write_public_key
from controlplane.components import COMPONENTS
from controlplane.failure import ControlPlaneError
from controlplane.layout import Layout
from controlplane.ports import free_ports, is_free
from controlplane.progress import duration, say

ADMINISTRATORS = "system:masters"
_PORT_ATTEMPTS = 3
# These programs live for minutes with small heaps: collecting garbage less often costs some 150 MiB and
# spares a seventh of their computing time.
_LAZY_COLLECTION = {"GOGC": "800"}


class PortTaken(ControlPlaneError):
    """Another program took a port between our choice and the server's start."""


@dataclass(frozen=True)
class Options:
    """What ``up`` was asked for. ``api_port`` 0 means any; ``timeout`` is in seconds per step."""

    nodes: int = 1
    helm: tuple[str, ...] = ("helm3", "helm4")
    api_port: int = 0
    timeout: float = 120.0


def up(directory: Path, options: Options) -> dict[str, Any]:
    """Start a control plane in ``directory`` unless it is up; the answer that is printed.

    Raises ControlPlaneError; then, and when interrupted, nothing is left running.
    """
    layout = Layout(directory)
    with layout.locked():
        answer = layout.read_answer()
        if answer is not None and _answers(layout, answer):
            return answer
        leftovers = processes.stop(layout.records)
        if leftovers:
            say(f"stopped what an earlier run left in {layout.directory}: {', '.join(leftovers)}")
        programs = build(("kubernetes", "kwok", *options.helm))
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            try:
                return _start(layout, options, programs)
            except PortTaken as error:
                if options.api_port or attempt == _PORT_ATTEMPTS:
                    raise
                say(f"{error} Trying other ports.")
    raise AssertionError("unreachable")


def down(directory: Path) -> list[str]:
    """Stop what ``up`` started in ``directory``, logs stay; the names of what ran."""
    layout = Layout(directory)
    if not layout.private.exists():
        return []
    with layout.locked():
        stopped = processes.stop(layout.records)
        layout.clear()
    return stopped


def user_kubeconfig(directory: Path, name: str, groups: list[str], target: Path) -> None:
    """Write a kubeconfig for a user with no rights but those RBAC gives. ControlPlaneError."""
    layout = Layout(directory)
    answer = layout.read_answer()
    if answer is None:
        raise ControlPlaneError(f"no control plane is up in {layout.directory}")
    authority = Authority(layout.certificates)
    pair = authority.client(f"user-{name.replace(':', '-')}", name, groups)
    kubeconfig.write(target, str(answer["server"]), authority.pair.certificate, name, pair)


def _answers(layout: Layout, answer: dict[str, Any]) -> bool:
    records = processes.recorded(layout.records)
    if not records or not all(record.alive for record in records):
        return False
    authority = Authority(layout.certificates)
    admin = KeyPair(layout.certificates / "admin.crt", layout.certificates / "admin.key")
    port = int(str(answer["server"]).rpartition(":")[2])
    try:
        Api(port, authority.pair.certificate, admin).request("GET", "/readyz")
    except (ApiError, OSError):
        return False
    return True


def _start(layout: Layout, options: Options, programs: dict[str, str]) -> dict[str, Any]:
    if options.api_port and not is_free(options.api_port):
        raise ControlPlaneError(
            f"port {options.api_port} on 127.0.0.1 is in use by another program. "
            "Choose another with --api-port, or leave the choice to us without it."
        )
    say(f"starting a control plane in {layout.directory}: about 7 s")
    layout.clear()
    layout.create()
    chosen = free_ports(4)
    ports = services.Ports(
        etcd=chosen[0], etcd_peer=chosen[1], api=options.api_port or chosen[2], kubelet=chosen[3]
    )
    try:
        return _Startup(layout, options, programs, ports).run()
    except BaseException:
        processes.stop(layout.records, grace=1.0)
        layout.clear()
        raise


class _Startup:
    """One attempt to start everything; each step waits for what the next one needs."""

    def __init__(
        self, layout: Layout, options: Options, programs: dict[str, str], ports: services.Ports
    ) -> None:
        self._layout = layout
        self._options = options
        self._programs = programs
        self._ports = ports
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._began = time.monotonic()
        self._authority = Authority(layout.certificates)

    def run(self) -> dict[str, Any]:
        admin, credentials = self._make_credentials()
        self._api = Api(self._ports.api, credentials.authority, admin)
        self._start_api_server(credentials)
        version = str(self._request("GET", "/version")["gitVersion"])
        self._launch(
            "kube-controller-manager",
            services.controller_manager(self._programs["kube-controller-manager"], credentials),
        )
        self._launch(
            "kube-scheduler", services.scheduler(self._programs["kube-scheduler"], credentials)
        )
        self._start_kwok(credentials, version)
        self._prove()
        answer = self._answer(version)
        self._layout.write_answer(answer)
        say(
            f"Kubernetes {version} is ready in {self._layout.directory} "
            f"({duration(time.monotonic() - self._began)})"
        )
        return answer

    def _make_credentials(self) -> tuple[KeyPair, services.Credentials]:
        """Certificates, keys and kubeconfigs; the administrator's pair beside them."""
        authority, private = self._authority, self._layout.private
        authority.create()
        admin = authority.client("admin", "controlplane-admin", [ADMINISTRATORS])
        clients = {
            "kube-controller-manager": authority.client(
                "kube-controller-manager", "system:kube-controller-manager", []
            ),
            "kube-scheduler": authority.client("kube-scheduler", "system:kube-scheduler", []),
            "kwok": authority.client("kwok", "controlplane-kwok", [ADMINISTRATORS]),
        }
        for name, pair in clients.items():
            self._write_kubeconfig(private / f"{name}.kubeconfig", name, pair)
        self._write_kubeconfig(self._layout.kubeconfig, "controlplane-admin", admin)
        account_key = self._layout.certificates / "service-account.key"
        account_public_key = self._layout.certificates / "service-account.pub"
        new_key(account_key)
        write_public_key(account_key, account_public_key)
        names = ["DNS:localhost", "DNS:kubernetes.default.svc", "IP:127.0.0.1"]
        return admin, services.Credentials(
            authority=authority.pair.certificate,
            api_server=authority.server(
                "kube-apiserver", [*names, f"IP:{services.SERVICE_ADDRESS}"]
            ),
            kubelet=authority.server("kubelet", ["IP:127.0.0.1"]),
            kubelet_client=authority.client("kubelet-client", "kube-apiserver-kubelet-client", []),
            service_account_key=account_key,
            service_account_public_key=account_public_key,
            kubeconfigs={name: private / f"{name}.kubeconfig" for name in clients},
        )

    def _write_kubeconfig(self, path: Path, user: str, pair: KeyPair) -> None:
        kubeconfig.write(path, self._ports.api_url, self._authority.pair.certificate, user, pair)

    def _start_api_server(self, credentials: services.Credentials) -> None:
        policy = self._layout.private / "audit-policy.json"
        own = ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"]
        policy.write_text(
            json.dumps(objects.audit_policy([*own, "controlplane-kwok"])), encoding="utf-8"
        )
        self._launch("etcd", services.etcd(self._programs["etcd"], self._ports, self._layout.etcd))
        self._launch(
            "kube-apiserver",
            services.api_server(
                self._programs["kube-apiserver"],
                self._ports,
                credentials,
                policy,
                self._layout.audit_log,
            ),
        )
        self._wait("the API server to be ready", lambda: self._request("GET", "/readyz") == "ok")

    def _start_kwok(self, credentials: services.Credentials, version: str) -> None:
        self._install_crds()
        configuration = self._layout.private / "kwok.yaml"
        configuration.write_text(stages.configuration(version), encoding="utf-8")
        path = f"{self._layout.exec_path}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        self._launch(
            "kwok",
            services.kwok(self._programs["kwok"], self._ports, credentials, configuration),
            {"PATH": path},
        )
        empty = self._layout.private / "empty.log"
        empty.touch()
        self._request(
            "POST", "/apis/kwok.x-k8s.io/v1alpha1/clusterlogs", objects.default_logs(str(empty))
        )
        for number in range(1, self._options.nodes + 1):
            body = objects.node(f"node-{number}", version, control_plane=number == 1)
            self._request("POST", "/api/v1/nodes", body)

    def _install_crds(self) -> None:
        """kwok wants its CRDs served before it starts."""
        command = [self._programs["kubectl"], f"--kubeconfig={self._layout.kubeconfig}"]
        command += ["create", "-f", str(folder(COMPONENTS["kwok"]) / "crds")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ControlPlaneError(f"cannot install kwok's CRDs: {done.stderr.strip()}")
        wanted = set(services.CRD_KINDS)

        def served() -> bool:
            resources = self._request("GET", "/apis/kwok.x-k8s.io/v1alpha1")["resources"]
            return wanted <= {resource["kind"] for resource in resources}

        self._wait("kwok's CRDs to be served", served)

    def _prove(self) -> None:
        """Wait until a Deployment becomes Available, then leave no trace of it."""
        deployments = "/apis/apps/v1/namespaces/default/deployments"
        self._request("POST", deployments, objects.probe_deployment())
        deployment = f"{deployments}/{objects.PROBE}"

        def available() -> bool:
            status = self._request("GET", deployment).get("status", {})
            return any(
                condition["type"] == "Available" and condition["status"] == "True"
                for condition in status.get("conditions", [])
            )

        self._wait("a Deployment to become Available", available)
        self._request("DELETE", deployment, {"propagationPolicy": "Foreground"})
        pods = f"/api/v1/namespaces/default/pods?labelSelector=app%3D{objects.PROBE}"
        self._wait(
            "the probe Deployment to be gone",
            lambda: self._is_absent(deployment) and not self._request("GET", pods)["items"],
        )

    def _answer(self, version: str) -> dict[str, Any]:
        layout, programs = self._layout, self._programs
        return {
            "kubeconfig": str(layout.kubeconfig),
            "context": kubeconfig.CONTEXT,
            "server": self._ports.api_url,
            "server_version": version,
            "kubectl": programs["kubectl"],
            "helm3": programs.get("helm3"),
            "helm4": programs.get("helm4"),
            "dir": str(layout.directory),
            "logs": str(layout.logs),
            "audit_log": str(layout.audit_log),
            "exec_path": str(layout.exec_path),
            "nodes": [f"node-{number}" for number in range(1, self._options.nodes + 1)],
            "pids": {name: process.pid for name, process in self._running.items()},
            "kwok_pid": self._running["kwok"].pid,
        }

    def _launch(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> None:
        log = self._layout.logs / f"{name}.log"
        everywhere = {**_LAZY_COLLECTION, **(environment or {})}
        self._running[name] = processes.start(name, command, self._layout.records, log, everywhere)

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._api.request(method, path, body)

    def _is_absent(self, path: str) -> bool:
        try:
            self._request("GET", path)
        except ApiError as error:
            return error.status == 404
        return False

    def _wait(self, what: str, holds: Callable[[], Any]) -> None:
        """Poll until ``holds``; a process that ended or a step that takes too long is an error."""
        deadline = time.monotonic() + self._options.timeout
        last: Exception | None = None
        while time.monotonic() < deadline:
            self._check_processes()
            try:
                if holds():
                    return
            except (ApiError, OSError) as error:
                last = error
            time.sleep(0.05)
        seen = f" Last answer: {last}." if last else ""
        raise ControlPlaneError(
            f"waited {self._options.timeout:.0f} s in vain for {what}.{seen} "
            f"See the logs in {self._layout.logs}."
        )

    def _check_processes(self) -> None:
        for name, process in self._running.items():
            if process.poll() is not None:
                raise self._ended(name, process.returncode)

    def _ended(self, name: str, status: int) -> ControlPlaneError:
        log = self._layout.logs / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        taken = [line for line in lines[-200:] if "address already in use" in line]
        if taken:
            return PortTaken(f"{name} found its port in use by another program: {taken[-1]}")
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        tail = "\n  ".join(lines[-5:])
        return ControlPlaneError(f"{name} {how}:\n  {tail}\nThe whole log is {log}.")
