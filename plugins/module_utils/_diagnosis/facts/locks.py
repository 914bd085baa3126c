# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a release: its last revision is pending-* (FM 4, 6.3 to 6.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..._core.lenient import moment, seconds_between
from ..._documents.evidence import Evidence, HelmActor, HelmPod, Release, Revision
from ..._helm import failure
from ..._helm.idleness import DEFAULT_STALE_AFTER
from ..._helm.rollback_target import left_by_unlock, pending_on_top, rollback_target
from ..._helm.storage import LOCKED_STATUSES, touched_at
from ..._rancher.decision.merge_patch import merge
from ..._rancher.server import helm_actors
from .actors import Idleness, idleness

UNDECODABLE = "undecodable"

_DEFAULT_HELM_TIMEOUT = 300
_HELM_TIMEOUT_MARGIN = 300
_CRD = "CustomResourceDefinition/"
_TOLD = 4
_UNITS = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class BriefRevision:
    """A revision by what decides about it."""

    revision: int | None
    status: str | None
    chart_version: str | None


@dataclass(frozen=True)
class Lock:
    """Whether a release is locked (None when its last revision cannot be read), and what can be done.

    ``idle`` and ``live_actor``: FM P-IDLE. ``retrying``: the name of a helm pod that runs and can only fail on the lock;
    it is no actor. ``stale``: nobody works on it and it is older than any helm run may be; None when that is not known.
    ``history_known``: without it ``target`` (the revision a rollback would go to, one function for findings and plan) and
    ``previous`` (the revision that becomes the last one when the lock is removed) say nothing. ``half_applied``: what the
    pending revisions set that no later upgrade would remove; None when that is not known. ``roll_back``: removing the
    lock is not enough. ``right_version``: the locked revision is the wanted version already (FM 6.6).
    """

    locked: bool | None
    status: str | None
    revision: int | None
    age_seconds: int | None
    stale_after_seconds: int
    idle: bool | None
    live_actor: HelmActor | None
    retrying: str | None
    stale: bool | None
    history_known: bool | None
    target: BriefRevision | None
    previous: BriefRevision | None
    half_applied: tuple[str, ...] | None
    roll_back: bool
    roll_back_reason: str | None
    right_version: bool


def lock_of(
    evidence: Evidence,
    release: Release,
    expected: str | None,
    values: Mapping[str, Any] | None = None,
) -> Lock:
    """The lock of a release in scope (an element of ``evidence.releases``); ``values`` are those Rancher passes next."""
    last = release.revisions[0] if release.revisions else Revision()
    status = last.status or None
    known = release.last_known and (not release.revisions or status is not None)
    locked = status in LOCKED_STATUSES if known else None
    age = revision_age(last, evidence)
    name = release.release or ""
    idle = idleness(evidence, release.namespace or "", name)
    retrying = None
    if locked and idle.actor is not None:
        idle, retrying = _without_retries(evidence, release)
    target = _brief(rollback_target(release.revisions)) if locked else None
    previous = _brief(left_by_unlock(release.revisions)) if locked else None
    right = bool(locked and expected and last.chart_version == expected)
    half_applied = _half_applied(release, values, right) if locked else None
    reason = _why_roll_back(name, previous, target, half_applied)
    return Lock(
        locked=locked,
        status=status if locked else None,
        revision=last.revision if locked else None,
        age_seconds=age if locked else None,
        stale_after_seconds=stale_after(evidence),
        idle=idle.idle,
        live_actor=idle.actor,
        retrying=retrying,
        stale=_stale(evidence, locked, age, idle.idle),
        history_known=release.history_known,
        target=target,
        previous=previous,
        half_applied=half_applied,
        roll_back=reason is not None,
        roll_back_reason=reason,
        right_version=right,
    )


def _without_retries(evidence: Evidence, release: Release) -> tuple[Idleness, str | None]:
    """Who works on a locked release, and the pod that only runs into its lock, if there is one.

    One that came before has to have failed on the lock already: nothing is called idle by a comparison of times alone.
    """
    actions = {each.pod or each.name: each.action for each in evidence.operations or ()}
    pods = evidence.helm_pods or ()
    later = [pod for pod in pods if _made_after_lock(pod, release, actions.get(pod.name))]
    proven = any(map(refused_by_lock, later))
    retries = {pod.name for pod in later if proven and helm_actors.is_live(pod)}
    others = replace(
        evidence,
        helm_pods=tuple(pod for pod in pods if pod.name not in retries),
        # An operation would stand for a pod that has not appeared yet.
        operations=evidence.operations
        and tuple(each for each in evidence.operations if (each.pod or each.name) not in retries),
    )
    left = idleness(others, release.namespace or "", release.release or "")
    return left, max((name for name in retries if name), default=None)


def _made_after_lock(pod: HelmPod, release: Release, action: str | None) -> bool:
    """Whether a helm pod cannot be what holds the release's lock, but can only fail on it.

    Helm looks for the lock first of all, and neither upgrade nor install has a way past it (FM 4). So a pod that was made
    after the pending revision is not its maker, however young it is; one that was made before may be. Both times are the
    API server's. A rollback and an uninstall do not ask for the lock, and a pod whose release is not known may hold it.
    """
    locked_at, made = moment(release.revisions[0].created_at), moment(pod.created_at)
    same = pod.release == release.release and pod.release_namespace in (None, release.namespace)
    asks = action in (None, "install", "upgrade")
    return bool(same and asks and locked_at and made and made > locked_at)


