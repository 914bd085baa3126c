# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster made ill on a control plane of its own, with an operator who looks after it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.harvester_ops.remediation.tests.scenarios.audit import AuditLog
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import Playbook
from controlplane.handle import ControlPlane
from doubles import clusterrepo, helm_storage
from doubles.cluster import RELEASE_NAMESPACES, StuckCluster
from doubles.scenarios import Scenario

OPERATOR = "operator"
EVERYONE_ELSE = "controlplane-admin"  # the doubles and the tests themselves
AWAITED = ("fleet-crd", "fleet", "rancher-webhook")
# A person's patience, shortened as the time of the others is: nothing here takes long, and nobody else works on the
# cluster. The two timeouts are the patience of a busy machine; only what has failed waits for their end.
PATIENCE = {"stale_after": 3, "rancher_grace": 25, "verify_timeout": 300, "helm_timeout": 180}
# The job looks every half second instead of every five, and Rancher's operations have their pod in a quarter of the time.
JOB_PACE, RANCHER_PACE = 0.5, 0.25

Revisions = dict[str, tuple[int, str, str]]

LOCK_PROCESS = "remediation.harvester-ops.io/process"


@dataclass(frozen=True)
class SickCluster:
    """The cluster, an operator's ansible-playbook, and what the operator asked of the API."""

    stuck: StuckCluster
    operator: Playbook
    audit: AuditLog

    @property
    def control_plane(self) -> ControlPlane:
        """The control plane it runs on."""
        return self.stuck.control_plane

    @property
    def kubeconfig(self) -> Path:
        """What the operator reaches it with."""
        return Path(str(self.operator.options["remediation_kubeconfig"]))

    def revisions(self) -> Revisions:
        """Number, status and chart version of the last revision of every awaited release."""
        found: Revisions = {}
        for name in AWAITED:
            last = helm_storage.last(self.stuck.cluster, RELEASE_NAMESPACES[name], name)
            if last is not None:
                found[name] = (last.number, last.status, last.chart_version)
        return found

    def values(self, release: str) -> dict[str, Any]:
        """The user's values of the last revision of a release."""
        last = helm_storage.last(self.stuck.cluster, RELEASE_NAMESPACES[release], release)
        return {} if last is None else last.config

    def is_as_wanted(self) -> bool:
        """Whether every awaited release is deployed at the version the job waits for."""
        wanted = self.stuck.expected()
        found = self.revisions()
        return all(found.get(name, ())[1:] == ("deployed", wanted[name]) for name in AWAITED)

    def fleet_server(self) -> str:
        """The apiServerURL in fleet's ConfigMap."""
        namespace = "cattle-fleet-system"
        config_map = self.stuck.cluster.get("configmaps", "fleet-controller", namespace)
        return str(yaml.safe_load(config_map["data"]["config"]).get("apiServerURL", ""))

    def left_over(self) -> list[str]:
        """Fields of the pods of the awaited releases' workloads that the last manifest does not have."""
        found = []
        for name in AWAITED:
            last = helm_storage.last(self.stuck.cluster, RELEASE_NAMESPACES[name], name)
            for obj in yaml.safe_load_all(last.body["manifest"] if last else ""):
                if obj and obj["kind"] == "Deployment":
                    found += self._left_over(obj, RELEASE_NAMESPACES[name])
        return found

    def _left_over(self, wanted: dict[str, Any], namespace: str) -> list[str]:
        name = wanted["metadata"]["name"]
        live = self.stuck.cluster.get("deployments", name, namespace)
        pods = [each["spec"]["template"]["spec"] for each in (live, wanted)]
        names = [
            {
                f"{pod['containers'].index(box)} {env['name']}"
                for box in pod["containers"]
                for env in box.get("env") or ()
            }
            for pod in pods
        ]
        left = [f"{name}: env {each}" for each in sorted(names[0] - names[1])]
        if pods[0].get("nodeSelector") != (pods[1].get("nodeSelector") or None):
            left.append(f"{name}: nodeSelector")
        return left

    def lock_holder(self) -> str:
        """Who holds the cluster lock; "" for nobody."""
        lease = self.stuck.cluster.find("leases", "harvester-ops-remediation", "harvester-system")
        return str((lease or {}).get("spec", {}).get("holderIdentity") or "")

    def lock_process(self) -> str:
        """The process that holds the cluster lock, as it stands at the lock."""
        lease = self.stuck.cluster.find("leases", "harvester-ops-remediation", "harvester-system")
        assert lease is not None
        return str(lease["metadata"]["annotations"][LOCK_PROCESS])

    def set_lock_process(self, process: str) -> None:
        """Have another process hold it."""
        patch = {"metadata": {"annotations": {LOCK_PROCESS: process}}}
        name, namespace = "harvester-ops-remediation", "harvester-system"
        self.stuck.cluster.patch("leases", name, patch, namespace)

    def let_rancher_look(self) -> None:
        """Nudge Rancher, and wait until it has looked at all awaited releases and is done.

        Its queue works one chart after the other, so the second look at a release comes after
        whatever the first one led to.
        """
        self._nudge_and_wait()
        self._nudge_and_wait()

    def _nudge_and_wait(self) -> None:
        log = AuditLog(self.control_plane.audit_log, EVERYONE_ELSE).mark()
        patch = {"metadata": {"annotations": {"repair/nudge": str(time.time_ns())}}}
        self.stuck.cluster.patch(clusterrepo.KIND, clusterrepo.CHARTS, patch)
        self.control_plane.wait_for(
            "Rancher to look at the awaited releases", lambda: _has_looked(log), 180
        )


def _has_looked(log: AuditLog) -> bool:
    looks = [request.uri for request in log.requests() if request.resource == "secrets"]
    return all(any(uri.endswith(f"name%3D{name}") for uri in looks) for name in AWAITED)


@contextlib.contextmanager
def sick_cluster(
    scenario: Scenario, directory: Path, helm: int = 3, made_by: int = 3
) -> Iterator[SickCluster]:
    """Make a cluster ill; everything is stopped at the end.

    ``helm`` is the operator's, 3 or 4; ``made_by`` is the one that all releases are from, and that Rancher runs.
    """
    control_plane = ControlPlane.up(directory / "controlplane")
    try:
        kubeconfig = control_plane.user(OPERATOR, "system:masters")
        illness = replace(scenario.illness, job_pace=JOB_PACE, rancher_pace=RANCHER_PACE)
        fast = replace(scenario, illness=illness)
        programs = {3: control_plane.helm3, 4: control_plane.helm4}
        stuck = fast.create(control_plane, directory / "cluster", helm=programs[made_by])
        operator = Playbook(directory / "artifacts").with_options(
            kubeconfig=str(kubeconfig), helm_binary=str(programs[helm]), **PATIENCE
        )
        try:
            yield SickCluster(stuck, operator, AuditLog(control_plane.audit_log, OPERATOR))
        finally:
            stuck.stop()
    finally:
        control_plane.down()
