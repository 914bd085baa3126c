# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rancher's system-chart manager: what it wants, and the queue that brings it about (FM 2)."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import yaml

from doubles import (
    clusterrepo,
    decision,
    helm_storage,
)
from doubles.decision import Values, Wish
from doubles.kube import ApiError, Cluster
from doubles.operations import (
    HelmOperations,
    OperationFailed,
    Upgrade,
)

FLEET_NAMESPACE = "cattle-fleet-system"
SYSTEM_NAMESPACE = "cattle-system"
_TICK = 21600.0


class Settings(Protocol):
    """How the manager reads Settings and Features: their effective values."""

    def setting(self, name: str) -> str:
        """The value of a Setting, or its default."""

    def feature(self, name: str) -> bool:
        """Whether a Feature is on."""

    def rancher_config(self) -> Mapping[str, str]:
        """The data of ConfigMap cattle-system/rancher-config."""

    def environment(self, name: str) -> str | None:
        """A variable of the Rancher container; None when it is not set at all."""


class BadConfig(Exception):
    """A chart's document in rancher-config is not YAML."""


def deep_merge(base: Values, over: Mapping[str, Any]) -> Values:
    """Maps merged key by key, the second one winning; everything else replaced."""
    merged = dict(base)
    for key, value in over.items():
        current = merged.get(key)
        both_maps = isinstance(current, dict) and isinstance(value, Mapping)
        merged[key] = deep_merge(current, value) if both_maps else value  # type: ignore[arg-type]
    return merged


def _configured(settings: Settings, chart: str) -> Mapping[str, Any]:
    text = settings.rancher_config().get(chart, "")
    try:
        # Only the first document counts.
        values = next(yaml.safe_load_all(text), None) or {}
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise BadConfig(f"failed to unmarshal '{chart}' value: yaml: {problem}") from None
    if not isinstance(values, dict):
        raise BadConfig(f"failed to unmarshal '{chart}' value: cannot unmarshal into a map")
    return values


def _registry(settings: Settings) -> Values:
    return {"cattle": {"systemDefaultRegistry": settings.setting("system-default-registry")}}


def fleet_values(settings: Settings, minor: tuple[int, int]) -> Values:
    """The values Rancher passes for fleet (FM 2.3); BadConfig stops it."""
    priority = settings.rancher_config().get("priorityClassName", "")
    values: Values = {
        "apiServerURL": settings.setting("server-url"),
        "apiServerCA": settings.setting("cacerts"),
        "global": _registry(settings),
        "bootstrap": {"enabled": False, "agentNamespace": "cattle-fleet-local-system"},
        "gitops": {"enabled": settings.feature("gitops")},
    }
    if minor >= (2, 9):
        values["agentTLSMode"] = settings.setting("agent-tls-mode")
    gitjob: Values = {}
    for variable, key in (("HTTP_PROXY", "proxy"), ("NO_PROXY", "noProxy")):
        value = settings.environment(variable)
        if value is not None:
            values[key] = gitjob[key] = value
    if priority:
        values["priorityClassName"] = gitjob["priorityClassName"] = priority
    if gitjob and minor <= (2, 11):
        values["gitjob"] = gitjob
    return deep_merge(values, _configured(settings, "fleet"))


@dataclass(frozen=True)
class SystemChart:
    """One row of FM 2.2: a chart that is wanted at exactly the version of a Setting."""

    chart: str
    namespace: str
    setting: str
    take_ownership: bool
    enabled: Callable[[Settings], bool]
    removed: Callable[[Settings], bool] = lambda _settings: False
    values: Callable[[Settings], Values] = lambda _settings: {}


def _webhook_values(settings: Settings) -> Values:
    return {"capi": None, "mcm": {"enabled": settings.feature("multi-cluster-management")}}


_WEBHOOK = SystemChart(
    "rancher-webhook",
    SYSTEM_NAMESPACE,
    "rancher-webhook-version",
    True,
    lambda _settings: True,
    values=_webhook_values,
)


def system_charts(minor: tuple[int, int], upgrade_controller: bool) -> list[SystemChart]:
    """The charts of a Rancher line besides fleet's."""
    charts = [_WEBHOOK]
    if (2, 9) <= minor <= (2, 13):
        charts.append(
            SystemChart(
                "rancher-provisioning-capi",
                "cattle-provisioning-capi-system",
                "rancher-provisioning-capi-version",
                True,
                lambda settings: settings.feature("embedded-cluster-api"),
                lambda settings: not settings.feature("embedded-cluster-api"),
            )
        )
    if minor >= (2, 13):
        charts.append(
            SystemChart(
                "rancher-turtles",
                "cattle-turtles-system",
                "rancher-turtles-version",
                False,
                lambda settings: settings.feature("turtles"),
                lambda settings: not settings.feature("turtles"),
                lambda _settings: {"features": {"no-cert-manager": {"enabled": True}}},
            )
        )
    if minor >= (2, 10):
        charts.append(
            SystemChart(
                "system-upgrade-controller",
                SYSTEM_NAMESPACE,
                "system-upgrade-controller-chart-version",
                False,
                lambda _settings: upgrade_controller,
            )
        )
    return charts


