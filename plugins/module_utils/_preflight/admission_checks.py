# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Harvester's admission webhook asks before it lets an Upgrade be created, and the Bundles behind it (FM 1.1,
6.17, 6.18)."""

from __future__ import annotations

from .._diagnosis.facts.bundles import (
    BundleState,
    ManagedChartState,
    bundle_states,
    managed_chart_states,
)
from .._diagnosis.facts.upgrade import upgrade_facts
from .._documents.evidence import Evidence, Upgrade
from .check import FAIL, PASS, UNKNOWN, WARN, Check

_PROVISIONED = "Provisioned"


def admission_checks(evidence: Evidence) -> list[Check]:
    """All of them; what could not be read is left to the list of what was not seen."""
    return [
        *_upgrade_under_way(evidence),
        *_managed_charts(evidence),
        *_bundles(evidence),
        *_capi_cluster(evidence),
        *_nodes(evidence),
    ]


def completed(upgrade: Upgrade) -> bool | None:
    """Whether the Upgrade is over, well or not; None when its conditions do not say."""
    for condition in upgrade.conditions:
        if condition.type == "Completed":
            return condition.status in ("True", "False")
    return None


def _upgrade_under_way(evidence: Evidence) -> list[Check]:
    upgrade = evidence.upgrade
    if upgrade is None or completed(upgrade):
        return []
    subject = f"Upgrade/{upgrade.namespace or '?'}/{upgrade.name or '?'}"
    message = (
        f"It is not over ({upgrade.state or 'state unknown'}); a second upgrade is not admitted."
    )
    what = "If it hangs, playbooks/diagnose.yml says why."
    return [Check("upgrade-under-way", FAIL, subject, message, what)]


def _managed_charts(evidence: Evidence) -> list[Check]:
    states = managed_chart_states(evidence, upgrade_facts(evidence))
    checks = [check for state in states for check in _managed_chart(state)]
    if states and not checks:
        message = f"All {len(states)} ManagedCharts are ready."
        checks.append(Check("managed-chart", PASS, "ManagedCharts/fleet-local", message))
    return checks


def _managed_chart(state: ManagedChartState) -> list[Check]:
    subject = f"ManagedChart/fleet-local/{state.name}"
    if state.left_over and state.ready is False:
        message = (
            "It is left over from an earlier upgrade and not ready; a new upgrade is not admitted."
        )
        return [Check("managed-chart", FAIL, subject, message, "Delete it.", "6.18")]
    if state.ready is False:
        about = state.message or state.bundle_state or "no reason given"
        message = f"It is not ready ({about[:300]}); a new upgrade is not admitted."
        return [
            Check("managed-chart", FAIL, subject, message, "Get its Bundle ready first.", "6.18")
        ]
    if state.should_be_unpaused:
        message = "It is paused, which an aborted upgrade leaves behind."
        what = "Set spec.paused to false."
        return [Check("managed-chart", WARN, subject, message, what, "6.18")]
    if state.ready is None:
        return [Check("managed-chart", UNKNOWN, subject, "Whether it is ready cannot be told.")]
    return []


def _bundles(evidence: Evidence) -> list[Check]:
    return [
        _bundle(state)
        for state in bundle_states(evidence)
        if state.state not in ("Ready", None) or state.values_secret_missing
    ]


def _bundle(state: BundleState) -> Check:
    subject = f"Bundle/fleet-local/{state.name}"
    about = (state.message or "no reason given")[:300]
    if state.locked_message:
        message = f"Its release {state.namespace}/{state.release} is locked: {about}"
        what = "Roll the release back to its last deployed revision, then raise spec.forceSyncGeneration."
        return Check("bundle", FAIL, subject, message, what, "6.17")
    if state.values_secret_missing:
        message = "The Secret with its values is missing."
        what = "Have what made the Bundle write it again: for a GitRepo, raise its spec.forceSyncGeneration."
        return Check("bundle", WARN, subject, message, what, "6.32")
    message = f"It is {state.state}: {about}"
    return Check("bundle", WARN, subject, message, "Get it ready before the upgrade.", "6.18")


def _capi_cluster(evidence: Evidence) -> list[Check]:
    phase = evidence.capi_cluster.phase if evidence.capi_cluster else None
    subject = "Cluster/fleet-local/local"
    if not phase:
        return []
    if phase == _PROVISIONED:
        return [Check("capi-cluster", PASS, subject, "It is provisioned.")]
    message = f"Its phase is {phase}, not {_PROVISIONED}; a new upgrade is not admitted, and the job waits for it."
    return [Check("capi-cluster", FAIL, subject, message, "Get it provisioned first.", "6.21")]


def _nodes(evidence: Evidence) -> list[Check]:
    nodes = evidence.nodes or ()
    checks = []
    for node in nodes:
        wrong = "not ready" if node.ready is False else ""
        wrong = wrong or ("unschedulable" if node.unschedulable else "")
        if wrong:
            message = f"It is {wrong}; a new upgrade is not admitted."
            what = "Bring it back, or take it out of maintenance, first."
            checks.append(Check("node", FAIL, f"Node/{node.name or '?'}", message, what))
    if nodes and not checks and evidence.readable("nodes"):
        checks.append(Check("node", PASS, "Nodes", f"All {len(nodes)} nodes are ready."))
    return checks
