# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values Rancher passes to its charts (FM 2.3).

Pure: Settings, Features, the ConfigMap rancher-config and the Rancher pod's environment go in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..decision.merge_patch import canonical, merge
from ..decision.rancher_version import RancherVersion
from ..decision.settings import PULL_SECRETS_SETTING
from .rancher_yaml import InvalidDocumentError, load_mapping

RANCHER_CONFIG = "rancher-config"
PRIORITY_CLASS_KEY = "priorityClassName"
CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
FLEET_AGENT_NAMESPACE = "cattle-fleet-local-system"
# Values that hold images or chart versions back when they outlive an upgrade (FM 6.22).
PINNING_KEYS = (("image", "tag"), ("agentImage", "tag"), ("version",), ("chartVersion",))

# Image repositories that Rancher passes without a registry from 2.15 on.
_REPOSITORIES = {
    "rancher-webhook": "rancher/rancher-webhook",
    "remotedialer-proxy": "rancher/remotedialer-proxy",
    "rancher-turtles": "rancher/turtles",
}

Values = dict[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True)
class ValueInputs:
    """What the values are made of; None stands for "could not be read", {} for "there is none".

    Attributes:
        settings: effective text (value, else default) of each Setting that exists.
        features: whether each Feature is on.
        rancher_config: the data of ConfigMap ``cattle-system/rancher-config``, key to text.
        environment: the Rancher container's environment variables.
        priority_map: name of the ConfigMap that ``priorityClassName`` comes from (Setting ``config-map-name``).
    """

    rancher: RancherVersion
    settings: Mapping[str, str] | None = None
    features: Mapping[str, bool] | None = None
    rancher_config: Mapping[str, str] | None = None
    environment: Mapping[str, str] | None = None
    priority_map: str = RANCHER_CONFIG


@dataclass(frozen=True)
class RancherValues:
    """The values Rancher passes for one chart.

    Attributes:
        values: None for fleet-crd, which gets none, and when ``error`` or ``unreadable`` is set.
        from_config: the part that comes from rancher-config.
        error: why Rancher does not touch the chart at all (a malformed document for fleet).
        warnings: what Rancher logs and passes over, and what could not be predicted.
        unreadable: names of the inputs that are needed and were not read.
    """

    chart: str
    values: Values | None = None
    from_config: Values = field(default_factory=dict)
    error: str = ""
    warnings: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def rancher_values(chart: str, inputs: ValueInputs) -> RancherValues:
    """Return what Rancher passes for ``chart``."""
    if chart == "fleet-crd":
        return RancherValues(chart)
    needed: dict[str, object] = {
        "settings": inputs.settings,
        "rancher_config": inputs.rancher_config,
    }
    if chart in ("fleet", "rancher-webhook"):
        needed["features"] = inputs.features
    if chart == "fleet":
        needed["environment"] = inputs.environment
    missing = tuple(sorted(name for name, value in needed.items() if value is None))
    if missing:
        return RancherValues(chart, unreadable=missing)
    maker = _Maker(chart, inputs)
    return maker.fleet() if chart == "fleet" else maker.system_chart()


