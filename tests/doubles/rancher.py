# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays Rancher: its pods, its start, its leader's controllers (FM 2, 3, 8).

Run by tests/doubles/rancher_double; see README.md there.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from doubles import (
    chart_repository,
    clusterrepo,
    decision,
    pod_files,
    rancher_settings,
    system_charts,
)
from doubles.kube import ApiError, Cluster
from doubles.operations import PREPARATION_SECONDS, HelmOperations
from doubles.provisioning import Provisioning
from doubles.rancher_lines import (
    RancherLine,
    line_of,
)
from doubles.rate_limit import RateLimitedKey
from doubles.watch import Changes, Watched, keep_looking

NAMESPACE = "cattle-system"
LEASE = "cattle-controllers"
STATE_FILE = "rancher-state"
_WATCHED = (
    Watched("pods", NAMESPACE, selector="app=rancher"),
    Watched("pods", NAMESPACE, selector="app=system-upgrade-controller"),
    Watched("configmaps", NAMESPACE, "rancher-config"),
    Watched("clusters.cluster.x-k8s.io", "fleet-local"),
    *map(Watched, (rancher_settings.SETTING, rancher_settings.FEATURE, clusterrepo.KIND)),
)
_LEVELS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARNING": 3, "ERROR": 4}


class RancherPod:
    """One Rancher pod: its root file system with the bundled charts, and its log."""

    def __init__(self, directory: Path, pod: dict[str, Any]) -> None:
        self.name: str = pod["metadata"]["name"]
        self.uid: str = pod["metadata"]["uid"]
        self.version: str = pod["spec"]["containers"][0]["image"].rpartition(":")[2]
        self.root = directory / self.name / "root"
        self._log = pod_files.ContainerLog(directory / self.name / "rancher.log")
        self._pod = pod

    def prepare(
        self, cluster: Cluster, repositories: Mapping[str, Path], environment: Mapping[str, str]
    ) -> None:
        """Unpack the image, as it were, and let the API server serve its log and exec."""
        pod_files.make_root(self.root, environment)
        minor = line_of(self.version).minor
        for name, source in repositories.items():
            url, _branch = clusterrepo.REPOSITORIES[name]
            target = self.root / chart_repository.bundled_directory(name, url).lstrip("/")
            chart_repository.clone(source, target, checkout=minor < (2, 12))
        self.log("INFO", f"Rancher version {self.version} (double) is starting")
        self.log("INFO", "Rancher arguments {AddLocal:true HTTPSListenPort:443 Debug:false}")
        self.log("INFO", "Listening on :443")
        pod_files.serve_logs(cluster, self._pod, {"rancher": self._log})
        pod_files.serve_exec(cluster, self._pod, "rancher", self.root)

    def log(self, level: str, text: str) -> None:
        """Log a line as Rancher does, unless the pod's level leaves it out."""
        threshold = pod_files.log_level(self.root).upper()
        if _LEVELS[level] >= _LEVELS.get(threshold, 2):
            stamp = datetime.now(timezone.utc).strftime("%Y/%m/%d %H:%M:%S")
            self._log.write(f"{stamp} [{level}] {text}")


def _process_environment(
    line: RancherLine, options: argparse.Namespace, variables: Mapping[str, str]
) -> dict[str, str]:
    given = {"CATTLE_SERVER_VERSION": options.server_version} if options.server_version else {}
    return rancher_settings.process_environment(line, {**given, **variables})


