# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Rancher's system-chart code looks at when it decides about one release (FM 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .merge_patch import canonical

# What Rancher adds for the taint RKE2 puts on a control-plane node.
CONTROL_PLANE_TOLERATION: Mapping[str, str] = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Equal",
    "effect": "NoSchedule",
}
_TEXTS = {"rancher": "", "chart": None, "namespace": "", "release": "", "min": "", "exact": ""}


@dataclass(frozen=True)
class InstalledRelease:
    """The last revision of a release, whatever its status: the only one Rancher sees."""

    status: str
    chart_version: str
    config: Mapping[str, Any] | None = None
    chart_name: str = ""

    @property
    def is_deployed(self) -> bool:
        """Any other status counts as not installed (FM 2.5 row 1)."""
        return self.status == "deployed"

    @property
    def is_pending(self) -> bool:
        """A lock: Rancher leaves the release alone and says nothing (FM 2.4 step 6)."""
        return self.status in ("pending-install", "pending-upgrade", "pending-rollback")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; `from_dict` of the situation reads it back."""
        return {
            "status": self.status,
            "chart_version": self.chart_version,
            "config": None if self.config is None else dict(self.config),
            "chart_name": self.chart_name,
        }


@dataclass(frozen=True)
class Situation:
    """One release and all that Rancher's decision about it rests on.

    Attributes:
        rancher: the version in the Setting ``server-version``, e.g. ``v2.11.0``.
        min: the minimum version passed by Rancher ("" for none): fleet and fleet-crd.
        exact: the exact version passed by Rancher ("" for none): all other charts.
        index: the chart's versions in index order; empty when the chart is not in the index;
            None when there is no index.
        index_error: why there is no index, in the API server's words; only with ``index=None``.
        last_revision: None when the release has no revision at all.
        values: what Rancher passes; None for fleet-crd.
        control_plane_tolerations: one per taint of the control-plane nodes, as Rancher writes it.
        unreadable: names of the attributes above that could not be read. "Could not be read" is
            never "absent": a decision that rests on one of them is ``unknown``.
    """

    rancher: str
    chart: str
    release: str = ""
    namespace: str = ""
    min: str = ""
    exact: str = ""
    index: tuple[str, ...] | None = ()
    index_error: str = ""
    last_revision: InstalledRelease | None = None
    values: Mapping[str, Any] | None = None
    control_plane_tolerations: tuple[Mapping[str, Any], ...] = ()
    take_ownership: bool = False
    unreadable: tuple[str, ...] = field(default=())

    @property
    def release_name(self) -> str:
        """The release's name: the chart's own when none is given."""
        return self.release or self.chart

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back."""
        return {
            "rancher": self.rancher,
            "chart": self.chart,
            "release": self.release,
            "namespace": self.namespace,
            "min": self.min,
            "exact": self.exact,
            "index": None if self.index is None else list(self.index),
            "index_error": self.index_error,
            "last_revision": self.last_revision.to_dict() if self.last_revision else None,
            "values": None if self.values is None else dict(self.values),
            "control_plane_tolerations": [dict(item) for item in self.control_plane_tolerations],
            "take_ownership": self.take_ownership,
            "unreadable": list(self.unreadable),
        }

    @classmethod
    def from_dict(cls, document: object) -> Situation:
        """Read a situation from plain data; never raises.

        What is missing or of the wrong type is listed in ``unreadable``. The shorthand
        ``cp_taint: true`` stands for the one taint RKE2 puts on control-plane nodes.
        """
        source = document if isinstance(document, Mapping) else {}
        bad: list[str] = []
        texts = {name: _text(source, name, default, bad) for name, default in _TEXTS.items()}
        index = _index(source, bad)
        last_revision = _last_revision(source, bad)
        values = _values(source, bad)
        tolerations = _tolerations(source, bad)
        already = source.get("unreadable")
        if isinstance(already, (list, tuple)):
            bad.extend(name for name in already if isinstance(name, str))
        error = source.get("index_error")
        return cls(
            **texts,
            index=index,
            index_error=error if isinstance(error, str) else "",
            last_revision=last_revision,
            values=values,
            control_plane_tolerations=tolerations,
            take_ownership=source.get("take_ownership") is True,
            unreadable=tuple(sorted(set(bad))),
        )


def _text(source: Mapping[Any, Any], name: str, default: str | None, bad: list[str]) -> str:
    value = source.get(name, default)
    if isinstance(value, str):
        return value
    # Rancher reads an unset Setting as "", so null in an optional text is no loss.
    if value is not None or default is None:
        bad.append(name)
    return ""


def _index(source: Mapping[Any, Any], bad: list[str]) -> tuple[str, ...] | None:
    value = source.get("index", False)
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    bad.append("index")
    return ()


def _last_revision(source: Mapping[Any, Any], bad: list[str]) -> InstalledRelease | None:
    value = source.get("last_revision", False)
    if value is None:
        return None
    if isinstance(value, InstalledRelease):
        return value
    if isinstance(value, Mapping):
        status, version = value.get("status"), value.get("chart_version")
        config, name = value.get("config"), value.get("chart_name")
        known = isinstance(status, str) and isinstance(version, str)
        if known and (config is None or _is_values(config)):
            return InstalledRelease(
                str(status), str(version), config, name if isinstance(name, str) else ""
            )
    bad.append("last_revision")
    return None


def _values(source: Mapping[Any, Any], bad: list[str]) -> Mapping[str, Any] | None:
    value = source.get("values", False)
    if value is None:
        return None
    if _is_values(value):
        return dict(value)
    bad.append("values")
    return None


def _tolerations(source: Mapping[Any, Any], bad: list[str]) -> tuple[Mapping[str, Any], ...]:
    value = source.get("control_plane_tolerations")
    if value is None:
        return (dict(CONTROL_PLANE_TOLERATION),) if source.get("cp_taint") is True else ()
    if isinstance(value, (list, tuple)) and all(_is_values(item) for item in value):
        return tuple(value)
    bad.append("control_plane_tolerations")
    return ()


def _is_values(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    try:
        canonical(value)
    except (ValueError, RecursionError):
        return False
    return True
