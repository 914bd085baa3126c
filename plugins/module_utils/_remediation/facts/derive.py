# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts rules are written on: the evidence, and what follows from it."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts import (
    leftovers,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.bundles import (
    bundle_states,
    managed_chart_states,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.chart_catalog import (
    chart_catalog,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.dependencies import (
    dependencies_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.fleet import (
    fleet_agent,
    fleet_config,
    imported_facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.locks import (
    stale_after,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.patience import (
    patience,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.progress import (
    progress,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.rancher import (
    rancher_facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.shell_image import (
    rancher_config_state,
    shell_image,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.upgrade import (
    upgrade_facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.webhooks import (
    webhook_facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.lenient import (
    mapping,
)


def derive(evidence: object) -> dict[str, Any]:
    """Everything of the evidence under its own name, plus what is computed from it. Pure; nothing in the evidence,
    however damaged, makes it raise: a part that cannot be understood is unknown.

    Added or replaced: dependencies, phase, wait, wait_kind, upgrade_count, ended_well, job_running, job_failed,
    attempts, log_kinds, settled, wait_stale, progress, path_refusal, and one mapping for each subject that rules speak
    of: rancher_state, chart_catalog, shell_image, rancher_config_state, rancher_webhook, legacy_capi_webhooks,
    fleet_config, fleet_agent, imported, bundle_states, managed_chart_states, stv_aggregation, rke_state,
    fleet_workspace, skipped_phase, retry_trap, waited_plan.
    """
    document = mapping(evidence)
    upgrade = upgrade_facts(document)
    waiting = patience(document, upgrade)
    dependencies = dependencies_of(document)
    facts = {
        **document,
        **upgrade,
        **waiting,
        "stale_after_seconds": stale_after(document),
        "dependencies": dependencies,
        "progress": progress(document, upgrade),
        "path_refusal": leftovers.path_refusal(document),
        "rancher_state": rancher_facts(document),
        "chart_catalog": chart_catalog(document, dependencies, waiting),
        "shell_image": shell_image(document),
        "rancher_config_state": rancher_config_state(document),
        **webhook_facts(document),
        "fleet_config": fleet_config(document, upgrade, waiting),
        "fleet_agent": fleet_agent(document),
        "imported": imported_facts(document),
        "bundle_states": bundle_states(document),
        "managed_chart_states": managed_chart_states(document, upgrade),
        "stv_aggregation": leftovers.stv_aggregation(document, upgrade),
        "rke_state": leftovers.rke_state(document, upgrade),
        "fleet_workspace": leftovers.fleet_workspace(document, upgrade),
        "retry_trap": leftovers.retry_trap(document, upgrade),
        "waited_plan": leftovers.waited_plan(document, upgrade),
    }
    facts["skipped_phase"] = leftovers.skipped_phase(document, upgrade, dependencies, facts)
    return facts
