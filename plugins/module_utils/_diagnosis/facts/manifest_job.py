# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the manifest job, in its own words and those of its pods (FM 1.4).

The Upgrade's conditions are a copy, and the job of an earlier upgrade has been seen to write them (corrections, C13):
while the Job or its pods exist they are believed, and the conditions only once they are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..._core.lenient import moment
from ..._documents.evidence import ERROR, Condition, Evidence, Job, JobPod, Source, Upgrade

RUNNING = "running"
BETWEEN_ATTEMPTS = "between-attempts"
SUCCEEDED = "succeeded"
FAILED = "failed"
GONE = "gone"
NOT_OVER = (RUNNING, BETWEEN_ATTEMPTS)

_SUFFIX = "-apply-manifests"
_ENDED_PHASES = ("Succeeded", "Failed")


def job_state(evidence: Evidence) -> str | None:
    """One of the states above; None when neither the Job nor its pods say it. A Job that exists is believed first."""
    if not evidence.readable("job"):
        return _of_pods(evidence) if evidence.readable("job_pods") else None
    if evidence.job:
        return _of_job(evidence.job, evidence.job_pods)
    if not evidence.readable("job_pods"):
        return None
    # Pods without their Job: one that runs goes on, but after one that failed nothing starts another.
    return (_of_pods(evidence) or FAILED) if evidence.job_pods else GONE


def without_earlier_jobs(evidence: Evidence) -> Evidence:
    """The evidence without the Job and the pods of an earlier upgrade: older than this one and named after another."""
    upgrade = evidence.upgrade or Upgrade()
    created = moment(upgrade.created_at)

    def earlier(each: Job | JobPod) -> bool:
        begun, name = moment(each.created_at), each.name or ""
        others = _SUFFIX in name and not name.startswith(f"{upgrade.name}-")
        return others and created is not None and begun is not None and begun < created

    pods = tuple(pod for pod in evidence.job_pods if not earlier(pod))
    job = evidence.job if evidence.job and not earlier(evidence.job) else None
    if job is evidence.job and len(pods) == len(evidence.job_pods):
        return evidence
    newest_kept = bool(pods) and pods[0] is evidence.job_pods[0]
    wait = evidence.wait if newest_kept or not evidence.job_pods else None
    sources = evidence.sources
    if not job and not pods:
        # A Job is kept for a week, so this Upgrade's own has either not been made or was deleted by hand.
        sources = {**sources, "job": Source(ERROR, "Only an earlier upgrade's Job is left.")}
    return replace(evidence, job=job, job_pods=pods, wait=wait, sources=sources)


def status_of(conditions: Iterable[Condition], kind: str) -> str | None:
    """The status of a condition, None when it is not set."""
    return next((each.status or None for each in conditions if each.type == kind), None)


def _of_job(job: Job, pods: tuple[JobPod, ...]) -> str:
    if (job.active or 0) > 0:
        return RUNNING
    if (job.succeeded or 0) > 0 or status_of(job.conditions, "Complete") == "True":
        return SUCCEEDED
    if status_of(job.conditions, "Failed") == "True":
        return FAILED
    return RUNNING if any(map(_runs, pods)) else BETWEEN_ATTEMPTS


def _of_pods(evidence: Evidence) -> str | None:
    """What the pods say by themselves; a pod that failed says nothing about the attempts to come."""
    pods = evidence.job_pods
    if any(map(_runs, pods)):
        return RUNNING
    return (
        SUCCEEDED if any(pod.phase == "Succeeded" or pod.exit_code == 0 for pod in pods) else None
    )


def _runs(pod: JobPod) -> bool:
    return pod.phase not in _ENDED_PHASES and pod.exit_code is None and pod.finished_at is None
