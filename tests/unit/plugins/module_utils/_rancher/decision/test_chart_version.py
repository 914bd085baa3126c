# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.chart_version import (
    ChartVersion,
    SemverRelease,
    VersionError,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.library_answers import (
    recorded,
)

# Ascending; each is of lower precedence than the next.
ASCENDING = [
    "0.0.0-a",
    "0.0.0",
    "0.9.10",
    "1.0.0-1",
    "1.0.0-2",
    "1.0.0-10",
    "1.0.0--1",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-rc.2",
    "1.0.0-rc.10",
    "1.0.0-rc10",
    "1.0.0",
    "1.0.1",
    "1.10.0",
    "18446744073709551615.0.0",
]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0-rc.3"),
        ("v106.0.0", "106.0.0"),
        ("101", "101.0.0"),
        ("101.2+up1", "101.2.0+up1"),
        ("0106.01.002-rc.1+up0.07.0", "106.1.2-rc.1+up0.07.0"),
        ("1.2.3--x-", "1.2.3--x-"),
    ],
)
def test_loose_texts_have_a_normal_form(text: str, normal: str) -> None:
    assert str(ChartVersion.parse(text)) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        "V1.0.0",
        "1.2.3.4",
        "1..0",
        "1.0.0-",
        "1.0.0+",
        "1.0.0-a..b",
        "1.0.0+a_b",
        " 1.0.0",
        "1.0.0\n",
        "é1",
        "1.0.0-é",
        "-1.0.0",
        "١.0.0",
    ],
)
@pytest.mark.parametrize(
    ("semver", "message"),
    [
        (SemverRelease.V3_3, "Invalid Semantic Version"),
        (SemverRelease.V3_4, "invalid semantic version"),
        (SemverRelease.V3_5, "invalid semantic version"),
    ],
)
def test_what_is_no_version_says_so_in_the_librarys_words(
    text: str, semver: SemverRelease, message: str
) -> None:
    with pytest.raises(VersionError) as caught:
        ChartVersion.parse(text, semver)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "semver", "message"),
    [
        ("1.0.0-01", SemverRelease.V3_3, "Version segment starts with 0"),
        ("1.0.0-rc.01", SemverRelease.V3_4, "version segment starts with 0"),
        (
            "1.18446744073709551616",
            SemverRelease.V3_3,
            'Error parsing version segment: strconv.ParseUint: parsing "18446744073709551616": '
            "value out of range",
        ),
        (
            "99999999999999999999999",
            SemverRelease.V3_4,
            'error parsing version segment: strconv.ParseUint: parsing "99999999999999999999999": '
            "value out of range",
        ),
        ("1.0.0+" + "a" * 251, SemverRelease.V3_5, "version string is too long (max 256 bytes)"),
    ],
)
def test_versions_beyond_the_librarys_limits(
    text: str, semver: SemverRelease, message: str
) -> None:
    with pytest.raises(VersionError) as caught:
        ChartVersion.parse(text, semver)
    assert str(caught.value) == message


def test_only_the_newest_library_limits_the_length() -> None:
    long = "1.0.0+" + "a" * 251
    assert ChartVersion.parse(long, SemverRelease.V3_4).metadata == "a" * 251
    assert ChartVersion.parse(long[:-1], SemverRelease.V3_5).metadata == "a" * 250


def test_zeros_may_lead_a_number_part_that_is_not_only_digits() -> None:
    assert ChartVersion.parse("1.0.0-0a.0").prerelease == "0a.0"


def test_order_is_that_of_semver() -> None:
    versions = [ChartVersion.parse(text) for text in ASCENDING]
    for left, lower in enumerate(versions):
        for right, higher in enumerate(versions):
            expected = (left > right) - (left < right)
            assert lower.compare(higher) == expected, (str(lower), str(higher))


def test_pre_release_numbers_beyond_64_bits_are_compared_as_texts() -> None:
    huge = ChartVersion.parse("1.0.0-18446744073709551616")
    assert huge.compare(ChartVersion.parse("1.0.0-9")) == 1
    assert huge.compare(ChartVersion.parse("1.0.0-2000a")) == -1


def test_build_metadata_orders_nothing_but_tells_apart() -> None:
    candidate = ChartVersion.parse("106.0.0+up0.12.0-rc.3")
    release = ChartVersion.parse("106.0.0+up0.12.0")
    assert candidate.compare(release) == release.compare(candidate) == 0
    assert not candidate.same_with_metadata(release)
    assert release.same_with_metadata(ChartVersion.parse("v106.0.0+up0.12.0"))
    assert not release.same_with_metadata(ChartVersion.parse("106.0.1+up0.12.0"))


def test_versions_are_read_as_the_library_reads_them() -> None:
    for semver, text, _none, said in recorded("version"):
        try:
            version = ChartVersion.parse(text, semver)
            found = {"text": str(version), "metadata": version.metadata}
        except VersionError as error:
            found = {"error": str(error)}
        assert found == said, (semver, text)


def test_versions_are_ordered_as_the_library_orders_them() -> None:
    compared = 0
    for semver, left, right, said in recorded("order"):
        if "order" in said:
            mine, theirs = (ChartVersion.parse(text, semver) for text in (left, right))
            assert mine.compare(theirs) == said["order"], (semver, left, right)
            compared += 1
    assert compared > 500
