# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chart versions as Rancher reads and orders them: Masterminds/semver v3.

Only what Rancher's system-chart code uses is here (FM 2.4, 2.5, 2.7). The rules differ from
the ``semver`` package of Python in ways that decide upgrades: a leading ``v`` and leading zeros
are accepted, parts may be missing, and build metadata (``+up0.12.0``) never decides an order.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum

_LARGEST_UINT64 = 2**64 - 1
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?"
)


class VersionError(ValueError):
    """A text that Masterminds/semver refuses; its message is the library's own."""


class SemverRelease(Enum):
    """The release lines of Masterminds/semver that Rancher 2.8 to 2.15 is built with."""

    V3_3 = "3.3"
    V3_4 = "3.4"
    V3_5 = "3.5"

    def message(self, lower: str) -> str:
        """Return a message as this release words it: until 3.3 the first letters are capitals."""
        return _CAPITALISED.get(lower, lower) if self is SemverRelease.V3_3 else lower

    @property
    def longest_version(self) -> int | None:
        """The most bytes a version may have, or None when there is no limit."""
        return 256 if self is SemverRelease.V3_5 else None

    @property
    def longest_constraint(self) -> int | None:
        """The most bytes a constraint may have, or None when there is no limit."""
        return 512 if self is SemverRelease.V3_5 else None

    @property
    def most_constraint_groups(self) -> int | None:
        """The most ``||`` groups of a constraint, or None when there is no limit."""
        return 32 if self is SemverRelease.V3_5 else None

    @property
    def prerelease_opt_in_by_group(self) -> bool:
        """One pre-release in a constraint's AND group lets pre-releases in for the whole group."""
        return self is not SemverRelease.V3_3

    def improper(self, text: str) -> str:
        """Return the message for a text that is no constraint."""
        shown = _quoted(text) if self is SemverRelease.V3_5 else text
        return f"improper constraint: {shown}"


def _quoted(text: str) -> str:
    """Return ``text`` in double quotes as Go's ``%q`` does for what a version or constraint can hold."""
    quoted = json.dumps(text, ensure_ascii=False).replace("\\u000b", "\\v")
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in quoted)


_CAPITALISED = {
    "invalid semantic version": "Invalid Semantic Version",
    "version segment starts with 0": "Version segment starts with 0",
    "error parsing version segment": "Error parsing version segment",
    "constraint parser error": "constraint Parser Error",
}


@dataclass(frozen=True)
class ChartVersion:
    """One parsed version. ``str()`` gives the normal form that Rancher sends (FM 2.7.3)."""

    major: int
    minor: int
    patch: int
    prerelease: str
    metadata: str

    @classmethod
    def parse(cls, text: str, semver: SemverRelease = SemverRelease.V3_4) -> ChartVersion:
        """Read ``text`` as ``semver.NewVersion`` does.

        Raises:
            VersionError: with the message of that release of the library.
        """
        if semver.longest_version is not None and len(text.encode("utf-8", "replace")) > (
            semver.longest_version
        ):
            raise VersionError(f"version string is too long (max {semver.longest_version} bytes)")
        match = _VERSION.fullmatch(text)
        if match is None:
            raise VersionError(semver.message("invalid semantic version"))
        numbers = [_segment(part, semver) for part in match.group(1, 2, 3)]
        prerelease, metadata = match.group(4) or "", match.group(5) or ""
        if any(_is_zero_padded(part) for part in prerelease.split(".")):
            raise VersionError(semver.message("version segment starts with 0"))
        return cls(numbers[0], numbers[1], numbers[2], prerelease, metadata)

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += f"-{self.prerelease}"
        return f"{text}+{self.metadata}" if self.metadata else text

    def compare(self, other: ChartVersion) -> int:
        """Return -1, 0 or 1; build metadata plays no part."""
        mine = (self.major, self.minor, self.patch)
        theirs = (other.major, other.minor, other.patch)
        if mine != theirs:
            return -1 if mine < theirs else 1
        if self.prerelease == other.prerelease:
            return 0
        if not self.prerelease:
            return 1
        if not other.prerelease:
            return -1
        return compare_prereleases(self.prerelease, other.prerelease)

    def same_with_metadata(self, other: ChartVersion) -> bool:
        """Return whether precedence *and* build metadata agree (Rancher's later test, FM 2.5)."""
        return self.compare(other) == 0 and self.metadata == other.metadata


def compare_prereleases(mine: str, theirs: str) -> int:
    """Return -1, 0 or 1 for two pre-release texts, part by part; an absent part is the lower."""
    left, right = mine.split("."), theirs.split(".")
    for index in range(max(len(left), len(right))):
        order = _compare_parts(
            left[index] if index < len(left) else "", right[index] if index < len(right) else ""
        )
        if order:
            return order
    return 0


def _segment(digits: str | None, semver: SemverRelease) -> int:
    if not digits:
        return 0
    if not _fits_uint64(digits):
        raise VersionError(
            f"{semver.message('error parsing version segment')}: "
            f'strconv.ParseUint: parsing "{digits}": value out of range'
        )
    return int(digits)


def _fits_uint64(digits: str) -> bool:
    significant = digits.lstrip("0") or "0"
    # Length first: Python refuses to convert thousands of digits, and slowly before that.
    return len(significant) <= 20 and int(significant) <= _LARGEST_UINT64


def _is_zero_padded(part: str) -> bool:
    return len(part) > 1 and part[0] == "0" and part.isdigit()


def _compare_parts(mine: str, theirs: str) -> int:
    if mine == theirs:
        return 0
    if not mine or not theirs:
        return 1 if mine else -1
    left, right = _number(mine), _number(theirs)
    if left is not None and right is not None:
        return 1 if left > right else -1
    if left is None and right is None:
        return 1 if mine > theirs else -1
    return -1 if left is not None else 1


def _number(part: str) -> int | None:
    """Return a part's number; one beyond 64 bits counts as text, as it does in the library."""
    return int(part) if part.isdigit() and _fits_uint64(part) else None
