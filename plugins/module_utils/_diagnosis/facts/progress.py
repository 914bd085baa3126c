# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the upgrade is getting on: a rollout in progress is not stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._core.lenient import integer, mapping, seconds_between
from ..._core.template import duration
from ..._documents.evidence import Condition, Evidence, HelmActor, JobLog, JobPod, Upgrade
from ..._harvester import job_log_lines
from ..._harvester.job_log_lines import STEPS
from .actors import live_actors
from .helm_failures import HelmFailure
from .locks import Lock, lock_of, stale_after
from .manifest_job import SUCCEEDED
from .patience import wait_limit, waited
from .upgrade import AFTER_RANCHER, NONE, NOT_STARTED, RANCHER, UpgradeFacts

_BETWEEN_ATTEMPTS = 600
# How long a helm that works on the awaited release counts as progress. Rancher, the job and helm by itself give each
# part of a run (hooks before, objects, hooks after) 300 s: twice what all of them may take.
_ACTOR_SECONDS = 1800
# The same where nothing says when it began: then it may be younger than the wait.
_UNKNOWN_ACTOR_SECONDS = 3600
# Every node pulls all images of the new release before the job is made.
_PREPARATION = 7200
_QUOTED = 160


@dataclass(frozen=True)
class Progress:
    """``moving`` is True when something happens or the wait is too young to be called long, False when neither is so,
    None when it cannot be known; ``why`` says it in words. ``actors`` run helm now."""

    moving: bool | None
    why: str
    actors: Sequence[HelmActor]


def progress(
    evidence: Evidence, upgrade: UpgradeFacts, failures: Sequence[HelmFailure]
) -> Progress:
    """Whether the upgrade gets on, from the evidence and the facts of facts/upgrade.py and facts/helm_failures.py."""
    moving, why = _moving(evidence, upgrade, failures)
    return Progress(moving, why, live_actors(evidence)[:10])


def _moving(
    evidence: Evidence, upgrade: UpgradeFacts, failures: Sequence[HelmFailure]
) -> tuple[bool | None, str]:
    phase = upgrade.phase
    if phase is None:
        return None, "it cannot be seen where the upgrade is"
    if phase not in (NOT_STARTED, RANCHER, AFTER_RANCHER):
        return False, "no upgrade job is at work"
    if upgrade.wait_kind is None:
        return None, "it cannot be seen what the job waits for"
    if upgrade.wait_kind == NONE:
        return _without_wait(evidence, upgrade)
    return _waiting(evidence, upgrade, failures)


def _waiting(
    evidence: Evidence, upgrade: UpgradeFacts, failures: Sequence[HelmFailure]
) -> tuple[bool | None, str]:
    namespace, release = upgrade.wait_field("namespace"), upgrade.wait_field("release")
    about = (each for each in failures if (each.namespace, each.release) == (namespace, release))
    failed = next(about, None)
    if failed and failed.lasting and failed.count > 1 and not failed.passes:
        return False, f"helm has failed {failed.count} times on what the job waits for"
    # A pod that can only fail on the release's lock is not at work on it.
    lock = lock_of(evidence, evidence.release(namespace or "", release or ""), None)
    actor = lock.live_actor if namespace and release else None
    age, limit = integer((upgrade.wait or {}).get("age_seconds")), wait_limit(evidence, upgrade)
    if actor and _young(evidence, actor, age, limit):
        return True, f"{actor.kind} {actor.name} is at work on what the job waits for"
    at_work = seconds_between(actor.since, evidence.collected_at) if actor else None
    if actor and at_work is not None:
        return False, (
            f"{actor.kind} {actor.name} has been at work for {duration(at_work)} on what the job waits for, "
            "longer than helm takes"
        )
    if age is None:
        return None, f"it is not known since when the job waits{_for(evidence, upgrade)}"
    if age < limit:
        return True, f"the job waits only since {duration(age)}"
    young = _young_lock(lock, f"{namespace}/{release}", stale_after(evidence))
    if young:
        return True, young
    ends = waited(evidence, upgrade).ends_when
    return False, (
        f"the job has waited for {duration(age)}{_for(evidence, upgrade)}, "
        f"more than the usual {duration(limit)}{f'; the wait ends when {ends}' if ends else ''}"
    )


def _young(evidence: Evidence, actor: HelmActor, age: int | None, limit: int) -> bool:
    """Whether who works on the release began lately; the wait is as old as that where nothing says when it was."""
    at_work = seconds_between(actor.since, evidence.collected_at)
    if at_work is None:
        return age is None or age < limit + _UNKNOWN_ACTOR_SECONDS
    return at_work < _ACTOR_SECONDS


