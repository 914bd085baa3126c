# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One of Rancher's Settings, set only when it still has the value the plan was made for (FM 6.13)."""

from __future__ import annotations

from typing import Any

from .._core.errors import RemediationError
from .._core.redaction import redact_text, sounds_secret
from .._kube import paths
from .._kube.change import Change, guarded_patch, precondition
from .._kube.client import KubeClient, Object
from .._kube.exec import exec_in_pod
from .._rancher.decision.settings import (
    RancherEnvironment,
    container_environment,
    is_overruled,
    read_setting,
    variable_of,
)
from .._rancher.server.leader_process import ExecIn, leader_environment
from .._rancher.server.pods import DEPLOYMENT, rancher_container

SETTINGS = "management.cattle.io/v3"
# server-version says what runs; written by hand it would say what does not (FM 6.11).
NEVER = {
    "server-version": "Rancher writes it at its start; patching it would only hide which version runs.",
}


def set_value(
    client: KubeClient,
    name: str,
    value: str,
    expected_value: str | None = None,
    *,
    dry_run: bool = False,
    exec_in: ExecIn = exec_in_pod,
) -> Change:
    """Set ``.value``; an empty value makes the Setting's default apply.

    Raises refused for a Setting that must not be written or that Rancher's environment overrules, not-found when there
    is none, precondition-failed when its value is neither the wanted nor the expected one.
    """
    if name in NEVER:
        raise RemediationError(
            "refused", f"Setting/{name} is not written by anybody but Rancher.", NEVER[name]
        )
    path = paths.api(SETTINGS, "settings", None, name)
    subject = paths.describe(path)

    def plan(found: Object) -> dict[str, Any] | None:
        current = str(found.get("value") or "")
        if current == value:
            return None
        if expected_value is not None:
            precondition(subject, "its value", _shown(name, expected_value), _shown(name, current))
        _require_effect(client, name, found, exec_in)
        return {"value": value}

    remedy = "Rancher makes its Settings when it starts: check the name and Rancher's version."
    before, after = guarded_patch(client, path, plan, remedy=remedy, dry_run=dry_run)
    return Change(subject, before is not after, _fields(name, before), _fields(name, after))


def _require_effect(client: KubeClient, name: str, found: Object, exec_in: ExecIn) -> None:
    """Raise refused where Rancher would go on reading its environment instead of the new value."""
    process = leader_environment(client, exec_in)
    known = RancherEnvironment(process or {}, complete=True)
    if process is None:
        known = container_environment(rancher_container(_deployment(client)))
    read = read_setting(name, found, known)
    if is_overruled(found, read, known):
        variable = variable_of(name)
        raise RemediationError(
            "refused",
            f"Setting/{name} was not written: {read.doubt or f'Rancher reads {variable} of its environment first'}.",
            f"Change {variable} of Rancher (extraEnv of the release rancher, or its image) instead.",
        )


def _deployment(client: KubeClient) -> Object:
    """Rancher's Deployment; empty where there is none, and nothing then reads an environment."""
    try:
        return client.get(DEPLOYMENT)
    except RemediationError as error:
        if error.code != "not-found":
            raise
        return {}


def _fields(name: str, found: Object) -> dict[str, Any]:
    return {
        "value": _shown(name, str(found.get("value") or "")),
        "default": _shown(name, str(found.get("default") or "")),
        "source": found.get("source"),
    }


def _shown(name: str, value: str) -> str:
    """The value, or only that there is one where its content is nobody's business."""
    if value and sounds_secret(name):
        return f"(hidden, {len(value)} characters)"
    return redact_text(value)
