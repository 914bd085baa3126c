# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What differs in the system-chart code from one Rancher version to the next (FM 2.3, 2.5, 2.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .chart_version import SemverRelease

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:-([0-9A-Za-z.-]{1,100}))?(?:\+.*)?")
OLDEST_LINE = (2, 8)
NEWEST_LINE = (2, 15)


@dataclass(frozen=True, order=True)
class RancherVersion:
    """A Rancher version, as in the Setting ``server-version``.

    A pre-release (``v2.12.0-rc3``) counts as the version it leads to: which of its commits a
    candidate held is not known.
    """

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    @classmethod
    def parse(cls, text: object) -> RancherVersion | None:
        """Return the version, or None when ``text`` is none (``dev``, a commit, nothing)."""
        match = _VERSION.fullmatch(text) if isinstance(text, str) and len(text) <= 200 else None
        if match is None:
            return None
        return cls(int(match[1]), int(match[2]), int(match[3]), match[4] or "")

    def __str__(self) -> str:
        text = f"v{self.major}.{self.minor}.{self.patch}"
        return f"{text}-{self.prerelease}" if self.prerelease else text

    @property
    def line(self) -> tuple[int, int]:
        """Major and minor: 2.11.3 is of line (2, 11)."""
        return (self.major, self.minor)

    @property
    def is_newer_than_known(self) -> bool:
        """Whether the line is above all that were read; it is taken for the newest of them."""
        return self.line > NEWEST_LINE

    @property
    def _release(self) -> tuple[int, int, int]:
        return (self.major, self.minor, self.patch)

    @property
    def exact_compares_metadata(self) -> bool:
        """Exact charts must agree in build metadata too: 2.10.5+, 2.11.1+, 2.12+ (FM 2.5 row 2)."""
        if self.line == (2, 10):
            return self.patch >= 5
        return self._release >= (2, 11, 1)

    @property
    def adds_tolerations(self) -> bool:
        """Tolerations of the control plane's taints are added from 2.10 on (FM 2.3)."""
        return self.line >= (2, 10)

    @property
    def null_tolerations_are_absent(self) -> bool:
        """A null ``tolerations`` counts as absent from 2.11 on; 2.10 looks at the key alone."""
        return self.line >= (2, 11)

    @property
    def writes_empty_tolerations(self) -> bool:
        """``tolerations: null`` is written when there are no taints: all 2.10, 2.11.0 to 2.11.2."""
        return self.line == (2, 10) or (self.line == (2, 11) and self.patch <= 2)

    @property
    def release_name_is_separate(self) -> bool:
        """The release's name is an argument of its own from 2.12 on (FM 2.7.11)."""
        return self.line >= (2, 12)

    @property
    def semver(self) -> SemverRelease:
        """The release of Masterminds/semver it is built with; 2.15's is inferred from main."""
        if self.line >= (2, 15):
            return SemverRelease.V3_5
        return SemverRelease.V3_4 if self.line >= (2, 12) else SemverRelease.V3_3
