# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rancher's Settings and Features: what a start writes, and what the controllers read (FM 2.2)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from doubles import chart_repository
from doubles.kube import Cluster
from doubles.rancher_lines import RancherLine

SETTING = "settings.management.cattle.io"
FEATURE = "features.management.cattle.io"

FLEET_WATCHED = frozenset(
    (
        "server-url",
        "cacerts",
        "system-default-registry",
        "fleet-min-version",
        "fleet-version",
        "agent-tls-mode",
    )
)
SYSTEM_WATCHED = frozenset(
    (
        "rancher-webhook-version",
        "rancher-provisioning-capi-version",
        "rancher-turtles-version",
        "system-default-registry",
        "shell-image",
        "system-upgrade-controller-chart-version",
        "imported-cluster-version-management",
    )
)

_FEATURE_DEFAULTS = {
    "fleet": True,
    "gitops": True,
    "embedded-cluster-api": True,
    "turtles": True,
    "multi-cluster-management": True,
    "multi-cluster-management-agent": False,
    "managed-system-upgrade-controller": True,
}

_VERSION_SETTINGS = {
    "rancher-webhook-version": "rancher-webhook",
    "rancher-provisioning-capi-version": "rancher-provisioning-capi",
    "rancher-turtles-version": "rancher-turtles",
    "system-upgrade-controller-chart-version": "system-upgrade-controller",
    "remotedialer-proxy-version": "remotedialer-proxy",
}

_TEST_CA = (
    "-----BEGIN CERTIFICATE-----\n"
    "VGhpcyBpcyBub3QgYSBjZXJ0aWZpY2F0ZTsgaXQgc3RhbmRzIGluIGZvciBvbmUgaW4gdGVzdHMu\n"
    "-----END CERTIFICATE-----"
)


def defaults(line: RancherLine, cluster_ip: str) -> dict[str, str]:
    """The Settings a Rancher knows, with their defaults."""
    settings = {
        "agent-tls-mode": "strict",
        "cacerts": "",
        "chart-default-branch": line.branch,
        "chart-default-url": chart_repository.CHARTS_URL,
        "config-map-name": "rancher-config",
        "fleet-min-version": "",
        "fleet-version": "",
        "imported-cluster-version-management": "true",
        "internal-cacerts": _TEST_CA,
        "internal-server-url": f"https://{cluster_ip}/",
        "server-url": "",
        "server-version": "dev",
        "shell-image": f"rancher/shell:{line.shell}",
        "system-catalog": "external",
        "system-default-registry": "",
        "system-feature-chart-refresh-seconds": "21600",
        "system-managed-charts-operation-timeout": "300s",
        "rancher-webhook-version": "",
    }
    for setting, chart in _VERSION_SETTINGS.items():
        if chart in line.charts:
            settings[setting] = ""
    if line.minor == (2, 11):
        # The misspelt name of FM 2.2, which the image's variable never matches.
        settings["remodialer-proxy-version"] = settings.pop("remotedialer-proxy-version")
    return settings


def variable_of(setting: str) -> str:
    """The environment variable of a Setting."""
    return "CATTLE_" + setting.upper().replace("-", "_")


