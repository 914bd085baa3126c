# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image in which Rancher runs helm, and the helm runs that failed (FM 6.13, 6.14)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, mappings, text, texts
from ..._rancher.decision.rancher_version import RancherVersion
from ..._rancher.decision.system_charts import default_shell_images
from ..._rancher.server.helm_actors import NEVER_STARTS
from .decisions import server_version
from .sources import readable

_IMAGE_FAULTS = ("unknown-flag",)


def shell_image(evidence: Document) -> dict[str, Any]:
    """``value`` (what the Setting pins), ``defaults`` of this Rancher, ``pinned`` (to something else), ``environment``
    and ``failing``: the helm pods since the last success that failed because of their image."""
    value = text(dig(evidence, "settings", "shell-image", "value"))
    source = text(dig(evidence, "settings", "shell-image", "source"))
    rancher = RancherVersion.parse(server_version(evidence))
    defaults = list(default_shell_images(rancher)) if rancher else []
    return {
        "value": value,
        "source": source,
        "defaults": defaults,
        "pinned": _pinned(evidence, value, defaults),
        "environment": text(dig(evidence, "rancher", "env", "CATTLE_SHELL_IMAGE")),
        "registry": text(dig(evidence, "settings", "system-default-registry", "effective")),
        "failing": _failing(evidence),
        "known": readable(evidence, "helm_pods"),
    }


def _pinned(evidence: Document, value: str | None, defaults: list[str]) -> bool | None:
    if not readable(evidence, "settings"):
        return None
    if value is None:
        return False
    return None if not defaults else value not in defaults


def _failing(evidence: Document) -> list[dict[str, Any]]:
    """Newest first, up to the newest pod that ended well: what failed before that is history."""
    found: list[dict[str, Any]] = []
    pods = mappings(evidence.get("helm_pods"))
    for pod in sorted(pods, key=lambda item: text(item.get("created_at")) or "", reverse=True):
        if pod.get("phase") == "Succeeded" or integer(pod.get("exit_code")) == 0:
            break
        fault = _fault(pod)
        if fault:
            found.append(
                {
                    "name": text(pod.get("name")),
                    "fault": fault,
                    "image": text(pod.get("image")),
                    "release": text(pod.get("release")),
                    "log_lines": [line[:300] for line in texts(pod.get("log_lines"))][:3],
                }
            )
    return found[:5]


def _fault(pod: Document) -> str | None:
    waiting = text(pod.get("waiting_reason"))
    if waiting in NEVER_STARTS:
        return waiting
    kinds = texts(pod.get("log_kinds"))
    return next((kind for kind in _IMAGE_FAULTS if kind in kinds), None)


def rancher_config_state(evidence: Document) -> dict[str, Any]:
    """What is wrong in ConfigMap rancher-config: a PriorityClass that does not exist, documents that are no YAML."""
    config = mapping(evidence.get("rancher_config"))
    name = text(config.get("priority_class_name"))
    classes = texts(evidence.get("priority_classes"))
    known = readable(evidence, "rancher_config", "priority_classes")
    errors = {
        chart: error[:300]
        for chart, item in sorted(mapping(config.get("errors")).items())
        if (error := text(item))
    }
    return {
        "priority_class": name,
        "priority_class_missing": (name is not None and name not in classes) if known else None,
        "errors": errors,
        "broken": bool(errors) if readable(evidence, "rancher_config") else None,
    }
