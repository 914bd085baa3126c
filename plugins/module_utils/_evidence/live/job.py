# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest job, all its pods and their logs (FM 1.4, 6.0 D.2 and D.3)."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._core.lenient import Document, dig, integer, text
from ..._documents.evidence import (
    ABSENT,
    ERROR,
    OK,
    ChartVersions,
    Job,
    JobLog,
    JobPod,
    ReleaseFile,
    Source,
)
from ..._harvester import job_log, upgrade, upgrade_plan
from ..._kube import paths
from ..._kube.log_lines import ContainerLog, read_log
from ..._kube.reader import Reader
from .objects import (
    conditions_of,
    created_at,
    label,
    name_of,
    namespace_of,
    newest_first,
    terminated,
)
from .reading import Context, Found, Group, Parts, Reading, Reads
from .upgrade import UPGRADE_PLANS, UPGRADES, latest_upgrade

JOBS = "manifest_jobs"
PODS = "manifest_pods"
PLAN_JOBS = "cluster_upgrade_jobs"
PLAN_PODS = "cluster_upgrade_pods"
_OF_PLAN = {JOBS: PLAN_JOBS, PODS: PLAN_PODS}

# The job gives up after seven attempts; a few more pods can be left of an earlier one of the same name.
_MAX_LOGS = 10
_TAIL = 200
_ENDED = ("Succeeded", "Failed")


def job_pods(found: Found) -> list[Document]:
    """The job's pods of the latest Upgrade, the newest first; of any Upgrade where it could not be read."""
    return newest_first(_of_upgrade(found, PODS))


def log_name(pod: Document) -> str:
    """The name under which a pod's log is read."""
    return f"job_log:{name_of(pod)}"


def events_of(found: Found, pod: Document) -> list[Document]:
    """The telling lines of a pod's log, empty when it could not be read."""
    log = found.value(log_name(pod))
    return job_log.events_of(log) if isinstance(log, ContainerLog) else []


def _list_name(found: Found, name: str) -> str:
    return _OF_PLAN[name] if upgrade_plan.is_plan(latest_upgrade(found)) else name


def _of_upgrade(found: Found, name: str) -> list[Document]:
    latest = latest_upgrade(found)
    plan = upgrade_plan.is_plan(latest)
    objects = found.objects(_list_name(found, name))
    if not plan and not found.ok(UPGRADES):
        return objects
    key = upgrade_plan.PLAN_LABEL if plan else upgrade.UPGRADE_LABEL
    return [obj for obj in objects if label(obj, key) == name_of(latest)]


def _reads(context: Context, found: Found) -> Reads:
    def objects(path: str, selector: str, client: Reader) -> Any:
        return client.list(path, label_selector=selector)

    jobs = paths.api("batch/v1", "jobs", upgrade.NAMESPACE)
    pods = paths.core("v1", "pods", upgrade.NAMESPACE)
    reads: Reads = {
        JOBS: partial(objects, jobs, upgrade.MANIFEST_SELECTOR),
        PODS: partial(objects, pods, upgrade.MANIFEST_SELECTOR),
    }
    if found.objects(UPGRADE_PLANS):
        reads[PLAN_JOBS] = partial(objects, jobs, upgrade_plan.JOB_SELECTOR)
        reads[PLAN_PODS] = partial(objects, pods, upgrade_plan.JOB_SELECTOR)
    if UPGRADES in found:
        for pod in [*job_pods(found)[:_MAX_LOGS], *_live_elsewhere(found)]:
            reads[log_name(pod)] = partial(_read_log, name_of(pod), context.log_tail_lines)
    return reads


def script_pods(found: Found) -> list[Document]:
    """The pods that run the script, of Upgrades of both kinds."""
    return [*found.objects(PODS), *found.objects(PLAN_PODS)]


def _live_elsewhere(found: Found) -> list[Document]:
    """Pods of the other kind of upgrade that still run: they can be at work on a release, too."""
    names = {name_of(pod) for pod in job_pods(found)}
    other = [pod for pod in found.objects(PLAN_PODS) if name_of(pod) not in names]
    return [pod for pod in other if dig(pod, "status", "phase") not in _ENDED][:1]


def _read_log(pod: str, tail_lines: int, client: Reader) -> ContainerLog:
    return read_log(client, upgrade.NAMESPACE, pod, upgrade.JOB_CONTAINER, tail_lines=tail_lines)


def _parts(context: Context, found: Found) -> Parts:
    pods = job_pods(found)
    job = next(iter(newest_first(_of_upgrade(found, JOBS))), None)
    logs = {name_of(pod): _log(context, found.reading(log_name(pod))) for pod in pods[:_MAX_LOGS]}
    release_file = _release_file(logs.values(), found)
    fields: dict[str, Any] = {
        "job_pods": tuple(_pod(pod, logs.get(name_of(pod))) for pod in pods),
        "wait": _wait(context, pods, logs),
        "release_file": release_file,
    }
    if job is not None:
        fields["job"] = _job(job)
    nothing = "The Upgrade has no manifest job yet, or it was deleted." if job is None else ""
    return Parts(
        fields,
        {
            "job": _source(found, _list_name(found, JOBS), job is not None, nothing),
            "job_pods": _source(found, _list_name(found, PODS), bool(pods), "The job has no pods."),
            "job_logs": _log_source(found, pods),
            "release_file": _release_file_source(release_file, found, pods),
        },
    )


