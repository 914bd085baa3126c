# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image in which Rancher runs helm, and the helm runs that failed (FM 6.13, 6.14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..._documents.evidence import Evidence, HelmPod, Rancher, RancherConfig
from ..._helm import failure
from ..._rancher.decision.rancher_version import RancherVersion
from ..._rancher.decision.settings import variable_of
from ..._rancher.decision.system_charts import default_shell_images
from ..._rancher.server.helm_actors import NEVER_STARTS
from .decisions import server_version

_IMAGE_FAULTS = ("unknown-flag",)


@dataclass(frozen=True)
class FailingPod:
    """A helm pod that failed because of its image, and how."""

    name: str | None
    fault: str
    image: str | None
    release: str | None
    log_lines: tuple[str, ...]


@dataclass(frozen=True)
class ShellImage:
    """``value`` (what the Setting pins), ``defaults`` of this Rancher, ``pinned`` (to something else), ``environment``
    (another image than these, which Rancher's environment asks for), ``in_deployment`` (the Deployment sets it) and
    ``failing``: the helm pods since the last success that failed because of their image."""

    value: str | None
    source: str | None
    defaults: tuple[str, ...]
    pinned: bool | None
    environment: str | None
    in_deployment: bool
    registry: str | None
    failing: tuple[FailingPod, ...]
    known: bool


@dataclass(frozen=True)
class RancherConfigState:
    """What is wrong in ConfigMap rancher-config: a PriorityClass that does not exist, documents that are no YAML."""

    priority_class: str | None
    priority_class_map: str
    priority_class_missing: bool | None
    errors: Mapping[str, str]
    broken: bool | None


def shell_image(evidence: Evidence) -> ShellImage:
    """The image in which Rancher runs helm."""
    setting = evidence.setting("shell-image")
    value = None if setting.overruled else setting.value or None
    rancher = RancherVersion.parse(server_version(evidence))
    defaults = tuple(default_shell_images(rancher)) if rancher else ()
    deployed = (evidence.rancher or Rancher()).env.get(variable_of("shell-image")) or None
    environment = deployed or setting.environment or None
    if setting.overruled and not setting.doubt:
        environment = environment or setting.value
    return ShellImage(
        value=value,
        source=setting.source or None,
        defaults=defaults,
        pinned=None if setting.doubt else _pinned(evidence, value, defaults),
        environment=None if environment in defaults else environment,
        in_deployment=deployed is not None,
        registry=evidence.setting("system-default-registry").effective or None,
        failing=_failing(evidence),
        known=evidence.readable("helm_pods"),
    )


def _pinned(evidence: Evidence, value: str | None, defaults: Sequence[str]) -> bool | None:
    if not evidence.readable("settings"):
        return None
    if value is None:
        return False
    return None if not defaults else value not in defaults


def _failing(evidence: Evidence) -> tuple[FailingPod, ...]:
    """Newest first, up to the newest pod that ended well: what failed before that is history."""
    found: list[FailingPod] = []
    pods = evidence.helm_pods or ()
    for pod in sorted(pods, key=lambda item: item.created_at or "", reverse=True):
        if pod.phase == "Succeeded" or pod.exit_code == 0:
            break
        fault = _fault(pod)
        if fault:
            found.append(
                FailingPod(
                    name=pod.name or None,
                    fault=fault,
                    image=pod.image or None,
                    release=pod.release or None,
                    log_lines=tuple(line[:300] for line in pod.log_lines[:3]),
                )
            )
    return tuple(found[:5])


def _fault(pod: HelmPod) -> str | None:
    if pod.waiting_reason in NEVER_STARTS:
        return pod.waiting_reason
    kinds = (*pod.log_kinds, *failure.kinds_of("\n".join(pod.log_lines)))
    return next((kind for kind in _IMAGE_FAULTS if kind in kinds), None)


def rancher_config_state(evidence: Evidence) -> RancherConfigState:
    """What is wrong in ConfigMap rancher-config."""
    config = evidence.rancher_config or RancherConfig()
    source = config.priority_class_map or config.name or "rancher-config"
    name = config.priority_class_name or None
    classes = evidence.priority_classes or ()
    known = evidence.readable("rancher_config", "priority_classes")
    errors = {chart: error[:300] for chart, error in sorted(config.errors.items()) if error}
    return RancherConfigState(
        priority_class=name,
        priority_class_map=source,
        priority_class_missing=(name is not None and name not in classes) if known else None,
        errors=errors,
        broken=bool(errors) if evidence.readable("rancher_config") else None,
    )
