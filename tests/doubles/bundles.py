# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of fleet-agent that deploys a Bundle with helm, when the Bundle is forced to sync (FM 5.6)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from doubles import chart_package
from doubles.kube import Cluster, now

BUNDLES = "bundles.fleet.cattle.io"
MANAGED_CHARTS = "managedcharts.management.cattle.io"
LOCAL = "fleet-local"
LOCKED = "another operation (install/upgrade/rollback) is in progress"
_KEPT_REVISIONS = 10  # Fleet's MaxHelmHistory


class BundleDeployer:
    """Deploys a Bundle whose chart is one of charts/, in the version of its ``spec.helm``, with helm itself.

    An agent that failed tries again after a back-off of up to a quarter of an hour, which is longer than anything here
    lasts; a change of ``spec.forceSyncGeneration`` ends it.
    """

    def __init__(self, cluster: Cluster, helm: str, directory: Path) -> None:
        self._cluster, self._helm, self._directory = cluster, helm, directory
        self._synced: dict[str, int] = {}

    def look(self) -> None:
        """One round: deploy the Bundles whose generation has gone up since it was first seen."""
        for bundle in self._cluster.list(BUNDLES, LOCAL):
            name, spec = bundle["metadata"]["name"], bundle["spec"]
            generation = spec.get("forceSyncGeneration", 0)
            if self._synced.setdefault(name, generation) != generation:
                self._synced[name] = generation
                if spec.get("helm", {}).get("version"):
                    self._report(name, self._deploy(spec))

    def _deploy(self, spec: dict[str, Any]) -> str:
        """Upgrade the release, as Fleet since 0.7 with a rollback when it is locked; why it failed."""
        helm = spec["helm"]
        archive = chart_package.package(helm["chart"], helm["version"]).write(self._directory)
        upgrade = ["upgrade", helm["releaseName"], str(archive), "--install"]
        upgrade.append(f"--history-max={_KEPT_REVISIONS}")
        said = self._run(spec, *upgrade)
        if LOCKED in said:
            said = self._run(spec, "rollback", helm["releaseName"]) or self._run(spec, *upgrade)
        return said

    def _run(self, spec: dict[str, Any], *arguments: str) -> str:
        """What helm says when it fails; "" when it does not."""
        where = ["--namespace", spec["defaultNamespace"]]
        done = subprocess.run(
            [self._helm, *arguments, *where, "--kubeconfig", str(self._cluster.kubeconfig)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr if done.returncode else ""

    def _report(self, bundle: str, failure: str) -> None:
        """In the status of the Bundle, and of the ManagedChart it is made for."""
        state = "errApplied" if failure else "ready"
        summary = {"desiredReady": 1, "ready": 0, "errApplied": None, state: 1}
        condition = {"type": "Ready", "status": str(not failure), "lastUpdateTime": now()}
        if failure:
            condition["message"] = f"ErrApplied(1) [Cluster {LOCAL}/local: {failure.strip()}]"
        status = {"status": {"summary": summary, "conditions": [condition]}}
        for resource, name in ((BUNDLES, bundle), (MANAGED_CHARTS, bundle.removeprefix("mcc-"))):
            if self._cluster.find(resource, name, LOCAL) is not None:
                self._cluster.patch(resource, name, status, LOCAL, "status")