def chart_values(settings: Settings, chart: SystemChart) -> Values:
    """The values Rancher passes for one of its other charts (FM 2.3)."""
    values: Values = {"global": _registry(settings)} | chart.values(settings)
    priority = settings.rancher_config().get("priorityClassName", "")
    if priority:
        values["priorityClassName"] = priority
    return deep_merge(values, _configured(settings, chart.chart))


Log = Callable[[str, str], None]


@dataclass
class SystemChartQueue:
    """The queue: one worker, desired charts, a trigger and the in-line retry (FM 2.6)."""

    cluster: Cluster
    settings: Settings
    operations: HelmOperations
    line: decision.Line
    charts_archive: Callable[[str, str], bytes]
    log: Log
    retry_seconds: float = 5.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._desired: dict[Wish, Values | None] = {}
        self._queue: queue.Queue[tuple[Wish, Values | None]] = queue.Queue(10)
        self._trigger = threading.Event()
        self._idle = self._retrying = False
        self._worker = threading.Thread(target=self._run, name="system-charts", daemon=True)

    @property
    def is_waiting(self) -> bool:
        """Whether the worker has nothing to do, or waits before it looks for a chart again."""
        return self._retrying or (self._idle and not self._trigger.is_set())

    def start(self) -> None:
        """Start the worker."""
        self._worker.start()

    def join(self) -> None:
        """Wait for the worker to notice ``stopping``."""
        self._worker.join(10)

    def trigger(self) -> None:
        """An event on ClusterRepo rancher-charts: look again at all that was seen through."""
        self._trigger.set()

    def ensure(self, wish: Wish, values: Values | None) -> None:
        """Ask for a chart; the caller never waits for the queue."""
        threading.Thread(target=self._queue.put, args=((wish, values),), daemon=True).start()

    def remove(self, namespace: str, release: str) -> None:
        """Stop wanting a release."""
        for wish in list(self._desired):
            if (wish.namespace, wish.release) == (namespace, release):
                del self._desired[wish]

    def _run(self) -> None:
        tick = time.monotonic() + _TICK
        while not self.stopping.is_set():
            if self._trigger.is_set() or time.monotonic() > tick:
                self._idle = False
                self._trigger.clear()
                tick = time.monotonic() + _TICK
                for wish, values in list(self._desired.items()):
                    self._install(wish, values, True)
                continue
            try:
                wish, values = self._queue.get(timeout=0.1)
            except queue.Empty:
                self._idle = True
                continue
            self._idle = False
            known = wish in self._desired
            if known and self._desired[wish] == values:
                continue
            if self._install(wish, values, wish.take_ownership):
                self._desired[wish] = values

    def _install(self, wish: Wish, values: Values | None, take_ownership: bool) -> bool:
        """One chart, again and again while it cannot be found; whether it went well."""
        while not self.stopping.is_set():
            try:
                self._install_once(wish, values, take_ownership)
            except (decision.ChartNameMissing, clusterrepo.NotFound) as error:
                self.log(
                    "ERROR",
                    f"Failed to find system chart {wish.chart} will try again in 5 seconds: {error}",
                )
                self._retrying = True
                self.stopping.wait(self.retry_seconds)
                self._retrying = False
                continue
            except (
                decision.InstallError,
                clusterrepo.Unauthorized,
                OperationFailed,
                ApiError,
                OSError,
                EOFError,
            ) as error:
                release = f" (release name: {wish.release})" if self.line.names_release else ""
                self.log("ERROR", f"Failed to install system chart {wish.chart}{release}: {error}")
                return False
            return True
        return False

    def _install_once(self, wish: Wish, values: Values | None, take_ownership: bool) -> None:
        index = clusterrepo.read_index(self.cluster)
        revision = helm_storage.last(self.cluster, wish.namespace, wish.release)
        installed = None
        if revision is not None:
            installed = decision.Installed(revision.status, revision.chart_version, revision.config)
        decided = decision.decide(
            self.line, wish, index, installed, values, self._control_plane_tainted()
        )
        if decided.debug:
            self.log("DEBUG", decided.debug)
        if decided.action != "operation":
            return
        # Helm resolves the version once more, ignoring metadata: FM 0.3.
        entry = decision.resolve(index[wish.chart], decided.version, wish.chart)
        upgrade = Upgrade(
            namespace=wish.namespace,
            release=wish.release,
            chart=wish.chart,
            version=decided.version,
            values=decided.values or {},
            take_ownership=take_ownership,
            timeout=self._timeout(),
        )
        archive = self.charts_archive(wish.chart, entry)
        self.operations.upgrade(upgrade, archive, self._shell_image())

    def _control_plane_tainted(self) -> bool:
        return any(
            taint["key"] == "node-role.kubernetes.io/control-plane"
            for node in self.cluster.list("nodes")
            for taint in node["spec"].get("taints", ())
        )

    def _timeout(self) -> int:
        text = self.settings.setting("system-managed-charts-operation-timeout")
        digits = text.removesuffix("s")
        return int(digits) if digits.isdigit() else 300

    def _shell_image(self) -> str:
        registry = self.settings.setting("system-default-registry")
        image = self.settings.setting("shell-image")
        return f"{registry}/{image}" if registry else image
