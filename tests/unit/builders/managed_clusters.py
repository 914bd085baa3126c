# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any


def managed_cluster(
    identity: str,
    name: str = "",
    *,
    provider: str = "harvester",
    labels: dict[str, str] | None = None,
    connected: str | None = "True",
    message: str = "",
    version: str = "v1.32.4+rke2r1",
) -> dict[str, Any]:
    """A Cluster (management.cattle.io/v3) with what an imported Harvester cluster has, and a secret beside it."""
    conditions = [{"type": "Ready", "status": "True"}]
    if connected is not None:
        conditions.append({"type": "Connected", "status": connected, "message": message})
    return {
        "apiVersion": "management.cattle.io/v3",
        "kind": "Cluster",
        "metadata": {"name": identity, "labels": labels or {}},
        "spec": {"displayName": name or identity, "internal": identity == "local"},
        "status": {
            "provider": provider,
            "driver": "imported",
            "conditions": conditions,
            "version": {"gitVersion": version},
            "serviceAccountToken": "not-for-anybody",
        },
    }
