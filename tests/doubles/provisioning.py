# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other controllers an upgrade waits for: Cluster API's, and the one that carries out Plans."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from doubles.kube import ApiError, Cluster, now

_CAPI = "clusters.cluster.x-k8s.io"
_PLAN = "plans.upgrade.cattle.io"
_COMPLAIN_EVERY = 5.0


class Provisioning:
    """Settles the CAPI cluster after changes, and Plans once their controller was restarted."""

    def __init__(self, cluster: Cluster, log: Callable[[str, str], None]) -> None:
        self._cluster, self._log = cluster, log
        self._controller = ""
        self._complained = 0.0

    def started(self, rancher: str) -> None:
        """A Rancher of another version touches the cluster's spec, which bumps its generation."""
        found = self._cluster.find(_CAPI, "local", "fleet-local")
        notes = (found or {}).get("metadata", {}).get("annotations") or {}
        known = notes.get("doubles.test/rancher")
        if found is None or known == rancher:
            return
        patch: dict[str, Any] = {"metadata": {"annotations": {"doubles.test/rancher": rancher}}}
        if known is not None:
            patch["spec"] = {"topology": {"version": rancher}}
        self._change(patch)

    def look(self) -> None:
        """One round."""
        self._settle_cluster()
        self._complete_plans()

    def _settle_cluster(self) -> None:
        found = self._cluster.find(_CAPI, "local", "fleet-local")
        if found is None:
            return
        generation = found["metadata"]["generation"]
        if found.get("status", {}).get("observedGeneration", 0) >= generation:
            return
        # The real controller writes the object before its status, so webhooks get their say.
        if self._change({"metadata": {"annotations": {"doubles.test/settled": now()}}}):
            status = {"status": {"observedGeneration": generation}}
            self._cluster.patch(_CAPI, "local", status, "fleet-local", "status")

    def _change(self, patch: dict[str, Any]) -> bool:
        """Patch the CAPI cluster; an admission webhook's refusal is logged now and then."""
        try:
            self._cluster.patch(_CAPI, "local", patch, "fleet-local")
        except ApiError as error:
            if time.monotonic() - self._complained > _COMPLAIN_EVERY:
                self._complained = time.monotonic()
                self._log(
                    "ERROR",
                    f"error syncing 'fleet-local/local': handler rke-cluster: {error}, requeuing",
                )
            return False
        return True

    def _complete_plans(self) -> None:
        """A new pod of the system upgrade controller takes up the Plans left lying (FM 6.35)."""
        pods = self._cluster.list("pods", "cattle-system", "app=system-upgrade-controller")
        uid = str(pods[0]["metadata"]["uid"]) if pods else ""
        if not uid or uid == self._controller:
            return
        if self._controller:
            self._complete_all()
        self._controller = uid

    def _complete_all(self) -> None:
        done = {"type": "Complete", "status": "True", "lastUpdateTime": now()}
        for plan in self._cluster.list(_PLAN, "cattle-system"):
            name, status = plan["metadata"]["name"], plan.get("status", {})
            if not status.get("applying"):
                continue
            for node in status["applying"]:
                labels = {f"plan.upgrade.cattle.io/{name}": status.get("latestHash", "")}
                self._cluster.patch("nodes", node, {"metadata": {"labels": labels}})
            patch = {"status": {"conditions": [done], "applying": []}}
            self._cluster.patch(_PLAN, name, patch, "cattle-system", "status")
