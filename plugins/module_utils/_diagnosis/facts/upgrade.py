# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the upgrade is: its phase, and what the job waits for now (FM 1.1, 1.4, 1.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.lenient import integer, mapping, seconds_between, text
from ..._documents.evidence import Evidence, Job, JobLog, JobPod, Upgrade
from ..._harvester import job_log, upgrade_plan
from ..._harvester import upgrade as harvester
from ..._harvester.job_log_lines import AFTER_RANCHER as AFTER_RANCHER_KINDS
from ..._harvester.job_log_lines import IN_RANCHER
from ..._kube.log_lines import ContainerLog, LogLine
from . import manifest_job
from .manifest_job import FAILED, GONE, NOT_OVER, RUNNING, SUCCEEDED, status_of

NONE = "none"
NOT_STARTED = "not-started"
RANCHER = "rancher"
AFTER_RANCHER = "after-rancher"
ENDED = "ended"

_FIRST_WAIT = "upgrade-repo"
_ENDED_STATES = ("Succeeded", "Failed")
_DECIDED = ("True", "False")
_AT_THE_SAME_MOMENT = 60


@dataclass(frozen=True)
class UpgradeFacts:
    """Where the upgrade is. None means that it cannot be known."""

    phase: str | None = None
    """`none` (no Upgrade), `not-started`, `rancher`, `after-rancher`, `ended`; null when unknown"""
    job_state: str | None = None
    """`running`, `between-attempts`, `succeeded`, `failed`, `gone`; null when that cannot be seen"""
    contradicted: str | None = None
    """what the Upgrade says against its own job, null when they agree"""
    nodes_phase: bool | None = None
    """whether the nodes' upgrade has begun and has not ended well"""
    upgrade_count: int | None = None
    """how many Upgrades are marked as the latest"""
    ended_well: bool | None = None
    """whether the manifest job is over and did its work"""
    wait: Mapping[str, Any] | None = None
    """what the job waits for now, with `kind`, `since`, `age_seconds` and the fields of the log line"""
    wait_kind: str | None = None
    """the kind of `wait`, `none` when it waits for nothing, null when that cannot be seen"""
    job_running: bool | None = None
    """whether a pod of the job is active"""
    job_failed: bool = False
    """whether the Job has the condition Failed"""
    attempts: Mapping[str, int] = field(default_factory=dict)
    """`failed` pods of the job and the `limit`"""
    log_kinds: tuple[str, ...] = ()
    """kinds of telling lines in the newest pod's log"""

    def wait_field(self, name: str) -> str | None:
        """A text of the line that says what the job waits for."""
        return text((self.wait or {}).get(name))


def upgrade_facts(evidence: Evidence) -> UpgradeFacts:
    """What the evidence says about the upgrade and its job."""
    state = manifest_job.job_state(evidence)
    phase = _phase(evidence, state)
    wait = _wait(evidence)
    return UpgradeFacts(
        phase=phase,
        job_state=state,
        contradicted=_contradicted(evidence, state),
        nodes_phase=_nodes_phase(evidence),
        upgrade_count=_upgrade_count(evidence),
        ended_well=_ended_well(evidence, phase, state),
        wait=wait if phase not in (NONE, ENDED) and state != SUCCEEDED else None,
        wait_kind=NONE if state == SUCCEEDED else _wait_kind(evidence, phase, wait),
        job_running=None if state is None else state == RUNNING,
        job_failed=status_of(_job(evidence).conditions, "Failed") == "True",
        attempts=_attempts(evidence),
        log_kinds=log_kinds(evidence.log_events),
    )


@dataclass(frozen=True)
class UpgradeNames:
    """How the Upgrade, which may be an UpgradePlan, is named: as an ``object``, in ``words``, and in commands
    (``kubectl`` with its namespace, ``resource``, ``logs`` of its ``job`` by label)."""

    object: str
    words: str
    kubectl: str
    resource: str
    job: str
    logs: str


