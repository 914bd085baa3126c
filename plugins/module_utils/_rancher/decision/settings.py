# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rancher's Settings as Rancher reads them: its environment first, then the value, then the default (FM 2.2).

The environment wins at every read. The value of a Setting that comes from it is a copy made at Rancher's start, so a
value that a person has written since says nothing about what Rancher does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.lenient import mapping, mappings, text

FROM_ENVIRONMENT = "env"
PULL_SECRETS_SETTING = "system-default-registry-pull-secrets"
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
SUC_NAME_VARIABLE = "CATTLE_SUC_APP_NAME_OVERRIDE"

CERTIFICATES = frozenset({"cacerts", "internal-cacerts"})
VALUE_SETTINGS = frozenset(
    {"agent-tls-mode", "cacerts", PULL_SECRETS_SETTING, "server-url", "system-default-registry"}
)
"""The Settings whose text Rancher passes to its charts."""
SETTINGS = (
    CERTIFICATES
    | VALUE_SETTINGS
    | {
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
        "server-version",
        "shell-image",
        "system-catalog",
        "system-feature-chart-refresh-seconds",
        "system-managed-charts-operation-timeout",
        "system-upgrade-controller-chart-version",
        "tls-internal-cn-allowed-services",
    }
)
"""The Settings that matter to a diagnosis or a repair."""


def variable_of(setting: str) -> str:
    """The environment variable that overrules a Setting."""
    return "CATTLE_" + setting.upper().replace("-", "_")


VARIABLES = frozenset({*map(variable_of, SETTINGS), *PROXY_VARIABLES, SUC_NAME_VARIABLE})
"""The variables of Rancher's process that matter; no other one is read."""


@dataclass(frozen=True)
class RancherEnvironment:
    """What is known of the environment of Rancher's leader.

    `complete`: it was read from the process. Otherwise `variables` are those that the Deployment sets to a text, and
    `hidden` those that it takes from another object; what the image sets is then unknown.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    complete: bool = False


def container_environment(container: Mapping[str, Any]) -> RancherEnvironment:
    """What Rancher's container in its Deployment sets. A variable without a value is set, and empty."""
    items = [item for item in mappings(container.get("env")) if item.get("name") in VARIABLES]
    return RancherEnvironment(
        {item["name"]: text(item.get("value")) or "" for item in items if "valueFrom" not in item},
        frozenset(item["name"] for item in items if "valueFrom" in item),
    )


@dataclass(frozen=True)
class ReadSetting:
    """What Rancher reads for a Setting; `doubt` says why that is not known."""

    text: str = ""
    environment: str = ""
    doubt: str = ""


def read_setting(name: str, setting: Mapping[str, Any], known: RancherEnvironment) -> ReadSetting:
    """The text Rancher reads for the Setting with these fields (the object, or its ``value``, ``default``, ``source``)."""
    variable = variable_of(name)
    stored = text(setting.get("value")) or text(setting.get("default")) or ""
    given = known.variables.get(variable, "")
    if given:
        return ReadSetting(given, environment=given)
    if known.complete:
        return ReadSetting(stored)
    if variable in known.hidden:
        why = f"Deployment/cattle-system/rancher takes {variable} from another object"
        return ReadSetting(stored, doubt=why)
    writer = _foreign_writer(setting)
    if setting.get("source") == FROM_ENVIRONMENT and writer:
        why = (
            f"{writer} has changed its value, but Rancher reads {variable} of its environment first"
        )
        return ReadSetting(stored, doubt=why)
    return ReadSetting(stored)


def is_overruled(setting: Mapping[str, Any], read: ReadSetting, known: RancherEnvironment) -> bool:
    """Whether a change of the value has no effect on Rancher, because its environment sets it."""
    if read.environment or read.doubt:
        return True
    from_environment = setting.get("source") == FROM_ENVIRONMENT and bool(setting.get("value"))
    return from_environment and not known.complete


def _foreign_writer(setting: Mapping[str, Any]) -> str | None:
    """Who has written the value last, when that was not Rancher itself; None also when the object does not tell."""
    managers = [
        text(entry.get("manager")) or ""
        for entry in mappings(mapping(setting.get("metadata")).get("managedFields"))
        if "f:value" in mapping(entry.get("fieldsV1"))
    ]
    own = [manager for manager in managers if manager.startswith("rancher")]
    return managers[0] if managers and not own else None