def _for(evidence: Evidence, upgrade: UpgradeFacts) -> str:
    words = waited(evidence, upgrade).words
    return f" for {words}" if words else ""


def _young_lock(lock: Lock, release: str, limit: int) -> str:
    """What is to be said of the awaited release when somebody whom no pod betrays may still work on it."""
    age = lock.age_seconds
    if not lock.locked or age is None or age >= limit:
        return ""
    return (
        f"release {release} has been {lock.status} only for {duration(age)}, "
        f"and counts as abandoned after {duration(limit)}"
    )


def _without_wait(evidence: Evidence, upgrade: UpgradeFacts) -> tuple[bool | None, str]:
    """The log shows no wait: the job downloads, upgrades Rancher, or is between two attempts."""
    if evidence.job is None and upgrade.phase == NOT_STARTED:
        return _without_job(evidence)
    if upgrade.job_running is None:
        return None, "it cannot be seen whether the job runs"
    pod = next(iter(evidence.job_pods), JobPod())
    created = evidence.job.created_at if evidence.job else None
    limit = stale_after(evidence)
    if not upgrade.job_running:
        done = upgrade.job_state == SUCCEEDED
        what = f"the last attempt {'succeeded' if done else 'ended'}, and the next {'step' if done else 'one'} begins"
        return _since(evidence, pod.finished_at or created, _BETWEEN_ATTEMPTS, what)
    sign = _last_sign(pod)
    if sign is None:
        state = f"its pod {pod.name} is {pod.phase}" if pod.name else "it has no pod"
        what = f"the job was created ({state})"
        return _since(evidence, pod.created_at or created, limit, what)
    moving, why = _since(evidence, sign, limit, "the job printed its last telling line")
    return moving, why if moving else f"{why}{_last_line(pod)}"


def _without_job(evidence: Evidence) -> tuple[bool | None, str]:
    """Before its job the controller makes the image, the repository and prepares every node: as long as one of its
    conditions has changed lately, that goes on, unless one of them has failed. Logs are no part of it: LogReady is False
    where they are switched off."""
    upgrade = evidence.upgrade or Upgrade()
    conditions = [each for each in upgrade.conditions if each.type != "LogReady"]
    failed = next((each for each in conditions if each.status == "False"), None)
    if failed:
        said = failed.message or failed.reason
        words = f"condition {failed.type} of the Upgrade is False"
        return None, f"{words}: {said[:200]}" if said else words
    times = [upgrade.created_at, *(each.last_update_time for each in conditions)]
    ages = [age for at in times if (age := seconds_between(at, evidence.collected_at)) is not None]
    if not ages:
        return None, "it is not known when the upgrade began"
    if min(ages) < _PREPARATION:
        return True, "the upgrade has not come to Rancher yet"
    pending = next((each for each in conditions if each.status != "True"), Condition())
    waits = f", its condition {pending.type} is {pending.status}" if pending.type else ""
    return None, (
        f"nothing of the Upgrade has changed for {duration(min(ages))} and it has no manifest job yet; "
        f"its state is {upgrade.state or 'not set'}{waits}"
    )


def _last_sign(pod: JobPod) -> object:
    """When the pod printed something new; a line of no known kind is no sign, however often it comes."""
    events = pod.log.events if pod.log else ()
    last = mapping(events[-1]) if events else {}
    repeats = last.get("kind") not in STEPS
    return (last.get("at") if repeats else last.get("last_at")) or last.get("last_at")


def _last_line(pod: JobPod) -> str:
    log = pod.log or JobLog()
    line = log.last_line or next((each for each in reversed(log.tail) if each.strip()), None)
    if not line:
        return ""
    since = f" since {log.last_line_since}" if log.last_line_since else ""
    quoted = line.strip()[:_QUOTED]
    if log.last_line_known is False or job_log_lines.classify(line) is None:
        return f'; it prints lines of no known kind{since}, the last one is "{quoted}"'
    return f'; its last line is "{quoted}"'


def _since(evidence: Evidence, at: object, limit: int, what: str) -> tuple[bool | None, str]:
    age = seconds_between(at, evidence.collected_at)
    if age is None:
        return None, "the time of the job's last sign of life is not known"
    if age < limit:
        return True, f"{what} {duration(age)} ago"
    return None, f"{what} {duration(age)} ago and nothing says what it waits for"