class _Maker:
    """Builds the values of one chart from inputs that were all read."""

    def __init__(self, chart: str, inputs: ValueInputs) -> None:
        self._chart = chart
        self._rancher = inputs.rancher
        self._settings = inputs.settings or {}
        self._features = inputs.features or {}
        self._config = inputs.rancher_config or {}
        self._environment = inputs.environment or {}
        self._warnings: list[str] = []

    def _setting(self, name: str) -> str:
        return self._settings.get(name, "")

    def _pull_secrets(self) -> list[str] | None:
        """Names of the pull secrets; Rancher passes null when there is no private registry."""
        if not self._setting("system-default-registry"):
            return None
        names = (name.strip() for name in self._setting(PULL_SECRETS_SETTING).split(","))
        return [name for name in names if name] or None

    def _global(self) -> Values:
        return {"cattle": {"systemDefaultRegistry": self._setting("system-default-registry")}}

    def fleet(self) -> RancherValues:
        values: Values = {
            "apiServerURL": self._setting("server-url"),
            "apiServerCA": self._setting("cacerts"),
            "global": self._global(),
            "bootstrap": {"enabled": False, "agentNamespace": FLEET_AGENT_NAMESPACE},
            "gitops": {"enabled": self._features.get("continuous-delivery", True)},
        }
        # 2.8 has the Setting only in some patch releases; Rancher deletes Settings it does not know.
        if self._rancher.line >= (2, 9) or "agent-tls-mode" in self._settings:
            values["agentTLSMode"] = self._setting("agent-tls-mode")
        shared = self._proxy_and_priority()
        values.update(shared)
        if shared and self._rancher.line <= (2, 11):
            values["gitjob"] = dict(shared)
        if self._rancher.line >= (2, 15) and self._pull_secrets():
            self._warnings.append(
                "pull secrets of the system-default-registry are set: from Rancher 2.15 on they "
                "are passed to fleet too, in a form that was not read"
            )
        extra: Values = {}
        if self._reads_config_for_fleet:
            try:
                extra = self._document()
            except InvalidDocumentError as error:
                text = f"failed to unmarshal 'fleet' value: {error}"
                return RancherValues(self._chart, error=text, warnings=tuple(self._warnings))
        return self._result(_overlay(values, extra), extra)

    @property
    def _reads_config_for_fleet(self) -> bool:
        rancher = self._rancher
        return (rancher.major, rancher.minor, rancher.patch) >= (2, 8, 3)

    def _proxy_and_priority(self) -> Values:
        names = (("proxy", "HTTP_PROXY"), ("noProxy", "NO_PROXY"))
        found: Values = {
            key: self._environment[name] for key, name in names if name in self._environment
        }
        if PRIORITY_CLASS_KEY in self._config:
            found[PRIORITY_CLASS_KEY] = self._config[PRIORITY_CLASS_KEY]
        return found

    def system_chart(self) -> RancherValues:
        own: Values = {}
        if self._chart == "rancher-webhook":
            enabled = self._features.get("multi-cluster-management", True)
            own = {"capi": None, "mcm": {"enabled": enabled}}
        elif self._chart == "rancher-turtles":
            own = {"features": {"no-cert-manager": {"enabled": True}}}
        if PRIORITY_CLASS_KEY in self._config:
            own[PRIORITY_CLASS_KEY] = self._config[PRIORITY_CLASS_KEY]
        shared: Values = {"global": self._global()}
        if self._rancher.line >= (2, 15):
            self._add_images(shared, own)
        extra: Values = {}
        # remotedialer-proxy is the one chart that never looks into rancher-config.
        if self._chart != "remotedialer-proxy":
            try:
                extra = self._document()
            except InvalidDocumentError as error:
                self._warnings.append(
                    f"[systemcharts] Failed to get chart values for {self._chart}: "
                    f"failed to unmarshal '{self._chart}' value: {error}"
                )
        # Top-level keys replace each other here: a "global" in rancher-config is not merged.
        return self._result({**shared, **_overlay(own, extra)}, extra)

    def _add_images(self, shared: Values, own: Values) -> None:
        """From 2.15 on: repositories without a registry, and pull secrets (null without any)."""
        if self._chart in _REPOSITORIES:
            shared["image"] = {"repository": _REPOSITORIES[self._chart]}
        secrets = self._pull_secrets()
        if self._chart == "remotedialer-proxy":
            own["imagePullSecrets"] = [{"name": name} for name in secrets or ()] or None
        elif self._chart == "rancher-turtles":
            own["imagePullSecrets"] = secrets
        else:
            shared["global"]["cattle"]["imagePullSecrets"] = secrets
        if self._chart == "system-upgrade-controller":
            own["systemUpgradeController"] = {
                "image": {"repository": "rancher/system-upgrade-controller"}
            }
            own["kubectl"] = {"image": {"repository": "rancher/kuberlr-kubectl"}}

    def _document(self) -> Values:
        text = self._config.get(self._chart)
        return {} if text is None else load_mapping(text)

    def _result(self, values: Values, extra: Values) -> RancherValues:
        return RancherValues(self._chart, values, extra, warnings=tuple(self._warnings))


def _overlay(base: Values, over: Values) -> Values:
    """Lay ``over`` on ``base``, map by map; a null in ``over`` stays a null (unlike a patch)."""
    merged = dict(base)
    for key, value in over.items():
        current = merged.get(key)
        if isinstance(current, dict) and isinstance(value, dict):
            merged[key] = _overlay(current, value)
        else:
            merged[key] = value
    return merged


def is_control_plane(labels: Mapping[str, Any]) -> bool:
    """Whether Rancher counts a node with these labels to the control plane; it asks for the value too."""
    return labels.get(CONTROL_PLANE_LABEL) == "true"


def tolerations_of(nodes: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], ...]:
    """Return the tolerations Rancher makes of the control-plane nodes' taints (FM 2.7.8).

    ``nodes`` are maps with ``control_plane`` (`is_control_plane` of the node's labels) and
    ``taints`` (``key``, ``value``, ``effect``). A taint that several nodes share counts once, by key and effect; with more than
    one, Rancher's order is random.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for node in nodes:
        if not node.get("control_plane"):
            continue
        for taint in node.get("taints") or ():
            toleration = {"key": str(taint.get("key") or ""), "operator": "Equal"}
            if taint.get("value"):
                toleration["value"] = str(taint["value"])
            if taint.get("effect"):
                toleration["effect"] = str(taint["effect"])
            found.setdefault((toleration["key"], toleration.get("effect", "")), toleration)
    return tuple(found.values())


def merged_values(config: Mapping[str, Any] | None, rancher: RancherValues) -> Values:
    """Return the values of Rancher's next operation on a deployed release.

    ``config`` is the release's own; tolerations are added by the decision, not here.

    Raises:
        ValueError: one of them holds something JSON has no form for.
    """
    return merge(canonical(dict(config or {})), canonical(dict(rancher.values or {})))


def pinned_keys(config: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the dotted names of values that pin images or versions (FM 6.22)."""
    found = []
    for path in PINNING_KEYS:
        current: Any = config or {}
        for key in path:
            current = current.get(key) if isinstance(current, Mapping) else None
        if current not in (None, ""):
            found.append(".".join(path))
    return tuple(found)


def without_pinned_keys(config: Mapping[str, Any] | None) -> Values:
    """Return ``config`` without the values that pin images or versions; nothing else changes."""
    cleaned = dict(config or {})
    for path in PINNING_KEYS:
        cleaned = _without(cleaned, path)
    return cleaned


def _without(values: Values, path: Path) -> Values:
    key, rest = path[0], path[1:]
    if key not in values:
        return values
    if not rest:
        return {name: value for name, value in values.items() if name != key}
    if not isinstance(values[key], dict):
        return values
    inner = _without(values[key], rest)
    if inner or not values[key]:
        return {**values, key: inner}
    return {name: value for name, value in values.items() if name != key}
