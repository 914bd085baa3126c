# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents of whole runs, one for each ending, as the playbook hands them to the report."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.report import (
    build_report,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    OLD_FLEET,
    build,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.mutations import over

Document = dict[str, Any]

RC = "106.0.0+up0.12.0-rc.3"
DAY = 86400
_INSTALLED = [3, "superseded", OLD_FLEET, 200 * DAY]
#: Fleet is locked by a helm that was killed, fleet-crd keeps the release candidate.
STUCK: Document = {
    "releases": {
        "fleet-crd": [[4, "deployed", RC, 30 * DAY], _INSTALLED],
        "fleet": [
            {
                "revision": 5,
                "status": "pending-upgrade",
                "version": FLEET,
                "age": 5400,
                "description": "Preparing upgrade",
            },
            [4, "deployed", RC, 30 * DAY],
            _INSTALLED,
        ],
    },
    "waiting_for": {"release": "fleet", "version": FLEET, "age": 5100},
}
REPAIRED: Document = {
    "releases": {
        "fleet-crd": [
            [5, "deployed", FLEET, -120],
            [4, "superseded", RC, 30 * DAY],
            _INSTALLED,
        ],
        "fleet": [
            [6, "deployed", FLEET, -180],
            [4, "superseded", RC, 30 * DAY],
            _INSTALLED,
        ],
    },
    "set": {"collected_at": "2026-11-23T15:05:30Z"},
}
ERRORS = {
    "refused": {
        "code": "lock-held",
        "message": "Lease/harvester-system/harvester-ops-remediation is held by ann@bastion run 3f9c2a "
        "since 2026-11-23T14:58:11Z: plan 0c11 for hvst-upgrade-x7k2p.",
        "remedy": "Wait until that run has ended, or until 15:13:11Z when its lock runs out.",
    },
    "stalled": {
        "code": "stalled",
        "message": "Waited in vain for the job to get past its line within 3600 s. Last seen: still at it.",
        "remedy": "Run the same playbook again: it starts from what is there now.",
    },
    "failed": {
        "code": "server-unreachable",
        "message": "The API server at 192.0.2.10:6443 does not answer.",
        "remedy": "Check the network and the VIP, then run again.",
    },
}
BACKUP = {
    "id": "backup-20261123T145948Z-3f9c2a",
    "path": "/srv/remediation-artifacts/backup-20261123T145948Z-3f9c2a",
    "created_at": "2026-11-23T15:01:05Z",
}


def run_of(verdict: str) -> Document:
    """What a run that ends with the verdict hands to the report."""
    overlay = {
        "healthy": {},
        "moving": {},
        "needs_human": {"waiting_for": {"release": "fleet", "version": RC}},
    }.get(verdict, STUCK)
    run: Document = {
        "id": "20261123T145948Z-3f9c2a",
        "started_at": "2026-11-23T14:59:48Z",
        "finished_at": "2026-11-23T15:05:41Z",
        "artifacts_dir": "/srv/remediation-artifacts",
        "error": ERRORS.get(verdict),
    }
    if verdict == "failed":
        return run
    evidence = over(overlay) if verdict == "healthy" else build(overlay)
    findings = diagnose(evidence)
    plan = make_plan(evidence, findings, derive(evidence)).to_dict()
    run |= {"evidence_before": evidence, "findings_before": findings, "plan": plan}
    if verdict in ("repaired", "stalled"):
        run |= _acted(plan, all_done=verdict == "repaired")
    if verdict == "repaired":
        after = build(REPAIRED)
        run |= {"evidence_after": after, "findings_after": diagnose(after)}
    return run


def report_of(verdict: str) -> Document:
    """The report of such a run."""
    return build_report(run_of(verdict))


def _acted(plan: Document, all_done: bool) -> Document:
    steps = [
        {
            "id": step["id"],
            "outcome": "unchanged" if number == len(plan["steps"]) else "changed",
            "detail": "",
            "begun_at": f"2026-11-23T15:01:{10 + 8 * number:02d}Z",
            "ended_at": f"2026-11-23T15:01:{15 + 8 * number:02d}Z",
        }
        for number, step in enumerate(plan["steps"], 1)
    ]
    return {
        "approval": {"approved": True, "how": "prompt", "at": "2026-11-23T15:00:58Z"},
        "backup": BACKUP,
        "steps": steps if all_done else steps[:2],
    }
