# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the upgrade is getting on: a rollout in progress is not stuck."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import integer, mapping, seconds_between
from ..._core.template import duration
from ..._documents.evidence import Evidence, JobPod
from .actors import live_actors
from .helm_failures import helm_failures
from .locks import lock_of, stale_after
from .manifest_job import SUCCEEDED
from .upgrade import AFTER_RANCHER, NONE, NOT_STARTED, RANCHER, UpgradeFacts

_BETWEEN_ATTEMPTS = 600


def progress(evidence: Evidence, upgrade: UpgradeFacts) -> dict[str, Any]:
    """``{moving, why, actors}`` from the evidence and the facts of facts/upgrade.py.

    ``moving`` is True when something happens or the wait is too young to be called long, False when neither is so, None
    when it cannot be known; ``why`` says it in words.
    """
    moving, why = _moving(evidence, upgrade)
    return {"moving": moving, "why": why, "actors": live_actors(evidence)[:10]}


def _moving(evidence: Evidence, upgrade: UpgradeFacts) -> tuple[bool | None, str]:
    phase = upgrade.phase
    if phase is None:
        return None, "it cannot be seen where the upgrade is"
    if phase not in (NOT_STARTED, RANCHER, AFTER_RANCHER):
        return False, "no upgrade job is at work"
    if upgrade.wait_kind is None:
        return None, "it cannot be seen what the job waits for"
    if upgrade.wait_kind == NONE:
        return _without_wait(evidence, upgrade)
    return _waiting(evidence, upgrade)


def _waiting(evidence: Evidence, upgrade: UpgradeFacts) -> tuple[bool | None, str]:
    namespace, release = upgrade.wait_field("namespace"), upgrade.wait_field("release")
    failed = next(
        (
            each
            for each in helm_failures(evidence)
            if (each.namespace, each.release) == (namespace, release)
        ),
        None,
    )
    if failed and failed.lasting and failed.count > 1 and not failed.passes:
        return False, f"helm has failed {failed.count} times on what the job waits for"
    # A pod that can only fail on the release's lock is not at work on it.
    lock = lock_of(evidence, evidence.release(namespace or "", release or ""), None)
    actor = lock["live_actor"] if namespace and release else None
    if actor:
        return True, f"{actor['kind']} {actor['name']} is at work on what the job waits for"
    age = integer((upgrade.wait or {}).get("age_seconds"))
    if age is None:
        return None, "it is not known since when the job waits"
    if age < stale_after(evidence):
        return True, f"the job waits only since {duration(age)}"
    young = _young_lock(evidence, namespace or "", release or "")
    if young:
        return True, young
    return False, f"the job has waited for {duration(age)}"


def _young_lock(evidence: Evidence, namespace: str, release: str) -> str:
    """What is to be said of the awaited release when somebody whom no pod betrays may still work on it."""
    lock = lock_of(evidence, evidence.release(namespace, release), None)
    age, limit = integer(lock["age_seconds"]), stale_after(evidence)
    if not lock["locked"] or age is None or age >= limit:
        return ""
    return (
        f"release {namespace}/{release} has been {lock['status']} only for {duration(age)}, "
        f"and counts as abandoned after {duration(limit)}"
    )


def _without_wait(evidence: Evidence, upgrade: UpgradeFacts) -> tuple[bool | None, str]:
    """The log shows no wait: the job downloads, upgrades Rancher, or is between two attempts."""
    if upgrade.phase == NOT_STARTED:
        return True, "the upgrade has not come to Rancher yet"
    if upgrade.job_running is None:
        return None, "it cannot be seen whether the job runs"
    pods = evidence.job_pods
    if upgrade.job_running:
        return _since(
            evidence, _last_sign(pods), stale_after(evidence), "the job printed its last line"
        )
    ended = pods[0].finished_at if pods else None
    done = upgrade.job_state == SUCCEEDED
    return _since(
        evidence,
        ended,
        _BETWEEN_ATTEMPTS,
        f"the last attempt {'succeeded' if done else 'ended'}, and the next {'step' if done else 'one'} begins",
    )


def _last_sign(pods: tuple[JobPod, ...]) -> object:
    if not pods:
        return None
    events = pods[0].log.events if pods[0].log else ()
    last = mapping(events[-1]) if events else {}
    return last.get("last_at") or last.get("at") or pods[0].created_at


def _since(evidence: Evidence, at: object, limit: int, what: str) -> tuple[bool | None, str]:
    age = seconds_between(at, evidence.collected_at)
    if age is None:
        return None, "the time of the job's last sign of life is not known"
    if age < limit:
        return True, f"{what} {duration(age)} ago"
    return None, f"{what} {duration(age)} ago and nothing says what it waits for"
