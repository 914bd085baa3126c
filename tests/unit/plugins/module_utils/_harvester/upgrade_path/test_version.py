# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.version import (
    HarvesterVersion,
)


def version(text: str) -> HarvesterVersion:
    parsed = HarvesterVersion.parse(text)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    ("text", "number", "is_prerelease"),
    [
        ("v1.5.0", (1, 5, 0), False),
        ("1.5.0", (1, 5, 0), False),
        ("v1.10.2", (1, 10, 2), False),
        ("v1.5.0-rc2", (1, 5, 0), True),
        # A dated development tag is strict semver, so the guard takes it for a pre-release (FM 7.2).
        ("v1.8.0-dev-20260201", (1, 8, 0), True),
    ],
)
def test_strict_semver_has_a_number(
    text: str, number: tuple[int, int, int], is_prerelease: bool
) -> None:
    parsed = version(text)
    assert (parsed.number, parsed.is_prerelease, parsed.is_dev) == (number, is_prerelease, False)


@pytest.mark.parametrize(
    "text",
    [
        "f024f49a", "master-1a2b3c4d", "v1.8-head", "v1.2-ab12cd34", "v1.5", "vv1.5.0", "1.05.0",
        "v1.5.0.1", "v99999999999999999999.0.0", "v1.5.0-" + "a" * 300, "V1.5.0", " v1.5.0",
    ],
)  # fmt: skip
def test_anything_else_is_a_dev_build(text: str) -> None:
    parsed = version(text)
    assert parsed.is_dev
    assert (parsed.number, parsed.is_prerelease) == (None, False)


@pytest.mark.parametrize("text", ["", "v", None, 15, ["v1.5.0"]])
def test_nothing_is_no_version(text: object) -> None:
    assert HarvesterVersion.parse(text) is None


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("v1.4.2", "v1.5.0"),
        ("v1.9.0", "v1.10.0"),
        ("v1.5.0-rc2", "v1.5.0-rc4"),
        ("v1.5.0-rc2", "v1.5.0"),
        ("v1.4.3", "v1.5.0-rc1"),
        ("v1.8.0-dev-20260201", "v1.8.0-rc1"),
    ],
)
def test_order(lower: str, higher: str) -> None:
    low, high = version(lower), version(higher)
    assert (high.is_newer_than(low), high.is_older_than(low)) == (True, False)
    assert (low.is_newer_than(high), low.is_older_than(high)) == (False, True)


def test_a_prerelease_behind_z_counts_as_newer_than_its_release() -> None:
    """The guard compares with "<release>-z"; a tag like this would be a downgrade to it."""
    assert version("v1.5.0-zz").is_newer_than(version("v1.5.0"))


def test_dev_builds_have_no_order() -> None:
    dev, release = version("f024f49a"), version("v1.5.0")
    for one, other in ((dev, release), (release, dev), (dev, version("11223344"))):
        assert not one.is_newer_than(other)
        assert not one.is_older_than(other)
        assert not one.is_same_as(other)
    assert dev.is_same_as(version("f024f49a"))


@given(st.text() | st.from_regex(r"v?\d+\.\d+\.\d+(-[a-z0-9.-]+)?(\+[a-z0-9.]+)?", fullmatch=True))
def test_every_text_is_one_of_them(text: str) -> None:
    parsed = HarvesterVersion.parse(text)
    if parsed is not None:
        assert parsed.is_dev == (parsed.number is None)
        assert parsed.is_same_as(parsed)
        assert not parsed.is_newer_than(parsed) or parsed.is_prerelease
