# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles and ManagedCharts of the local cluster (FM 5.6, 6.17, 6.18, 6.32)."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, boolean, mapping, mappings, text
from .decisions import release_entry
from .locks import lock_of
from .upgrade import ENDED, NONE

ANOTHER_OPERATION = "another operation (install/upgrade/rollback) is in progress"
_BAD_STATES = ("ErrApplied", "Modified", "NotReady", "OutOfSync", "WaitApplied")
_LEFT_OVER = "upgradelog-operator"
PAUSED_BY_JOB = ("harvester", "harvester-crd", "rancher-logging-crd", "rancher-monitoring-crd")
"""What the job pauses at its start and lets go on as it comes to each (FM 1.7)."""


def bundle_states(evidence: Document) -> list[dict[str, Any]]:
    """Every Bundle with its lock: ``{name, release, namespace, state, message, locked_message, lock,
    values_secret_missing}``."""
    found = []
    for bundle in mappings(evidence.get("bundles")):
        release, namespace = text(bundle.get("release")), text(bundle.get("default_namespace"))
        entry = release_entry(evidence, namespace or "", release or "")
        message = (text(bundle.get("message")) or "")[:1000]
        found.append(
            {
                "name": text(bundle.get("name")) or "unnamed",
                "release": release,
                "namespace": namespace,
                "state": text(bundle.get("state")),
                "message": message,
                "locked_message": ANOTHER_OPERATION in message,
                "lock": lock_of(
                    evidence, {**entry, "namespace": namespace, "release": release}, None
                ),
                "values_secret_missing": boolean(bundle.get("values_secret_missing")) is True,
            }
        )
    return found


def managed_chart_states(evidence: Document, upgrade: Document) -> list[dict[str, Any]]:
    """Every ManagedChart with the worst its Bundle says: ``{name, ready, paused, bundle_state, message, waited,
    left_over, should_be_unpaused}``."""
    bundles = {text(item.get("name")): item for item in mappings(evidence.get("bundles"))}
    wait = mapping(upgrade.get("wait"))
    resting = upgrade.get("phase") in (NONE, ENDED) and not upgrade.get("nodes_phase")
    found = []
    for chart in mappings(evidence.get("managed_charts")):
        name = text(chart.get("name")) or "unnamed"
        bundle = mapping(bundles.get(f"mcc-{name}"))
        state = text(bundle.get("state"))
        found.append(
            {
                "name": name,
                "ready": boolean(chart.get("ready")),
                "paused": boolean(chart.get("paused")),
                "bundle_state": state,
                "bad": state in _BAD_STATES or chart.get("ready") is False,
                "message": (text(bundle.get("message")) or "")[:1000],
                "locked_message": ANOTHER_OPERATION in (text(bundle.get("message")) or ""),
                "waited": wait.get("kind") == "managed-chart" and wait.get("name") == name,
                "left_over": _LEFT_OVER in name,
                "should_be_unpaused": resting
                and chart.get("paused") is True
                and name in PAUSED_BY_JOB,
            }
        )
    return found
