# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rolling restart of the controller that works on Plans, once for each Plan that hangs (FM 6.35)."""

from __future__ import annotations

from typing import Any

from .._kube import paths
from .._kube.change import Change, guarded_patch, precondition, read_or_none, require
from .._kube.client import KubeClient, Object

DEPLOYMENT = paths.api("apps/v1", "deployments", "cattle-system", "system-upgrade-controller")
PLANS = "upgrade.cattle.io/v1"
RESTARTED_FOR = "remediation.harvester-ops.io/restarted-for"


def restart_for(
    client: KubeClient, plan: str, *, expected_plan_uid: str | None = None, dry_run: bool = False
) -> Change:
    """Replace the controller's pods, unless they were replaced for this very Plan before.

    The Plan's UID goes into the pod template: a second run for the same Plan changes nothing, and one
    restart that did not help is not repeated. Raises not-found when Plan or Deployment is missing,
    precondition-failed when the Plan has another UID than expected.
    """
    plan_path = paths.api(PLANS, "plans", "cattle-system", plan)
    found = require(
        read_or_none(client, plan_path), plan_path, "Diagnose again: the Plan may be done."
    )
    uid = found["metadata"]["uid"]
    if expected_plan_uid is not None:
        precondition(paths.describe(plan_path), "its UID", expected_plan_uid, uid)
    marker = f"{plan}/{uid}"

    def annotate(deployment: Object) -> dict[str, Any] | None:
        if _marker(deployment) == marker:
            return None
        return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_FOR: marker}}}}}

    remedy = "Repair release system-upgrade-controller first: its Deployment is missing."
    before, after = guarded_patch(client, DEPLOYMENT, annotate, remedy=remedy, dry_run=dry_run)
    return Change(
        paths.describe(DEPLOYMENT),
        before is not after,
        {"restarted_for": _marker(before)},
        {"restarted_for": _marker(after)},
    )


def _marker(deployment: Object) -> str | None:
    template = (deployment.get("spec") or {}).get("template") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    value = annotations.get(RESTARTED_FOR)
    return value if isinstance(value, str) else None