def upgrade_names(evidence: Evidence) -> UpgradeNames:
    """The names of the Upgrade that is there."""
    found = _upgrade(evidence)
    name = found.name or "?"
    kubectl = f"kubectl -n {harvester.NAMESPACE}"
    if found.kind:
        return UpgradeNames(
            object=f"{found.kind}/{name}",
            words=f"{found.kind} {name}",
            kubectl="kubectl",
            resource=f"{upgrade_plan.RESOURCE}.{upgrade_plan.API.partition('/')[0]}",
            job=f"{name}-cluster-upgrade",
            logs=f"{kubectl} logs -l {upgrade_plan.JOB_SELECTOR}",
        )
    return UpgradeNames(
        object=f"Upgrade/{harvester.NAMESPACE}/{name}",
        words=f"Upgrade {harvester.NAMESPACE}/{name}",
        kubectl=kubectl,
        resource=f"upgrades.{harvester.API.partition('/')[0]}",
        job=f"{name}-apply-manifests",
        logs=f"{kubectl} logs -l {harvester.MANIFEST_SELECTOR}",
    )


def condition_status(evidence: Evidence, kind: str) -> str | None:
    """The status of a condition of the Upgrade: ``True``, ``False``, ``Unknown``, or None when it is not set."""
    return status_of(_upgrade(evidence).conditions, kind)


def log_kinds(events: Iterable[Any]) -> tuple[str, ...]:
    """The kinds of events in the log of a pod, each once, in the order of the log."""
    kinds = (text(mapping(event).get("kind")) for event in events)
    return tuple(dict.fromkeys(kind for kind in kinds if kind))


def _upgrade(evidence: Evidence) -> Upgrade:
    return evidence.upgrade or Upgrade()


def _job(evidence: Evidence) -> Job:
    return evidence.job or Job()


def _upgrade_count(evidence: Evidence) -> int | None:
    names = _upgrade(evidence).latest_names
    if names:
        return len(names)
    if evidence.upgrade:
        return 1
    return 0 if evidence.readable("upgrade") else None


def _phase(evidence: Evidence, state: str | None) -> str | None:
    count = _upgrade_count(evidence)
    if count is None:
        return None
    if count == 0:
        return NONE
    if state in NOT_OVER:
        return _job_phase(evidence)
    if state == FAILED:
        return ENDED
    if _says_it_is_over(evidence):
        return ENDED
    if state == SUCCEEDED:
        # Harvester has not taken note of it yet: there is nothing left for Rancher, but the step is not over.
        return AFTER_RANCHER
    if state is None:
        return None
    services = condition_status(evidence, "SystemServicesUpgraded")
    return NOT_STARTED if services is None else _job_phase(evidence)


def _says_it_is_over(evidence: Evidence) -> bool:
    """Whether the Upgrade says that the manifest job is over, well or not."""
    return (
        _upgrade(evidence).state in _ENDED_STATES
        or condition_status(evidence, "SystemServicesUpgraded") in _DECIDED
        or condition_status(evidence, "Completed") in _DECIDED
    )


def _contradicted(evidence: Evidence, state: str | None) -> str | None:
    """What the Upgrade says of its job although the job is not over, or has failed: ``condition X is True``."""
    for condition in _upgrade(evidence).conditions:
        if condition.type not in ("SystemServicesUpgraded", "Completed"):
            continue
        age = seconds_between(condition.last_update_time, evidence.collected_at)
        # The Job and the Upgrade are not read at the same moment.
        early = age is not None and age < _AT_THE_SAME_MOMENT
        wrong = condition.status == "True" if state == FAILED else condition.status in _DECIDED
        if wrong and not early and state in (*NOT_OVER, FAILED):
            return f"condition {condition.type} is {condition.status}"
    said = _upgrade(evidence).state
    ahead = said in ("UpgradingNodes", "Succeeded") or (said == "Failed" and state in NOT_OVER)
    return f"state is {said}" if ahead and state in (*NOT_OVER, FAILED) else None


