# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person may want to do before a plan is carried out, and nobody can do from outside the nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.lenient import dig, mappings, text
from .._documents.actions import CHANGE_RELEASE
from .._documents.plan import Instruction

# Besides the charts called …-crd, those that bring the CRDs of Cluster API.
_WITH_DEFINITIONS = frozenset({"rancher-provisioning-capi", "rancher-turtles"})


def snapshot_advice(plan: Mapping[str, Any]) -> Instruction | None:
    """Advice to take an etcd snapshot where a plan (schema plan/v1) touches CRDs (FM 6.0, P-BACKUP); None elsewhere.

    Snapshots are a command of RKE2 on its servers: https://docs.rke2.io/datastore/backup_restore.
    """
    releases = [
        text(dig(step, "params", "release")) or ""
        for step in mappings(plan.get("steps"))
        if step.get("action") in CHANGE_RELEASE
    ]
    touched = [each for each in dict.fromkeys(releases) if brings_definitions(each)]
    if not touched:
        return None
    return Instruction(
        finding="",
        title="Take a snapshot of etcd before you approve (advice)",
        why=f"The plan changes {', '.join(touched)}, which brings CustomResourceDefinitions. The backup set"
        " holds those of fleet, but only a snapshot brings back every object as it was. As root on one"
        " management node (kubectl get nodes -l node-role.kubernetes.io/etcd):",
        commands=(
            f"rke2 etcd-snapshot save --name before-{plan.get('fingerprint')}",
            "rke2 etcd-snapshot ls    # not on the PATH? /opt/rke2/bin/rke2",
        ),
    )


def brings_definitions(release: str) -> bool:
    """Whether the chart of a release holds CRDs."""
    return release.endswith("-crd") or release in _WITH_DEFINITIONS