def refused_by_lock(pod: HelmPod) -> bool:
    """Whether a run of helm has ended since it found its release locked."""
    kind = failure.kind_of("\n".join(pod.log_lines)) or next(iter(pod.log_kinds), None)
    return not helm_actors.is_live(pod) and pod.exit_code != 0 and kind == "another-operation"


def revision_age(revision: Revision, evidence: Evidence) -> int | None:
    """Seconds since helm last touched the revision, at the time of the evidence."""
    if revision.age_seconds is not None:
        return revision.age_seconds
    return seconds_between(revision_time(revision), evidence.collected_at)


def revision_time(revision: Revision) -> str | None:
    """When helm last touched the revision, as the module that unlocks counts it too."""
    return touched_at(revision.last_deployed or None, revision.created_at or None)


def stale_after(evidence: Evidence) -> int:
    """The age in seconds from which no helm run of Rancher can still hold a lock: what the operator chose (default
    600), and more when the cluster lets helm run longer than usual (FM P-IDLE)."""
    chosen = evidence.options.stale_after_seconds if evidence.options else None
    seconds = DEFAULT_STALE_AFTER if chosen is None or chosen < 0 else chosen
    timeout = _helm_timeout(evidence)
    if timeout > _DEFAULT_HELM_TIMEOUT:
        return max(seconds, timeout + _HELM_TIMEOUT_MARGIN)
    return seconds


def _why_roll_back(
    release: str,
    previous: BriefRevision | None,
    target: BriefRevision | None,
    half_applied: tuple[str, ...] | None,
) -> str | None:
    """Why a rollback is needed instead of removing the lock; None where it is not, or would do harm.

    Going back to older CRDs of Fleet can drop fields (FM 6.10b); only a damaged last revision is worse.
    """
    if previous is None or target is None:
        return None
    crds = release.endswith("-crd")
    if previous.status != "deployed" and not (crds and previous.status != UNDECODABLE):
        return (
            f"revision {previous.revision} below the lock is {previous.status}, and on such a one Rancher"
            " installs with its own values only, so those the release was given by hand would be lost"
        )
    # helm would delete a CRD that only the pending revision has, and with it every object of the kind.
    if not half_applied or crds or any(each.startswith(_CRD) for each in half_applied):
        return None
    named, more = "; ".join(half_applied[:_TOLD]), len(half_applied) - _TOLD
    rest = f" and {more} more" if more > 0 else ""
    return (
        f"the pending revision can have applied what revision {previous.revision} does not have ({named}{rest});"
        " with the lock removed, no later upgrade would know of it, and it would stay in the cluster. A rollback"
        " starts from the pending revision and removes it"
    )


def _half_applied(
    release: Release, values: Mapping[str, Any] | None, right_version: bool
) -> tuple[str, ...] | None:
    """What the pending revisions set beyond the revision below the lock and beyond what comes after it.

    The same chart with the same values sets it again.
    """
    pending = [each for each in release.revisions if each.status in LOCKED_STATUSES]
    pending = pending[: len(pending_on_top(release.revisions))]
    found: list[str] = []
    for index, each in enumerate(pending):
        if each.half_applied is None:
            return None
        config = release.config if index == 0 else each.config
        below = release.revisions[len(pending)] if len(release.revisions) > len(pending) else None
        same = right_version and below is not None and _follows(config, below.config, values)
        if not same or each.chart_version != pending[0].chart_version:
            found += [name for name in each.half_applied if name not in found]
    return tuple(found)


def _follows(config: object, below: object, values: Mapping[str, Any] | None) -> bool:
    """Whether an upgrade from the revision below passes the values of the pending one again: Rancher puts its own over
    those of the release."""
    if not isinstance(config, Mapping):
        return config is None
    base = below if isinstance(below, Mapping) else {}
    return _within(config, merge(base, values or {}))


def _within(part: object, whole: object) -> bool:
    if isinstance(part, Mapping):
        return not part or (
            isinstance(whole, Mapping)
            and all(_within(value, whole.get(key)) for key, value in part.items())
        )
    return part == whole


def _brief(revision: Revision | None) -> BriefRevision | None:
    if revision is None:
        return None
    label = UNDECODABLE if revision.error else revision.label_status
    return BriefRevision(
        revision.revision, revision.status or label or None, revision.chart_version or None
    )


def _stale(
    evidence: Evidence, locked: bool | None, age: int | None, idle: bool | None
) -> bool | None:
    if locked is not True:
        return locked
    if idle is False or (age is not None and age < stale_after(evidence)):
        return False
    return True if idle and age is not None else None


def _helm_timeout(evidence: Evidence) -> int:
    """The Setting system-managed-charts-operation-timeout in seconds; it is a Go duration such as ``5m0s``."""
    setting = evidence.setting("system-managed-charts-operation-timeout")
    value = setting.effective or setting.value or ""
    if not re.fullmatch(r"(\d{1,6}[hms])+", value):
        return _DEFAULT_HELM_TIMEOUT
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", value))
