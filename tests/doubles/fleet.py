# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays the fleet controller towards the local cluster, and Harvester's mcmsettings (FM 5.3-5.5).

Run by tests/doubles/fleet_double; see README.md there.
"""

from __future__ import annotations

import argparse
import base64
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from doubles import pod_files, semver
from doubles.bundles import BUNDLES, MANAGED_CHARTS, BundleDeployer
from doubles.kube import ApiError, Cluster, now
from doubles.watch import Changes, Watched, keep_looking

SYSTEM = "cattle-fleet-system"
AGENT_NAMESPACE = "cattle-fleet-local-system"
LOCAL = "fleet-local"
CLUSTER = "clusters.fleet.cattle.io"
_COMPLAIN_EVERY = 5.0
_WATCHED = (
    Watched("pods", SYSTEM, selector="app=fleet-controller"),
    Watched("pods", AGENT_NAMESPACE, selector="app=fleet-agent"),
    Watched(CLUSTER, LOCAL),
    Watched("configmaps", SYSTEM, "fleet-controller"),
    Watched("settings.management.cattle.io"),
    Watched(BUNDLES, LOCAL),
)


class AgentManagement:
    """The fleet-agentmanagement container: imports the local cluster and deploys its agent."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self._cluster, self._directory = cluster, directory
        self._logs: dict[str, pod_files.ContainerLog] = {}
        self._controller = ""
        self._config = ""
        self._complained = 0.0

    def look(self) -> None:
        """One round: import when there is a reason to, and say whether the cluster is ready."""
        pod = self._controller_pod()
        local = self._cluster.find(CLUSTER, "local", LOCAL)
        config_map = self._cluster.find("configmaps", "fleet-controller", SYSTEM)
        if pod is None or local is None or config_map is None:
            return
        text = config_map.get("data", {}).get("config", "")
        if self._has_reason(pod, local, text):
            self._import(pod, local, text)
        else:
            self._update_agent(yaml.safe_load(text) or {})
        self._report_ready()

    def _controller_pod(self) -> dict[str, Any] | None:
        """The ready controller pod; every one gets its log served."""
        ready = []
        for pod in self._cluster.list("pods", SYSTEM, "app=fleet-controller"):
            if not _is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
                continue
            ready.append(pod)
            uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
            if uid not in self._logs:
                log = pod_files.ContainerLog(self._directory / "fleet" / f"{name}.log")
                quiet = pod_files.ContainerLog(self._directory / "fleet" / f"{name}.other.log")
                logs = {"fleet-agentmanagement": log}
                logs |= dict.fromkeys(("fleet-controller", "fleet-cleanup"), quiet)
                pod_files.serve_logs(self._cluster, pod, logs)
                self._logs[uid] = log
        ready.sort(key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
        return ready[-1] if ready else None

    def _has_reason(self, pod: dict[str, Any], local: dict[str, Any], text: str) -> bool:
        status, spec = local.get("status", {}), local.get("spec", {})
        deployed = status.get("agentDeployedGeneration")
        if deployed is None or deployed != spec.get("redeployAgentGeneration", 0):
            return True
        if _compares_server_of_secret(_version(pod)):
            changed = self._differs(yaml.safe_load(text) or {}, status)
        else:
            # The kubeconfig's server never equals the ConfigMap's: a start and any change count (FM 0.20).
            changed = pod["metadata"]["uid"] != self._controller or text != self._config
        if changed:
            self._say(pod, "info", "API server config changed, trigger cluster import")
            self._config = text
        return changed

    def _differs(self, config: dict[str, Any], status: dict[str, Any]) -> bool:
        """Whether the agent was deployed with another configuration, as Fleet 0.13 and later compares it."""
        secret = self._cluster.find("secrets", "local-kubeconfig", LOCAL) or {}
        url = config.get("apiServerURL")
        if url and not _decoded(secret, "apiServerURL") and url != status.get("apiServerURL"):
            return True
        return bool(config.get("agentTLSMode", "") != status.get("agentTLSMode", ""))

    def _import(self, pod: dict[str, Any], local: dict[str, Any], text: str) -> None:
        config = yaml.safe_load(text) or {}
        secret = self._cluster.find("secrets", "local-kubeconfig", LOCAL) or {}
        url = _decoded(secret, "apiServerURL") or config.get("apiServerURL")
        if not url:
            self._complain(pod)
            return
        self._deploy_agent(pod, config, _version(pod))
        self._controller, self._config = pod["metadata"]["uid"], text
        status = {
            "agentDeployedGeneration": local.get("spec", {}).get("redeployAgentGeneration", 0),
            "agentMigrated": True,
            "agentNamespaceMigrated": True,
            "cattleNamespaceMigrated": True,
            "agentConfigChanged": False,
            "apiServerURL": url,
            "agentTLSMode": config.get("agentTLSMode", ""),
            "agent": {"lastSeen": now(), "namespace": AGENT_NAMESPACE},
        }
        self._patch_status(status | {"conditions": self._conditions("Imported", "True", True)})
        self._settle_charts()

    def _settle_charts(self) -> None:
        """Charts whose Bundle only waited for a new agent are ready now."""
        summary = {"desiredReady": 1, "ready": 1, "notReady": None}
        condition = {"type": "Ready", "status": "True", "lastUpdateTime": now()}
        ready = {"status": {"summary": summary, "conditions": [condition]}}
        for resource in (BUNDLES, MANAGED_CHARTS):
            for item in self._cluster.list(resource, LOCAL):
                name, notes = item["metadata"]["name"], item["metadata"].get("annotations") or {}
                if "doubles.test/ready-after-agent" in notes:
                    self._cluster.patch(resource, name, ready, LOCAL, "status")

    def _deploy_agent(self, pod: dict[str, Any], config: dict[str, Any], version: str) -> None:
        """Delete whichever kind of agent there is, and create the right one (FM 5.5)."""
        for kind in ("deployments", "statefulsets"):
            if self._cluster.delete(kind, "fleet-agent", AGENT_NAMESPACE):
                self._say(pod, "info", f"Deleted old agent for cluster ({LOCAL}/local)")
        body = _agent(str(config.get("agentImage", "")), version)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self._cluster.create(body)
                break
            except ApiError as error:
                if not error.conflict:
                    raise
                time.sleep(0.2)
        self._say(pod, "info", f"Cluster import for '{LOCAL}/local'. Deployed new agent")

    def _update_agent(self, config: dict[str, Any]) -> None:
        """The agent's Bundle: an agent that is there gets the image of the configuration, and is not imported again."""
        agent = self._cluster.find("deployments", "fleet-agent", AGENT_NAMESPACE)
        container = {"name": "fleet-agent", "image": str(config.get("agentImage", ""))}
        if (
            agent is None
            or agent["spec"]["template"]["spec"]["containers"][0]["image"] == container["image"]
        ):
            return
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        self._cluster.patch("deployments", "fleet-agent", patch, AGENT_NAMESPACE)

    def _complain(self, pod: dict[str, Any]) -> None:
        if time.monotonic() - self._complained < _COMPLAIN_EVERY:
            return
        self._complained = time.monotonic()
        self._say(
            pod,
            "error",
            f"error syncing '{LOCAL}/local': handler import-cluster: missing apiServerURL in fleet "
            "config for cluster auto registration, requeuing",
        )

    def _report_ready(self) -> None:
        pods = self._cluster.list("pods", AGENT_NAMESPACE, "app=fleet-agent")
        ready = "True" if any(_is_ready(pod) for pod in pods) else "False"
        local = self._cluster.find(CLUSTER, "local", LOCAL) or {}
        for condition in local.get("status", {}).get("conditions", ()):
            if condition["type"] == "Ready" and condition["status"] == ready:
                return
        self._patch_status({"conditions": self._conditions("Ready", ready, False)})

    def _conditions(self, kind: str, value: str, renew: bool) -> list[dict[str, Any]]:
        local = self._cluster.get(CLUSTER, "local", LOCAL)
        known = local.get("status", {}).get("conditions", [])
        others = [item for item in known if item["type"] != kind]
        same = [item for item in known if item["type"] == kind and item["status"] == value]
        if same and not renew:
            return list(known)
        return [*others, {"type": kind, "status": value, "lastUpdateTime": now()}]

    def _patch_status(self, status: dict[str, Any]) -> None:
        self._cluster.patch(CLUSTER, "local", {"status": status}, LOCAL, subresource="status")

    def _say(self, pod: dict[str, Any], level: str, text: str) -> None:
        stamp = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._logs[pod["metadata"]["uid"]].write(f'time="{stamp}" level={level} msg="{text}"')


class McmSettings:
    """Harvester's controller that keeps Rancher's address in fleet's ConfigMap (FM 5.3)."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def look(self) -> None:
        """Put the address and the CA back when they differ from the Settings."""
        config_map = self._cluster.find("configmaps", "fleet-controller", SYSTEM)
        url = self._setting("internal-server-url")
        if config_map is None or not url:
            return
        config = yaml.safe_load(config_map.get("data", {}).get("config", "")) or {}
        authority = base64.b64encode(self._setting("internal-cacerts").encode()).decode()
        wanted = {"apiServerURL": url, "apiServerCA": authority}
        if all(config.get(key) == value for key, value in wanted.items()):
            return
        old = config.get("apiServerURL", "")
        print(f"patch fleet-controller configmap apiServerURL from {old} to {url}", flush=True)
        text = yaml.safe_dump({**config, **wanted}, sort_keys=False)
        patch = {"data": {"config": text}}
        self._cluster.patch("configmaps", "fleet-controller", patch, SYSTEM)

    def _setting(self, name: str) -> str:
        setting = self._cluster.find("settings.management.cattle.io", name) or {}
        return str(setting.get("value") or setting.get("default") or "")


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _version(pod: dict[str, Any]) -> str:
    """The Fleet in a pod."""
    return str(pod["spec"]["containers"][0]["image"]).rpartition(":")[2]


def _compares_server_of_secret(version: str) -> bool:
    """Whether the server in the kubeconfig Secret stands over the one in the ConfigMap (0.13.0 and later)."""
    parsed = semver.parse(version)
    return (parsed.major, parsed.minor) >= (0, 13)


def _decoded(secret: dict[str, Any], key: str) -> str:
    return base64.b64decode(secret.get("data", {}).get(key, "")).decode()


def _agent(image: str, version: str) -> dict[str, Any]:
    parsed = semver.parse(version)
    stateful = (0, 10) <= (parsed.major, parsed.minor) < (0, 12)
    labels = {"app": "fleet-agent"}
    spec: dict[str, Any] = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "fleet-agent", "image": image}]},
        },
    }
    if stateful:
        spec["serviceName"] = "fleet-agent"
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet" if stateful else "Deployment",
        "metadata": {"name": "fleet-agent", "namespace": AGENT_NAMESPACE, "labels": labels},
        "spec": spec,
    }


def main() -> int:
    """Play fleet and mcmsettings until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="fleet_double", description=__doc__)
    parser.add_argument("--kubeconfig", required=True, type=Path)
    parser.add_argument("--dir", required=True, type=Path, help="for the pods' logs")
    parser.add_argument("--helm", default="helm", help="helm for the Bundles the agent deploys")
    parser.add_argument(
        "--no-mcm", action="store_true", help="leave a lost apiServerURL lost (FM 6.16)"
    )
    options = parser.parse_args()
    cluster = Cluster(options.kubeconfig)
    agents = AgentManagement(cluster, options.dir.resolve())
    bundles = BundleDeployer(cluster, options.helm, options.dir.resolve() / "bundles")
    mcm = None if options.no_mcm else McmSettings(cluster)

    def look() -> None:
        if mcm is not None:
            mcm.look()
        agents.look()
        bundles.look()

    keep_looking("fleet_double", Changes(cluster, _WATCHED), look, (ApiError, yaml.YAMLError))
    return 0


if __name__ == "__main__":
    sys.exit(main())
