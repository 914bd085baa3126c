# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed vocabulary of what a plan can do: which module does it and when in the order.

The order is FM 6.0 turned into ranks: locks before everything (a pending release beats every version
comparison), then the chart index (it blocks all charts), then what makes Rancher's own helm pods
fail, then the releases with fleet-crd before fleet (CRD fields), then what a fleet upgrade wipes, the
agent, and last what a retried job pod has skipped (FM 6.24).
"""

from __future__ import annotations

from dataclasses import dataclass

RELEASE_ORDER = ("fleet-crd", "fleet", "rancher-webhook")
RELEASE_ACTIONS = frozenset(
    {
        "wait_for_actor",
        "unlock_release",
        "roll_back_release",
        "upgrade_release",
        "let_rancher_upgrade",
    }
)
NODES_PHASE_ACTIONS = frozenset({"create_stv_aggregation"})
"""What the nodes' upgrade itself waits for (FM 6.30). Nothing else is done meanwhile: helm and a new fleet-agent among
nodes that drain and reboot do more harm than what they repair (FM 6.37)."""
INDEX_ACTIONS = frozenset({"refresh_index", "rebuild_index", "create_cluster_repos"})


@dataclass(frozen=True)
class Action:
    """One verb of the plan: its module, its place in the order and the risk it has by itself.

    ``arguments`` are the parameters a rule can give the step (``with:``); the planner passes on no others, and a
    rule that names another one is refused.
    """

    module: str
    rank: int
    risk: str = "low"
    arguments: tuple[str, ...] = ()


_RELEASE = ("namespace", "release")


ACTIONS: dict[str, Action] = {
    "wait_for_actor": Action("remediation_wait", 0, arguments=_RELEASE),
    "unlock_release": Action("helm_release", 10, arguments=_RELEASE),
    "roll_back_release": Action("helm_release", 10, "medium", arguments=_RELEASE),
    "create_cluster_repos": Action("cluster_repo", 20, arguments=("names",)),
    "rebuild_index": Action("cluster_repo", 21, arguments=("name",)),
    "refresh_index": Action("cluster_repo", 21, arguments=("name", "chart")),
    "reset_shell_image": Action("rancher_setting", 30),
    "nudge": Action("cluster_repo", 40, arguments=_RELEASE),
    "let_rancher_upgrade": Action("remediation_wait", 40, arguments=_RELEASE),
    "upgrade_release": Action("helm_release", 40, arguments=_RELEASE),
    "restore_fleet_config": Action("fleet_config", 50),
    "redeploy_fleet_agent": Action("fleet_agent", 60),
    "create_stv_aggregation": Action("stv_aggregation_secret", 70),
    "set_fleet_workspace_name": Action("fleet_workspace", 71),
    "delete_legacy_capi_webhooks": Action("capi_webhooks", 72),
    "restart_system_upgrade_controller": Action(
        "system_upgrade_controller", 73, arguments=("name",)
    ),
    "resync_bundle": Action("fleet_bundle", 74, arguments=("name",)),
}


def release_position(release: str) -> int:
    """The place of a release among the releases: fleet-crd, fleet, rancher-webhook, the rest."""
    return RELEASE_ORDER.index(release) if release in RELEASE_ORDER else len(RELEASE_ORDER)
