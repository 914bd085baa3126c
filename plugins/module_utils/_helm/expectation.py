# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be true of a release before anything is done to it, and the errors when it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._core.errors import RemediationError
from .storage import Revision

# Harvester's webhook has refused to delete Secrets there (FM 4), and a refused pruning fails helm.
UNPRUNABLE_NAMESPACES = frozenset({"harvester-system"})


@dataclass(frozen=True)
class Expectation:
    """The last revision as the plan saw it; what is null is not compared."""

    revision: int | None = None
    uid: str | None = None
    resource_version: str | None = None

    def check(self, last: Revision) -> None:
        """Raise RemediationError C(precondition-failed) when the last revision is another one."""
        expected = {
            "revision": self.revision,
            "uid": self.uid,
            "resource_version": self.resource_version,
        }
        seen = {
            "revision": last.revision,
            "uid": last.secret_uid,
            "resource_version": last.secret_resource_version,
        }
        moved = [key for key, value in expected.items() if value not in (None, seen[key])]
        if not moved:
            return
        differences = ", ".join(f"{key} {seen[key]} instead of {expected[key]}" for key in moved)
        raise RemediationError(
            "precondition-failed",
            f"{last.subject} is not what the plan was made for: {differences} "
            f"(status {last.status or 'undecodable'}, chart version {last.chart_version}).",
            "The release changed since it was diagnosed. Diagnose again; nothing was changed.",
            details={
                "expected": expected,
                "seen": {**seen, "status": last.status, "chart_version": last.chart_version},
            },
        )


def release_name(namespace: str, release: str) -> str:
    """A release as messages name it."""
    return f"Release/{namespace}/{release}"


def last_revision(revisions: Sequence[Revision], namespace: str, release: str) -> Revision:
    """The last revision, decoded. Raises C(not-found) or C(release-undecodable)."""
    if not revisions:
        raise RemediationError(
            "not-found",
            f"{release_name(namespace, release)} has no revision.",
            "Check name and namespace. If Helm's Secrets are gone, let Rancher install the release: "
            "never install over existing objects by hand.",
            details={"namespace": namespace, "release": release},
        )
    last = revisions[0]
    if not last.decoded:
        raise RemediationError(
            "release-undecodable",
            f"{last.subject}, the last revision, cannot be read: {last.error}.",
            "Save the Secret and have a person look at it: Helm skips it and works on the revision before.",
            details=last.to_dict(),
        )
    return last


def require_unlocked(last: Revision) -> None:
    """Raise RemediationError C(release-locked) when the last revision is pending."""
    if last.locked:
        raise RemediationError(
            "release-locked",
            f"{release_name(last.namespace, last.release)} is locked: revision {last.revision} is "
            f"{last.status} since {last.last_deployed or last.created_at}.",
            "Wait for whoever works on it; when nobody does, unlock it (state unlocked).",
            details=last.to_dict(),
        )


def history_max(namespace: str, wanted: int) -> int:
    """How many revisions helm may keep: 0, so that nothing is pruned, where deletion is refused."""
    return 0 if namespace in UNPRUNABLE_NAMESPACES else wanted
