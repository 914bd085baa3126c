# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The apply-manifests script from ``Upgrading Rancher`` on, in its own words (FM 1.7, 1.8).

The texts printed are those of Harvester's upgrade_manifests.sh, because they are what the
collection has to read. Pauses are the script's, scaled by ``Pace``.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from doubles import chart_package, helm_storage, semver
from doubles.kube import ApiError, Cluster, parse_time
from doubles.pod_files import ContainerLog

FLEET_SYSTEM = "cattle-fleet-system"
FLEET_AGENT = "cattle-fleet-local-system"
RANCHER = "cattle-system"
AWAITED = (
    ("fleet", FLEET_SYSTEM),
    ("fleet-crd", FLEET_SYSTEM),
    ("rancher-webhook", RANCHER),
)
CLUSTER_REPOS = ("rancher-charts", "rancher-rke2-charts", "rancher-partner-charts")

# Where the first pod of a played job may start; a retried pod always starts at the first.
STEPS = (
    "upgrade-rancher",
    "rancher-version",
    "dependencies",
    "rollouts",
    "settle",
    "agent",
    "fleet-fields",
    "imported",
    "after-rancher",
)


class ScriptFailed(Exception):
    """The shell would have ended the script here (``bash -e``)."""


class PodGone(Exception):
    """The pod was deleted or ended under the script."""


@dataclass(frozen=True)
class Script:
    """What differs between the scripts of Harvester releases."""

    agent_kind: str
    waits_for_new_agent: bool
    rolls_back: bool
    refreshes_repo: bool
    compares_generation: bool
    image_keys: tuple[str, ...]

    @classmethod
    def of(cls, harvester: str) -> Script:
        """The script in the image of a Harvester release such as ``v1.5.0``."""
        version = semver.parse(harvester)
        release = (version.major, version.minor, version.patch)
        return cls(
            agent_kind="statefulset" if release < (1, 5, 0) else "deployment",
            waits_for_new_agent=release < (1, 5, 0) or release >= (1, 7, 0),
            rolls_back=release >= (1, 8, 0),
            refreshes_repo=(1, 7, 2) <= release < (1, 8, 0) or release >= (1, 8, 1),
            compares_generation=release >= (1, 8, 1),
            image_keys=(
                ("image.tag", "rancherImageTag") if release >= (1, 8, 0) else ("rancherImageTag",)
            ),
        )


@dataclass(frozen=True)
class Pace:
    """How long the script's five-second loop and its minute take here, in seconds."""

    loop: float = 5.0
    minute: float = 60.0

    def pause(self, seconds: float) -> float:
        """A pause of the script, scaled."""
        return seconds * self.loop / 5.0


