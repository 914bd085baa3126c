# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bundles and ManagedCharts of the local cluster (FM 5.6, 6.17, 6.18, 6.32)."""

from __future__ import annotations

from dataclasses import dataclass

from ..._documents.evidence import Bundle, Evidence, ManagedChart
from .locks import Lock, lock_of, revision_age
from .manifest_job import status_of
from .upgrade import ENDED, NONE, UpgradeFacts

ANOTHER_OPERATION = "another operation (install/upgrade/rollback) is in progress"
_BAD_STATES = ("ErrApplied", "Modified", "NotReady", "OutOfSync", "WaitApplied")
_QUARTER_OF_AN_HOUR = 900
_LEFT_OVER = "upgradelog-operator"
PAUSED_BY_JOB = ("harvester", "harvester-crd", "rancher-logging-crd", "rancher-monitoring-crd")
"""What the job pauses at its start and lets go on as it comes to each (FM 1.7)."""


def chart_is_ready(chart: ManagedChart) -> bool:
    """Whether nothing says that it is not: Fleet's count, and the condition that Harvester's admission webhook reads."""
    return chart.ready is not False and status_of(chart.conditions, "Ready") in ("True", None)


@dataclass(frozen=True)
class BundleState:
    """A Bundle with its lock. ``looping``: how many of its last revisions follow each other within minutes, the last of
    them a moment ago."""

    name: str
    release: str | None
    namespace: str | None
    state: str | None
    message: str
    locked_message: bool
    lock: Lock
    looping: int
    values_secret_missing: bool


@dataclass(frozen=True)
class ManagedChartState:
    """A ManagedChart with the worst its Bundle says. ``waited``: the job waits for it."""

    name: str
    ready: bool | None
    paused: bool | None
    bundle_state: str | None
    bad: bool
    message: str
    locked_message: bool
    waited: bool
    left_over: bool
    should_be_unpaused: bool


def bundle_states(evidence: Evidence) -> tuple[BundleState, ...]:
    """Every Bundle."""
    found = []
    for bundle in evidence.bundles or ():
        release, namespace = bundle.release or None, bundle.default_namespace or None
        message = (bundle.message or "")[:1000]
        found.append(
            BundleState(
                name=bundle.name or "unnamed",
                release=release,
                namespace=namespace,
                state=bundle.state or None,
                message=message,
                locked_message=ANOTHER_OPERATION in message,
                lock=lock_of(evidence, evidence.release(namespace or "", release or ""), None),
                looping=_looping(evidence, release, namespace),
                values_secret_missing=bundle.values_secret_missing is True,
            )
        )
    return tuple(found)


def _looping(evidence: Evidence, release: str | None, namespace: str | None) -> int:
    """How many revisions of the last quarter of an hour there are. An agent that rolls back for ever writes one every
    few seconds, so the last one never looks abandoned (corrections, C1)."""
    count = 0
    for revision in evidence.release(namespace or "", release or "").revisions:
        age = revision_age(revision, evidence)
        if age is None or age > _QUARTER_OF_AN_HOUR:
            break
        count += 1
    return count


def managed_chart_states(
    evidence: Evidence, upgrade: UpgradeFacts
) -> tuple[ManagedChartState, ...]:
    """Every ManagedChart."""
    bundles = {item.name: item for item in evidence.bundles or ()}
    waited = upgrade.wait_field("name") if upgrade.wait_field("kind") == "managed-chart" else None
    at_rest = upgrade.phase in (NONE, ENDED) and not upgrade.nodes_phase
    found = []
    for chart in evidence.managed_charts or ():
        name = chart.name or "unnamed"
        bundle = bundles.get(f"mcc-{name}", Bundle())
        state = bundle.state or None
        found.append(
            ManagedChartState(
                name=name,
                ready=chart.ready,
                paused=chart.paused,
                bundle_state=state,
                bad=state in _BAD_STATES or chart.ready is False,
                message=(bundle.message or "")[:1000],
                locked_message=ANOTHER_OPERATION in (bundle.message or ""),
                waited=waited == name,
                left_over=_LEFT_OVER in name,
                should_be_unpaused=at_rest and chart.paused is True and name in PAUSED_BY_JOB,
            )
        )
    return tuple(found)
