# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of facts: the evidence, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..._documents.evidence import Evidence
from ..._documents.shape import write
from .bundles import BundleState, ManagedChartState
from .chart_catalog import ChartCatalog
from .cluster_api import CapiState, RancherOfHarvester
from .dependencies import Dependency
from .fleet import FleetAgentState, FleetConfigState, Imported
from .helm_advice import AdvisedFailure
from .leftovers import Leftovers, SkippedPhase
from .patience import Patience, Waited
from .plans import PlanState
from .pods import AwaitedRollout, Trouble
from .progress import Progress
from .rancher import RancherState
from .shell_image import RancherConfigState, ShellImage
from .start_blockers import Blocker
from .upgrade import UpgradeFacts, UpgradeNames
from .webhooks import WebhookFacts


@dataclass(frozen=True)
class Facts:
    """What `derive` finds in ``evidence``, from which the jobs of earlier attempts are taken out.

    Rules see the fields of ``evidence``, ``upgrade``, ``patience``, ``webhooks`` and ``leftovers`` under names of their
    own. What is said of the fields, here and there, is the reference of the rule language.
    """

    evidence: Evidence
    upgrade: UpgradeFacts
    patience: Patience
    webhooks: WebhookFacts
    leftovers: Leftovers
    upgrade_names: UpgradeNames
    """how the Upgrade or UpgradePlan is named: `object`, `words`, and for commands `kubectl`, `resource`,
    `job`, `logs`"""
    waited: Waited
    """the wait in `words`, its `limit_seconds`, what it `ends_when`, and commands to `look_at`"""
    dependencies: tuple[Dependency, ...]
    """Rancher's charts; see below"""
    helm_failures: tuple[AdvisedFailure, ...]
    """what helm has failed at since the last success of each release, kept by Rancher or not: `count`,
    `first_at`, `last_at`, `pod`, `revision`, `cause`, `meaning`, `words`, `passes`, `lasting`, and what to do:
    `what_next`, `danger`, `commands`"""
    progress: Progress
    """`moving`, `why` and the `actors` that run helm now"""
    rancher_state: RancherState
    """versions, image, roll-out, pods and Helm release of Rancher itself"""
    chart_catalog: ChartCatalog
    """ClusterRepo rancher-charts and its index as a whole: `usable`, `missing`, `blocked_on`, …"""
    shell_image: ShellImage
    """the image in which Rancher runs helm: `pinned`, `defaults`, `failing` pods"""
    rancher_config_state: RancherConfigState
    """what is wrong in ConfigMap rancher-config"""
    pod_troubles: tuple[Trouble, ...]
    """the workloads whose pods do not start, are not ready or keep crashing, with the `class` and `why`"""
    awaited_rollout: AwaitedRollout
    """the workload whose roll-out the job waits for: `ready` of `replicas`, `behind`, `class` and `why`"""
    capi: CapiState
    """Cluster API's view of the local cluster: `paused`, `ghosts`, `nodes_without_machine`, `label_missing`"""
    rancher_of_harvester: RancherOfHarvester
    """what Rancher 2.15 has to be told in a Harvester: `annotation_missing`, `names_missing`"""
    fleet_config: FleetConfigState
    """ConfigMap fleet-controller: `lost`, `missing`, `wanted_url`, `settled`"""
    fleet_agent: FleetAgentState
    """the agent's workloads, their kind, and its redeployment"""
    imported: Imported
    """condition Imported of Cluster fleet-local/local"""
    bundle_states: tuple[BundleState, ...]
    """every Bundle with the lock of its release"""
    managed_chart_states: tuple[ManagedChartState, ...]
    """every ManagedChart with the state of its Bundle"""
    plan_states: tuple[PlanState, ...]
    """every Plan: `complete`, `missing_nodes`, `applying`, `nowhere`, `progresses`"""
    start_blockers: tuple[Blocker, ...]
    """without an Upgrade: what Harvester would refuse one for, each `object`, `kind` and `why`"""
    skipped_phase: SkippedPhase
    """whether a retried job skipped the Rancher step, and what is `undone`"""

    def to_dict(self) -> dict[str, Any]:
        """What rules see."""
        whole: dict[str, Any] = write(self)
        opened = [whole.pop(name) for name in OPENED]
        return {name: value for part in (*opened, whole) for name, value in part.items()}


OPENED = ("evidence", "upgrade", "patience", "webhooks", "leftovers")
