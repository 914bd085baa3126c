# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence of a cluster before an upgrade, for tests: Harvester v1.5.0 at rest, no Upgrade object, made ill by overlays."""

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_files import (
    load_table,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_table import (
    HarvesterRelease,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.check import (
    Check,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    Document,
    build,
)

TABLE = load_table()


def resting_cluster(overlay: Document | None = None) -> Document:
    """What upgrade_info reads of it; the overlay is one of builders/evidence.py."""
    evidence = build(overlay)
    given = (overlay or {}).get("set", {})
    for name in ("upgrade", "job", "wait", "release_file"):
        if name not in given:
            evidence[name] = None
            evidence["sources"][name] = {"state": "absent", "reason": ""}
    evidence["job_pods"] = []
    evidence["harvester_version"] = given.get("harvester_version", "v1.5.0")
    evidence["cluster"]["kubernetes_version"] = "v1.32.3+rke2r1"
    return evidence


def release(version: str, **changes: Any) -> HarvesterRelease:
    """A row of the shipped release table."""
    found = TABLE.release(version)
    assert found is not None
    return HarvesterRelease(**{**found.__dict__, **changes})


def bad(checks: list[Check]) -> list[tuple[str, str, str]]:
    """Outcome, id and subject of everything that did not pass."""
    return [(check.outcome, check.id, check.subject) for check in checks if check.outcome != "pass"]


def only(checks: list[Check]) -> Check:
    """The one check that did not pass."""
    found = [check for check in checks if check.outcome != "pass"]
    assert len(found) == 1, bad(checks)
    return found[0]
