# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Harvester versions as Harvester's own version guard reads and orders them (FM 7.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_LARGEST_UINT64 = 2**64 - 1
_LONGEST = 256


@dataclass(frozen=True)
class HarvesterVersion:
    """A version as it stands in ``Upgrade.spec.version``; anything that is no strict semver is a dev build.

    ``v1.8.0-dev-20260201`` *is* strict semver, so to the guard it is a pre-release and no dev build.
    """

    text: str
    _semver: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def parse(cls, text: object) -> HarvesterVersion | None:
        """The version; None for an empty text or a bare ``v``, which the guard calls invalid."""
        if not isinstance(text, str) or not text.removeprefix("v"):
            return None
        return cls(text, _strict_semver(text.removeprefix("v")))

    @property
    def is_dev(self) -> bool:
        """Whether it is a build without a place in the order: ``master-1a2b3c4d``, ``v1.8-head``."""
        return self._semver is None

    @property
    def is_prerelease(self) -> bool:
        """Whether it is a release candidate or another pre-release."""
        return not self.is_dev and bool(self._semver.prerelease)

    @property
    def number(self) -> tuple[int, int, int] | None:
        """``(1, 5, 0)`` of v1.5.0-rc2; None for a dev build."""
        version = self._semver
        return None if version is None else (version.major, version.minor, version.patch)

    def is_same_as(self, other: HarvesterVersion) -> bool:
        """Equal precedence; of two dev builds the same text."""
        if self.is_dev or other.is_dev:
            return self.text == other.text
        return bool(self._semver.compare(other._semver) == 0)

    def is_newer_than(self, other: HarvesterVersion) -> bool:
        """Higher precedence, as the guard asks it; never true of dev builds."""
        if self.is_dev or other.is_dev:
            return False
        bound = other._semver
        if self.is_prerelease and not other.is_prerelease:
            # Against a release the guard compares with "<release>-z", so that candidates of it count as older.
            bound = bound.replace(prerelease="z")
        return bool(self._semver.compare(bound) > 0)

    def is_older_than(self, other: HarvesterVersion) -> bool:
        """Neither newer nor the same; never true of dev builds."""
        comparable = not (self.is_dev or other.is_dev)
        return comparable and not (self.is_newer_than(other) or self.is_same_as(other))


def _strict_semver(text: str) -> Any:
    import semver

    if len(text) > _LONGEST:
        return None
    try:
        version = semver.Version.parse(text)
    except (ValueError, TypeError):
        return None
    # Go keeps each number in 64 bits; what does not fit is no version to Harvester.
    fits = max(version.major, version.minor, version.patch) <= _LARGEST_UINT64
    return version if fits else None