class ApplyManifests:
    """One run of the script in one pod."""

    def __init__(
        self,
        cluster: Cluster,
        log: ContainerLog,
        script: Script,
        release: Mapping[str, Any],
        release_text: str,
        upgrade: str,
        pace: Pace,
        helm: str,
        gone: threading.Event,
        directory: Path,
    ) -> None:
        self._cluster, self._log, self._script = cluster, log, script
        self._release, self._release_text, self._upgrade = release, release_text, upgrade
        self._pace, self._helm, self._gone, self._directory = pace, helm, gone, directory
        self._saved: tuple[str, str] = ("", "")

    def run(self, start_at: str = STEPS[0], generation: int = 0) -> None:
        """Run from a step on; ScriptFailed ends the pod with an error, PodGone without a word.

        ``generation`` is the CAPI generation the script noted before the Rancher step.
        """
        self._prelude()
        if start_at == STEPS[0]:
            before = self._upgrade_rancher()
            if before is None:
                self._after_rancher()
                return
            generation = before
        else:
            self._tell_rancher_step()
        for step in STEPS[max(1, STEPS.index(start_at)) :]:
            self._run_step(step, generation)

    def _run_step(self, step: str, generation: int) -> None:
        actions: dict[str, Callable[[], None]] = {
            "rancher-version": self._wait_rancher_version,
            "dependencies": self._wait_dependencies,
            "rollouts": self._wait_rollouts,
            "settle": lambda: self._settle(generation),
            "agent": self._redeploy_agent,
            "fleet-fields": self._wait_fleet_fields,
            "imported": self._wait_imported,
            "after-rancher": self._after_rancher,
        }
        actions[step]()

    # -- the shell around it -------------------------------------------------------------------

    def _say(self, text: str) -> None:
        self._log.write(text)

    def _sleep(self, seconds: float) -> None:
        if self._gone.wait(self._pace.pause(seconds)):
            raise PodGone

    def _until(self, condition: Callable[[], bool], pause: float) -> None:
        """Loop as the script does; an API server that is away is a failed command in it."""
        while True:
            if self._gone.is_set():
                raise PodGone
            try:
                if condition():
                    return
            except ApiError as error:
                self._say(f"Error from server: {error}")
            self._sleep(pause)

    # -- before ----------------------------------------------------------------------------------

    def _prelude(self) -> None:
        self._say(self._release_text)
        root = f"http://upgrade-repo-{self._upgrade}.harvester-system/harvester-iso"
        for path, target in (
            ("harvester-release.yaml", "/tmp/tmp.release.yaml"),
            ("bundle/metadata.yaml", "/tmp/tmp.metadata"),
        ):
            self._say(f'Downloading the file from "{root}/{path}" to "{target}"...')
        for chart in (
            "harvester",
            "harvester-crd",
            "rancher-monitoring-crd",
            "rancher-logging-crd",
        ):
            self._say(f"managedchart.management.cattle.io/{chart} patched")
        plan = f"{self._upgrade}-skip-restart-rancher-system-agent"
        self._say(f"plan.upgrade.cattle.io/{plan} created")

        def complete() -> bool:
            found = self._cluster.find("plans.upgrade.cattle.io", plan, RANCHER) or {}
            for condition in found.get("status", {}).get("conditions", ()):
                if condition["type"] == "Complete" and condition["status"] == "True":
                    self._say(f"Plan {plan} completed.")
                    return True
            self._say(f"Waiting for plan {plan} to complete...")
            return False

        self._until(complete, 5)

    def _tell_rancher_step(self) -> None:
        """The lines of a Rancher step that went well, for a pod that starts behind it."""
        target = self._release["rancher"]
        self._say("Upgrading Rancher")
        self._say("rancher shell-image is , patch is not needed")
        self._say("CAPI cluster fleet-local/local is provisioned (current generation: 1).")
        for name in CLUSTER_REPOS:
            self._say(f'clusterrepo.catalog.cattle.io "{name}" deleted')
        self._say('setting.management.cattle.io "chart-default-branch" deleted')
        config = self._fleet_config()
        self._saved = self._saved_server(config)
        self._say(f"saved apiServerURL {self._saved[0]}\nsaved apiServerCA {self._saved[1]}")
        self._say("Rancher patch file to be run via helm upgrade")
        self._say(f"rancherImageTag: {target}")
        self._say('Release "rancher" has been upgraded. Happy Helming!')

    # -- upgrade_rancher -----------------------------------------------------------------------

    def _upgrade_rancher(self) -> int | None:
        """Steps 1 to 8; None when Rancher is skipped, else the CAPI generation noted."""
        self._say("Upgrading Rancher")
        revision = helm_storage.last(self._cluster, RANCHER, "rancher")
        if revision is None:
            self._say("Error: release: not found\n[ERROR] Fail to get current Rancher version.")
            raise ScriptFailed
        values = dict(revision.config)
        values.pop("extraEnv", None)
        self._say("Rancher values:\n" + yaml.safe_dump(values))
        current = self._running_tag(values)
        image = self._cluster.get("settings.management.cattle.io", "shell-image").get("value", "")
        self._say(f"rancher shell-image is {image}, patch is not needed")
        target = self._release["rancher"]
        if current == target:
            self._say(f"Skip update Rancher. The version is already {current}")
            return None
        generation = self._wait_capi(0)
        self._delete_repositories()
        config = self._fleet_config()
        self._saved = self._saved_server(config)
        self._say(f"saved apiServerURL {self._saved[0]}\nsaved apiServerCA {self._saved[1]}")
        self._helm_upgrade_rancher(values, target)
        return generation

    def _running_tag(self, values: Mapping[str, Any]) -> str:
        for key in self._script.image_keys:
            value: Any = values
            for part in key.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value:
                return str(value)
        self._say("[ERROR] Fail to get current Rancher version.")
        raise ScriptFailed

    def _delete_repositories(self) -> None:
        targets = [
            ("clusterrepo", "clusterrepos.catalog.cattle.io", name) for name in CLUSTER_REPOS
        ]
        targets.append(("setting", "settings.management.cattle.io", "chart-default-branch"))
        for kind, resource, name in targets:
            if not self._cluster.delete(resource, name):
                self._say(f'Error from server (NotFound): {resource} "{name}" not found')
                raise ScriptFailed
            self._say(f'{kind}.{resource.partition(".")[2]} "{name}" deleted')

    def _helm_upgrade_rancher(self, values: dict[str, Any], target: str) -> None:
        values["rancherImageTag"] = target
        self._say("Rancher patch file to be run via helm upgrade\n" + yaml.safe_dump(values))
        folder = self._directory / "rancher"
        chart = chart_package.package("rancher", target.removeprefix("v")).write(folder)
        (folder / "values.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
        arguments = ["upgrade", "rancher", str(chart), "--namespace", RANCHER]
        if self._run_helm(*arguments, "-f", str(folder / "values.yaml"), "--wait") != 0:
            raise ScriptFailed

    def _run_helm(self, *arguments: str) -> int:
        done = subprocess.run(
            [self._helm, *arguments, "--kubeconfig", str(self._cluster.kubeconfig)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self._say(done.stdout.decode(errors="replace"))
        return done.returncode

    def _wait_rancher_version(self) -> None:
        target = self._release["rancher"]

        def upgraded() -> bool:
            setting = self._cluster.find("settings.management.cattle.io", "server-version") or {}
            if setting.get("value") == target:
                return True
            self._say(f"Wait for Rancher to be upgraded to {target}...")
            return False

        self._until(upgraded, 5)

    # -- the dependencies ----------------------------------------------------------------------

    def _wait_dependencies(self) -> None:
        if self._script.refreshes_repo:
            self._force_refresh()
        self._say("Wait for Rancher dependencies helm releases...")
        for name, namespace in AWAITED:
            versions = self._release["rancherDependencies"][name]
            self._wait_release(namespace, name, f"{name}-{versions['chart']}", versions["app"])

    def _force_refresh(self) -> None:
        """``force_refresh_clusterrepo rancher-charts`` of v1.7.2 and v1.8.1."""
        resource = "clusterrepos.catalog.cattle.io"

        def downloaded_at() -> datetime | None:
            repo = self._cluster.find(resource, "rancher-charts") or {}
            stamp = repo.get("status", {}).get("downloadTime")
            return parse_time(stamp) if stamp else None

        self._until(lambda: downloaded_at() is not None, 5)
        moment = datetime.now(timezone.utc).replace(microsecond=0)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        self._cluster.patch(resource, "rancher-charts", {"spec": {"forceUpdate": stamp}})
        self._until(
            lambda: (downloaded_at() or datetime.min.replace(tzinfo=timezone.utc)) >= moment, 5
        )

    def _wait_release(self, namespace: str, release: str, chart: str, app: str) -> None:
        self._say(f"wait helm release {namespace} {release} {chart} {app} deployed")
        pending_since: float | None = None
        rolled_back = False
        while True:
            revision = self._last_revision(namespace, release)
            if revision is None:
                self._say("Error: release: not found")
            elif (revision.chart, revision.app_version) == (chart, app):
                if revision.status == "deployed":
                    break
            elif self._script.rolls_back and revision.status.startswith("pending-"):
                pending_since = pending_since or time.monotonic()
                minutes = int((time.monotonic() - pending_since) / self._pace.minute)
                self._say(
                    f"{revision.chart}:{revision.app_version} in {revision.status} state "
                    f"for {minutes} minutes"
                )
                if minutes > 5 and not rolled_back:
                    rolled_back = True
                    self._roll_back(namespace, release)
            self._sleep(5)
        if self._script.rolls_back:
            self._say(f"completed helm release {namespace} {release} {chart} {app} deployed")

    def _last_revision(self, namespace: str, release: str) -> helm_storage.Revision | None:
        try:
            return helm_storage.last(self._cluster, namespace, release)
        except ApiError as error:
            self._say(f"Error: query: failed to query with labels: {error}")
            return None

    def _roll_back(self, namespace: str, release: str) -> None:
        """The automatic rollback of v1.8.0, with its fault when nothing is deployed (FM 0.8)."""
        deployed = [
            revision.number
            for revision in helm_storage.revisions(self._cluster, namespace, release)
            if revision.status == "deployed"
        ]
        target = str(deployed[-1]) if deployed else "null"
        self._say(
            f"deadline exceeded. rolling back {release} to revision {target} (rollback attempt #1)"
        )
        if self._run_helm("rollback", release, target, "-n", namespace, "--wait") != 0:
            raise ScriptFailed

    # -- after the dependencies ----------------------------------------------------------------

    def _wait_rollouts(self) -> None:
        self._say("Wait for Rancher deployment rollout...")
        self._rollout(RANCHER, "deployment", "rancher")
        self._say("Rancher deployment and pods")
        self._say("Wait for Rancher dependencies rollout...")
        self._rollout(FLEET_SYSTEM, "deployment", "fleet-controller")
        self._rollout(RANCHER, "deployment", "rancher-webhook")
        if self._cluster.find("secrets", "stv-aggregation", RANCHER) is None:
            self._say("Create cattle-system/stv-aggregation secret")
            metadata = {"name": "stv-aggregation", "namespace": RANCHER}
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
            self._cluster.ensure({**secret, "type": "Opaque"})
            self._say("secret/stv-aggregation created")
        self._rollout_with_loop()

    def _rollout(self, namespace: str, kind: str, name: str) -> None:
        self._say(f"wait rollout -n {namespace} {kind} {name}")
        self._rollout_status(namespace, kind, name)

    def _rollout_status(self, namespace: str, kind: str, name: str) -> None:
        """``kubectl rollout status --watch=true``."""
        told = ""
        while True:
            workload = self._cluster.find(f"{kind}s", name, namespace)
            if workload is None:
                self._say(f'Error from server (NotFound): {kind}s.apps "{name}" not found')
                raise ScriptFailed
            progress = _rollout_progress(workload)
            if not progress:
                break
            if progress == "deadline":
                self._say(f'error: {kind} "{name}" exceeded its progress deadline')
                raise ScriptFailed
            if progress != told:
                self._say(f'Waiting for {kind} "{name}" rollout to finish: {progress}...')
                told = progress
            self._sleep(1)
        self._say(f'{kind} "{name}" successfully rolled out')

    def _rollout_with_loop(self) -> None:
        kind, name = self._script.agent_kind, "fleet-agent"
        self._say(f"wait rollout -n {FLEET_AGENT} {kind} {name}")

        def created() -> bool:
            if self._cluster.find(f"{kind}s", name, FLEET_AGENT) is not None:
                return True
            self._say(f'Error from server (NotFound): {kind}s.apps "{name}" not found')
            self._say("resource was not created, continue")
            return False

        self._until(created, 2)
        self._rollout_status(FLEET_AGENT, kind, name)

    def _settle(self, generation: int) -> None:
        self._say("Wait for cluster settling down...")
        self._wait_capi(generation)

    def _wait_capi(self, generation: int) -> int:
        """Wait for the CAPI cluster; its observed generation."""
        observed = 0

        def provisioned() -> bool:
            nonlocal observed
            cluster = self._cluster.get("clusters.cluster.x-k8s.io", "local", "fleet-local")
            status = cluster.get("status", {})
            observed, phase = int(status.get("observedGeneration", 0)), status.get("phase", "")
            own = cluster["metadata"]["generation"]
            exact = self._script.compares_generation
            settled = observed == own if exact else observed > generation
            if settled and phase == "Provisioned":
                self._say(
                    "CAPI cluster fleet-local/local is provisioned "
                    f"(current generation: {observed})."
                )
                return True
            self._say(
                "Waiting for CAPI cluster fleet-local/local to be provisioned "
                f"(current phase: {phase}, current generation: {observed})..."
            )
            return False

        self._until(provisioned, 5)
        return observed

    def _redeploy_agent(self) -> None:
        """Bump the agent's generation; some scripts wait for the new workload object."""
        self._rollout_with_loop()
        before = self._agent_created()
        fleet = self._cluster.get("clusters.fleet.cattle.io", "local", "fleet-local")
        deployed = int(fleet.get("status", {}).get("agentDeployedGeneration") or 0)
        patch = {"spec": {"redeployAgentGeneration": deployed + 1}}
        self._cluster.patch("clusters.fleet.cattle.io", "local", patch, "fleet-local")
        self._say("cluster.fleet.cattle.io/local patched")
        if self._script.waits_for_new_agent:
            self._say(f"wait for fleet-agent, current timestamp {before}")

            def renewed() -> bool:
                if self._agent_created() > before:
                    return True
                self._say("waiting for fleet-agent creation timestamp to be updated")
                return False

            self._until(renewed, 10)
            self._say(f"end with new timestamp {self._agent_created()}")
        self._rollout_with_loop()

    def _agent_created(self) -> int:
        workload = self._cluster.find(f"{self._script.agent_kind}s", "fleet-agent", FLEET_AGENT)
        return _seconds(workload) if workload else 0

    def _wait_fleet_fields(self) -> None:
        def in_crd() -> bool:
            crd = self._cluster.get("customresourcedefinitions", "clusters.fleet.cattle.io")
            schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            status = schema.get("properties", {}).get("status", {}).get("properties", {})
            where = "clusters.fleet.cattle.io crd"
            if "agentTLSMode" in status:
                self._say(f"new field agentTLSMode is found in {where}")
                return True
            self._say(f"wait for new field agentTLSMode in {where}")
            return False

        def in_config() -> bool:
            where = "cattle-fleet-system/fleet-controller configmap"
            if "agentTLSMode" in self._fleet_config():
                self._say(f"new field agentTLSMode is found in {where}")
                return True
            self._say(f"wait for new field agentTLSMode in {where}")
            return False

        self._until(in_crd, 2)
        self._until(in_config, 2)
        self._restore_fleet_config()

    def _fleet_config(self) -> dict[str, Any]:
        config_map = self._cluster.find("configmaps", "fleet-controller", FLEET_SYSTEM) or {}
        # Harvester writes the text as YAML, which the chart's JSON is too.
        config = yaml.safe_load(config_map.get("data", {}).get("config", "")) or {}
        return config if isinstance(config, dict) else {}

    @staticmethod
    def _saved_server(config: Mapping[str, Any]) -> tuple[str, str]:
        return str(config.get("apiServerURL") or ""), str(config.get("apiServerCA") or "")

    def _restore_fleet_config(self) -> None:
        if not any(self._saved):
            self._say("both apiServerURL and apiServerCA saved values are empty, skip restoring")
            return
        config = self._fleet_config()
        url, ca = self._saved_server(config)
        if (url, ca) == self._saved:
            self._say(
                f"apiServerURL {url} and apiServerCA {ca} have already been same with saved values"
            )
            return
        config |= {"apiServerURL": self._saved[0], "apiServerCA": self._saved[1]}
        text = json.dumps(config, indent=2)
        patch = {"data": {"config": text}}
        self._cluster.patch("configmaps", "fleet-controller", patch, FLEET_SYSTEM)
        self._say(f"the configmap will be restored to\n{text}")
        self._say("sleep 20s for fleet-controller to work on new configmap")
        self._sleep(20)

    # -- the agent is imported and new ---------------------------------------------------------

    def _wait_imported(self) -> None:
        self._say("wait until cluster.fleet local is Imported after fleet-controller is upgraded")
        controller = self._ready_controller_created()
        self._until(lambda: self._is_imported(controller), 2)
        self._say("cluster.fleet local is Imported")
        self._say("wait until fleet-agent is redeployed after fleet-controller is upgraded")
        controller = self._ready_controller_created()
        self._until(lambda: self._is_agent_new(controller), 2)
        self._say("fleet-agent is redeployed")
        self._sleep(5)
        self._wait_ready()

    def _ready_controller_created(self) -> int:
        created: list[int] = []

        def ready() -> bool:
            pods = self._cluster.list("pods", FLEET_SYSTEM, "app=fleet-controller")
            created.extend(_seconds(pod) for pod in pods if _is_ready(pod))
            return bool(created)

        self._until(ready, 1)
        return created[0]

    def _is_imported(self, controller: int) -> bool:
        prefix = "cluster.fleet -n fleet-local local condition Imported is"
        condition = self._condition("Imported")
        if not condition:
            self._say(f"{prefix} not found, continue")
            return False
        stamp = int(parse_time(condition["lastUpdateTime"]).timestamp())
        status = condition.get("status")
        if stamp >= controller:
            self._say(f"{prefix} updated, {stamp} >= {controller}, status is {status}")
            return True
        self._say(f"{prefix} not updated, {stamp} < {controller}, status is {status}, continue")
        return False

    def _is_agent_new(self, controller: int) -> bool:
        pods = self._cluster.list("pods", FLEET_AGENT, "app=fleet-agent")
        if not pods:
            self._say("fleet-agent pod is not found, continue")
            return False
        if len(pods) > 1:
            # `date -d` cannot read two times at once.
            self._say(f"date: invalid date '{pods[0]['metadata']['creationTimestamp']}'")
            return False
        stamp = _seconds(pods[0])
        if stamp >= controller:
            self._say(f"fleet-agent is new, {stamp} >= {controller}")
            return True
        self._say(f"fleet-agent is old, {stamp} < {controller}, continue")
        return False

    def _wait_ready(self) -> None:
        """At most thirty rounds, and never fatal."""
        prefix = "cluster.fleet -n fleet-local local condition Ready is"
        self._say("wait until cluster.fleet local is Ready after fleet-controller is upgraded")
        for _round in range(30):
            if self._condition("Ready").get("status") == "True":
                self._say(f"{prefix} true")
                return
            self._say(f"{prefix} false, continue")
            self._sleep(2)
        self._say("cluster.fleet local is not Ready, skip waiting")

    def _condition(self, kind: str) -> dict[str, Any]:
        cluster = self._cluster.find("clusters.fleet.cattle.io", "local", "fleet-local") or {}
        for condition in cluster.get("status", {}).get("conditions", ()):
            if condition["type"] == kind:
                return dict(condition)
        return {}

    # -- what follows --------------------------------------------------------------------------

    def _after_rancher(self) -> None:
        """The next functions, as far as they can be seen from the Rancher phase."""
        self._say("cluster.provisioning.cattle.io/local labeled")
        resource = "clusters.provisioning.cattle.io"
        if self._cluster.find(resource, "local", "fleet-local") is not None:
            labels = {"provisioning.cattle.io/management-cluster-name": "local"}
            self._cluster.patch(resource, "local", {"metadata": {"labels": labels}}, "fleet-local")
            status = {"status": {"fleetWorkspaceName": "fleet-local"}}
            self._cluster.patch(resource, "local", status, "fleet-local", "status")
        self._say("Check current local-rke-state secret type...")
        secret = self._cluster.find("secrets", "local-rke-state", "fleet-local") or {}
        self._say(f"Current secret type is: {secret.get('type', 'null')}, skip update")
        self._say("Upgrading Harvester Cluster Repo")
        self._say("deployment.apps/harvester-cluster-repo patched")
        self._sleep(5)
        self._say("Upgrading Harvester")
        for chart in ("harvester-crd", "harvester"):
            self._wait_managed_chart(chart)

    def _wait_managed_chart(self, name: str) -> None:
        version = self._release["harvesterChart"]
        self._say(f"Waiting for ManagedChart fleet-local/{name} from generation 1")
        self._say(f"Target version: {version}, Target state: ready")

        def ready() -> bool:
            chart = self._cluster.get("managedcharts.management.cattle.io", name, "fleet-local")
            status = chart.get("status", {})
            self._say(
                f"Current version: {chart['spec'].get('version', version)}, Current state: "
                f"{status.get('display', {}).get('state', 'null')}, Current generation: "
                f"{status.get('observedGeneration', 'null')}"
            )
            if status.get("summary", {}).get("ready") == 1:
                return True
            self._say("Sleep for 5 seconds to retry")
            return False

        self._until(ready, 5)


def _seconds(item: Mapping[str, Any]) -> int:
    return int(parse_time(item["metadata"]["creationTimestamp"]).timestamp())


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _rollout_progress(workload: Mapping[str, Any]) -> str:
    """What kubectl says of an unfinished rollout; "" when done, "deadline" when given up."""
    status, wanted = workload.get("status", {}), workload["spec"].get("replicas", 1)
    for condition in status.get("conditions", ()):
        if condition.get("reason") == "ProgressDeadlineExceeded":
            return "deadline"
    if workload["metadata"]["generation"] > status.get("observedGeneration", 0):
        return "waiting for the spec update to be observed"
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted:
        return f"{updated} out of {wanted} new replicas have been updated"
    if status.get("replicas", 0) > updated:
        return f"{status['replicas'] - updated} old replicas are pending termination"
    if available < updated:
        return f"{available} of {updated} updated replicas are available"
    return ""
