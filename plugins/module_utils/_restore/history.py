# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a release, exactly as it was.

Only Helm's record goes back. The objects of the release stay as they are, so this is for a record that
was damaged, or as the last step after the objects were put back; a rollback changes both (FM 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import RemediationError
from .._helm import idleness
from .._helm.storage import Revision, list_revisions
from .._kube import paths
from .._kube.change import read_or_none
from .._kube.client import KubeClient
from .._rancher.server.live_actor import actor_finder
from .change import Restoration, judge


def judge_history(
    client: KubeClient,
    files: Mapping[str, bytes],
    release: tuple[str, str],
    entries: Mapping[str, Mapping[str, Any]],
    *,
    delete_later: bool,
    stale_after: int,
) -> list[Restoration]:
    """What makes the history of a release the saved one: saved revisions first, then those to delete.

    The last revision is deleted first, so that whoever looks meanwhile always finds a last revision
    that there once was. Raises refused when there are revisions that the set does not hold and
    nobody said to delete them, release-busy while somebody works on the release.
    """
    namespace, name = release
    live = list_revisions(client, namespace, name, decode="last")
    if live:
        idleness.require_idle(live[0], client.now(), actor_finder(client), stale_after)
    judged = [
        judge(client, files, label, entry, of_history=True) for label, entry in entries.items()
    ]
    saved = {each.label for each in judged}
    later = [each for each in live if each.subject not in saved]
    if later and not delete_later:
        raise RemediationError(
            "refused",
            f"Release {namespace}/{name} has revisions that the backup set does not hold:"
            f" {', '.join(str(each.revision) for each in reversed(later))}.",
            "Say that they are to be deleted (delete_later_revisions) to have the history exactly as it"
            " was; they are saved first. Otherwise leave this release out.",
            details={"revisions": [each.to_dict() for each in later]},
        )
    return [*judged, *(_removal(client, each) for each in later)]


def _removal(client: KubeClient, revision: Revision) -> Restoration:
    path = paths.core("v1", "secrets", revision.namespace, revision.secret_name)
    found = read_or_none(client, path)
    live = None if found is None else {"apiVersion": "v1", "kind": "Secret", **found}
    return Restoration(revision.subject, path, "", None, live, of_history=True)
