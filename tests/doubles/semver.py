# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions as Masterminds/semver reads them, which is what Rancher and Helm compare with."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(
    r"v?(?P<major>[0-9]+)(\.(?P<minor>[0-9]+))?(\.(?P<patch>[0-9]+))?"
    r"(-(?P<pre>[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?"
    r"(\+(?P<meta>[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?"
)
_LEADING_ZERO = re.compile(r"(^|\.)0[0-9]+(\.|$)")


class InvalidVersion(ValueError):
    """The text is no semantic version."""


@dataclass(frozen=True)
class Version:
    """A parsed version; order and ``precedes`` ignore the build metadata, as SemVer says."""

    major: int
    minor: int
    patch: int
    pre: str
    metadata: str

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += f"-{self.pre}" if self.pre else ""
        return text + (f"+{self.metadata}" if self.metadata else "")

    @property
    def _key(self) -> tuple[object, ...]:
        pre = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in self.pre.split(".")
            if part
        )
        return (self.major, self.minor, self.patch, not pre, pre)

    def precedes(self, other: Version) -> bool:
        """Whether this version is lower, build metadata ignored."""
        return bool(self._key < other._key)

    def equals(self, other: Version) -> bool:
        """Whether neither is lower: equal but for the build metadata."""
        return self._key == other._key


def parse(text: str) -> Version:
    """Read a version leniently: a leading ``v`` and missing minor or patch are accepted."""
    match = _VERSION.fullmatch(text)
    if match is None or _LEADING_ZERO.search(match["pre"] or ""):
        raise InvalidVersion("Invalid Semantic Version")
    return Version(
        int(match["major"]),
        int(match["minor"] or 0),
        int(match["patch"] or 0),
        match["pre"] or "",
        match["meta"] or "",
    )
