# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing what earlier revisions of a release have left in its live objects.

The API server is asked by a dry run first: what it fills in again is its default and not left over, and what it does not
let go is named. Fields are removed from the object as it was judged, guarded by its resourceVersion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from .._core.redaction import Redactor
from .._kube.change import guarded_patch
from .field_path import MISSING, Path, find, merge_patch, without
from .leftovers import REFUSED, REMOVED, Leftover, ObjectLeftovers

if TYPE_CHECKING:
    from .._kube.client import KubeClient

_REMEDY = "Read the object's metadata.managedFields, then run again."


@dataclass(frozen=True)
class Removal:
    """Removes what was found; in a dry run the API server is asked and changes nothing."""

    client: KubeClient
    dry_run: bool = False
    redactor: Redactor = field(default_factory=Redactor)

    def remove(self, found: Sequence[ObjectLeftovers]) -> list[Leftover]:
        """What was removed or refused. What turns out to be the API server's default is not reported."""
        return [each for one in found for each in self._remove(one)]

    def _remove(self, found: ObjectLeftovers) -> list[Leftover]:
        if found.whole:
            return self._delete(found)
        wanted, refused = self._asked(found)
        removed = replace(found, fields=tuple(wanted))
        if wanted and not self.dry_run:
            try:
                self._patch(removed)
            except RemediationError as error:
                if error.code == "server-unreachable":
                    raise
                # Something in the cluster undoes it, or it was recreated: the other objects are cleaned all the same.
                refused.update(dict.fromkeys(wanted, error.message))
                removed = replace(found, fields=())
        shown = removed.shown(self.redactor, outcome=REMOVED)
        for path, reason in refused.items():
            one = replace(found, fields=(path,))
            shown += one.shown(self.redactor, outcome=REFUSED, reason=reason)
        return shown

    def _delete(self, found: ObjectLeftovers) -> list[Leftover]:
        try:
            now = self.client.get(found.path)["metadata"]
            if now["uid"] != found.live["metadata"]["uid"]:
                return []
            version = now["resourceVersion"]
            self.client.delete(
                found.path, uid=now["uid"], resource_version=version, dry_run=self.dry_run
            )
        except RemediationError as error:
            if error.code == "not-found":
                return []
            return found.shown(self.redactor, outcome=REFUSED, reason=error.message)
        return found.shown(self.redactor, outcome=REMOVED)

    def _asked(self, found: ObjectLeftovers) -> tuple[list[Path], dict[Path, str]]:
        """The fields whose removal changes the object, and those that the API server does not let go, with its words."""
        try:
            return self._changing(found, found.fields), {}
        except RemediationError as error:
            if not _is_refusal(error):
                raise
            if len(found.fields) == 1:
                return [], {found.fields[0]: error.message}
        return self._one_by_one(found)

    def _one_by_one(self, found: ObjectLeftovers) -> tuple[list[Path], dict[Path, str]]:
        """The same, each field added to those that may go: a volume may only go with what mounts it."""
        wanted: list[Path] = []
        refused: dict[Path, str] = {}
        left = list(found.fields)
        while left:
            refused = {}
            for path in left:
                try:
                    changing = self._changing(found, (*wanted, path))
                except RemediationError as error:
                    if not _is_refusal(error):
                        raise
                    refused[path] = error.message
                else:
                    wanted += [path] if path in changing else []
            if len(refused) == len(left):
                break
            left = list(refused)
        return wanted, refused

    def _changing(self, found: ObjectLeftovers, paths: Sequence[Path]) -> list[Path]:
        """Those of the fields that are gone, or have another value, when they are removed; asked by a dry run."""
        # Without the resourceVersion: the status of a workload moves all the time, and nothing is written here.
        answer = self.client.patch(found.path, _patch(found.live, paths), dry_run=True)
        return [path for path in paths if find(answer, path) != find(found.live, path)]

    def _patch(self, found: ObjectLeftovers) -> None:
        def plan(live: Mapping[str, Any]) -> Mapping[str, Any] | None:
            # Somebody else may have set a field meanwhile: it is theirs then.
            left = [
                path
                for path in found.fields
                if find(live, path) is not MISSING and find(live, path) == find(found.live, path)
            ]
            return _patch(live, left) if left else None

        guarded_patch(
            self.client,
            found.path,
            plan,
            remedy=_REMEDY,
            dry_run=False,
            expected_uid=found.live["metadata"]["uid"],
        )


def _patch(live: Mapping[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """The merge patch that removes fields."""
    after: Any = live
    for path in paths:
        after = without(after, path)
    return merge_patch(live, after)


def _is_refusal(error: RemediationError) -> bool:
    """Whether the API server has judged the change, other than by its permissions."""
    return error.details.get("http_status") in (400, 422) or (
        error.code == "forbidden" and "denied" in error.message
    )
