# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generations that make fleet work again: redeployAgentGeneration and forceSyncGeneration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._kube import paths
from .._kube.change import Change, guarded_patch
from .._kube.client import KubeClient, Object

FLEET = "fleet.cattle.io/v1alpha1"


@dataclass(frozen=True)
class Generation:
    """A number in spec that a controller compares with the one it has worked on."""

    resource: str
    namespace: str
    name: str
    field: str
    done_field: str | None
    remedy: str

    @property
    def path(self) -> str:
        """Where the object is."""
        return paths.api(FLEET, self.resource, self.namespace, self.name)

    def shown(self, found: Object) -> dict[str, Any]:
        """The number wanted and, where the object tells, the number done."""
        spec, status = found.get("spec") or {}, found.get("status") or {}
        fields = {self.field: spec.get(self.field)}
        if self.done_field is not None:
            fields[self.done_field] = status.get(self.done_field)
        return fields


def redeploy_agent(client: KubeClient, *, namespace: str, name: str, **wanted: Any) -> Change:
    """Raise the generation of the agent that fleet deploys into a cluster (FM 6.28)."""
    target = Generation(
        resource="clusters",
        namespace=namespace,
        name=name,
        field="redeployAgentGeneration",
        done_field="agentDeployedGeneration",
        remedy="Fleet registers the local cluster by itself: look at fleet-controller's log.",
    )
    return _raise_to(client, target, **wanted)


def resync_bundle(client: KubeClient, *, namespace: str, name: str, **wanted: Any) -> Change:
    """Raise the generation of a Bundle's forced deployment (FM 5.6)."""
    target = Generation(
        resource="bundles",
        namespace=namespace,
        name=name,
        field="forceSyncGeneration",
        done_field=None,
        remedy="Name a Bundle that exists: kubectl get bundles.fleet.cattle.io -A.",
    )
    return _raise_to(client, target, **wanted)


def _raise_to(
    client: KubeClient,
    target: Generation,
    *,
    generation: int | None,
    expected_uid: str | None,
    dry_run: bool,
) -> Change:
    """Raise the number to generation, or by one when none is given; it never goes down.

    A named generation is what makes a second run change nothing: the number is there already.
    """
    wanted = generation

    def plan(found: Object) -> Mapping[str, Any] | None:
        nonlocal wanted
        current = _whole((found.get("spec") or {}).get(target.field))
        if wanted is None:
            done = _whole((found.get("status") or {}).get(target.done_field or ""))
            wanted = max(current, done) + 1
        return None if current >= wanted else {"spec": {target.field: wanted}}

    before, after = guarded_patch(
        client,
        target.path,
        plan,
        remedy=target.remedy,
        dry_run=dry_run,
        expected_uid=expected_uid,
    )
    return Change(
        paths.describe(target.path),
        before is not after,
        target.shown(before),
        target.shown(after),
    )


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
