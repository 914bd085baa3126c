# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Harvester cluster that waits at "Upgrading Rancher": made ill on purpose, on real parts.

``StuckCluster.create`` installs what Harvester and Rancher would have installed, starts the
doubles as processes and waits until the job waits. ``faults`` makes it ill in other ways.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from controlplane.handle import ControlPlane
from doubles import chart_package, chart_repository, rancher_settings, seeds
from doubles.kube import ApiError, Cluster, wait_until
from doubles.rancher import STATE_FILE
from doubles.rancher_lines import RancherLine, line_of, previous_of
from doubles.resources import JsonObject, by_name, crds, of_object
from doubles.system_charts import chart_values, fleet_values, system_charts

RELEASE_NAMESPACES = {
    "fleet-crd": "cattle-fleet-system",
    "fleet": "cattle-fleet-system",
    "rancher-webhook": "cattle-system",
    "rancher-provisioning-capi": "cattle-provisioning-capi-system",
    "rancher-turtles": "cattle-turtles-system",
    "system-upgrade-controller": "cattle-system",
    "rancher": "cattle-system",
    "harvester": "harvester-system",
}
_STATE = "stuck-cluster.json"
_RANCHER_FEATURES = (
    "multi-cluster-management=false,multi-cluster-management-agent=false,"
    "managed-system-upgrade-controller=false"
)


@dataclass(frozen=True)
class Illness:
    """How a cluster is set up: versions by chart, and how the doubles are played.

    ``installed`` lists the chart versions a release went through, oldest first. ``bundled`` are
    the versions in the chart repository of the Rancher image, in index order (default: wanted
    before installed). ``expected`` is what the job waits for, ``desired`` what Rancher wants;
    both default to what the Rancher release carries.
    """

    rancher: str = "v2.11.0"
    installed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    expected: Mapping[str, str] = field(default_factory=dict)
    desired: Mapping[str, str] = field(default_factory=dict)
    bundled: Mapping[str, Sequence[str]] = field(default_factory=dict)
    running_rancher: str = ""
    harvester: str = ""
    previous_harvester: str = ""
    start_at: str = "dependencies"
    stuck_at: str = r"^wait helm release "
    system_upgrade_controller: bool = False
    failed_pod_logs: Sequence[str] = ()
    rancher_values: Mapping[str, Any] = field(default_factory=dict)
    replicas: int = 1
    nodes: int = 1
    server_version: str = ""
    mcm: bool = True
    capi_generation: int = 0
    node_shell_images: Sequence[str] = ()
    settles: bool = True
    play_rancher: bool = True
    play_fleet: bool = True
    play_job: bool = True
    job_pace: float = 1.0
    rancher_pace: float = 1.0
    minute: float = 60.0

    @property
    def target(self) -> RancherLine:
        """The Rancher release the upgrade goes to, with the versions it wants here."""
        return line_of(self.rancher).carrying(self.desired)

    @property
    def harvester_version(self) -> str:
        """The Harvester release the upgrade goes to."""
        return self.harvester or line_of(self.rancher).harvester


class StaticSettings:
    """Settings as a fresh Rancher has them, to know the values it installed its charts with."""

    def __init__(self, line: RancherLine, config: Mapping[str, str], features: str) -> None:
        self._defaults = rancher_settings.defaults(line, "10.53.0.10")
        self._defaults["agent-tls-mode"] = "system-store"
        self._config = config
        self._features = dict(flag.split("=") for flag in features.split(","))

    def setting(self, name: str) -> str:
        """The default of a Setting."""
        return self._defaults.get(name, "")

    def feature(self, name: str) -> bool:
        """Whether a Feature is on."""
        return self._features.get(name, "true") == "true"

    def rancher_config(self) -> Mapping[str, str]:
        """The data of ConfigMap rancher-config."""
        return self._config

    def environment(self, _name: str) -> str | None:
        """No proxy is set."""
        return None


