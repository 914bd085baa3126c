# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts rules are written on: the evidence, and what follows from it."""

from __future__ import annotations

from typing import Any

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
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.progress import (
    progress,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.rancher import (
    rancher_facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.facts.upgrade import (
    upgrade_facts,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.lenient import (
    mapping,
)


def derive(evidence: object) -> dict[str, Any]:
    """Everything of the evidence under its own name, plus what is computed from it. Pure; nothing in the evidence,
    however damaged, makes it raise: a part that cannot be understood is unknown.

    Added or replaced: dependencies, phase, wait, wait_kind, upgrade_count, ended_well, job_running, job_failed,
    attempts, log_kinds, rancher_state, fleet_config, fleet_agent, imported, progress, stale_after_seconds.
    """
    document = mapping(evidence)
    upgrade = upgrade_facts(document)
    return {
        **document,
        **upgrade,
        "dependencies": dependencies_of(document),
        "rancher_state": rancher_facts(document),
        "fleet_config": fleet_config(document, upgrade),
        "fleet_agent": fleet_agent(document),
        "imported": imported_facts(document),
        "progress": progress(document, upgrade),
        "stale_after_seconds": stale_after(document),
    }