def _source(found: Found, name: str, present: bool, absent: str) -> Source:
    source = found.source(name)
    if source.state in (OK, ABSENT) and found.reading(name).error is None:
        return Source(OK) if present else Source(ABSENT, absent)
    return source


def _log_source(found: Found, pods: list[Document]) -> Source:
    """As good as the newest pod's log: it is the one that says what the job waits for."""
    if not pods:
        source = found.source(_list_name(found, PODS))
        return source if source.state not in (OK, ABSENT) else Source(ABSENT, "There is no pod.")
    reading = found.reading(log_name(pods[0]))
    state = _log_state(reading)
    return Source(state, reading.reason)


def _log_state(reading: Reading) -> str:
    # A container that has not started yet has no log; the API calls that a bad request.
    if reading.error is not None and reading.error.details.get("http_status") == 400:
        return ABSENT
    return reading.state


def _job(job: Document) -> Job:
    status = job.get("status")
    return Job(
        name=name_of(job),
        namespace=namespace_of(job),
        uid=text(dig(job, "metadata", "uid")),
        created_at=created_at(job),
        active=integer(dig(status, "active")) or 0,
        failed=integer(dig(status, "failed")) or 0,
        succeeded=integer(dig(status, "succeeded")) or 0,
        conditions=conditions_of(status),
        backoff_limit=integer(dig(job, "spec", "backoffLimit")),
    )


def _pod(pod: Document, log: JobLog | None) -> JobPod:
    ended = terminated(pod, upgrade.JOB_CONTAINER)
    return JobPod(
        name=name_of(pod),
        namespace=namespace_of(pod),
        uid=text(dig(pod, "metadata", "uid")),
        phase=text(dig(pod, "status", "phase")),
        created_at=created_at(pod),
        finished_at=text(ended.get("finishedAt")),
        exit_code=integer(ended.get("exitCode")),
        reason=text(ended.get("reason")) or text(dig(pod, "status", "reason")),
        node=text(dig(pod, "spec", "nodeName")),
        log=log,
    )


def _log(context: Context, reading: Reading) -> JobLog:
    if not isinstance(reading.value, ContainerLog):
        return JobLog(state=_log_state(reading), reason=reading.reason)
    log, redactor = reading.value, context.redactor
    tail = redactor.text("\n".join(line.text for line in log.lines[-_TAIL:])).split("\n")
    last = job_log.last_words(log)
    return JobLog(
        state=OK,
        truncated=log.gap is not None,
        tail=tuple(line[:1000] for line in tail) if log.lines else (),
        release_file=job_log.release_file_of(log.lines),
        events=tuple(redactor.value(event) for event in job_log.events_of(log)),
        last_line=redactor.text(last["text"]) if last else None,
        last_line_since=last.get("since"),
        last_line_known=last.get("known"),
    )


def _wait(context: Context, pods: list[Document], logs: dict[str, JobLog]) -> dict[str, Any] | None:
    """What holds the job now: the wait at the end of the newest pod's log, while that pod lives."""
    if not pods or dig(pods[0], "status", "phase") in _ENDED:
        return None
    name = name_of(pods[0])
    wait = job_log.wait_of(logs[name].events)
    if wait is None:
        return None
    since = wait.pop("at", None)
    return {**wait, "since": since, "age_seconds": context.age(since), "pod": name}


def _release_file(logs: Any, found: Found) -> ReleaseFile | None:
    printed = next((log.release_file for log in logs if log.release_file), None)
    if printed is not None:
        return _as_release_file(printed, "job-log")
    latest = latest_upgrade(found)
    info = upgrade.repo_info(dig(latest, "status", "repoInfo"))
    if upgrade_plan.is_plan(latest):
        info = {"release": dig(latest, "status", "release")}
    known = upgrade.release_of_repo_info(info)
    return None if known is None else _as_release_file(known, "repo-info")


def _as_release_file(content: dict[str, Any], source: str) -> ReleaseFile:
    dependencies = {
        name: ChartVersions(**versions)
        for name, versions in content["rancher_dependencies"].items()
    }
    return ReleaseFile(**{**content, "source": source, "rancher_dependencies": dependencies})


def _release_file_source(
    release_file: ReleaseFile | None, found: Found, pods: list[Document]
) -> Source:
    if release_file is not None and release_file.source == "job-log":
        return Source(OK)
    logs = _log_source(found, pods)
    if logs.state not in (OK, ABSENT):
        return Source(logs.state, logs.reason)
    if release_file is not None:
        return Source(OK, "Only what the Upgrade says of it, which leaves out the dependencies.")
    if found.source(UPGRADES).state == ERROR:
        return found.source(UPGRADES)
    return Source(ABSENT, "No log of the job shows it, and the Upgrade has no repoInfo.")


GROUP = Group(("job", "job_pods", "job_logs", "release_file"), _reads, _parts)