class StuckCluster:
    """One cluster made ill; ``stop`` ends just the processes started for it."""

    def __init__(
        self,
        control_plane: ControlPlane,
        directory: Path,
        illness: Illness,
        helm: Path | None = None,
        upgrade: str = "hvst-upgrade-x7k2p",
    ) -> None:
        chosen = helm or control_plane.helm3 or control_plane.helm4
        if chosen is None:
            raise ValueError("the control plane was started without helm")
        self.control_plane = control_plane
        self.directory = directory.resolve()
        self.illness = illness
        self.helm = chosen
        self.upgrade = upgrade
        self.cluster = Cluster(control_plane.kubeconfig)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @classmethod
    def create(
        cls,
        control_plane: ControlPlane,
        directory: Path,
        illness: Illness,
        *,
        helm: Path | None = None,
        before: Callable[[StuckCluster], None] | None = None,
        before_job: Callable[[StuckCluster], None] | None = None,
    ) -> StuckCluster:
        """Install, start Rancher and fleet, start the job, wait until it waits.

        ``before`` makes it worse before the doubles start, ``before_job`` after Rancher and fleet
        have. Stops what it started when something goes wrong on the way.
        """
        stuck = cls(control_plane, directory, illness, helm)
        try:
            stuck.install()
            if before is not None:
                before(stuck)
            stuck.start(before_job)
            stuck.wait_until_stuck()
            stuck.wait_until_settled()
        except BaseException:
            stuck.stop()
            raise
        return stuck

    # -- what is there before the doubles ------------------------------------------------------

    @property
    def running(self) -> RancherLine:
        """The Rancher release that is installed when the doubles start."""
        return line_of(self.illness.running_rancher or self.illness.rancher)

    def install(self) -> None:
        """Everything Harvester, Rancher and the upgrade so far have put into the cluster."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.cluster.ensure_all(crds())
        self.cluster.ensure_all(seeds.namespaces())
        self._label_nodes()
        previous = previous_of(self.illness.rancher)
        repository = seeds.upgrade_repository(self.upgrade, previous.minor)
        self._seed([(body, _repository_status(body)) for body in [*seeds.accounts(), *repository]])
        with ThreadPoolExecutor(8) as pool:
            repositories = pool.submit(self._build_chart_repositories)
            releases = [
                pool.submit(self._install_history, name, versions)
                for name, versions in self._releases().items()
            ]
            for item in releases:
                item.result()
            self._seed([*seeds.clusters(), *seeds.plans(self.upgrade)])
            self._seed([(seeds.fleet_cluster(), {}), *seeds.managed_charts(self.upgrade)])
            repositories.result()
        self._save_state()

    def _releases(self) -> dict[str, Sequence[str]]:
        wanted = (self.running if self.illness.running_rancher else self.illness.target).charts
        releases = {name: (wanted[name],) for name in ("fleet-crd", "fleet", "rancher-webhook")}
        if "rancher-provisioning-capi" in wanted:
            releases["rancher-provisioning-capi"] = (wanted["rancher-provisioning-capi"],)
        result: dict[str, Sequence[str]] = {**releases, **self.illness.installed}
        rancher = {"rancher": (self.running.version.removeprefix("v"),)}
        return {**rancher, **{name: versions for name, versions in result.items() if versions}}

    def node_names(self) -> list[str]:
        """The names of the nodes."""
        return [node["metadata"]["name"] for node in self.cluster.list("nodes")]

    def _label_nodes(self) -> None:
        labels = {
            "harvesterhci.io/managed": "true",
            "node-role.kubernetes.io/control-plane": "true",
            "node-role.kubernetes.io/etcd": "true",
            **seeds.plan_labels(self.upgrade),
        }
        for name in self.node_names():
            self.cluster.patch("nodes", name, {"metadata": {"labels": labels}})

    def _seed(self, items: Sequence[tuple[JsonObject, JsonObject]]) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: self._seed_one(*item), items))

    def _seed_one(self, body: JsonObject, status: JsonObject) -> None:
        resource, metadata = of_object(body), body["metadata"]
        wait_until(lambda: self._serves(resource.name), f"the API of {resource.name}", 60)
        self.cluster.ensure(body)
        if status:
            subresource = "status" if resource.status_subresource else ""
            patch = {"status": status}
            self.cluster.patch(
                resource.name, metadata["name"], patch, metadata.get("namespace"), subresource
            )

    def _serves(self, resource: str) -> bool:
        try:
            self.cluster.request("GET", by_name(resource).path(), query={"limit": "1"})
        except ApiError:
            return False
        return True

    def _build_chart_repositories(self) -> None:
        """The charts in the image of the target Rancher, and of the running one if it differs."""
        for line in (self.illness.target, self.running):
            directory = self.chart_repository(line.version)
            if not (directory / ".git").is_dir():
                chart_repository.commit_charts(directory, self.bundled_charts(line))

    def chart_repository(self, rancher: str) -> Path:
        """The git repository with the charts of a Rancher image."""
        return self.directory / "charts" / rancher

    def bundled_charts(self, line: RancherLine) -> dict[str, Sequence[str]]:
        """Chart versions by chart in index order: as told, else wanted first, then installed."""
        charts: dict[str, Sequence[str]] = {}
        for name, version in line.charts.items():
            versions = [version, self.expected().get(name, version)]
            versions += reversed(self.illness.installed.get(name, ()))
            charts[name] = tuple(dict.fromkeys(versions))
        return {**charts, **self.illness.bundled}

    def expected(self) -> dict[str, str]:
        """The chart version the job waits for, by chart."""
        carried = line_of(self.illness.rancher).charts
        return {**carried, **self.illness.expected}

    # -- releases ------------------------------------------------------------------------------

    def _install_history(self, name: str, versions: Sequence[str]) -> None:
        for version in versions:
            self.helm_install(name, version)

    def helm_install(self, name: str, version: str, *options: str) -> None:
        """Install or upgrade a release with the values Rancher (or rancherd) gives it.

        CalledProcessError with helm's own words when it fails.
        """
        self.run_helm(*self.helm_arguments(name, version), "--no-hooks", *options)

    def helm_arguments(self, name: str, version: str, chart: str = "") -> list[str]:
        """The command line for that, without the program."""
        folder = self.directory / "releases"
        archive = chart_package.package(chart or name, version).write(folder)
        values = folder / f"values-{name}-{version}.json"
        values.write_text(json.dumps(self.values_of(name)), encoding="utf-8")
        arguments = ["upgrade", name, str(archive), "--install", "--history-max=5"]
        arguments += [f"--namespace={RELEASE_NAMESPACES[name]}", f"--values={values}"]
        arguments.append("--reset-values")
        if name not in ("rancher", "harvester"):
            arguments.append("--labels=catalog.cattle.io/cluster-repo-name=rancher-charts")
        return arguments

    def values_of(self, name: str) -> dict[str, Any]:
        """The values the installed release has."""
        if name == "rancher":
            return self._rancher_values()
        if name in ("fleet-crd", "harvester"):
            return {}
        config = {"priorityClassName": "rancher-critical"}
        line = self.illness.target
        settings = StaticSettings(line, config, self._features())
        if name == "fleet":
            return fleet_values(settings, line.minor)
        charts = {chart.chart: chart for chart in system_charts(line.minor, True)}
        values = chart_values(settings, charts[name])
        return {key: value for key, value in values.items() if value is not None}

    def _features(self) -> str:
        if self.illness.target.minor < (2, 13):
            return _RANCHER_FEATURES
        return f"{_RANCHER_FEATURES},turtles=false,embedded-cluster-api=true"

    def _rancher_values(self) -> dict[str, Any]:
        tag = self.running.version
        values: dict[str, Any] = {
            "rancherImageTag": tag,
            "features": self._features(),
            "replicas": self.illness.replicas,
            "agentTLSMode": "system-store",
        }
        if self.running.minor >= (2, 14):
            values["image"] = {"repository": "rancher/rancher", "tag": tag}
        return {**values, **self.illness.rancher_values}

    def run_helm(self, *arguments: str) -> str:
        """Run helm to its end; its output, or CalledProcessError."""
        return subprocess.run(
            [str(self.helm), *arguments],
            env=self.control_plane.environment(),
            check=True,
            text=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        ).stdout

    # -- the doubles ---------------------------------------------------------------------------

    def start(self, before_job: Callable[[StuckCluster], None] | None = None) -> None:
        """Start the doubles that are played here; ``before_job`` acts before the job starts."""
        if self.illness.play_fleet:
            self.start_fleet()
        if self.illness.play_rancher:
            self.start_rancher()
        if before_job is not None:
            self.wait_until_settled()
            before_job(self)
        if self.illness.play_job:
            self.start_job()

    def start_rancher(self) -> None:
        """Start rancher_double and wait until its leader has begun."""
        arguments = ["--helm", str(self.helm), "--exec-path", str(self.control_plane.exec_path)]
        for version in sorted({self.running.version, self.illness.rancher}):
            arguments += ["--chart-repository", f"{version}={self.chart_repository(version)}"]
        for chart, version in self.illness.desired.items():
            arguments += ["--carrying", f"{chart}={version}"]
        if self.illness.server_version:
            arguments += ["--server-version", self.illness.server_version]
        if self.illness.node_shell_images:
            arguments += ["--node-shell-images", ",".join(self.illness.node_shell_images)]
        if self.illness.system_upgrade_controller:
            arguments.append("--system-upgrade-controller")
        arguments += ["--pace", str(self.illness.rancher_pace)]
        self._start("rancher", *arguments)
        wait_until(self._has_leader, "the Rancher double to lead", 90)

    def _has_leader(self) -> bool:
        self._check_alive()
        lease = self.cluster.find("leases", "cattle-controllers", "kube-system")
        return lease is not None and bool(self.cluster.list("clusterrepos.catalog.cattle.io"))

    def start_fleet(self) -> None:
        """Start fleet_double."""
        self._start("fleet", f"--helm={self.helm}", *([] if self.illness.mcm else ["--no-mcm"]))

    def start_job(self) -> None:
        """Start upgrade_job_double."""
        release_file = self.directory / "harvester-release.yaml"
        release_file.write_text(self.release_file_text(), encoding="utf-8")
        harvester = self.illness.harvester_version
        arguments = ["--helm", str(self.helm), "--upgrade", self.upgrade]
        arguments += ["--release-file", str(release_file), "--harvester-version", harvester]
        previous = self.illness.previous_harvester or previous_of(self.illness.rancher).harvester
        arguments += ["--previous-version", previous]
        arguments += ["--start-at", self.illness.start_at]
        arguments += ["--capi-generation", str(self.illness.capi_generation)]
        arguments += ["--poll-seconds", str(self.illness.job_pace)]
        arguments += ["--minute-seconds", str(self.illness.minute)]
        for number, text in enumerate(self.illness.failed_pod_logs):
            path = self.directory / f"failed-{number}.log"
            path.write_text(text, encoding="utf-8")
            arguments += ["--failed-pod-log", str(path)]
        self._start("upgrade_job", *arguments)

    def release_file_text(self) -> str:
        """The harvester-release.yaml of the target."""
        line, harvester = self.illness.target, self.illness.harvester_version
        expected = self.expected()
        dependencies = {
            name: {"chart": expected[name], "app": chart_package.app_version(expected[name])}
            for name in ("fleet", "fleet-crd", "rancher-webhook")
        }
        return yaml.safe_dump(
            {
                "harvester": harvester,
                "harvesterChart": harvester.removeprefix("v"),
                "installer": "6fe3c71",
                "os": f"Harvester {harvester}",
                "kubernetes": line.kubernetes,
                "rancher": self.illness.rancher,
                "monitoringChart": "105.1.2+up61.3.2",
                "loggingChart": "105.2.0+up4.10.0",
                "kubevirt": "1.4.0-150600.5.15.1",
                "minUpgradableVersion": previous_of(self.illness.rancher).harvester,
                "rancherDependencies": dependencies,
            },
            sort_keys=False,
        )

    def _start(self, program: str, *arguments: str) -> None:
        logs = self.directory / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", f"doubles.{program}"]
        command += ["--kubeconfig", str(self.control_plane.kubeconfig)]
        command += ["--dir", str(self.directory), *arguments]
        with (logs / f"{program}.log").open("ab") as log:
            self._processes[program] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            )
        self._save_state()

    def _check_alive(self) -> None:
        for program, process in self._processes.items():
            if process.poll() is not None:
                log = self.directory / "logs" / f"{program}.log"
                tail = log.read_text(encoding="utf-8")[-2000:]
                raise RuntimeError(f"{program} ended with {process.returncode}; {log}: {tail}")

    def pid_of(self, program: str) -> int:
        """The process of a double that runs."""
        return self._processes[program].pid

    def stop_double(self, program: str) -> None:
        """Stop one double: ``rancher``, ``fleet`` or ``upgrade_job``."""
        process = self._processes.pop(program, None)
        if process is not None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._save_state()

    def stop(self) -> None:
        """Stop the doubles; what they put into the cluster stays."""
        for process in self._processes.values():
            process.terminate()
        for program in list(self._processes):
            self.stop_double(program)

    def _save_state(self) -> None:
        pids = {name: process.pid for name, process in self._processes.items()}
        state = {"upgrade": self.upgrade, "pids": pids}
        (self.directory / _STATE).write_text(json.dumps(state), encoding="utf-8")

    # -- what is to be seen --------------------------------------------------------------------

    def wait_until_stuck(self, timeout: float = 180.0) -> None:
        """Wait until the newest job log ends where this illness holds it."""
        if self.illness.play_job:
            self.wait_for_job_line(self.illness.stuck_at, timeout)

    def wait_until_settled(self, timeout: float = 240.0) -> None:
        """Wait until Rancher has done what it can do by itself and only waits."""
        if not (self.illness.play_rancher and self.illness.settles):
            return
        path, seen = self.directory / STATE_FILE, 0

        def settled() -> bool:
            nonlocal seen
            self._check_alive()
            waiting = path.exists() and path.read_text(encoding="utf-8") == "waiting"
            seen = seen + 1 if waiting else 0
            # Longer than events need to reach the queue.
            return seen > 7

        wait_until(settled, "Rancher to come to rest", timeout)

    def job_log(self) -> list[str]:
        """The log of the newest job pod."""
        selector = "harvesterhci.io/upgradeComponent=manifest"
        pods = self.cluster.list("pods", "harvester-system", selector)
        if not pods:
            return []
        newest = max(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
        path = self.directory / "job" / f"{newest['metadata']['name']}.log"
        if not path.exists():
            return []
        text = path.read_text(encoding="utf-8")
        return [line.split(" ", 3)[3] for line in text.splitlines()]

    def wait_for_job_line(self, pattern: str, timeout: float = 180.0) -> str:
        """Wait for a line in the newest job log; the line. TimeoutError with the log's end."""
        deadline = time.monotonic() + timeout
        while True:
            self._check_alive()
            lines = self.job_log()
            for line in lines:
                if re.search(pattern, line):
                    return line
            if time.monotonic() > deadline:
                end = "\n".join(lines[-10:])
                raise TimeoutError(f"no line like {pattern!r} in the job's log:\n{end}")
            time.sleep(0.2)

    def rancher_log(self) -> list[str]:
        """The log of the leader."""
        lease = self.cluster.get("leases", "cattle-controllers", "kube-system")
        path = self.directory / "pods" / lease["spec"]["holderIdentity"] / "rancher.log"
        return [line.split(" ", 3)[3] for line in path.read_text(encoding="utf-8").splitlines()]

    def condition(self, kind: str) -> str:
        """The status of a condition of the Upgrade; "" when it is not there."""
        upgrade = self.cluster.get("upgrades.harvesterhci.io", self.upgrade, "harvester-system")
        for condition in upgrade["status"]["conditions"]:
            if condition["type"] == kind:
                return str(condition["status"])
        return ""

    def wait_for_condition(self, kind: str, status: str, timeout: float = 240.0) -> None:
        """Wait until a condition of the Upgrade has a status."""
        wait_until(lambda: self.condition(kind) == status, f"{kind}={status}", timeout)


def _repository_status(body: JsonObject) -> JsonObject:
    """A virtual machine has nobody here to start it."""
    return {"printableStatus": "Running"} if body["kind"] == "VirtualMachine" else {}


def stop_recorded(directory: Path) -> None:
    """Stop the doubles an earlier process started in a folder; those only."""
    path = directory / _STATE
    if not path.exists():
        return
    state = json.loads(path.read_text(encoding="utf-8"))
    for program, pid in state["pids"].items():
        if _runs(pid, f"doubles.{program}"):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 15
    for program, pid in state["pids"].items():
        while _runs(pid, f"doubles.{program}"):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
    path.unlink()


def _runs(pid: int, argument: str) -> bool:
    """Whether a process is there and is ours: a pid may have been given to another one."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return argument.encode() in command
