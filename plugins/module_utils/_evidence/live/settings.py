# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's Settings, Features and the ConfigMap rancher-config (FM 2.2, 2.3)."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from ..._core.lenient import Document, boolean, dig, mapping, text
from ..._core.redaction import Redactor
from ..._documents.evidence import RancherConfig, Setting
from ..._kube import paths
from ..._kube.reader import Reader
from .objects import identity, name_of
from .reading import Context, Found, Group, Parts, Reads

SETTINGS = "settings"
FEATURES = "features"
API = "management.cattle.io/v3"
NAMESPACE = "cattle-system"
DEFAULT_CONFIG = "rancher-config"

_CERTIFICATES = frozenset({"cacerts", "internal-cacerts"})
_WANTED = _CERTIFICATES | {
    "agent-tls-mode",
    "chart-default-branch",
    "chart-default-url",
    "config-map-name",
    "fleet-min-version",
    "fleet-version",
    "imported-cluster-version-management",
    "internal-server-url",
    "rancher-provisioning-capi-version",
    "rancher-turtles-version",
    "rancher-webhook-version",
    "remodialer-proxy-version",
    "remotedialer-proxy-version",
    "server-url",
    "server-version",
    "shell-image",
    "system-catalog",
    "system-default-registry",
    "system-feature-chart-refresh-seconds",
    "system-managed-charts-operation-timeout",
    "system-upgrade-controller-chart-version",
    "tls-internal-cn-allowed-services",
}


def effective_setting(found: Found, name: str) -> str | None:
    """What Rancher reads: the value, else the default; None when the Setting does not exist or is empty."""
    for setting in found.objects(SETTINGS):
        if name_of(setting) == name:
            return text(setting.get("value")) or text(setting.get("default"))
    return None


def _config_name(found: Found) -> str:
    return effective_setting(found, "config-map-name") or DEFAULT_CONFIG


def _config_read(name: str) -> str:
    return f"rancher_config:{name}"


def _reads(_context: Context, found: Found) -> Reads:
    def config(name: str, client: Reader) -> Any:
        return client.get(paths.core("v1", "configmaps", NAMESPACE, name))

    name = _config_name(found)
    return {
        SETTINGS: lambda client: client.list(paths.api(API, "settings")),
        FEATURES: lambda client: client.list(paths.api(API, "features")),
        _config_read(name): partial(config, name),
    }


def _parts(context: Context, found: Found) -> Parts:
    fields: dict[str, Any] = {}
    if found.ok(SETTINGS):
        fields["settings"] = {
            name_of(each): _setting(each, context.redactor)
            for each in found.objects(SETTINGS)
            if name_of(each) in _WANTED
        }
    if found.ok(FEATURES):
        states = {name_of(each): _enabled(each) for each in found.objects(FEATURES)}
        fields["features"] = {name: state for name, state in states.items() if state is not None}
    config_read = _config_read(_config_name(found))
    if found.ok(config_read):
        fields["rancher_config"] = _config(found.object(config_read), context.redactor)
    return Parts(
        fields,
        {
            "settings": found.source(SETTINGS),
            "features": found.source(FEATURES),
            "rancher_config": found.source(config_read),
        },
    )


def _setting(setting: Document, redactor: Redactor) -> Setting:
    value, default = text(setting.get("value")), text(setting.get("default"))
    source, effective = text(setting.get("source")), value or default or ""
    if name_of(setting) in _CERTIFICATES:
        code = hashlib.sha256(effective.encode("utf-8", "surrogatepass")).hexdigest()
        token = redactor.token(effective) if effective else ""
        return Setting(
            value=token if value else "",
            source=source,
            effective=token,
            present=bool(effective),
            sha256=code if effective else None,
        )
    return Setting(value=value or "", default=default or "", source=source, effective=effective)


def _enabled(feature: Document) -> bool | None:
    """As Rancher decides it: a locked value wins, then the operator's, then the default."""
    for value in (
        dig(feature, "status", "lockedValue"),
        dig(feature, "spec", "value"),
        dig(feature, "status", "default"),
    ):
        state = boolean(value)
        if state is not None:
            return state
    return None


def _config(config_map: Document, redactor: Redactor) -> RancherConfig:
    charts, errors = {}, {}
    contents = mapping(config_map.get("data"))
    for name, content in sorted(contents.items()):
        if name == "priorityClassName" or not isinstance(content, str):
            continue
        charts[name], error = _chart_values(content, redactor)
        if error:
            errors[name] = error
    return RancherConfig(
        name=name_of(config_map),
        **identity(config_map),
        priority_class_name=text(contents.get("priorityClassName")),
        charts=charts,
        errors=errors,
    )


def _chart_values(content: str, redactor: Redactor) -> tuple[str, str | None]:
    """The YAML text without secrets, still meaning the same; what is no YAML stays none, with the reason."""
    import yaml

    try:
        values = yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError) as exc:
        return redactor.text(content), redactor.text(f"no valid YAML: {exc}")[:500]
    if values is None:
        return "", None
    if not isinstance(values, dict):
        return redactor.text(content), f"a {type(values).__name__} instead of a mapping"
    return yaml.safe_dump(redactor.value(values), sort_keys=True), None


GROUP = Group(("settings", "features", "rancher_config"), _reads, _parts)
