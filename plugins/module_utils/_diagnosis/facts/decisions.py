# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's own decision about a dependency, computed from the evidence (FM 2.4, 2.5)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, mapping, mappings, text
from ..._rancher.decision.decide import decide
from ..._rancher.decision.rancher_version import RancherVersion
from ..._rancher.decision.situation import InstalledRelease, Situation
from ..._rancher.decision.system_charts import SystemChart
from ..._rancher.values.computed import RancherValues, ValueInputs, rancher_values, tolerations_of
from .index import UNKNOWN, index_error, index_state, index_versions
from .sources import readable

_VALUELESS = ("fleet-crd",)


def situation_of(
    evidence: Document, rancher: RancherVersion, chart: SystemChart, namespace: str, release: str
) -> Situation:
    """What Rancher looks at when it decides about this release, as far as the evidence tells.

    ``rancher`` chooses the table of charts and values only; the decision itself rests on the version Rancher gives.
    """
    wanted = chart.wanted(effective_settings(evidence))
    entry = release_entry(evidence, namespace, release)
    last, last_unread = _last_revision(entry)
    values = values_of(evidence, rancher, chart.chart)
    versions = index_versions(evidence, chart.chart)
    config_lost = last is not None and last.config is None and chart.chart not in _VALUELESS
    unread = {
        "min": not readable(evidence, "settings"),
        "exact": not readable(evidence, "settings"),
        "index": index_state(evidence) == UNKNOWN,
        "last_revision": last_unread,
        "values": bool(values.unreadable or values.error) or config_lost,
        "control_plane_tolerations": not readable(evidence, "nodes"),
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


def decision_of(situation: Situation) -> dict[str, Any]:
    """The decision as a document. The values Rancher would send are left out: they are long, and the plan and its
    verification compute them again where they are needed."""
    document = decide(situation).to_dict()
    document["values"] = None
    return document


def server_version(evidence: Document) -> str | None:
    """The version the running Rancher calls itself."""
    return text(dig(evidence, "rancher", "version")) or text(
        effective_settings(evidence).get("server-version")
    )


def effective_settings(evidence: Document) -> dict[str, str]:
    """Setting name -> the text Rancher reads: the value, or the default where the value is empty."""
    found = {}
    for name, setting in mapping(evidence.get("settings")).items():
        fields = mapping(setting)
        texts = (text(fields.get(key)) for key in ("effective", "value", "default"))
        found[name] = next((value for value in texts if value is not None), "")
    return found


def release_entry(evidence: Document, namespace: str, release: str) -> Document:
    """The element of ``evidence.releases`` about this release; empty when it was not collected."""
    for entry in mappings(evidence.get("releases")):
        if entry.get("namespace") == namespace and entry.get("release") == release:
            return entry
    return {}


def values_of(evidence: Document, rancher: RancherVersion, chart: str) -> RancherValues:
    """The values Rancher passes for the chart, with what of the inputs could not be read."""
    settings = effective_settings(evidence) if readable(evidence, "settings") else None
    environment = mapping(dig(evidence, "rancher", "env"))
    return rancher_values(
        chart,
        ValueInputs(
            rancher=rancher,
            settings=settings,
            features=_features(evidence),
            rancher_config=_rancher_config(evidence),
            environment=(
                _texts_of(environment) if readable(evidence, "rancher_deployment") else None
            ),
        ),
    )


def _last_revision(entry: Document) -> tuple[InstalledRelease | None, bool]:
    """The last revision, and whether it is there but could not be read."""
    if entry.get("read") not in ("ok", "absent"):
        return None, True
    revisions = mappings(entry.get("revisions"))
    if not revisions:
        return None, False
    status, version = text(revisions[0].get("status")), text(revisions[0].get("chart_version"))
    if status is None or version is None:
        return None, True
    config = entry.get("config")
    installed = InstalledRelease(
        status=status,
        chart_version=version,
        config=mapping(config) if isinstance(config, dict) else None,
        chart_name=text(revisions[0].get("chart_name")) or "",
    )
    return installed, False


def _features(evidence: Document) -> dict[str, bool] | None:
    if not readable(evidence, "features"):
        return None
    features = mapping(evidence.get("features"))
    return {name: item for name, item in features.items() if isinstance(item, bool)}


def _rancher_config(evidence: Document) -> dict[str, str] | None:
    """ConfigMap rancher-config as key -> text; empty when there is none, None when it could not be read."""
    if not readable(evidence, "rancher_config"):
        return None
    document = mapping(evidence.get("rancher_config"))
    found = _texts_of(mapping(document.get("charts")))
    priority = text(document.get("priority_class_name"))
    return {"priorityClassName": priority, **found} if priority else found


def _texts_of(document: Document) -> dict[str, str]:
    return {name: item for name, item in document.items() if isinstance(item, str)}


def _nodes(evidence: Document) -> list[Document]:
    return [
        {"control_plane": node.get("control_plane") is True, "taints": mappings(node.get("taints"))}
        for node in mappings(evidence.get("nodes"))
    ]
