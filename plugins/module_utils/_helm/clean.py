# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaving nothing half-applied: what is removed around helm's own work, and by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .._core.errors import RemediationError
from . import expectation
from .change import ReleaseChange
from .field_path import MISSING, find
from .leftover_removal import Removal
from .leftovers import Leftover, ObjectLeftovers, Search, sentences
from .manifest import objects_of
from .outcome import Outcome
from .storage import Revision, list_revisions

if TYPE_CHECKING:
    from .._kube.client import KubeClient

Render = Callable[[], str]

_CLEANABLE = frozenset({"deployed", "failed"})


@dataclass(frozen=True)
class CleanRequest:
    """Removal of what is left over in the objects of a release, its last revision being as expected."""

    namespace: str
    release: str
    dry_run: bool = False
    expected: expectation.Expectation = field(default_factory=expectation.Expectation)


def clean(client: KubeClient, request: CleanRequest) -> Outcome:
    """Remove the fields and objects that helm owns and that the release's manifest does not have.

    Raises RemediationError: C(release-locked), C(precondition-failed), C(refused), C(not-found).
    """
    revisions = list_revisions(client, request.namespace, request.release, decode="all")
    last = expectation.last_revision(revisions, request.namespace, request.release)
    expectation.require_unlocked(last)
    if last.status not in _CLEANABLE:
        raise RemediationError(
            "refused",
            f"{expectation.release_name(last.namespace, last.release)} is {last.status}.",
            "Diagnose again: only the objects of a deployed or failed release are compared.",
            details=last.to_dict(),
        )
    request.expected.check(last)
    search = Search(client, last.namespace, last.release, revisions)
    # Objects that only the base of helm's next merge has are removed by that merge.
    base = merge_base(revisions)
    found = search.fields(last.manifest, base) + search.objects(f"{last.manifest}\n---\n{base}")
    removed = tuple(Removal(client, request.dry_run).remove(found))
    changed = any(each.outcome == "removed" for each in removed)
    return Outcome(changed, last, last, note=" ".join(sentences(removed)), leftovers=removed)


def merge_base(revisions: Sequence[Revision]) -> str:
    """The manifest that helm's next upgrade starts from: that of the last revision when it is deployed, else of the
    newest one that is, else of the last."""
    deployed = [each for each in revisions if each.status == "deployed"]
    chosen = deployed or list(revisions)
    return chosen[0].manifest if chosen else ""


def before_upgrade(
    client: KubeClient, change: ReleaseChange, render: Render
) -> tuple[Leftover, ...]:
    """Remove what the coming upgrade would leave behind: what its merge base does not have, nor its own manifest.

    It would hold the new pods back as it held the old ones, and helm would wait for them in vain. C(render) gives the
    manifest to come; it costs a helm process and is asked for only when something has been found.
    """
    revisions = list_revisions(client, change.namespace, change.release, decode="all")
    search = Search(client, change.namespace, change.release, revisions)
    base = merge_base(revisions)
    if not search.fields(base):
        return ()
    found = _not_in(search.fields(render()), base)
    return tuple(Removal(client, change.dry_run).remove(found))


def before_rollback(
    client: KubeClient, change: ReleaseChange, revisions: Sequence[Revision], target: Revision
) -> tuple[Leftover, ...]:
    """Remove what the coming rollback would leave behind; its merge starts from the last revision, locked or not."""
    search = Search(client, change.namespace, change.release, revisions)
    base = revisions[0].manifest
    found = _not_in(search.fields(target.manifest), base)
    return tuple(Removal(client, change.dry_run).remove(found))


def after_change(
    client: KubeClient, change: ReleaseChange, after: Revision, earlier: Sequence[Revision] = ()
) -> tuple[Leftover, ...]:
    """Remove what helm has left over, fields and whole objects, now that a revision is deployed."""
    known = {each.secret_uid: each for each in earlier}
    for each in list_revisions(client, change.namespace, change.release, decode="all"):
        known[each.secret_uid] = each
    revisions = sorted(known.values(), key=lambda each: each.revision, reverse=True)
    search = Search(client, change.namespace, change.release, revisions)
    found = search.fields(after.manifest) + search.objects(after.manifest)
    return tuple(Removal(client).remove(found))


def _not_in(found: Sequence[ObjectLeftovers], base: str) -> list[ObjectLeftovers]:
    """What of it the base does not have; the rest helm removes by itself."""
    known = objects_of(base, with_crds=False)
    kept = [
        each.only(path for path in each.fields if find(known.get(each.key, {}), path) is MISSING)
        for each in found
    ]
    return [each for each in kept if each.fields]


def tolerant(work: Callable[[], tuple[Leftover, ...]]) -> tuple[tuple[Leftover, ...], str]:
    """What was removed, and a note when that could not be found out: helm's work does not depend on it."""
    try:
        found = work()
    except (RemediationError, ValueError) as error:
        return (), f"What earlier revisions have left over could not be removed: {error}"
    return found, " ".join(sentences(found))


@contextmanager
def told_on_failure(swept: tuple[tuple[Leftover, ...], str]) -> Iterator[None]:
    """Have helm's error say what was removed before it."""
    try:
        yield
    except RemediationError as error:
        if not swept[0]:
            raise
        raise RemediationError(
            error.code,
            f"{error.message} Before helm ran: {swept[1]}",
            error.remedy,
            retryable=error.retryable,
            details={**error.details, "leftovers": [each.to_dict() for each in swept[0]]},
        ) from error


def finished(
    client: KubeClient,
    change: ReleaseChange,
    outcome: Outcome,
    swept: tuple[tuple[Leftover, ...], str],
) -> Outcome:
    """The outcome of helm's work with what was removed before it (``tolerant``) and what is removed now."""
    left: tuple[Leftover, ...] = ()
    more = ""
    if outcome.after is not None and outcome.changed and not change.dry_run:
        after = outcome.after
        earlier = [outcome.before] if outcome.before else []
        left, more = tolerant(lambda: after_change(client, change, after, earlier))
    notes = [each for each in (swept[1], outcome.note, more) if each]
    return replace(outcome, note=" ".join(notes), leftovers=(*swept[0], *left))
