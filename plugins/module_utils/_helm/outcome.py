# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a change of a release ended, read from the cluster and not from helm's output."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from . import expectation, unready
from .change import ReleaseChange
from .leftovers import Leftover
from .storage import Revision, list_revisions

if TYPE_CHECKING:
    from .._kube.client import KubeClient


@dataclass(frozen=True)
class Outcome:
    """What a change found and left: the last revision before and after, null where there is none.

    C(note) says so when helm's own word was not the last. C(rendered) is the manifest of a dry run. C(leftovers) are
    fields and objects of earlier revisions that helm does not remove.
    """

    changed: bool
    before: Revision | None
    after: Revision | None
    took_ownership: bool = False
    note: str = ""
    rendered: str | None = field(default=None, repr=False)
    leftovers: tuple[Leftover, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The outcome as a document, without values and manifests."""
        return {
            "changed": self.changed,
            "before": self.before.to_dict() if self.before else None,
            "after": self.after.to_dict() if self.after else None,
            "took_ownership": self.took_ownership,
            "note": self.note,
            "leftovers": [each.to_dict() for each in self.leftovers],
        }


def read_last(client: KubeClient, change: ReleaseChange) -> Revision:
    """The last revision of the release, decoded. Raises C(not-found) or C(release-undecodable)."""
    revisions = list_revisions(client, change.namespace, change.release, decode="last")
    return expectation.last_revision(revisions, change.namespace, change.release)


def why_not_ready(
    client: KubeClient, error: RemediationError, before: Revision, after: Revision
) -> str:
    """Why the workloads of a release are not ready, where helm has applied a revision and does not say it itself."""
    if after.revision == before.revision or error.details.get("given_up"):
        return ""
    return unready.told(client, after.namespace, after.release)


def with_state(
    error: RemediationError, before: Revision, after: Revision, note: str = ""
) -> RemediationError:
    """helm's error with the release it is about, the state it left it in, and what was done about that.

    Of two operations that begin at the same moment helm refuses one: that is no failure of ours.
    """
    where = expectation.release_name(after.namespace, after.release)
    return RemediationError(
        "release-busy" if error.details.get("reason") == "another-operation" else error.code,
        f"{where}: {error.message} Its last revision {after.revision} is now {after.status}."
        f" {note}".rstrip(),
        error.remedy,
        retryable=error.retryable,
        details={**error.details, "before": before.to_dict(), "after": after.to_dict()},
    )
