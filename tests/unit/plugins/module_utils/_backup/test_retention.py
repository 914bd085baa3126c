# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.cover import (
    SetIdentity,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.retention import (
    Retention,
    surplus,
)

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=timezone.utc)


def made(days_ago: float, cluster: str = "a", name: str = "") -> SetIdentity:
    when = (NOW - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return SetIdentity(name or f"{cluster}-{days_ago:g}", cluster, "", when)


@pytest.mark.parametrize(
    ("ages", "retention", "gone"),
    [
        ([2, 3, 4], Retention(2, 0), ["a-4"]),
        ([2, 3, 4], Retention(0, 0), []),
        ([2, 30, 100, 200], Retention(10, 90), ["a-200", "a-100"]),
        # The newest of a cluster stays, however old it is.
        ([300, 400], Retention(10, 90), ["a-400"]),
        # So does the state before the first of many runs in one night.
        ([0.1, 0.2, 0.3, 0.9], Retention(1, 1), []),
    ],
)
def test_by_count_and_age(ages: list[float], retention: Retention, gone: list[str]) -> None:
    assert surplus([made(age) for age in ages], retention, NOW, "") == gone


def test_clusters_do_not_push_each_other_out() -> None:
    sets = [made(2, "a"), made(3, "a"), made(50, "b"), made(60, "b")]
    assert surplus(sets, Retention(1, 0), NOW, "") == ["b-60", "a-3"]


def test_the_current_set_stays_when_clocks_differ() -> None:
    sets = [made(2, name="other"), made(5, name="mine")]
    assert surplus(sets, Retention(1, 1), NOW, "mine") == []


def test_a_set_without_a_time_stays() -> None:
    sets = [made(2), SetIdentity("odd", "a", "", "yesterday")]
    assert surplus(sets, Retention(1, 1), NOW, "") == []


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.sampled_from("abc")), max_size=20),
    st.integers(0, 5),
    st.integers(0, 400),
)
def test_never_the_newest_of_a_cluster(
    sets: list[tuple[float, str]], keep: int, keep_days: int
) -> None:
    found = [made(age, cluster, f"{n}") for n, (age, cluster) in enumerate(sets)]
    gone = set(surplus(found, Retention(keep, keep_days), NOW, ""))
    for cluster in {each.cluster_uid for each in found}:
        of_cluster = [each for each in found if each.cluster_uid == cluster]
        newest = max(each.created_at for each in of_cluster)
        assert {each.set_id for each in of_cluster if each.created_at == newest} - gone