def _nodes_phase(evidence: Evidence) -> bool | None:
    """Whether the nodes' upgrade has begun and has not ended well: also a failed one leaves nodes half upgraded, so
    nothing of the Rancher step is repaired then, and the Upgrade is never deleted (FM 6.26, 6.37).
    """
    if _upgrade_count(evidence) is None:
        return None
    state = _upgrade(evidence).state
    if state == "Succeeded" or condition_status(evidence, "Completed") == "True":
        return False
    services = condition_status(evidence, "SystemServicesUpgraded")
    return services == "True" or state == "UpgradingNodes"


def _job_phase(evidence: Evidence) -> str | None:
    kinds = log_kinds(evidence.log_events)
    if AFTER_RANCHER_KINDS.intersection(kinds):
        return AFTER_RANCHER
    if IN_RANCHER.intersection(kinds):
        return RANCHER
    log = _newest_log(evidence)
    if log.state == "ok" and log.truncated is not True:
        # The script waits for a plan, from 1.7.2 on for charts too, before it says "Upgrading Rancher".
        return NOT_STARTED
    pods = evidence.job_pods
    if len(pods) == 1 and pods[0].phase == "Pending" and log.state != "ok":
        return NOT_STARTED
    return None


def _ended_well(evidence: Evidence, phase: str | None, state: str | None) -> bool | None:
    """Whether the job is over and did its work. Its conditions are the last word only once the job is gone."""
    if phase != ENDED:
        return False if phase is not None else None
    upgrade = _upgrade(evidence)
    conditions = [
        condition_status(evidence, name) for name in ("SystemServicesUpgraded", "Completed")
    ]
    if state == FAILED or upgrade.state == "Failed" or "False" in conditions:
        return False
    return True if state in (SUCCEEDED, GONE) else None


def _newest_log(evidence: Evidence) -> JobLog:
    log = evidence.job_pods[0].log if evidence.job_pods else None
    return log or JobLog()


def _wait(evidence: Evidence) -> dict[str, Any] | None:
    wait = mapping(evidence.wait) or _wait_in_tail(evidence)
    if text(wait.get("kind")) is None:
        return None
    age = integer(wait.get("age_seconds"))
    if age is None:
        age = seconds_between(wait.get("since"), evidence.collected_at)
    return {**wait, "age_seconds": age}


def _wait_in_tail(evidence: Evidence) -> dict[str, Any]:
    """What the last lines say where a collector that did not know them has written no event.

    They carry no time. Of the script's first wait it is known nevertheless: it is as old as the pod.
    """
    log, pod = _newest_log(evidence), next(iter(evidence.job_pods), JobPod())
    if log.events or log.state != "ok" or pod.phase not in (None, "Running"):
        return {}
    lines = tuple(LogLine(None, line) for line in log.tail)
    wait = job_log.wait_of(job_log.events_of(ContainerLog(lines))) or {}
    first = wait.get("kind") == _FIRST_WAIT and log.truncated is False
    return {**wait, "pod": pod.name, "since": pod.created_at if first else None} if wait else {}


def _wait_kind(evidence: Evidence, phase: str | None, wait: Mapping[str, Any] | None) -> str | None:
    if phase in (NONE, ENDED) or (phase == NOT_STARTED and not wait):
        return NONE
    if wait:
        return text(wait.get("kind"))
    if not evidence.readable("job", "job_pods", "job_logs"):
        return None
    return NONE if _newest_log(evidence).state == "ok" else None


def _attempts(evidence: Evidence) -> dict[str, int]:
    """How many pods of the job have failed, and how many failures it is allowed."""
    limit = _job(evidence).backoff_limit
    return {"failed": _job(evidence).failed or 0, "limit": 6 if limit is None else limit}
