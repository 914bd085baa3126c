# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take over the fields that are shared with other managers, and put them back after helm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.errors import RemediationError
from .._kube.change import guarded_patch, read_or_none
from . import conflicts
from .capabilities import APPLY_SERVER_SIDE
from .conflicts import Conflict
from .field_path import MISSING, find, merge_patch, parsed, with_value
from .server_side import Foreseen, foresee

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._kube.client import KubeClient


@dataclass(frozen=True)
class _Saved:
    """A field as it was before helm."""

    conflict: Conflict
    path: str
    uid: str
    value: Any


@dataclass(frozen=True)
class Takeover:
    """What helm takes from others. ``needed`` tells whether it has to override them; ``put_back`` undoes it where
    nothing else does.
    """

    foreseen: Foreseen = field(default_factory=Foreseen)
    saved: tuple[_Saved, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether there is a conflict at all."""
        return bool(self.foreseen.conflicts)

    def put_back(self, client: KubeClient) -> str:
        """Give the fields their values from before, and say so; empty when all of them have kept it.

        Whoever has set one of them to a third value meanwhile is left alone: that is its keeper at work.
        """
        done = [each.conflict for each in self.saved if _put_back(client, self.foreseen, each)]
        if not done:
            return ""
        names = "; ".join(f"{each.field} of {each.object}" for each in done)
        return f"Put back as it was before: {names}."

    def put_back_anyway(self, client: KubeClient) -> str:
        """The same after helm has failed: that it cannot be done is said beside helm's own error."""
        try:
            return self.put_back(client)
        except RemediationError as error:
            return f"What helm had taken from other managers is not put back: {error}"


def prepare(
    client: KubeClient,
    release: tuple[str, str],
    apply_method: str | None,
    render: Callable[[], str],
    *,
    forced: bool,
) -> Takeover:
    """Look what an upgrade of a release that was applied server-side would take from others.

    That holds for Helm 3, too: it does not ask, and overwrites what the server would have protected. Raises
    field-conflict unless all of it is shared, or ``forced``; nothing was changed then.
    """
    if apply_method != APPLY_SERVER_SIDE:
        return Takeover()
    foreseen = foresee(client, *release, render())
    foreign = conflicts.unapproved(foreseen.conflicts)
    if foreign and not forced:
        raise conflicts.refusal(*release, foreign)
    if foreseen.conflicts and foreseen.unchecked and not forced:
        # To override one conflict is to override all of them, also those nobody could see.
        raise _unchecked(*release, foreseen)
    return Takeover(foreseen, tuple(_saved(client, foreseen)))


def _unchecked(namespace: str, release: str, foreseen: Foreseen) -> RemediationError:
    return RemediationError(
        "field-conflict",
        f"Release/{namespace}/{release} shares {conflicts.listed(foreseen.conflicts)}, and the server-side dry run"
        f" failed for other objects: {'; '.join(foreseen.unchecked)}.",
        "Remove the reason, so that it can be seen whether other managers have set fields of them."
        f" {conflicts.force_advice(release)}",
        details={"reason": "conflict", "unchecked": list(foreseen.unchecked)},
    )


def _saved(client: KubeClient, foreseen: Foreseen) -> list[_Saved]:
    found = []
    for conflict in foreseen.conflicts:
        row, place = conflict.shared, (foreseen.places or {}).get(conflict.object)
        live = read_or_none(client, place.path) if row and row.put_back and place else None
        value = MISSING if live is None else find(live, parsed(conflict.field))
        if live is not None and place is not None and value is not MISSING:
            found.append(_Saved(conflict, place.path, str(live["metadata"]["uid"]), value))
    return found


def _put_back(client: KubeClient, foreseen: Foreseen, saved: _Saved) -> bool:
    """Whether the field had to be set again."""
    path = parsed(saved.conflict.field)
    of_chart = find((foreseen.places or {})[saved.conflict.object].body, path)

    def patch(live: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if not _same(find(live, path), of_chart):
            return None
        return merge_patch(live, with_value(live, path, saved.value))

    live = read_or_none(client, saved.path)
    if live is None or live["metadata"]["uid"] != saved.uid:
        return False
    if patch(live) is None or _same(find(live, path), saved.value):
        return False
    remedy = f"Look at it: {conflicts.show_command(saved.conflict.object)}."
    guarded_patch(client, saved.path, patch, remedy=remedy, dry_run=False, expected_uid=saved.uid)
    return True


def _same(one: Any, other: Any) -> bool:
    """Whether the API server would return one value for both: it folds base64 and leaves out what is empty."""
    folded = ["".join(each.split()) if isinstance(each, str) else each for each in (one, other)]
    return folded[0] == folded[1] or all(each in ("", None, MISSING) for each in folded)