def process_environment(line: RancherLine, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of Rancher's process: the image's, overruled by the pod's."""
    versions = {"server-version": line.version, "fleet-version": line.charts["fleet"]}
    for setting, chart in _VERSION_SETTINGS.items():
        if chart in line.charts:
            versions[setting] = line.charts[chart]
    return {**{variable_of(name): text for name, text in versions.items()}, **variables}


def write_settings(
    cluster: Cluster, line: RancherLine, environment: Mapping[str, str], cluster_ip: str
) -> None:
    """What ``SetAll`` does at start: create, and overwrite those that come from the environment."""
    known = defaults(line, cluster_ip)
    set_here = {name: environment.get(variable_of(name)) for name in known}
    given = {name: value for name, value in set_here.items() if value}
    derived = {"internal-server-url", "internal-cacerts"}
    existing = {item["metadata"]["name"]: item for item in cluster.list(SETTING)}
    bodies = []
    for name, default in known.items():
        value, source = given.get(name, ""), "env" if name in given else ""
        if name in derived:
            value, default = default, ""
        body = {
            "apiVersion": "management.cattle.io/v3",
            "kind": "Setting",
            "metadata": {"name": name},
            "default": default,
            "value": value,
            "source": source,
            "customized": False,
        }
        if name not in existing:
            bodies.append(body)
        elif source or existing[name].get("default") != default:
            _overwrite(cluster, existing[name], default, value, source)
    cluster.ensure_all(bodies)


def _overwrite(
    cluster: Cluster, existing: dict[str, Any], default: str, value: str, source: str
) -> None:
    patch: dict[str, Any] = {"default": default}
    if source:
        patch |= {"value": value, "source": source}
    if any(existing.get(key) != new for key, new in patch.items()):
        cluster.patch(SETTING, existing["metadata"]["name"], patch)


def write_features(cluster: Cluster, line: RancherLine, flags: str) -> None:
    """Create the Features; ``flags`` is the text of ``--features``, which sets defaults."""
    given = dict(_FEATURE_DEFAULTS)
    if line.minor < (2, 13):
        del given["turtles"]
    for flag in filter(None, flags.split(",")):
        name, _equals, text = flag.partition("=")
        given[name] = text == "true"
    for name, value in given.items():
        body = {
            "apiVersion": "management.cattle.io/v3",
            "kind": "Feature",
            "metadata": {"name": name},
            "spec": {"value": None},
            "status": {"default": value, "dynamic": False, "lockedValue": None},
        }
        existing = cluster.ensure(body)
        if existing.get("status", {}).get("default") != value:
            cluster.patch(FEATURE, name, {"status": {"default": value}})


class Snapshot:
    """What the controllers' caches hold: Settings, Features, rancher-config and the map of the PriorityClass."""

    def __init__(self, cluster: Cluster, environment: Mapping[str, str]) -> None:
        """``environment`` is that of the process: the image's variables, overruled by the pod's."""
        self._cluster = cluster
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._settings: dict[str, dict[str, Any]] = {}
        self._features: dict[str, dict[str, Any]] = {}
        self._config: dict[str, Any] = {}
        self._priority: dict[str, Any] = {}

    def refresh(self) -> set[str]:
        """Read everything anew; ``setting/NAME``, ``feature/NAME``, ``rancher-config`` that changed."""
        settings = {item["metadata"]["name"]: item for item in self._cluster.list(SETTING)}
        features = {item["metadata"]["name"]: item for item in self._cluster.list(FEATURE)}
        config = self._cluster.find("configmaps", "rancher-config", "cattle-system") or {}
        name = self.setting("config-map-name") or "rancher-config"
        priority = self._cluster.find("configmaps", name, "cattle-system") or {}
        changed = {f"setting/{name}" for name in _changed(self._settings, settings)}
        changed |= {f"feature/{name}" for name in _changed(self._features, features)}
        for old, new in ((self._config, config), (self._priority, priority)):
            if _version(old) != _version(new):
                changed.add("rancher-config")
        with self._lock:
            self._settings, self._features, self._config = settings, features, config
            self._priority = priority
        return changed

    def setting(self, name: str) -> str:
        """What the environment says, else the value of a Setting, else its default; "" when there is no such Setting."""
        given = self._environment.get(variable_of(name))
        if given:
            return given
        with self._lock:
            item = self._settings.get(name, {})
        return str(item.get("value") or item.get("default") or "")

    def feature(self, name: str) -> bool:
        """Whether a Feature is on."""
        with self._lock:
            item = self._features.get(name, {})
        value = item.get("spec", {}).get("value")
        return bool(item.get("status", {}).get("default") if value is None else value)

    def rancher_config(self) -> Mapping[str, str]:
        """The documents of ConfigMap cattle-system/rancher-config, with the PriorityClass, which may be of another map."""
        key = "priorityClassName"
        with self._lock:
            documents = dict(self._config.get("data") or {})
            priority = (self._priority.get("data") or {}).get(key)
        documents.pop(key, None)
        return documents if priority is None else {**documents, key: priority}

    def environment(self, name: str) -> str | None:
        """A variable of the Rancher container; None when it is not set at all."""
        return self._environment.get(name)


def _version(item: Mapping[str, Any]) -> str:
    return str(item.get("metadata", {}).get("resourceVersion", ""))


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    return {name for name, item in new.items() if _version(item) != _version(old.get(name, {}))}


def variables_of(container: Mapping[str, Any]) -> dict[str, str]:
    """The variables a container is given; one without a value is set, and empty."""
    return {item["name"]: item.get("value", "") for item in container.get("env", ())}


def environment_of(deployment: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """The Rancher container's variables and the text of its ``--features``."""
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    variables = variables_of(container)
    flags = ""
    for argument in container.get("args", ()):
        if argument.startswith("--features="):
            flags = argument.removeprefix("--features=")
    return variables, flags
