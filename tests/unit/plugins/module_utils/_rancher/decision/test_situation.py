# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    CONTROL_PLANE_TOLERATION,
    InstalledRelease,
    Situation,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.situations import (
    BASE,
    deployed,
)

COMPLETE: dict[str, Any] = {
    "rancher": "v2.11.0",
    "chart": "fleet",
    "min": "106.0.0",
    "index": ["106.0.0"],
    "last_revision": {"status": "deployed", "chart_version": "106.0.0", "config": {"a": 1}},
    "values": {"a": 1},
}


def test_a_complete_document_leaves_nothing_unreadable() -> None:
    situation = Situation.from_dict(COMPLETE)
    assert situation.unreadable == ()
    assert situation.last_revision == InstalledRelease("deployed", "106.0.0", {"a": 1})
    assert situation.release_name == "fleet"


@pytest.mark.parametrize("changes", [{}, {"last_revision": deployed("1.0.0")}, {"index": None}])
def test_round_trip(changes: dict[str, Any]) -> None:
    situation = Situation.from_dict({**BASE.to_dict(), **changes})
    assert Situation.from_dict(situation.to_dict()) == situation


@pytest.mark.parametrize(
    ("changes", "unreadable"),
    [
        ({"chart": None}, ("chart",)),
        ({"min": 5}, ("min",)),
        ({"min": None, "exact": None, "release": None}, ()),
        ({"index": None}, ()),
        ({"index": "106.0.0"}, ("index",)),
        ({"index": ["106.0.0", 1]}, ("index",)),
        ({"last_revision": None}, ()),
        ({"last_revision": {}}, ("last_revision",)),
        ({"last_revision": {"status": "deployed"}}, ("last_revision",)),
        (
            {"last_revision": {"status": "deployed", "chart_version": "1", "config": []}},
            ("last_revision",),
        ),
        ({"values": None}, ()),
        ({"values": []}, ("values",)),
        ({"values": {"a": float("nan")}}, ("values",)),
        ({"values": {1: 2}}, ("values",)),
        ({"control_plane_tolerations": [1]}, ("control_plane_tolerations",)),
        ({"unreadable": ["namespace", 3]}, ("namespace",)),
        ({"unreadable": "values"}, ()),
        ({"take_ownership": "yes", "more": 1}, ()),
    ],
)
def test_what_is_of_the_wrong_type_counts_as_not_read(
    changes: dict[str, Any], unreadable: tuple[str, ...]
) -> None:
    assert Situation.from_dict({**COMPLETE, **changes}).unreadable == unreadable


@pytest.mark.parametrize("key", ["chart", "index", "last_revision", "values"])
def test_what_is_missing_is_not_taken_for_absent(key: str) -> None:
    document = {name: value for name, value in COMPLETE.items() if name != key}
    assert Situation.from_dict(document).unreadable == (key,)


@pytest.mark.parametrize("document", [None, [], "x", 5, {"a": 1}])
def test_what_is_no_document_has_nothing_that_was_read(document: object) -> None:
    expected = ("chart", "index", "last_revision", "values")
    assert Situation.from_dict(document).unreadable == expected


def test_values_nested_too_deep_count_as_not_read() -> None:
    deep: dict[str, Any] = {}
    for _depth in range(5000):
        deep = {"a": deep}
    assert Situation.from_dict({**COMPLETE, "values": deep}).unreadable == ("values",)


@pytest.mark.parametrize(("taint", "count"), [(True, 1), (False, 0), (None, 0)])
def test_shorthand_for_the_usual_taint(taint: object, count: int) -> None:
    situation = Situation.from_dict({**COMPLETE, "cp_taint": taint})
    assert situation.control_plane_tolerations == (CONTROL_PLANE_TOLERATION,) * count


@pytest.mark.parametrize(
    ("status", "is_deployed", "is_pending"),
    [
        ("deployed", True, False),
        ("pending-install", False, True),
        ("pending-upgrade", False, True),
        ("pending-rollback", False, True),
        ("failed", False, False),
        ("pending", False, False),
        ("", False, False),
    ],
)
def test_statuses(status: str, is_deployed: bool, is_pending: bool) -> None:
    release = InstalledRelease(status, "1.0.0")
    assert (release.is_deployed, release.is_pending) == (is_deployed, is_pending)
