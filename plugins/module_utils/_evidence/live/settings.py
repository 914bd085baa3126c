# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's Settings, Features and the ConfigMap rancher-config (FM 2.2, 2.3)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import Any

from ..._core.lenient import Document, boolean, dig, mapping, text
from ..._core.redaction import Redactor
from ..._documents.evidence import RancherConfig, Setting
from ..._kube import paths
from ..._kube.reader import Reader
from ..._rancher.decision.settings import (
    CERTIFICATES,
    RancherEnvironment,
    is_overruled,
    read_setting,
)
from ..._rancher.decision.settings import SETTINGS as WANTED
from ..._rancher.values.rancher_yaml import InvalidDocumentError, dump_mapping, load_mapping
from .leader_process import rancher_environment
from .objects import identity, name_of
from .reading import Context, Found, Group, Parts, Reads

SETTINGS = "settings"
FEATURES = "features"
API = "management.cattle.io/v3"
NAMESPACE = "cattle-system"
DEFAULT_CONFIG = "rancher-config"


def stored_setting(found: Found, name: str) -> str | None:
    """What the Setting says: its value, else its default; None when it does not exist or is empty."""
    for setting in found.objects(SETTINGS):
        if name_of(setting) == name:
            return text(setting.get("value")) or text(setting.get("default"))
    return None


def _priority_map(found: Found) -> str:
    """The ConfigMap that names the PriorityClass. Documents of charts never come from it unless it is the usual one."""
    for setting in found.objects(SETTINGS):
        if name_of(setting) == "config-map-name":
            read = read_setting("config-map-name", setting, rancher_environment(found))
            return read.text or DEFAULT_CONFIG
    return DEFAULT_CONFIG


def _config_read(name: str) -> str:
    return f"rancher_config:{name}"


def _reads(_context: Context, found: Found) -> Reads:
    def config(name: str, client: Reader) -> Any:
        return client.get(paths.core("v1", "configmaps", NAMESPACE, name))

    return {
        SETTINGS: lambda client: client.list(paths.api(API, "settings")),
        FEATURES: lambda client: client.list(paths.api(API, "features")),
        **{
            _config_read(name): partial(config, name)
            for name in (DEFAULT_CONFIG, _priority_map(found))
        },
    }


def _parts(context: Context, found: Found) -> Parts:
    fields: dict[str, Any] = {}
    if found.ok(SETTINGS):
        known = rancher_environment(found)
        fields["settings"] = {
            name_of(each): _setting(each, known, context.redactor)
            for each in found.objects(SETTINGS)
            if name_of(each) in WANTED
        }
    if found.ok(FEATURES):
        states = {name_of(each): _enabled(each) for each in found.objects(FEATURES)}
        fields["features"] = {name: state for name, state in states.items() if state is not None}
    reads = [_config_read(name) for name in (DEFAULT_CONFIG, _priority_map(found))]
    if any(found.ok(read) for read in reads):
        documents, priority_map = map(found.object, reads)
        fields["rancher_config"] = _config(documents, priority_map, context.redactor)
    return Parts(
        fields,
        {
            "settings": found.source(SETTINGS),
            "features": found.source(FEATURES),
            "rancher_config": found.source(*reads),
        },
    )


def _setting(setting: Document, known: RancherEnvironment, redactor: Redactor) -> Setting:
    name = name_of(setting)
    value, default = text(setting.get("value")), text(setting.get("default"))
    read = read_setting(name, setting, known)
    shown = Setting(
        source=text(setting.get("source")),
        doubt=read.doubt or None,
        overruled=is_overruled(setting, read, known),
    )
    if name in CERTIFICATES:
        code = hashlib.sha256(read.text.encode("utf-8", "surrogatepass")).hexdigest()
        token = redactor.token(read.text) if read.text else ""
        return replace(
            shown,
            value=token if value else "",
            effective=token,
            present=bool(read.text),
            sha256=code if read.text else None,
            environment=token if read.environment else None,
        )
    return replace(
        shown,
        value=value or "",
        default=default or "",
        effective=read.text,
        environment=read.environment or None,
    )


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


def _config(config_map: Document, priority_map: Document, redactor: Redactor) -> RancherConfig:
    charts, errors = {}, {}
    for name, content in sorted(mapping(config_map.get("data")).items()):
        if name == "priorityClassName" or not isinstance(content, str):
            continue
        charts[name], error = _chart_values(content, redactor)
        if error:
            errors[name] = error
    return RancherConfig(
        name=name_of(config_map) or None,
        **identity(config_map),
        priority_class_name=text(dig(priority_map, "data", "priorityClassName")),
        charts=charts,
        errors=errors,
        priority_class_map=name_of(priority_map) or None,
    )


def _chart_values(content: str, redactor: Redactor) -> tuple[str, str | None]:
    """The document without secrets, still meaning the same; what Rancher cannot read stays so, with the reason."""
    try:
        values = load_mapping(content)
    except InvalidDocumentError as exc:
        return redactor.text(content), redactor.text(str(exc))[:500]
    return (dump_mapping(redactor.value(values)) if values else ""), None


GROUP = Group(("settings", "features", "rancher_config"), _reads, _parts)
