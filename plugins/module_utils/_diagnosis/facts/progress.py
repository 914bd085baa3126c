# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the upgrade is getting on: a rollout in progress is not stuck."""

from __future__ import annotations

from typing import Any

from ..._core.lenient import Document, dig, integer, mapping, mappings, seconds_between, text
from ..._core.template import duration
from .actors import idleness, live_actors
from .decisions import release_entry
from .locks import lock_of, stale_after
from .upgrade import AFTER_RANCHER, NONE, NOT_STARTED, RANCHER

_BETWEEN_ATTEMPTS = 600


def progress(evidence: Document, upgrade: Document) -> dict[str, Any]:
    """``{moving, why, actors}`` from the evidence and the facts of facts/upgrade.py.

    ``moving`` is True when something happens or the wait is too young to be called long, False when neither is so, None
    when it cannot be known; ``why`` says it in words.
    """
    moving, why = _moving(evidence, upgrade)
    return {"moving": moving, "why": why, "actors": live_actors(evidence)[:10]}


def _moving(evidence: Document, upgrade: Document) -> tuple[bool | None, str]:
    phase = upgrade.get("phase")
    if phase is None:
        return None, "it cannot be seen where the upgrade is"
    if phase not in (NOT_STARTED, RANCHER, AFTER_RANCHER):
        return False, "no upgrade job is at work"
    if upgrade.get("wait_kind") is None:
        return None, "it cannot be seen what the job waits for"
    if upgrade.get("wait_kind") == NONE:
        return _without_wait(evidence, upgrade)
    return _waiting(evidence, mapping(upgrade.get("wait")))


def _waiting(evidence: Document, wait: Document) -> tuple[bool | None, str]:
    actor = _actor(evidence, wait)
    if actor:
        return True, f"{actor['kind']} {actor['name']} is at work on what the job waits for"
    age = integer(wait.get("age_seconds"))
    if age is None:
        return None, "it is not known since when the job waits"
    if age < stale_after(evidence):
        return True, f"the job waits only since {duration(age)}"
    young = _young_lock(evidence, wait)
    if young:
        return True, young
    return False, f"the job has waited for {duration(age)}"


def _young_lock(evidence: Document, wait: Document) -> str:
    """What is to be said of the awaited release when somebody whom no pod betrays may still work on it."""
    namespace, release = text(wait.get("namespace")) or "", text(wait.get("release")) or ""
    lock = lock_of(evidence, release_entry(evidence, namespace, release), None)
    age, limit = integer(lock["age_seconds"]), stale_after(evidence)
    if not lock["locked"] or age is None or age >= limit:
        return ""
    return (
        f"release {namespace}/{release} has been {lock['status']} only for {duration(age)}, "
        f"and counts as abandoned after {duration(limit)}"
    )


def _actor(evidence: Document, wait: Document) -> dict[str, Any] | None:
    namespace, release = text(wait.get("namespace")), text(wait.get("release"))
    if namespace and release:
        return idleness(evidence, namespace, release).actor
    return None


def _without_wait(evidence: Document, upgrade: Document) -> tuple[bool | None, str]:
    """The log shows no wait: the job downloads, upgrades Rancher, or is between two attempts."""
    if upgrade.get("phase") == NOT_STARTED:
        return True, "the upgrade has not come to Rancher yet"
    if upgrade.get("job_running") is None:
        return None, "it cannot be seen whether the job runs"
    pods = mappings(evidence.get("job_pods"))
    if upgrade.get("job_running"):
        return _since(
            evidence, _last_sign(pods), stale_after(evidence), "the job printed its last line"
        )
    ended = pods[0].get("finished_at") if pods else None
    return _since(
        evidence, ended, _BETWEEN_ATTEMPTS, "the last attempt ended, and the next one begins"
    )


def _last_sign(pods: list[Document]) -> object:
    if not pods:
        return None
    events = mappings(dig(pods[0], "log", "events"))
    times = [event.get("last_at") or event.get("at") for event in events]
    return times[-1] if times and times[-1] else pods[0].get("created_at")


def _since(evidence: Document, at: object, limit: int, what: str) -> tuple[bool | None, str]:
    age = seconds_between(at, evidence.get("collected_at"))
    if age is None:
        return None, "the time of the job's last sign of life is not known"
    if age < limit:
        return True, f"{what} {duration(age)} ago"
    return None, f"{what} {duration(age)} ago and nothing says what it waits for"
