# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a release: its last revision is pending-* (FM 4, 6.3 to 6.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..._core.lenient import moment, seconds_between
from ..._documents.evidence import Evidence, HelmPod, Release, Revision
from ..._documents.shape import write
from ..._helm import failure
from ..._helm.idleness import DEFAULT_STALE_AFTER
from ..._helm.rollback_target import left_by_unlock, rollback_target
from ..._helm.storage import LOCKED_STATUSES, touched_at
from ..._rancher.server import helm_actors
from .actors import Idleness, idleness

UNDECODABLE = "undecodable"

_DEFAULT_HELM_TIMEOUT = 300
_HELM_TIMEOUT_MARGIN = 300
_UNITS = {"h": 3600, "m": 60, "s": 1}


def lock_of(evidence: Evidence, release: Release, expected: str | None) -> dict[str, Any]:
    """The lock of a release in scope (an element of ``evidence.releases``).

    Keys: ``locked`` (None when the last revision cannot be read), ``status``, ``revision``, ``age_seconds``, ``idle``
    and ``live_actor`` (FM P-IDLE), ``retrying`` (the name of a helm pod that runs and can only fail on the lock; it is
    no actor), ``stale`` (nobody works on it and it is older than any helm run may be; None when that is not known),
    ``target`` (the revision a rollback would go to, one function for findings and plan), ``right_version`` (the locked
    revision is the wanted version already, FM 6.6), ``history_known`` (without it ``target`` and ``previous`` say
    nothing), ``previous`` (the revision that becomes the last one when the lock is removed),
    ``roll_back`` (removing the lock is not enough: see ``_must_roll_back``).
    """
    revisions = release.revisions
    last = revisions[0] if revisions else Revision()
    status = last.status or None
    known = release.last_known and (not revisions or status is not None)
    locked = status in LOCKED_STATUSES if known else None
    age = revision_age(last, evidence)
    name = release.release or ""
    idle = idleness(evidence, release.namespace or "", name)
    retrying = None
    if locked and idle.actor is not None:
        idle, retrying = _without_retries(evidence, release)
    history = write(revisions)
    target = _brief(rollback_target(history)) if locked else None
    previous = _brief(left_by_unlock(history)) if locked else None
    return {
        "locked": locked,
        "status": status if locked else None,
        "revision": last.revision if locked else None,
        "age_seconds": age if locked else None,
        "stale_after_seconds": stale_after(evidence),
        "idle": idle.idle,
        "live_actor": idle.actor,
        "retrying": retrying,
        "stale": _stale(evidence, locked, age, idle.idle),
        "history_known": release.history_known,
        "target": target,
        "previous": previous,
        "roll_back": _must_roll_back(name, previous, target),
        "right_version": bool(locked and expected and last.chart_version == expected),
    }


def _without_retries(evidence: Evidence, release: Release) -> tuple[Idleness, str | None]:
    """Who works on a locked release, and the pod that only runs into its lock, if there is one.

    One that came before has to have failed on the lock already: nothing is called idle by a comparison of times alone.
    """
    actions = {each.pod or each.name: each.action for each in evidence.operations or ()}
    pods = evidence.helm_pods or ()
    later = [pod for pod in pods if _made_after_lock(pod, release, actions.get(pod.name))]
    proven = any(map(_failed_on_a_lock, later))
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


def _failed_on_a_lock(pod: HelmPod) -> bool:
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


def _must_roll_back(
    release: str, previous: Mapping[str, Any] | None, target: Mapping[str, Any] | None
) -> bool:
    """Whether Rancher would drop the release's values once the lock is removed, and a rollback keeps them.

    A last revision that is not deployed counts as not installed, and Rancher then passes its own values only (FM 2.5
    row 1). The CRDs of Fleet take no values, and going back to older ones can drop fields (FM 6.10b). A damaged last
    revision is worse than either.
    """
    if previous is None or previous["status"] == "deployed":
        return False
    if release.endswith("-crd") and previous["status"] != UNDECODABLE:
        return False
    return target is not None


def _brief(revision: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if revision is None:
        return None
    label = UNDECODABLE if revision["error"] else revision["label_status"]
    return {
        "revision": revision["revision"],
        "status": revision["status"] or label or None,
        "chart_version": revision["chart_version"] or None,
    }


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
