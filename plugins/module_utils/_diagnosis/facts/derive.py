# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts rules are written on: the evidence, and what follows from it."""

from __future__ import annotations

from typing import Any

from ..._documents.evidence import Evidence
from ..._documents.shape import write
from . import leftovers
from .bundles import bundle_states, managed_chart_states
from .chart_catalog import chart_catalog
from .cluster_api import capi_cluster_facts, rancher_of_harvester
from .dependencies import dependencies_of
from .fleet import fleet_agent, fleet_config, imported_facts
from .helm_advice import with_advice
from .helm_failures import helm_failures
from .locks import stale_after
from .manifest_job import without_earlier_jobs
from .patience import patience, waited
from .plans import plan_states
from .pods import awaited_rollout, pod_troubles
from .progress import progress
from .rancher import rancher_facts
from .release_leftovers import mark_left_over
from .shell_image import rancher_config_state, shell_image
from .start_blockers import start_blockers
from .upgrade import upgrade_facts, upgrade_names
from .webhooks import webhook_facts

FACTS: dict[str, str] = {
    "phase": "`none` (no Upgrade), `not-started`, `rancher`, `after-rancher`, `ended`; null when unknown",
    "job_state": "`running`, `between-attempts`, `succeeded`, `failed`, `gone`; null when that cannot be seen",
    "contradicted": "what the Upgrade says against its own job, null when they agree",
    "nodes_phase": "whether the nodes' upgrade has begun and has not ended well",
    "upgrade_count": "how many Upgrades are marked as the latest",
    "upgrade_names": "how the Upgrade or UpgradePlan is named: `object`, `words`, and for commands `kubectl`, `resource`, `job`, `logs`",
    "ended_well": "whether the manifest job is over and did its work",
    "wait": "what the job waits for now, with `kind`, `since`, `age_seconds` and the fields of the log line",
    "wait_kind": "the kind of `wait`, `none` when it waits for nothing, null when that cannot be seen",
    "job_running": "whether a pod of the job is active",
    "job_failed": "whether the Job has the condition Failed",
    "attempts": "`failed` pods of the job and the `limit`",
    "log_kinds": "kinds of telling lines in the newest pod's log",
    "settled": "no passing state of an upgrade explains what is seen any more (5 minutes)",
    "wait_stale": "the job has waited longer than such a wait usually takes (at least `stale_after_seconds`)",
    "waited": "the wait in `words`, its `limit_seconds`, what it `ends_when`, and commands to `look_at`",
    "stale_after_seconds": "the age from which a lock or a wait is too old",
    "dependencies": "Rancher's charts; see below",
    "helm_failures": "what helm has failed at since the last success of each release, kept by Rancher or not: `count`,"
    " `first_at`, `last_at`, `pod`, `revision`, `cause`, `meaning`, `words`, `passes`, `lasting`,"
    " and what to do: `what_next`, `danger`, `commands`",
    "progress": "`moving`, `why` and the `actors` that run helm now",
    "path_refusal": "the version guard's words when it has refused the upgrade",
    "rancher_state": "versions, image, roll-out, pods and Helm release of Rancher itself",
    "chart_catalog": "ClusterRepo rancher-charts and its index as a whole: `usable`, `missing`, `blocked_on`, …",
    "shell_image": "the image in which Rancher runs helm: `pinned`, `defaults`, `failing` pods",
    "rancher_config_state": "what is wrong in ConfigMap rancher-config",
    "pod_troubles": "the workloads whose pods do not start, are not ready or keep crashing, with the `class` and `why`",
    "awaited_rollout": "the workload whose roll-out the job waits for: `ready` of `replicas`, `behind`, `class` and `why`",
    "capi": "Cluster API's view of the local cluster: `paused`, `ghosts`, `nodes_without_machine`, `label_missing`",
    "rancher_of_harvester": "what Rancher 2.15 has to be told in a Harvester: `annotation_missing`, `names_missing`",
    "rancher_webhook": "whether Rancher's admission webhook can be reached (`unreachable`), and whether callers trust it: "
    "`trusted`, `why` not, `undecided`, `expires_in_days`, `bundles_differ`",
    "other_webhooks": "admission webhooks of others of which calls failed of late, by Service, with the `problem`",
    "legacy_capi_webhooks": "Cluster API's webhook configurations whose Services are gone",
    "fleet_config": "ConfigMap fleet-controller: `lost`, `missing`, `wanted_url`, `settled`",
    "fleet_agent": "the agent's workloads, their kind, and its redeployment",
    "imported": "condition Imported of Cluster fleet-local/local",
    "bundle_states": "every Bundle with the lock of its release",
    "managed_chart_states": "every ManagedChart with the state of its Bundle",
    "start_blockers": "without an Upgrade: what Harvester would refuse one for, each `object`, `kind` and `why`",
    "plan_states": "every Plan: `complete`, `missing_nodes`, `applying`, `nowhere`, `progresses`",
    "stv_aggregation": "the Secret stv-aggregation and the Plan that needs it",
    "rke_state": "the type of Secret local-rke-state",
    "fleet_workspace": "fleetWorkspaceName and label of the provisioning cluster",
    "retry_trap": "whether the job's attempts die on an object the first one deleted",
    "waited_plan": "the Plan the job waits for",
    "skipped_phase": "whether a retried job skipped the Rancher step, and what is `undone`",
}
"""What is added to the evidence, for the reference of the rule language."""


def derive(evidence: object) -> dict[str, Any]:
    """Everything of the evidence under its own name, plus what is computed from it. Pure; nothing in the evidence,
    however damaged, makes it raise: a part that cannot be understood is unknown.

    What is added to the evidence, or replaces a part of it, is in FACTS.
    """
    whole = evidence if isinstance(evidence, Evidence) else Evidence.from_dict(evidence)
    read = without_earlier_jobs(whole)
    upgrade = upgrade_facts(read)
    waiting = patience(read, upgrade)
    failures = helm_failures(read)
    troubles = pod_troubles(read)
    dependencies = dependencies_of(read, upgrade, failures)
    facts = {
        **read.to_dict(),
        **write(upgrade),
        **write(waiting),
        "upgrade_names": upgrade_names(read),
        "waited": waited(read, upgrade),
        "stale_after_seconds": stale_after(read),
        "dependencies": dependencies,
        "helm_failures": [with_advice(each) for each in failures],
        "progress": progress(read, upgrade, failures),
        "rancher_state": rancher_facts(read, upgrade, troubles),
        "chart_catalog": chart_catalog(read, dependencies, waiting),
        "shell_image": shell_image(read),
        "rancher_config_state": rancher_config_state(read),
        "pod_troubles": troubles,
        "awaited_rollout": awaited_rollout(read, upgrade, troubles),
        "capi": capi_cluster_facts(read, troubles),
        "rancher_of_harvester": rancher_of_harvester(read),
        **webhook_facts(read),
        "fleet_config": fleet_config(read, upgrade, waiting),
        "fleet_agent": fleet_agent(read),
        "imported": imported_facts(read),
        "bundle_states": bundle_states(read),
        "managed_chart_states": managed_chart_states(read, upgrade),
        "plan_states": plan_states(read),
        "start_blockers": start_blockers(read, upgrade),
        **leftovers.leftovers_of(read, upgrade),
    }
    mark_left_over([*facts["pod_troubles"], facts["awaited_rollout"]], dependencies)
    facts["skipped_phase"] = leftovers.skipped_phase(read, upgrade, dependencies, facts)
    return facts