class Leader:
    """The controllers of the leader pod, from its start until the pod is gone."""

    def __init__(
        self, cluster: Cluster, pod: RancherPod, line: RancherLine, options: argparse.Namespace
    ) -> None:
        deployment = cluster.get("deployments", "rancher", NAMESPACE)
        variables, self._features = rancher_settings.environment_of(deployment)
        self._cluster, self._pod, self._line = cluster, pod, line
        self._variables = _process_environment(line, options, variables)
        self._snapshot = rancher_settings.Snapshot(cluster, self._variables)
        least, most = (options.pace * seconds for seconds in PREPARATION_SECONDS)
        self._operations = HelmOperations(
            cluster,
            options.helm,
            options.dir / "helm",
            options.node_shell_images,
            preparation=(least, most),
        )
        self._repo_handler = clusterrepo.ClusterRepoHandler(cluster, line.minor, pod.root, pod.log)
        self._charts = system_charts.system_charts(line.minor, options.system_upgrade_controller)
        self._queue = system_charts.SystemChartQueue(
            cluster,
            self._snapshot,
            self._operations,
            decision.Line.of(line.version),
            self._archive,
            pod.log,
            options.retry_seconds,
        )
        self._provisioning = Provisioning(cluster, pod.log)
        self._fleet_install = RateLimitedKey()
        self._repos: dict[str, dict[str, Any]] = {}
        self._resync = datetime.now(timezone.utc)
        self._renewed = datetime.fromtimestamp(0, timezone.utc)

    def start(self) -> None:
        """What a start of Rancher writes, then the queue."""
        self._pod.log("INFO", f"successfully acquired lease kube-system/{LEASE}")
        service = self._cluster.find("services", "rancher", NAMESPACE) or {}
        cluster_ip = service.get("spec", {}).get("clusterIP", "10.53.0.10")
        rancher_settings.write_settings(self._cluster, self._line, self._variables, cluster_ip)
        rancher_settings.write_features(self._cluster, self._line, self._features)
        branch = self._snapshot_branch()
        clusterrepo.add_repositories(self._cluster, branch)
        self._snapshot.refresh()
        self._provisioning.started(self._line.version)
        self._queue.start()

    def stop(self, end_operations: bool) -> None:
        """Stop the queue; helm goes on in its own pod unless told otherwise."""
        self._queue.stopping.set()
        if end_operations:
            self._operations.stop()
        self._queue.join()

    @property
    def is_waiting(self) -> bool:
        """Whether the queue has nothing to do for now."""
        return self._queue.is_waiting

    def look(self) -> None:
        """One round of the watches: renew the lease, hand on what has changed."""
        self._keep_up()
        changed = self._snapshot.refresh()
        repos = {repo["metadata"]["name"]: repo for repo in self._cluster.list(clusterrepo.KIND)}
        for name, repo in self._repos.items():
            if name not in repos or repos[name]["metadata"]["uid"] != repo["metadata"]["uid"]:
                self._repo_handler.removed(repo)
        events = {name for name in repos if self._is_new(repos[name])}
        self._repos = repos
        settings = {item.partition("/")[2] for item in changed if item.startswith("setting/")}
        features = any(item.startswith("feature/") for item in changed)
        enqueue = features or "rancher-config" in changed
        enqueue = enqueue or bool(settings & rancher_settings.SYSTEM_WATCHED)
        if enqueue and clusterrepo.CHARTS in repos:
            events.add(clusterrepo.CHARTS)
        self._resync_repositories(events)
        for name in sorted(events):
            self._repo_handler.changed(repos[name])
        if clusterrepo.CHARTS in events:
            self._queue.trigger()
            self._ensure_system_charts()
        for event in fleet_events(settings, events):
            if event == clusterrepo.CHARTS:
                # An event of another kind only asks for key server-url, which waits after failures.
                self._fleet_install.request()
            else:
                self._ensure_fleet()
        if self._fleet_install.take():
            self._ensure_fleet()

    def _keep_up(self) -> None:
        """The other controllers, and the lease."""
        self._provisioning.look()
        moment = datetime.now(timezone.utc)
        if moment - self._renewed > timedelta(seconds=10):
            self._renewed = moment
            self._renew_lease()

    def _is_new(self, repo: dict[str, Any]) -> bool:
        known = self._repos.get(repo["metadata"]["name"], {"metadata": {}})["metadata"]
        return bool(repo["metadata"]["resourceVersion"] != known.get("resourceVersion"))

    def _resync_repositories(self, events: set[str]) -> None:
        """After the refresh interval, or when a retry is due, the handler looks by itself."""
        for name, repo in self._repos.items():
            status = repo.get("status", {})
            if status.get("numberOfRetries") and clusterrepo.is_retry_due(status):
                events.add(name)
        moment = datetime.now(timezone.utc)
        if moment - self._resync > timedelta(hours=1):
            self._resync = moment
            events.update(self._repos)

    def _ensure_fleet(self) -> None:
        self._snapshot.refresh()
        exact_minimum = self._snapshot.setting("fleet-min-version")
        minimum = exact_minimum or self._snapshot.setting("fleet-version")
        namespace = system_charts.FLEET_NAMESPACE
        try:
            values = system_charts.fleet_values(self._snapshot, self._line.minor)
        except system_charts.BadConfig as error:
            self._pod.log(
                "ERROR", f"error syncing 'server-url': handler fleet-install: {error}, requeuing"
            )
            self._fleet_install.request()
            return
        self._fleet_install.succeeded()
        for chart, chart_values in (("fleet-crd", None), ("fleet", values)):
            wish = decision.Wish(chart, namespace, chart, minimum=minimum, take_ownership=True)
            self._queue.ensure(wish, chart_values)

    def _ensure_system_charts(self) -> None:
        for chart in self._charts:
            if chart.removed(self._snapshot):
                self._queue.remove(chart.namespace, chart.chart)
                continue
            enabled = chart.enabled(self._snapshot)
            if chart.chart == "system-upgrade-controller":
                self._pod.log(
                    "DEBUG",
                    f"[systemcharts] install system-upgrade-controller: {str(enabled).lower()} "
                    f"(versionManagementEnabled: {str(enabled).lower()} && toEnable: true)",
                )
            if enabled:
                self._ensure_system_chart(chart)

    def _ensure_system_chart(self, chart: system_charts.SystemChart) -> None:
        try:
            values = system_charts.chart_values(self._snapshot, chart)
        except system_charts.BadConfig as error:
            self._pod.log(
                "WARNING", f"[systemcharts] Failed to get chart values for {chart.chart}: {error}"
            )
            return
        release = chart.chart
        if chart.chart == "system-upgrade-controller" and self._line.minor >= (2, 12):
            release = "mcc-local-managed-system-upgrade-controller"
        wish = decision.Wish(
            chart.chart,
            chart.namespace,
            release,
            exact=self._snapshot.setting(chart.setting),
            take_ownership=chart.take_ownership,
        )
        self._queue.ensure(wish, values)

    def _archive(self, chart: str, version: str) -> bytes:
        directory = self._pod.root / chart_repository.bundled_directory(clusterrepo.CHARTS).lstrip(
            "/"
        )
        path = f"HEAD:assets/{chart}/{chart}-{version}.tgz"
        try:
            return chart_repository.git(directory, "show", path)
        except subprocess.CalledProcessError as error:
            raise OSError(error.stderr.decode().strip()) from None

    def _snapshot_branch(self) -> str:
        self._snapshot.refresh()
        return self._snapshot.setting("chart-default-branch") or self._line.branch

    def _renew_lease(self) -> None:
        renewed = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {
            "holderIdentity": self._pod.name,
            "leaseDurationSeconds": 45,
            "renewTime": renewed,
        }
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": LEASE, "namespace": "kube-system"},
            "spec": {**spec, "acquireTime": renewed, "leaseTransitions": 0},
        }
        if self._cluster.ensure(body)["spec"].get("renewTime") != renewed:
            self._cluster.patch("leases", LEASE, {"spec": spec}, "kube-system")


