# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.report import (
    ReleaseHistory,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.run import (
    Run,
    SeenCluster,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.release_history import (
    release_history,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import FLEET, build
from ansible_collections.harvester_ops.remediation.tests.unit.builders.runs import (
    RC,
    REPAIRED,
    STUCK,
)

EXPECTED = {"fleet-crd": FLEET, "fleet": FLEET}


def seen(evidence: dict[str, Any]) -> SeenCluster:
    cluster = Run.from_documents({"evidence_before": evidence}).evidence_before
    assert cluster is not None
    return cluster


def fates(history: ReleaseHistory) -> list[tuple[object, object]]:
    return [(each.revision, each.fate) for each in history.revisions]


def test_what_a_run_made_removed_and_left() -> None:
    crd, fleet = release_history(seen(build(STUCK)), seen(build(REPAIRED)), EXPECTED)
    assert (crd.release, crd.expected) == ("fleet-crd", FLEET)
    assert fates(crd) == [(3, "kept"), (4, "kept"), (5, "added")]
    assert fates(fleet) == [(3, "kept"), (4, "kept"), (5, "removed"), (6, "added")]
    assert [each.status for each in crd.revisions] == ["superseded", "superseded", "deployed"]
    assert fleet.revisions[2].status == "pending-upgrade"


def test_without_a_second_look_nothing_is_said_to_be_gone() -> None:
    histories = release_history(seen(build(STUCK)), None, EXPECTED)
    assert fates(histories[1]) == [(3, "found"), (4, "found"), (5, "found")]


def test_a_release_that_could_not_be_read_again_is_not_said_to_be_gone() -> None:
    unreadable = build({"releases": {"fleet": {"read": "error", "revisions": []}}})
    _crd, fleet = release_history(seen(build(STUCK)), seen(unreadable), EXPECTED)
    assert fates(fleet) == [(3, "found"), (4, "found"), (5, "found")]


def test_what_is_not_awaited_is_told_only_when_something_is_wrong_with_it() -> None:
    sick = build(
        {"releases": {"system-upgrade-controller": [[8, "pending-upgrade", "106.0.0", 5000]]}}
    )
    assert [each.release for each in release_history(seen(sick), None, EXPECTED)] == [
        "fleet-crd",
        "fleet",
        "system-upgrade-controller",
    ]


def test_a_revision_that_was_only_decoded_before_the_run_keeps_what_was_read_then() -> None:
    """After a run only the last revision is decoded; of the others the metadata of their Secrets is read."""
    after = build(REPAIRED)
    for release in after["releases"]:
        for revision in release["revisions"][1:]:
            known = ("revision", "label_status", "created_at", "secret_name")
            revision.update({key: None for key in revision if key not in known}, decoded=False)
    crd, _fleet, *_others = release_history(seen(build(STUCK)), seen(after), EXPECTED)
    candidate = crd.revisions[1]
    assert (candidate.revision, candidate.fate, candidate.status) == (4, "kept", "superseded")
    assert (candidate.chart_version, candidate.description) == (RC, "Upgrade complete")
    assert candidate.at == "2026-10-24T15:00:00Z"
