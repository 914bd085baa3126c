# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.locks import (
    BriefRevision,
    Lock,
    lock_of,
    stale_after,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    OLD_FLEET,
    evidence_of,
)


def lock(*revisions: list[Any] | dict[str, Any], **more: Any) -> Lock:
    evidence = evidence_of({"releases": {"fleet": list(revisions)}, **more})
    entry = evidence.release("cattle-fleet-system", "fleet")
    return lock_of(evidence, entry, FLEET)


PENDING = [8, "pending-upgrade", OLD_FLEET, 3600]
DEPLOYED = [7, "deployed", OLD_FLEET, 90_000]


def test_lock() -> None:
    found = lock(PENDING, DEPLOYED)
    assert (found.locked, found.status, found.revision) == (True, "pending-upgrade", 8)
    assert (found.age_seconds, found.stale, found.idle) == (3600, True, True)
    assert found.target == BriefRevision(7, "deployed", OLD_FLEET)
    assert found.right_version is False


@pytest.mark.parametrize(
    "status", ["deployed", "failed", "superseded", "uninstalled", "uninstalling"]
)
def test_no_lock(status: str) -> None:
    found = lock([8, status, OLD_FLEET, 3600], DEPLOYED)
    assert (found.locked, found.stale, found.target) == (False, False, None)


def test_the_content_counts_not_the_label() -> None:
    mislabelled = {"revision": 8, "status": "deployed", "label_status": "pending-upgrade"}
    assert lock({**mislabelled, "version": FLEET, "age": 3600}).locked is False


def test_only_the_last_revision_counts() -> None:
    # A rollback leaves the pending revision below it for ever (FM 4).
    assert lock([9, "deployed", OLD_FLEET, 60], PENDING).locked is False


@pytest.mark.parametrize(
    ("revisions", "number"),
    [
        (
            [
                [8, "pending-upgrade", FLEET, 3600],
                [7, "failed", FLEET, 4000],
                [6, "deployed", OLD_FLEET, 5000],
            ],
            6,
        ),
        (
            [
                [8, "pending-upgrade", FLEET, 3600],
                [7, "superseded", FLEET, 4000],
                [6, "failed", OLD_FLEET, 5000],
            ],
            7,
        ),
        (
            [
                [8, "pending-upgrade", FLEET, 3600],
                [7, "superseded", FLEET, 4000],
                [6, "deployed", FLEET, 5000],
            ],
            6,
        ),
        ([[8, "pending-upgrade", FLEET, 3600], [7, "failed", FLEET, 4000]], None),
        ([[1, "pending-install", FLEET, 3600]], None),
    ],
)
def test_target(revisions: list[Any], number: int | None) -> None:
    target = lock(*revisions).target
    assert (target and target.revision) == number


@pytest.mark.parametrize(
    ("below", "previous", "roll_back"),
    [
        ([DEPLOYED], 7, False),
        ([[7, "pending-upgrade", FLEET, 4000], [6, "deployed", OLD_FLEET, 90_000]], 6, False),
        ([[7, "failed", FLEET, 4000], [6, "deployed", OLD_FLEET, 90_000]], 7, True),
        ([[7, "superseded", OLD_FLEET, 4000]], 7, True),
        ([[7, "failed", FLEET, 4000]], 7, False),
        ([], None, False),
    ],
)
def test_what_is_left_without_the_lock(
    below: list[Any], previous: int | None, roll_back: bool
) -> None:
    found = lock(PENDING, *below)
    assert (found.previous and found.previous.revision) == previous
    assert found.roll_back is roll_back


def test_the_crds_of_fleet_are_never_rolled_back() -> None:
    history = [
        [8, "pending-upgrade", FLEET, 3600],
        [7, "failed", FLEET, 4000],
        [6, "deployed", OLD_FLEET, 90_000],
    ]
    evidence = evidence_of({"releases": {"fleet-crd": history}})
    entry = evidence.release("cattle-fleet-system", "fleet-crd")
    assert lock_of(evidence, entry, FLEET).roll_back is False


def test_what_was_not_read_is_no_target() -> None:
    """Its label alone gives no version and can differ from its content, so the plan never went there."""
    older = {
        "revision": 6,
        "status": "deployed",
        "version": OLD_FLEET,
        "age": 5000,
        "decoded": False,
    }
    found = lock(PENDING, older)
    assert found.target is None
    assert found.previous.status == "deployed"


def test_a_damaged_revision_below_the_lock_is_not_made_the_last_one() -> None:
    damaged = {"revision": 7, "status": "deployed", "version": FLEET, "age": 4000, "error": "gzip"}
    found = lock(PENDING, damaged, [6, "superseded", OLD_FLEET, 90_000])
    assert found.previous.status == "undecodable"
    assert (found.roll_back, found.target.revision) == (True, 6)


