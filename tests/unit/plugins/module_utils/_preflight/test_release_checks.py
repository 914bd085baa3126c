# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.check import (
    Check,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.release_checks import (
    release_checks,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.resting_cluster import (
    TABLE,
    bad,
    only,
    release,
    resting_cluster,
)

FLEET = "106.0.0+up0.12.0"


def checks(overlay: dict[str, Any] | None = None) -> list[Check]:
    return release_checks(Evidence.from_dict(resting_cluster(overlay)), TABLE, release("v1.6.0"))


def test_a_cluster_without_locks() -> None:
    assert bad(checks()) == []
    assert "None of the 7 Helm releases" in checks()[0].message


def test_a_lock_left_behind() -> None:
    """FM 6.3, 8.3: what Harvester's own pre-check does not look for."""
    found = only(
        checks(
            {
                "releases": {
                    "fleet": [
                        [10, "pending-upgrade", FLEET, 864_000],
                        [9, "deployed", FLEET, 864_030],
                    ]
                }
            }
        )
    )
    assert (found.outcome, found.id, found.failure_mode) == ("fail", "release-lock", "6.3")
    assert found.subject == "Release/cattle-fleet-system/fleet"
    assert "Revision 10" in found.message
    assert "pending-upgrade for 10 d and nobody works on it" in found.message
    assert "helm rollback fleet 9 -n cattle-fleet-system --wait" in found.what_next


@pytest.mark.parametrize(
    ("status", "mode"),
    [("pending-upgrade", "6.3"), ("pending-install", "6.4"), ("pending-rollback", "6.5")],
)
def test_every_kind_of_lock(status: str, mode: str) -> None:
    found = only(checks({"releases": {"rancher-webhook": [[1, status, "1.0.0", 9000]]}}))
    assert (found.outcome, found.failure_mode) == ("fail", mode)
    assert "no revision to go back to" in found.what_next


def test_a_young_lock_may_still_be_worked_on() -> None:
    found = only(checks({"releases": {"fleet": [[10, "pending-upgrade", FLEET, 60]]}}))
    assert (found.outcome, found.id) == ("warn", "release-lock")


def test_a_lock_that_somebody_holds() -> None:
    pod = {
        "name": "helm-operation-abcde",
        "phase": "Running",
        "release": "fleet",
        "created_at": "2026-11-23T12:00:00Z",
    }
    found = only(
        checks(
            {
                "releases": {"fleet": [[10, "pending-upgrade", FLEET, 9000]]},
                "set": {"helm_pods": [pod]},
            }
        )
    )
    assert found.outcome == "warn"
    assert found.message.startswith("Pod/cattle-system/helm-operation-abcde works on")


def test_whoever_may_hold_it_when_that_cannot_be_seen() -> None:
    """Not knowing who works on it does not make a lock harmless."""
    found = checks(
        {
            "releases": {"fleet": [[10, "pending-upgrade", FLEET, 9000]]},
            "sources": {"helm_pods": "forbidden"},
        }
    )
    assert [check.outcome for check in found if check.id == "release-lock"] == ["fail"]
    assert "could not be seen" in found[0].message
    assert "nobody works on it" not in found[0].message


def test_rancher_itself_is_not_rolled_back() -> None:
    found = only(checks({"releases": {"rancher": [[4, "pending-upgrade", "2.11.0", 9000]]}}))
    assert (found.outcome, found.failure_mode) == ("fail", "6.12")
    assert "helm rollback" not in found.what_next
    assert "save the values" in found.what_next


def test_a_release_of_a_bundle_counts_too() -> None:
    found = only(checks({"releases": {"harvester": [[4, "pending-upgrade", "1.5.0", 9000]]}}))
    assert found.subject == "Release/harvester-system/harvester"


def test_a_release_that_cannot_be_decoded() -> None:
    revision = {
        "revision": 3,
        "status": "deployed",
        "version": FLEET,
        "age": 9000,
        "error": "no gzip",
    }
    found = only(checks({"releases": {"fleet": [revision]}}))
    assert (found.outcome, found.id, found.failure_mode) == ("fail", "release-undecodable", "6.39")


def test_a_release_that_could_not_be_read() -> None:
    found = only(checks({"releases": {"fleet": {"read": "forbidden", "revisions": []}}}))
    assert (found.outcome, found.id) == ("unknown", "release-lock")


def test_a_release_that_does_not_exist_is_not_locked() -> None:
    assert bad(checks({"releases": {"fleet": {"read": "absent", "revisions": []}}})) == []


def test_a_failed_release() -> None:
    found = only(checks({"releases": {"fleet": [[10, "failed", FLEET, 9000]]}}))
    assert (found.outcome, found.id, found.failure_mode) == ("warn", "release-failed", "6.7")


def test_pinned_values() -> None:
    overlay = {"releases": {"fleet": {"config": {"image": {"tag": "v0.11.2"}}}}}
    found = only(checks(overlay))
    assert (found.outcome, found.id, found.failure_mode) == ("warn", "pinned-values", "6.22")
    assert "image.tag=v0.11.2" in found.message


def test_of_a_support_bundle_no_way_out_of_a_lock_is_invented() -> None:
    partial = {"read": "partial", "revisions": [[8, "pending-upgrade", "105.0.2+up0.11.2", 5000]]}
    check = only(checks({"releases": {"fleet": partial}}))
    assert check.outcome == "fail"
    assert "helm -n cattle-fleet-system history fleet" in check.what_next


def test_of_a_support_bundle_pins_are_unknown_without_values() -> None:
    deployed = [[8, "deployed", "105.0.2+up0.11.2", 5000]]
    partial = {"read": "partial", "revisions": deployed, "config": None}
    check = only(checks({"releases": {"fleet": partial}}))
    assert (check.id, check.outcome) == ("pinned-values", "unknown")
