# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of objects that several packages have to agree on."""

from __future__ import annotations

# The Lease that is the cluster lock.
LOCK_NAMESPACE = "harvester-system"
LOCK_NAME = "harvester-ops-remediation"

# Where pods that run helm are looked for.
HELM_NAMESPACES = ("cattle-system", "cattle-fleet-system", "cattle-fleet-local-system")
# Where Cluster API's controllers are: of Rancher's own chart up to 2.13, of Turtles, and the core that Turtles installs.
CAPI_NAMESPACES = (
    "cattle-provisioning-capi-system",
    "cattle-turtles-system",
    "cattle-capi-system",
)
# Where Upgrades and their jobs are.
UPGRADE_NAMESPACE = "harvester-system"

# Rancher's admission webhook: the release, its Deployment and its Service have one name.
RANCHER_WEBHOOK = ("cattle-system", "rancher-webhook")

# Where backup sets are kept in the cluster.
BACKUP_NAMESPACE = "harvester-ops-backups"
