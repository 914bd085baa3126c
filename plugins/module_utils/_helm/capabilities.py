# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each Helm version spells what we ask of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._core.errors import RemediationError

OLDEST = (3, 10)
NEWEST_MAJOR = 4

APPLY_SERVER_SIDE = "ssa"

_VERSION = re.compile(r"^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:[-+].*)?$")


@dataclass(frozen=True)
class Capabilities:
    """What one helm program can do, by its version."""

    version: str
    major: int
    minor: int

    @classmethod
    def of_version(cls, text: str) -> Capabilities:
        """The capabilities of the version that C(helm version) printed.

        Raises RemediationError C(helm-unsupported).
        """
        match = _VERSION.match(text.strip())
        if match is None:
            raise RemediationError(
                "helm-unsupported",
                f"helm says that its version is {text.strip()[:80]!r}, which is no version.",
                "Name a Helm 3 or Helm 4 program.",
            )
        major, minor = int(match[1]), int(match[2])
        if (major, minor) < OLDEST or major > NEWEST_MAJOR:
            raise RemediationError(
                "helm-unsupported",
                f"helm {text.strip()} is not supported.",
                f"Use Helm {OLDEST[0]}.{OLDEST[1]} or newer up to Helm {NEWEST_MAJOR}.",
                details={"version": text.strip()},
            )
        return cls(text.strip(), major, minor)

    def _at_least(self, minor_of_3: int) -> bool:
        return self.major > 3 or self.minor >= minor_of_3

    def wait_flags(self) -> list[str]:
        """Wait until the resources are ready (Helm 4: its default strategy)."""
        return ["--wait"]

    def take_ownership_flags(self) -> list[str]:
        """Adopt objects that belong to no release or to another one (Helm 3.17 and newer)."""
        if not self._at_least(17):
            raise RemediationError(
                "helm-unsupported",
                f"helm {self.version} cannot take ownership of existing objects.",
                "Use Helm 3.17 or newer, for example the one in Rancher's shell image.",
                details={"version": self.version},
            )
        return ["--take-ownership"]

    def force_flags(self, apply_method: str) -> list[str]:
        """Force changes: by replacement, or where the server applies, against conflicts.

        C(apply_method) is V(ssa) or V(csa), as the release's last revision was applied. Helm 3 knows no
        conflicts: on what was applied server-side it overwrites what others have set, without being forced.
        """
        if apply_method == APPLY_SERVER_SIDE:
            return ["--force-conflicts"] if self.major >= 4 else []
        if self.major < 4:
            return ["--force"]
        return ["--server-side=false", "--force-replace"]

    def upgrade_dry_run_flags(self) -> list[str]:
        """Render and check against the cluster without writing (Helm 3.13 and newer know the server)."""
        return ["--dry-run=server"] if self._at_least(13) else ["--dry-run"]

    def render_flags(self) -> list[str]:
        """Render an upgrade with what the cluster serves, whether or not the release is locked."""
        if self.major >= 4:
            return ["--is-upgrade", "--no-hooks", "--dry-run=server"]
        asks_server = ["--dry-run=server"] if self._at_least(13) else []
        return ["--is-upgrade", "--no-hooks", "--validate", *asks_server]

    def rollback_dry_run_flags(self) -> list[str]:
        """Prepare a rollback without writing."""
        return ["--dry-run=server"] if self.major >= 4 else ["--dry-run"]
