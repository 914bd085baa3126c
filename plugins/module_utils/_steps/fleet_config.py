# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet's configuration: apiServerURL and its CA, put back where an upgrade has wiped them (FM 6.16)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import RemediationError
from .._kube import paths
from .._kube.change import Change, guarded_patch, read_or_none, require
from .._kube.client import KubeClient, Object

CONFIG_MAP = paths.core("v1", "configmaps", "cattle-fleet-system", "fleet-controller")
RANCHER_SERVICE = paths.core("v1", "services", "cattle-system", "rancher")
URL_KEY = "apiServerURL"
CA_KEY = "apiServerCA"
_REMEDY = "The fleet chart makes it: repair release cattle-fleet-system/fleet first."


@dataclass(frozen=True)
class Sourced:
    """A value and where it comes from: ``settings``, ``saved``, ``service``; empty when nowhere."""

    value: str
    source: str


@dataclass(frozen=True)
class FleetConfig:
    """The configuration text of fleet, which Harvester rewrites from JSON to YAML (FM 5.3)."""

    content: dict[str, Any]
    is_json: bool

    @classmethod
    def parse(cls, text: str, where: str) -> FleetConfig:
        """Read it; raises values-invalid when it is neither."""
        try:
            content, is_json = json.loads(text), True
        except ValueError:
            content, is_json = _parse_yaml(text, where), False
        if not isinstance(content, dict):
            raise _not_readable(where, "it is no mapping")
        return cls(content, is_json)

    def text_with(self, values: Mapping[str, str], original: str) -> str:
        """The text with some keys set, in the format it had; all other keys keep their place."""
        changed = {**self.content, **values}
        if self.is_json:
            return json.dumps(changed, indent=2 if "\n" in original.strip() else None)
        import yaml

        return str(yaml.safe_dump(changed, sort_keys=False, allow_unicode=True, width=4096))

    def lost(self) -> list[str]:
        """The keys that are empty."""
        return [key for key in (URL_KEY, CA_KEY) if not self.content.get(key)]


def restore(
    client: KubeClient,
    saved: Mapping[str, Any] | None = None,
    *,
    expected_uid: str | None = None,
    dry_run: bool = False,
) -> Change:
    """Fill in what is empty of apiServerURL and apiServerCA; a key that has a value is left alone.

    The values come from Rancher's Settings internal-server-url and internal-cacerts, else from saved
    (the ConfigMap as it was before the upgrade), else the URL is made of the ClusterIP of Service
    cattle-system/rancher and the CA is that of Setting cacerts. Raises stalled when there is no URL
    anywhere, values-invalid when the configuration cannot be read.
    """
    where = paths.describe(CONFIG_MAP)
    filling = _Filling(client, _saved_values(saved), where)
    before, after = guarded_patch(
        client,
        CONFIG_MAP,
        filling.plan,
        remedy=_REMEDY,
        dry_run=dry_run,
        expected_uid=expected_uid,
    )
    return Change(
        where,
        before is not after,
        _shown(before, where),
        _shown(after, where),
        extra={"sources": filling.sources},
    )


class _Filling:
    """What has to be filled in, judged on the ConfigMap as it is at each look."""

    def __init__(self, client: KubeClient, saved: Mapping[str, str], where: str) -> None:
        self._client = client
        self._saved = saved
        self._where = where
        self.sources: dict[str, str] = {}

    def plan(self, found: Object) -> dict[str, Any] | None:
        """The patch, None when nothing is lost or nothing is known to put in its place."""
        text = config_text(found, self._where)
        config = FleetConfig.parse(text, self._where)
        values = _wanted(self._client, config.lost(), self._saved)
        if not values:
            return None
        self.sources = {key: each.source for key, each in values.items()}
        filled = config.text_with({key: each.value for key, each in values.items()}, text)
        return {"data": {"config": filled}}


def config_text(config_map: Object, where: str) -> str:
    """data.config; raises values-invalid when the ConfigMap has none."""
    text = (config_map.get("data") or {}).get("config")
    if not isinstance(text, str):
        raise _not_readable(where, "it has no key config")
    return text


def _wanted(client: KubeClient, lost: list[str], saved: Mapping[str, str]) -> dict[str, Sourced]:
    """The values for the keys that are lost, as far as any source has them."""
    values: dict[str, Sourced] = {}
    if URL_KEY in lost:
        values[URL_KEY] = _url(client, saved)
    if CA_KEY in lost:
        authority = _authority(client, saved)
        if authority.value:
            values[CA_KEY] = authority
    return values


def _url(client: KubeClient, saved: Mapping[str, str]) -> Sourced:
    setting = _setting(client, "internal-server-url")
    if setting:
        return Sourced(setting, "settings")
    if saved.get(URL_KEY):
        return Sourced(saved[URL_KEY], "saved")
    service = require(
        read_or_none(client, RANCHER_SERVICE),
        RANCHER_SERVICE,
        "Setting internal-server-url is empty too, so there is no URL to put back.",
    )
    address = (service.get("spec") or {}).get("clusterIP")
    if not address or address == "None":
        raise RemediationError(
            "stalled",
            f"There is no URL to put back: Setting internal-server-url is empty and"
            f" {paths.describe(RANCHER_SERVICE)} has no ClusterIP.",
            "Set the Setting internal-server-url, then run again.",
        )
    host = f"[{address}]" if ":" in address else address
    return Sourced(f"https://{host}/", "service")


def _authority(client: KubeClient, saved: Mapping[str, str]) -> Sourced:
    for name, source in (("internal-cacerts", "settings"), ("cacerts", "service")):
        if source == "service" and saved.get(CA_KEY):
            return Sourced(saved[CA_KEY], "saved")
        text = _setting(client, name)
        if text:
            return Sourced(base64.b64encode(text.encode()).decode(), source)
    return Sourced("", "")


def _setting(client: KubeClient, name: str) -> str:
    """The value of a Setting, else its default; empty when there is no such Setting."""
    path = paths.api("management.cattle.io/v3", "settings", None, name)
    found = read_or_none(client, path) or {}
    return str(found.get("value") or found.get("default") or "")


def _saved_values(saved: Mapping[str, Any] | None) -> dict[str, str]:
    """The two values of a saved ConfigMap; a saved one that cannot be read has none."""
    text = ((saved or {}).get("data") or {}).get("config")
    if not isinstance(text, str):
        return {}
    content = FleetConfig.parse(text, "the saved ConfigMap").content
    return {key: str(content[key]) for key in (URL_KEY, CA_KEY) if content.get(key)}


def _shown(config_map: Object, where: str) -> dict[str, Any]:
    """What of the configuration a person may see: the URL, and whether there is a CA."""
    content = FleetConfig.parse(config_text(config_map, where), where).content
    authority = str(content.get(CA_KEY) or "")
    return {
        URL_KEY: str(content.get(URL_KEY) or ""),
        CA_KEY: f"present ({len(authority)} characters)" if authority else "",
    }


def _parse_yaml(text: str, where: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        # The text of the error may quote the configuration.
        raise _not_readable(where, f"no JSON and no YAML ({type(error).__name__})") from None


def _not_readable(where: str, why: str) -> RemediationError:
    return RemediationError(
        "values-invalid",
        f"The configuration in {where} cannot be read: {why}.",
        "Bring the ConfigMap back from a backup, or let an upgrade of the fleet chart write it anew.",
    )
