# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Harvester's Upgrade and the job that carries out its third phase (FM 1.1 to 1.4): names, labels, versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.names import UPGRADE_NAMESPACE
from . import release_file

API = "harvesterhci.io/v1beta1"
NAMESPACE = UPGRADE_NAMESPACE
LATEST_SELECTOR = "harvesterhci.io/latestUpgrade=true"
UPGRADE_LABEL = "harvesterhci.io/upgrade"
MANIFEST_SELECTOR = "harvesterhci.io/upgradeComponent=manifest"
STATE_LABEL = "harvesterhci.io/upgradeState"
CLEANUP_LABEL = "harvesterhci.io/upgradeCleanup"
VERSION_SETTING = "server-version"
JOB_CONTAINER = "apply"


def newest(upgrades: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of several that claim to be the latest, the one created last; by name where that is equal."""
    return max(upgrades, key=_age_key, default=None)


def repo_name(upgrade: str) -> str:
    """The VirtualMachine (up to v1.6) or Deployment (from v1.7) that serves the ISO (FM 1.5)."""
    return f"upgrade-repo-{upgrade}"


def repo_info(text: object) -> dict[str, Any] | None:
    """``status.repoInfo``, a YAML text, as a mapping (FM 1.3)."""
    if not isinstance(text, str):
        return None
    import yaml

    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def release_of_repo_info(info: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What repoInfo says of the release file: everything but the dependencies."""
    return release_file.from_document((info or {}).get("release"))


def _age_key(upgrade: Mapping[str, Any]) -> tuple[str, str]:
    metadata = upgrade.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return str(metadata.get("creationTimestamp") or ""), str(metadata.get("name") or "")
