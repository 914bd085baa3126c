# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that follows from an evidence document."""

from __future__ import annotations

from ..._documents.evidence import Evidence
from . import leftovers
from .bundles import bundle_states, managed_chart_states
from .chart_catalog import ChartCatalog, chart_catalog
from .cluster_api import capi_cluster_facts, rancher_of_harvester
from .dependencies import dependencies_of
from .document import Facts
from .fleet import FleetAgentState, FleetConfigState, fleet_agent, fleet_config, imported_facts
from .helm_advice import with_advice
from .helm_failures import helm_failures
from .leftovers import Leftovers
from .manifest_job import without_earlier_jobs
from .patience import patience, waited
from .plans import plan_states
from .pods import awaited_rollout, pod_troubles
from .progress import progress
from .rancher import rancher_facts
from .release_leftovers import with_left_over
from .shell_image import rancher_config_state, shell_image
from .start_blockers import start_blockers
from .upgrade import upgrade_facts, upgrade_names
from .webhooks import WebhookFacts, webhook_facts


def derive(evidence: object) -> Facts:
    """What follows from the evidence. Pure; no damage in the evidence makes it raise: what cannot be understood is unknown."""
    whole = evidence if isinstance(evidence, Evidence) else Evidence.from_dict(evidence)
    read = without_earlier_jobs(whole)
    upgrade = upgrade_facts(read)
    waiting = patience(read, upgrade)
    failures, webhooks = tuple(map(with_advice, helm_failures(read))), webhook_facts(read)
    dependencies = dependencies_of(read, upgrade, failures)
    left_over = [each.leftovers for each in dependencies]
    troubles = with_left_over(pod_troubles(read), left_over)
    catalog, agent = chart_catalog(read, dependencies, waiting), fleet_agent(read)
    config, left = fleet_config(read, upgrade, waiting), leftovers.leftovers_of(read, upgrade)
    undone = _undone(left, config, agent, catalog, webhooks)
    return Facts(
        evidence=read,
        upgrade=upgrade,
        patience=waiting,
        webhooks=webhooks,
        leftovers=left,
        upgrade_names=upgrade_names(read),
        waited=waited(read, upgrade),
        dependencies=dependencies,
        helm_failures=failures,
        progress=progress(read, upgrade, failures),
        rancher_state=rancher_facts(read, upgrade, troubles),
        chart_catalog=catalog,
        shell_image=shell_image(read),
        rancher_config_state=rancher_config_state(read),
        pod_troubles=troubles,
        awaited_rollout=with_left_over([awaited_rollout(read, upgrade, troubles)], left_over)[0],
        capi=capi_cluster_facts(read, troubles),
        rancher_of_harvester=rancher_of_harvester(read),
        fleet_config=config,
        fleet_agent=agent,
        imported=imported_facts(read),
        bundle_states=bundle_states(read),
        managed_chart_states=managed_chart_states(read, upgrade),
        plan_states=plan_states(read),
        start_blockers=start_blockers(read, upgrade),
        skipped_phase=leftovers.skipped_phase(read, upgrade, dependencies, undone),
    )


def _undone(
    left: Leftovers,
    config: FleetConfigState,
    agent: FleetAgentState,
    catalog: ChartCatalog,
    webhooks: WebhookFacts,
) -> list[str]:
    """The items of FM 6.24 that are not as the Rancher step leaves them, but for the releases."""
    items = {
        "stv-aggregation": left.stv_aggregation.missing is True,
        "fleet-config": config.lost is True,
        "fleet-agent": agent.older_than_controller is True or agent.redeploy_pending is True,
        "cluster-repos": bool(catalog.missing_repos),
        "capi-webhooks": bool(webhooks.legacy_capi_webhooks.orphaned),
    }
    return [name for name, undone in items.items() if undone]
