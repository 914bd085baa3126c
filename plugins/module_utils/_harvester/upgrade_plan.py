# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of the second kind: the cluster-scoped UpgradePlan of harvester/upgrade-toolkit (FM C15).

It is experimental since Harvester v1.8. Its Job ``<name>-cluster-upgrade`` runs the same script in a container of the
same name. Names, labels and phases are those of upgrade-toolkit at 5ac1bbe; that later versions keep them is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._core.lenient import dig, mapping, mappings, text
from . import upgrade

API = "management.harvesterhci.io/v1beta1"
RESOURCE = "upgradeplans"
KIND = "UpgradePlan"
PLAN_LABEL = "management.harvesterhci.io/upgrade-plan"
JOB_SELECTOR = "management.harvesterhci.io/upgrade-component=cluster-upgrade"

_CLUSTER = "ClusterUpgrading"
_CLUSTER_DONE = "ClusterUpgraded"
_NODES = (_CLUSTER_DONE, "NodeUpgrading", "NodeUpgraded", "CleaningUp", "CleanedUp")
_ENDED = ("Succeeded", "Failed")


def latest(
    upgrades: Sequence[Mapping[str, Any]], plans: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The Upgrade all the rest is about: the newest of the first kind, or an UpgradePlan in the shape of one when there
    is no other, or when the other one has ended and the plan was created later. Empty when there is neither.
    """
    first, second = upgrade.newest(upgrades), upgrade.newest(plans)
    if second is None:
        return first or {}
    if first is not None:
        state = dig(first, "metadata", "labels", upgrade.STATE_LABEL)
        later = _created(second) > _created(first)
        if state not in _ENDED or not later:
            return first
    return as_upgrade(second)


def repo_name(plan: str) -> str:
    """The Deployment that serves the ISO (upgrade-toolkit, pkg/upgradeplan/phase_repo_create.go)."""
    return f"{plan}-repo"


def is_plan(obj: Mapping[str, Any]) -> bool:
    """Whether an Upgrade was made of an UpgradePlan."""
    return obj.get("kind") == KIND


def as_upgrade(plan: Mapping[str, Any]) -> dict[str, Any]:
    """An UpgradePlan with the labels, conditions and status of an Upgrade that is as far."""
    metadata, status = mapping(plan.get("metadata")), mapping(plan.get("status"))
    state, conditions = _progress(status)
    return {
        "kind": KIND,
        "metadata": {**metadata, "labels": {upgrade.STATE_LABEL: state}},
        "spec": {"version": text(dig(plan, "spec", "version"))},
        "status": {
            "previousVersion": text(status.get("previousVersion")),
            "conditions": conditions,
            "release": mapping(status.get("releaseMetadata")),
        },
    }


def _progress(status: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    phase = text(status.get("currentPhase")) or "Initializing"
    changes = mappings(status.get("phaseTransitionTimestamps"))
    at = next(
        (text(each.get("phaseTransitionTimestamp")) for each in reversed(changes)),
        None,
    )
    said = next(
        (
            text(each.get("message"))
            for each in mappings(status.get("conditions"))
            if each.get("type") == "Progressing"
        ),
        None,
    )
    cluster_done = any(each.get("phase") == _CLUSTER_DONE for each in changes)

    def condition(kind: str, value: str) -> dict[str, Any]:
        return {
            "type": kind,
            "status": value,
            "reason": phase,
            "message": said or "",
            "lastUpdateTime": at,
        }

    if phase == "Succeeded":
        return phase, [condition("SystemServicesUpgraded", "True"), condition("Completed", "True")]
    if phase == "Failed":
        services = "True" if cluster_done else "False"
        return phase, [
            condition("SystemServicesUpgraded", services),
            condition("Completed", "False"),
        ]
    if phase in _NODES:
        return "UpgradingNodes", [condition("SystemServicesUpgraded", "True")]
    if phase == _CLUSTER:
        return "UpgradingSystemServices", [condition("SystemServicesUpgraded", "Unknown")]
    return phase, [condition(phase, "Unknown")]


def _created(obj: Mapping[str, Any]) -> str:
    return str(dig(obj, "metadata", "creationTimestamp") or "")
