# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged values become nothing, never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core import lenient

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_every_accessor_takes_everything(value: Any) -> None:
    assert isinstance(lenient.mapping(value), dict)
    assert all(isinstance(item, dict) for item in lenient.mappings(value))
    assert lenient.text(value) is None or lenient.text(value) == value
    assert all(isinstance(item, str) for item in lenient.texts(value))
    assert lenient.integer(value) is None or value == lenient.integer(value)
    assert lenient.boolean(value) in (None, True, False)
    lenient.moment(value)
    lenient.dig(value, "a", "b")
    assert lenient.seconds_between(value, "2026-11-23T15:00:00Z") in (None,) or isinstance(
        value, str
    )


def test_a_truth_value_is_no_number() -> None:
    assert lenient.integer(True) is None
    assert lenient.integer(1) == 1


def test_empty_text_is_no_text() -> None:
    assert lenient.text("") is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2026-11-23T14:59:00Z", 60),
        ("2026-11-23T14:59:00.999999999Z", 60),
        ("2026-11-23T15:59:00+01:00", 60),
        ("2026-11-23T15:00:05Z", 0),
        ("2026-11-23T14:59:00", None),
        ("2026-13-23T14:59:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1763900000, None),
        ("9" * 1000, None),
    ],
)
def test_seconds_between(value: object, seconds: int | None) -> None:
    assert lenient.seconds_between(value, "2026-11-23T15:00:00Z") == seconds


def test_dig_ends_early() -> None:
    assert lenient.dig({"a": {"b": 1}}, "a", "b") == 1
    assert lenient.dig({"a": [1]}, "a", "b") is None
    assert lenient.dig(None, "a") is None


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-11-23T15:00:00Z", "2026-11-23T15:00:00Z"),
        ("2026-11-23T16:30:00.123456789+01:30", "2026-11-23T15:00:00Z"),
        ("2026-11-23 15:00:00.5 +0000 UTC", "2026-11-23T15:00:00Z"),  # as Go prints it
        ("2026-11-23T15:00:00", None),
        ("2026-11-23", None),
        ("2026-02-30T15:00:00Z", None),
        ("9999-12-31T23:59:59-23:59", None),
        (20261123, None),
    ],
)
def test_in_utc(value: object, utc: str | None) -> None:
    assert lenient.in_utc(value) == utc