def fleet_events(settings: set[str], repos: set[str]) -> list[str]:
    """The events that ask for fleet's charts: each is a request of its own, back to back when a chart fails (FM 2.6)."""
    return [*sorted(settings & rancher_settings.FLEET_WATCHED), *(repos & {clusterrepo.CHARTS})]


class Rancher:
    """The pods of the Deployment; the oldest ready one leads, and a new leader starts afresh."""

    def __init__(self, cluster: Cluster, options: argparse.Namespace) -> None:
        self._cluster = cluster
        self._options = options
        self._pods: dict[str, RancherPod] = {}
        self._leader: tuple[str, Leader] | None = None
        self._empty = options.dir / "empty-charts"
        chart_repository.commit_charts(self._empty, {}, other_charts=0)

    def look(self) -> None:
        """One round: note pods that came or went, then let the leader look."""
        running = self._running()
        for pod in running:
            if pod["metadata"]["uid"] not in self._pods:
                self._admit(pod)
        present = {pod["metadata"]["uid"] for pod in running}
        for uid in set(self._pods) - present:
            shutil.rmtree(self._pods.pop(uid).root, ignore_errors=True)
        if self._leader is not None and self._leader[0] not in present:
            self._leader[1].stop(end_operations=False)
            self._leader = None
        if self._leader is None and running:
            self._lead(self._pods[running[0]["metadata"]["uid"]])
        if self._leader is not None:
            self._leader[1].look()

    def tell_state(self) -> None:
        """Leave word whether there is still something to do, for those who wait for an end."""
        waiting = self._leader is not None and self._leader[1].is_waiting
        state = "waiting" if waiting else "busy"
        path = self._options.dir / STATE_FILE
        if not path.exists() or path.read_text(encoding="utf-8") != state:
            path.write_text(state, encoding="utf-8")

    def stop(self) -> None:
        """Stop the leader and the helm processes it started."""
        if self._leader is not None:
            self._leader[1].stop(end_operations=True)

    def _running(self) -> list[dict[str, Any]]:
        pods = [
            pod
            for pod in self._cluster.list("pods", NAMESPACE, "app=rancher")
            if pod["status"].get("phase") == "Running"
            and not pod["metadata"].get("deletionTimestamp")
        ]
        return sorted(
            pods, key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"])
        )

    def _admit(self, body: dict[str, Any]) -> None:
        pod = RancherPod(self._options.dir / "pods", body)
        charts = self._options.chart_repositories[pod.version]
        repositories = dict.fromkeys(clusterrepo.REPOSITORIES, self._empty)
        line = line_of(pod.version).carrying(self._options.carrying)
        variables = rancher_settings.variables_of(body["spec"]["containers"][0])
        environment = _process_environment(line, self._options, variables)
        pod.prepare(self._cluster, {**repositories, clusterrepo.CHARTS: charts}, environment)
        self._pods[pod.uid] = pod

    def _lead(self, pod: RancherPod) -> None:
        line = line_of(pod.version).carrying(self._options.carrying)
        leader = Leader(self._cluster, pod, line, self._options)
        leader.start()
        self._leader = (pod.uid, leader)


