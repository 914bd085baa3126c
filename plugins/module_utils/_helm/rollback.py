# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rolling a release back to a revision that is named, and that was looked at first.

helm itself rolls back to the revision before the last, whatever that is, and without asking whether
somebody works on the release (FM 4). Here the target must decode, have been deployed and be of the
same chart, and nobody may be at work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .._core.errors import RemediationError
from . import conflicts, expectation, idleness, takeover
from .change import ReleaseChange
from .clean import before_rollback, finished, told_on_failure, tolerant
from .cli import HelmCli
from .outcome import Outcome, read_last, why_not_ready, with_state
from .rollback_target import unfit
from .storage import Revision, list_revisions
from .upgrade import same_values

if TYPE_CHECKING:
    from .._kube.client import KubeClient

_UNFIT_LAST = frozenset({"uninstalled", "uninstalling"})


@dataclass(frozen=True)
class RollbackRequest:
    """One rollback to C(revision); C(stale_after) is seconds, for a last revision that is pending."""

    change: ReleaseChange
    revision: int
    revision_uid: str | None = None
    stale_after: int = idleness.DEFAULT_STALE_AFTER
    expected: expectation.Expectation = field(default_factory=expectation.Expectation)


def _same_content(one: Revision, other: Revision) -> bool:
    return (
        one.chart_name == other.chart_name
        and one.chart_version == other.chart_version
        and one.manifest == other.manifest
        and same_values(one.config, other.config)
    )


def _target(revisions: Sequence[Revision], number: int, last: Revision) -> Revision:
    target = next((revision for revision in revisions if revision.revision == number), None)
    where = expectation.release_name(last.namespace, last.release)
    kept = ", ".join(f"{r.revision} ({r.status or 'undecodable'})" for r in revisions)
    reason = unfit(target, last) if target else "does not exist"
    if target is not None and reason is None:
        return target
    raise RemediationError(
        "refused",
        f"{where} is not rolled back: revision {number} {reason}.",
        f"Name a revision that is deployed or superseded. There are: {kept}.",
        details={"revision": number, "revisions": [revision.to_dict() for revision in revisions]},
    )


def _is_reached(last: Revision, target: Revision) -> bool:
    return last.status == "deployed" and (
        last.revision == target.revision or _same_content(last, target)
    )


def roll_back(
    client: KubeClient,
    cli: HelmCli,
    request: RollbackRequest,
    find_actor: idleness.FindActor,
) -> Outcome:
    """Roll back to the revision named, unless the release already is deployed with its content.

    Raises RemediationError: C(refused) for an unfit target, C(release-busy), C(precondition-failed),
    C(helm-failed), C(stalled).
    """
    change = request.change
    revisions = list_revisions(client, change.namespace, change.release, decode="all")
    before = expectation.last_revision(revisions, change.namespace, change.release)
    target = _target(revisions, request.revision, before)
    if _is_reached(before, target):
        return Outcome(False, before, before)
    request.expected.check(before)
    expectation.Expectation(uid=request.revision_uid).check(target)
    if before.status in _UNFIT_LAST:
        raise RemediationError(
            "refused",
            f"{expectation.release_name(change.namespace, change.release)} is {before.status}.",
            "Find out who uninstalled it; let Rancher install it again.",
            details=before.to_dict(),
        )
    idleness.require_idle(before, client.now(), find_actor, request.stale_after)
    # Helm 4 applies a rollback as the revision that it goes back to was applied.
    method, release = target.apply_method or "csa", (change.namespace, change.release)
    taken = takeover.prepare(client, release, method, lambda: target.manifest, forced=change.force)
    applied = replace(change, apply_method=method, force=change.force or taken.needed)
    swept = tolerant(lambda: before_rollback(client, change, revisions, target))
    with told_on_failure(swept):
        outcome = _rolled_back(client, cli, applied, before, target, taken)
    return finished(client, change, outcome, swept)


def _rolled_back(
    client: KubeClient,
    cli: HelmCli,
    change: ReleaseChange,
    before: Revision,
    target: Revision,
    taken: takeover.Takeover,
) -> Outcome:
    try:
        asyncio.run(cli.roll_back(change, target.revision))
    except RemediationError as error:
        restored = "" if change.dry_run else taken.put_back_anyway(client)
        after = read_last(client, change)
        if change.dry_run or not (after.revision > before.revision and _is_reached(after, target)):
            told = conflicts.after_helm(change.release, error)
            because = why_not_ready(client, error, before, after)
            raise with_state(told, before, after, f"{because} {restored}".strip()) from error
        note = f"{error.message} The release is rolled back anyway. {restored}".rstrip()
        return _confirmed(before, after, target, note)
    if change.dry_run:
        return Outcome(True, before, before)
    return _confirmed(before, read_last(client, change), target, taken.put_back(client))


def _confirmed(before: Revision, after: Revision, target: Revision, note: str) -> Outcome:
    if after.revision > before.revision and _is_reached(after, target):
        return Outcome(True, before, after, note=note)
    raise RemediationError(
        "stalled",
        f"helm reported success, but {expectation.release_name(after.namespace, after.release)} is at "
        f"revision {after.revision}, {after.status}, which is not what revision {target.revision} was.",
        "Somebody else worked on the release at the same time. Diagnose again.",
        details={"before": before.to_dict(), "after": after.to_dict()},
    )
