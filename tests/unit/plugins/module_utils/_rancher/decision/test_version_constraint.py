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
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.version_constraint import (
    Constraint,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.library_answers import (
    recorded,
)

OLD, NEW, NEWEST = SemverRelease.V3_3, SemverRelease.V3_4, SemverRelease.V3_5


def admits(constraint: str, version: str, semver: SemverRelease = NEW) -> bool:
    return Constraint.parse(constraint, semver).admits(ChartVersion.parse(version, semver))


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3", "v1.2.3+any"], ["1.2.4", "1.2.3-rc.1"]),
        ("v01.2.3+up1", ["1.2.3+up2"], ["1.2.2"]),
        ("=1.2.3-rc.1", ["1.2.3-rc.1+x"], ["1.2.3"]),
        ("1.2", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.9", "1.2.1-a"]),
        ("1", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.9"]),
        ("1.x", ["1.4.0"], ["2.0.0"]),
        ("1.2.*", ["1.2.7"], ["1.3.0"]),
        ("x", ["0.0.0", "9.9.9"], ["9.9.9-a"]),
        ("*-0", ["9.9.9", "9.9.9-a"], []),
        (">=0-a", ["0.0.0", "106.0.0-rc.1+up1"], ["0.0.0-9"]),
        ("!=1.2.3", ["1.2.4"], ["1.2.3+x"]),
        ("!=1.2", ["1.3.0", "2.2.0"], ["1.2.5"]),
        ("!=1", ["2.0.0"], ["1.5.0"]),
        ("!=*", [], ["0.0.0"]),
        (">1.2.3", ["1.2.4"], ["1.2.3"]),
        (">1.2", ["1.3.0", "2.0.0"], ["1.2.9", "0.9.0"]),
        (">1", ["2.0.0"], ["1.9.9"]),
        ("<1.2", ["1.1.9"], ["1.2.0"]),
        (">=1.2", ["1.2.0"], ["1.1.9"]),
        ("=>1.2.3", ["1.2.3"], ["1.2.2"]),
        ("<=1.2", ["1.2.9", "0.9.9"], ["1.3.0", "2.0.0"]),
        ("<=1", ["1.9.9"], ["2.0.0"]),
        ("=<1.2.3", ["1.2.3"], ["1.2.4"]),
        ("~1.2.3", ["1.2.9"], ["1.3.0", "1.2.2", "2.2.3"]),
        ("~>1", ["1.9.0"], ["2.0.0"]),
        ("~0.0.0", ["0.0.0", "7.0.0"], []),
        ("^1.2.3", ["1.9.0"], ["2.0.0", "1.2.2"]),
        ("^0.2.3", ["0.2.9"], ["0.3.0", "1.0.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4", "0.1.0"]),
        ("^0.0", ["0.0.9"], ["0.1.0"]),
        ("^0", ["0.9.0"], ["1.0.0"]),
        (">1, <3", ["2.0.0"], ["3.0.0", "1.0.0"]),
        ("> 1 < 3", ["2.0.0"], ["1.5.0"]),
        ("1.2.3 || 2", ["1.2.3", "2.5.0"], ["1.2.4"]),
        ("1.2 - 2.0.0", ["1.5.0", "2.0.0"], ["2.0.1", "1.1.9"]),
        (" 1.2.3 ", ["1.2.3"], []),
    ],
)
@pytest.mark.parametrize("semver", [OLD, NEW, NEWEST])
def test_what_constraints_admit(
    constraint: str, inside: list[str], outside: list[str], semver: SemverRelease
) -> None:
    assert [version for version in inside if not admits(constraint, version, semver)] == []
    assert [version for version in outside if admits(constraint, version, semver)] == []


@pytest.mark.parametrize(
    ("constraint", "version", "old", "new"),
    [
        # One pre-release in an AND group lets pre-releases in for all of it since 3.4.
        (">=1.0.0-0, <2.0.0", "1.5.0-rc.1", False, True),
        # Until 3.3 "not this version" admits every pre-release.
        ("!=1.0.0", "1.5.0-rc.1", True, False),
        ("!=1.0", "1.5.0-rc.1", False, False),
        ("!=1.0.0-rc.1", "1.5.0-rc.1", True, True),
    ],
)
def test_pre_releases_are_let_in_differently_since_3_4(
    constraint: str, version: str, old: bool, new: bool
) -> None:
    assert admits(constraint, version, OLD) is old
    assert admits(constraint, version, NEW) is new


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "latest",
        "106..0",
        "é106",
        "1.2.3.4",
        "1,",
        ",1",
        "1 2,,3",
        "1a",
        "=!1",
        ">=",
        "- 1",
        "1 -2",
        "1.0.0\v",
    ],
)
def test_what_is_no_constraint(text: str) -> None:
    with pytest.raises(VersionError) as caught:
        Constraint.parse(text, NEW)
    assert str(caught.value) == f"improper constraint: {text}"


def test_the_message_names_the_group_that_is_wrong() -> None:
    with pytest.raises(VersionError, match=r"^improper constraint:  latest$"):
        Constraint.parse("1.0.0 || latest", NEW)


def test_the_newest_library_quotes_and_limits() -> None:
    with pytest.raises(VersionError, match=r'^improper constraint: "a\\tb"$'):
        Constraint.parse("a\tb", NEWEST)
    with pytest.raises(VersionError, match=r"^constraint string is too long \(max 512 bytes\)$"):
        Constraint.parse("1" * 513, NEWEST)
    with pytest.raises(VersionError, match=r"^too many constraint groups \(max 32\)$"):
        Constraint.parse("||".join(["1"] * 33), NEWEST)
    assert len(Constraint.parse("||".join(["1"] * 33), NEW).groups) == 33


@pytest.mark.parametrize(
    ("semver", "message"),
    [(OLD, "constraint Parser Error"), (NEW, "constraint parser error")],
)
@pytest.mark.parametrize("text", ["108.3.0-02+up0.0.2", "1|2", "1x", "99999999999999999999"])
def test_texts_that_look_like_constraints_but_hold_no_version(
    text: str, semver: SemverRelease, message: str
) -> None:
    with pytest.raises(VersionError) as caught:
        Constraint.parse(text, semver)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        " " * 200_000 + "!",
        "1 " * 100_000 + "!",
        "1  ," * 50_000,
        "1" * 200_000 + "!",
        "1 - " * 50_000,
        "1-" * 100_000 + "!",
        "<" * 200_000,
        "v1.0.0-a." * 20_000,
    ],
)
def test_hostile_texts_end(text: str) -> None:
    with pytest.raises(VersionError):
        Constraint.parse(text, NEW)


def test_constraints_are_read_and_checked_as_the_library_does_it() -> None:
    for semver, text, candidate, said in recorded("constraint"):
        try:
            found: dict[str, object] = {"admits": admits(text, candidate, semver)}
        except VersionError as error:
            found = {"error": str(error)}
        assert found == said, (semver, text, candidate)