@pytest.mark.parametrize(
    ("age", "stale"), [(599, False), (600, True), (0, False), (10_000_000, True)]
)
def test_age(age: int, stale: bool) -> None:
    assert lock([8, "pending-upgrade", OLD_FLEET, age], DEPLOYED).stale is stale


def test_a_live_actor_is_never_too_old() -> None:
    pod = {"name": "a", "phase": "Running", "release": "fleet"}
    found = lock(PENDING, DEPLOYED, set={"helm_pods": [pod]})
    assert (found.stale, found.idle) == (False, False)
    assert found.live_actor.name == "a"


def test_unknown_whether_somebody_works_on_it() -> None:
    found = lock(PENDING, DEPLOYED, sources={"helm_pods": "forbidden"}, set={"helm_pods": None})
    assert (found.locked, found.stale) == (True, None)


def test_unreadable_release() -> None:
    evidence = evidence_of({"releases": {"fleet": {"read": "forbidden", "revisions": []}}})
    entry = evidence.release("cattle-fleet-system", "fleet")
    assert lock_of(evidence, entry, FLEET).locked is None


def test_undecodable_last_revision() -> None:
    damaged = {
        "revision": 8,
        "status": "pending-upgrade",
        "version": FLEET,
        "age": 3600,
        "error": "gzip",
    }
    assert lock(damaged, DEPLOYED).locked is None


@pytest.mark.parametrize(
    ("chosen", "timeout", "seconds"),
    [
        (600, "300s", 600),
        (60, "300s", 60),
        (600, "5m0s", 600),
        (600, "20m", 1500),
        (3600, "20m", 3600),
        (600, "1h", 3900),
        (600, "nonsense", 600),
        (None, "300s", 600),
        (-1, "300s", 600),
    ],
)
def test_stale_after(chosen: int | None, timeout: str, seconds: int) -> None:
    setting = {"value": timeout, "effective": timeout}
    evidence = evidence_of(
        {
            "set": {
                "options": {"stale_after_seconds": chosen},
                "settings": {"system-managed-charts-operation-timeout": setting},
            }
        }
    )
    assert stale_after(evidence) == seconds


HALF = ("Deployment/cattle-fleet-system/fleet-controller spec.template.spec.nodeSelector",)


def half(number: int, version: str = OLD_FLEET, **more: Any) -> dict[str, Any]:
    """A pending revision that has set what the one below has not."""
    return {
        "revision": number,
        "status": "pending-upgrade",
        "version": version,
        "age": 3600,
        "half_applied": HALF,
        **more,
    }


def test_what_only_the_pending_revision_has_set_is_rolled_back() -> None:
    found = lock(half(8), [7, "deployed", OLD_FLEET, 90_000])
    assert (found.half_applied, found.roll_back) == (HALF, True)
    assert "nodeSelector" in found.roll_back_reason
    assert "revision 7 does not have" in found.roll_back_reason


def test_a_revision_that_sets_nothing_more_or_was_not_compared_is_unlocked() -> None:
    for given, known in (([], ()), (None, None)):
        found = lock(half(8, half_applied=given), [7, "deployed", OLD_FLEET, 90_000])
        assert (found.half_applied, found.roll_back) == (known, False)
        assert found.roll_back_reason is None


def test_every_pending_revision_counts() -> None:
    below = [7, "deployed", OLD_FLEET, 90_000]
    assert lock(half(9, half_applied=[]), half(8), below).half_applied == HALF
    assert lock(half(9), half(8, half_applied=None), below).half_applied is None


@pytest.mark.parametrize(
    ("values", "below", "roll_back"),
    [
        # The upgrade to come sets it again.
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, False),
        ({}, {}, False),
        # It came from values that only the pending revision has.
        ({"nodeSelector": {"disk": "none"}}, {}, True),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, True),
    ],
)
def test_the_wanted_chart_with_the_same_values_sets_it_again(
    values: dict[str, Any], below: dict[str, Any], roll_back: bool
) -> None:
    deployed = {**half(7), "status": "deployed", "half_applied": None, "config": below}
    history = {"revisions": [half(8, FLEET), deployed], "config": values}
    evidence = evidence_of({"releases": {"fleet": history}})
    entry = evidence.release("cattle-fleet-system", "fleet")
    assert lock_of(evidence, entry, FLEET, {}).roll_back is roll_back
    # Rancher passes its own values over those of the release.
    assert lock_of(evidence, entry, FLEET, values).roll_back is False
    assert lock_of(evidence, entry, "another", values).roll_back is True


def test_a_rollback_never_deletes_a_crd() -> None:
    more = (*HALF, "CustomResourceDefinition/things.x.io")
    found = lock(half(8, half_applied=more), [7, "deployed", OLD_FLEET, 90_000])
    assert (found.half_applied, found.roll_back) == (more, False)
    evidence = evidence_of({"releases": {"fleet-crd": [half(8), [7, "deployed", OLD_FLEET, 90]]}})
    entry = evidence.release("cattle-fleet-system", "fleet-crd")
    assert lock_of(evidence, entry, FLEET).roll_back is False