def _pairs(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options of rancher_double."""
    parser = argparse.ArgumentParser(prog="rancher_double", description=__doc__)
    parser.add_argument("--kubeconfig", required=True, type=Path)
    parser.add_argument("--helm", required=True, help="the helm binary operations run")
    parser.add_argument("--dir", required=True, type=Path, help="for pods' files and helm's")
    parser.add_argument("--exec-path", required=True, type=Path, help="exec_path of the cluster")
    parser.add_argument(
        "--chart-repository",
        dest="chart_repositories",
        action="append",
        required=True,
        type=_pairs,
        metavar="VERSION=DIR",
        help="the git repository with the charts in the image of a Rancher version",
    )
    parser.add_argument(
        "--carrying",
        action="append",
        default=[],
        type=_pairs,
        metavar="CHART=VERSION",
        help="a chart version in the image's environment other than the real release's",
    )
    parser.add_argument(
        "--node-shell-images",
        default="",
        help="comma-separated shell images the nodes have; others cannot be pulled (default: any)",
    )
    parser.add_argument(
        "--server-version", default="", help="what the image says it is, if not its tag (FM 6.11)"
    )
    parser.add_argument("--system-upgrade-controller", action="store_true")
    parser.add_argument("--retry-seconds", type=float, default=5.0)
    parser.add_argument("--pace", type=float, default=1.0)
    options = parser.parse_args(arguments)
    options.chart_repositories = {key: Path(value) for key, value in options.chart_repositories}
    options.carrying = dict(options.carrying)
    options.node_shell_images = tuple(filter(None, options.node_shell_images.split(",")))
    options.dir = options.dir.resolve()
    return options


def main() -> int:
    """Play Rancher until SIGTERM or SIGINT."""
    options = parse_arguments()
    # By its name the server remembers who wrote a field.
    cluster = Cluster(options.kubeconfig, agent="rancher")
    pod_files.install_exec_programs(options.exec_path)
    rancher = Rancher(cluster, options)
    keep_looking(
        "rancher_double",
        Changes(cluster, _WATCHED),
        rancher.look,
        (ApiError, OSError),
        each_round=rancher.tell_state,
    )
    rancher.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
