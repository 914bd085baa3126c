# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's own decision about a dependency, computed from the evidence (FM 2.4, 2.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..._documents.evidence import Evidence, Rancher, RancherConfig, Release
from ..._documents.shape import write
from ..._rancher.decision.decide import decide
from ..._rancher.decision.decision import Decision
from ..._rancher.decision.rancher_version import RancherVersion
from ..._rancher.decision.settings import VALUE_SETTINGS, variable_of
from ..._rancher.decision.situation import InstalledRelease, Situation
from ..._rancher.decision.system_charts import SystemChart
from ..._rancher.values.computed import RancherValues, ValueInputs, rancher_values, tolerations_of
from .index import UNKNOWN, index_error, index_state, index_versions

_VALUELESS = ("fleet-crd",)


def situation_of(
    evidence: Evidence, rancher: RancherVersion, chart: SystemChart, namespace: str, release: str
) -> Situation:
    """What Rancher looks at when it decides about this release, as far as the evidence tells.

    ``rancher`` chooses the table of charts and values only; the decision itself rests on the version Rancher gives.
    """
    wanted = chart.wanted(effective_settings(evidence))
    version_unread = not evidence.readable("settings") or is_doubtful(evidence, chart.settings)
    last, last_unread = _last_revision(evidence.release(namespace, release))
    values = values_of(evidence, rancher, chart.chart)
    versions = index_versions(evidence, chart.chart)
    config_lost = last is not None and last.config is None and chart.chart not in _VALUELESS
    unread = {
        "min": version_unread,
        "exact": version_unread,
        "index": index_state(evidence) == UNKNOWN,
        "last_revision": last_unread,
        "values": bool(values.unreadable or values.error) or config_lost,
        "control_plane_tolerations": not evidence.readable("nodes"),
    }
    return Situation(
        rancher=server_version(evidence) or "",
        chart=chart.chart,
        release=release,
        namespace=namespace,
        min=wanted.min,
        exact=wanted.exact,
        index=None if versions is None else tuple(versions),
        index_error=index_error(evidence) if versions is None else "",
        last_revision=last,
        values=values.values,
        control_plane_tolerations=tolerations_of(_nodes(evidence)),
        take_ownership=chart.take_ownership,
        unreadable=tuple(sorted(name for name, is_unread in unread.items() if is_unread)),
    )


def decision_of(situation: Situation) -> Decision:
    """The decision, without the values Rancher would send: they are long, and the plan and its verification compute
    them again where they are needed."""
    return replace(decide(situation), values=None)


def server_version(evidence: Evidence) -> str | None:
    """The version of the Rancher that leads: what its process says, else the Setting, which is what the job reads."""
    running = evidence.rancher.version if evidence.rancher else None
    leads = environment_of(evidence).get(variable_of("server-version"))
    return leads or running or effective_settings(evidence).get("server-version") or None


def effective_settings(evidence: Evidence) -> dict[str, str]:
    """Setting name -> the text Rancher reads: its environment, else the value, else the default."""
    return {
        name: setting.effective or setting.value or setting.default or ""
        for name, setting in (evidence.settings or {}).items()
    }


def is_doubtful(evidence: Evidence, names: Iterable[str]) -> bool:
    """Whether Rancher may read something else for one of these Settings than what is known."""
    return any(evidence.setting(name).doubt for name in names)


def environment_of(evidence: Evidence) -> dict[str, str]:
    """The variables of the leader's process, or those that the Deployment sets where the process was not read."""
    rancher = evidence.rancher or Rancher()
    return dict(rancher.env if rancher.process_env is None else rancher.process_env)


def values_of(evidence: Evidence, rancher: RancherVersion, chart: str) -> RancherValues:
    """The values Rancher passes for the chart, with what of the inputs could not be read."""
    known = evidence.readable("settings") and not is_doubtful(evidence, VALUE_SETTINGS)
    settings = effective_settings(evidence) if known else None
    process = (evidence.rancher or Rancher()).process_env
    environment_known = process is not None or evidence.readable("rancher_deployment")
    return rancher_values(
        chart,
        ValueInputs(
            rancher=rancher,
            settings=settings,
            features=_features(evidence),
            rancher_config=_rancher_config(evidence),
            environment=environment_of(evidence) if environment_known else None,
        ),
    )


def _last_revision(release: Release) -> tuple[InstalledRelease | None, bool]:
    """The last revision, and whether it is there but could not be read."""
    if not release.last_known:
        return None, True
    if not release.revisions:
        return None, False
    last = release.revisions[0]
    if not last.status or not last.chart_version:
        return None, True
    installed = InstalledRelease(
        status=last.status,
        chart_version=last.chart_version,
        config=release.config if isinstance(release.config, dict) else None,
        chart_name=last.chart_name or "",
    )
    return installed, False


def _features(evidence: Evidence) -> dict[str, bool] | None:
    return dict(evidence.features or {}) if evidence.readable("features") else None


def _rancher_config(evidence: Evidence) -> dict[str, str] | None:
    """ConfigMap rancher-config as key -> text; empty when there is none, None when it could not be read."""
    if not evidence.readable("rancher_config"):
        return None
    config = evidence.rancher_config or RancherConfig()
    priority = config.priority_class_name
    return {**({"priorityClassName": priority} if priority else {}), **config.charts}


def _nodes(evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {"control_plane": node.control_plane is True, "taints": write(node.taints)}
        for node in evidence.nodes or ()
    ]
