# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What helm has failed at since its last success, release by release (FM 2.6, 6.7, 6.13).

helm can fail before it writes a revision (the chart does not render, its objects belong to another release): the release
then looks untouched, and only the pods of Rancher's operations tell. So attempts are pods, operations without a pod,
lines of the leader's log about pods that are gone, and failed revisions, each counted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from ..._core.lenient import integer, mapping, moment, seconds_between, text
from ..._core.names import RANCHER_WEBHOOK
from ..._documents.evidence import Evidence, HelmPod, Operation, Revision
from ..._helm import failure
from ..._helm.conflicts import Conflict, conflicts_in
from ..._helm.storage import LOCKED_STATUSES
from ..._rancher.server.helm_actors import NEVER_STARTS
from .kept_charts import kept_charts
from .locks import refused_by_lock, revision_time

_DEPLOYED = ("deployed", "superseded")
_HELM_RUNS_FOR = 900
_CLOCK_SKEW = 5
_KILLED = 125
"""From here on exit codes tell of a signal; xargs, which runs helm there, gives 125 for one, and 123 for an error."""
_IN_A_ROW = 3
_LASTING_SECONDS = 300
_MAX_WORDS = 500
_FLEET_GROUP = "fleet.cattle.io"

Name = tuple[str, str]

_CURED_BY: dict[str, Name] = {
    "missing-crd": ("cattle-fleet-system", "fleet-crd"),
    "webhook-unreachable": RANCHER_WEBHOOK,
}
"""Cause -> the release whose repair removes it, for the charts that Rancher keeps; of kinds only those of Fleet."""


def cure_of(cause: str, words: str) -> Name | None:
    """The release whose repair removes the cause; None when no release of Rancher's does."""
    if cause == "missing-crd" and _FLEET_GROUP not in words:
        return None
    return _CURED_BY.get(cause)


@dataclass(frozen=True)
class HelmFailure:
    """Attempts on one release that failed since its last success.

    ``chart`` is Rancher's chart, None for a release Rancher does not keep. ``cause`` is a kind of _helm/failure.py,
    ``image`` or ``unknown``; ``words`` helm's own. ``revision`` is the failed revision that the last attempt left, None
    when helm refused before it wrote one. ``passes``: the cause goes away by itself. ``lasting``: it is not just one
    attempt that failed a moment ago for a reason that may be over already. ``conflicts`` are the fields of other managers
    that helm was refused.
    """

    namespace: str
    release: str
    chart: str | None
    count: int
    first_at: str | None
    last_at: str | None
    first_age_seconds: int | None
    last_age_seconds: int | None
    pod: str | None
    action: str | None
    revision: int | None
    cause: str
    meaning: str
    words: str
    passes: bool
    lasting: bool
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class RefusedByLock:
    """A run of helm that found its release locked."""

    pod: str | None
    age_seconds: int | None


@dataclass(frozen=True)
class _Attempt:
    """One run of helm, or one that was to be."""

    at: str | None
    pod: str | None = None
    action: str | None = None
    revision: int | None = None
    cause: str = failure.UNKNOWN
    words: str = ""


def helm_failures(evidence: Evidence) -> tuple[HelmFailure, ...]:
    """The failing releases, Rancher's own in the order of their repair, then the others by name."""
    kept = {(each.namespace, each.release): each.chart.chart for each in kept_charts(evidence)}
    runs = _Runs.of(evidence, kept)
    known = [*kept, *sorted(runs.releases - set(kept))]
    found = (_failure_of(evidence, runs, name, kept.get(name)) for name in known)
    return tuple(each for each in found if each is not None)


def last_refused_by_lock(evidence: Evidence, namespace: str, release: str) -> RefusedByLock | None:
    """The newest run of helm on a release that found it locked; it says nothing once the lock is gone."""
    refused = [
        pod
        for pod in evidence.helm_pods or ()
        if pod.release == release
        and pod.release_namespace in (None, namespace)
        and refused_by_lock(pod)
    ]
    newest = max(refused, key=lambda pod: pod.created_at or "", default=None)
    if newest is None:
        return None
    age = seconds_between(newest.created_at, evidence.collected_at)
    return RefusedByLock(pod=newest.name, age_seconds=age)


@dataclass(frozen=True)
class _Runs:
    """Rancher's runs of helm by release."""

    pods: Mapping[Name, Sequence[HelmPod]]
    others: Mapping[Name, Sequence[_Attempt]]
    actions: Mapping[str, str | None]

    @property
    def releases(self) -> set[Name]:
        return {*self.pods, *self.others}

    @classmethod
    def of(cls, evidence: Evidence, kept: Mapping[Name, str]) -> _Runs:
        operations = {each.pod or each.name or "": each for each in evidence.operations or ()}
        names = _Names(evidence, kept, operations)
        pods: dict[Name, list[HelmPod]] = {}
        for pod in evidence.helm_pods or ():
            name = names.of_pod(pod)
            if name is not None:
                pods.setdefault(name, []).append(pod)
        seen = {pod.name for pod in evidence.helm_pods or ()}
        others: dict[Name, list[_Attempt]] = {}
        for name, attempt in _without_pod(evidence, names, seen):
            others.setdefault(name, []).append(attempt)
        return cls(pods, others, {name: each.action for name, each in operations.items()})


class _Names:
    """Which release a run of helm was for: the pod and its operation say so, else the line in the leader's log."""

    def __init__(
        self, evidence: Evidence, kept: Mapping[Name, str], operations: Mapping[str, Operation]
    ) -> None:
        self._operations = operations
        known = [
            *((each.namespace, each.release) for each in evidence.releases),
            *kept,
        ]
        self._namespaces = {release: namespace for namespace, release in known}
        self._by_chart = {chart: name for name, chart in kept.items()}
        self._logged = {
            pod: name
            for match in _exits(evidence)
            if (pod := pod_of(match)) and (name := self.of_match(match))
        }

    def of_pod(self, pod: HelmPod) -> Name | None:
        operation = self._operations.get(pod.name or "", Operation())
        source = pod if pod.release else operation
        return self._named(source.release, source.release_namespace) or self._logged.get(
            pod.name or ""
        )

    def of_operation(self, operation: Operation) -> Name | None:
        return self._named(operation.release, operation.release_namespace)

    def of_match(self, match: Mapping[str, object]) -> Name | None:
        operation = self._operations.get(pod_of(match) or "")
        named = self.of_operation(operation) if operation else None
        if named is None and text(match.get("release")):
            named = self._named(text(match.get("release")), None)
        return named or self._by_chart.get(text(match.get("chart")) or "")

    def _named(self, release: str | None, namespace: str | None) -> Name | None:
        if not release:
            return None
        where = namespace or self._namespaces.get(release)
        return (where, release) if where else None


def _exits(evidence: Evidence) -> list[Mapping[str, object]]:
    matches = evidence.leader_log.matches if evidence.leader_log else ()
    return [each for each in map(mapping, matches) if each.get("kind") == "pod-exited"]


def pod_of(match: Mapping[str, object]) -> str | None:
    """The name of the pod in a line of the leader's log, which gives its namespace, too."""
    return (text(match.get("pod")) or "").rpartition("/")[2] or None


def _without_pod(
    evidence: Evidence, names: _Names, seen: set[str | None]
) -> Iterator[tuple[Name, _Attempt]]:
    """Failed runs whose pods are gone: Rancher deletes them after an hour."""
    told = set(seen)
    for operation in evidence.operations or ():
        pod, name = operation.pod or operation.name, names.of_operation(operation)
        if operation.failed is True and name is not None and pod not in told:
            told.add(pod)
            yield name, _judged(
                _Attempt(operation.created_at, pod, operation.action), operation.message or ""
            )
    for match in _exits(evidence):
        pod, name = pod_of(match), names.of_match(match)
        if name is not None and pod is not None and pod not in told:
            told.add(pod)
            yield name, _Attempt(text(match.get("last_at")) or text(match.get("at")), pod)


def _failure_of(
    evidence: Evidence, runs: _Runs, name: Name, chart: str | None
) -> HelmFailure | None:
    revisions = evidence.release(*name).revisions
    pods = sorted(runs.pods.get(name, ()), key=lambda pod: pod.created_at or "")
    failed = [_of_pod(pod, runs) for pod in pods if has_failed(pod)]
    success = last_success(revisions, pods)
    attempts = [*failed, *runs.others.get(name, ())]
    attempts = _with_revisions(attempts, revisions)
    current = sorted(
        (each for each in attempts if success is None or each.at is None or each.at > success),
        key=lambda each: (each.at or "", each.revision or 0),
        reverse=True,
    )
    locked = bool(revisions) and revisions[0].status in LOCKED_STATUSES
    if locked:
        # What left the lock was broken off, whether or not it could say so.
        current = [_broken_off(each) for each in current]
    else:
        # What failed on a lock that is gone may be tried again.
        current = [each for each in current if each.cause != "another-operation"]
    return _told(evidence, name, chart, current) if current else None


def _told(
    evidence: Evidence, name: Name, chart: str | None, attempts: Sequence[_Attempt]
) -> HelmFailure:
    """The attempts, newest first, in one."""
    last, first = attempts[0], attempts[-1]
    telling = next((each for each in attempts if each.cause != failure.UNKNOWN), None)
    telling = telling or next((each for each in attempts if each.words), last)
    age = seconds_between(first.at, evidence.collected_at)
    return HelmFailure(
        namespace=name[0],
        release=name[1],
        chart=chart,
        count=len(attempts),
        first_at=first.at,
        last_at=last.at,
        first_age_seconds=age,
        last_age_seconds=seconds_between(last.at, evidence.collected_at),
        pod=telling.pod or last.pod,
        action=last.action,
        revision=last.revision,
        cause=telling.cause,
        meaning=failure.meaning_of(telling.cause),
        words=telling.words[:_MAX_WORDS],
        passes=failure.passes(telling.cause) or _removed_since(evidence, name, telling),
        lasting=(
            failure.comes_again(telling.cause)
            or len(attempts) >= _IN_A_ROW
            or (age is not None and age >= _LASTING_SECONDS)
        ),
        conflicts=conflicts_in(telling.words) if telling.cause == failure.CONFLICT else (),
    )


def _removed_since(evidence: Evidence, name: Name, attempt: _Attempt) -> bool:
    """Whether the release that was in the way has been repaired after the attempt; that a webhook answers again any
    run of helm shows."""
    cure = cure_of(attempt.cause, attempt.words)
    if cure is None or cure == name:
        return False
    if attempt.cause == "webhook-unreachable" and _webhook_is_down(evidence):
        return False
    pods = evidence.helm_pods or () if attempt.cause == "webhook-unreachable" else ()
    success = last_success(evidence.release(*cure).revisions, pods)
    return success is not None and attempt.at is not None and success > attempt.at


def _webhook_is_down(evidence: Evidence) -> bool:
    """Whether nothing is ready behind Rancher's webhook, whatever its release says."""
    return any(
        webhook.service == "/".join(RANCHER_WEBHOOK) and webhook.ready_endpoints is False
        for configuration in evidence.webhook_configurations or ()
        for webhook in configuration.webhooks
    )


def _broken_off(attempt: _Attempt) -> _Attempt:
    unknown = attempt.cause == failure.UNKNOWN
    return replace(attempt, cause="interrupted") if unknown else attempt


def has_failed(pod: HelmPod) -> bool:
    """Whether a run of helm has ended badly, or cannot begin."""
    if pod.exit_code is not None:
        return pod.exit_code != 0
    return pod.phase == "Failed" or pod.waiting_reason in NEVER_STARTS


def _of_pod(pod: HelmPod, runs: _Runs | None) -> _Attempt:
    action = runs.actions.get(pod.name or "") if runs else None
    attempt = _Attempt(pod.created_at, pod.name, action)
    if pod.exit_code is None and pod.waiting_reason in NEVER_STARTS:
        return replace(attempt, cause="image", words=pod.waiting_reason or "")
    judged = _judged(attempt, "\n".join(pod.log_lines))
    # The whole log was looked at when its telling lines were chosen.
    if judged.cause == failure.UNKNOWN and pod.log_kinds:
        return replace(judged, cause=pod.log_kinds[0])
    if judged.cause == failure.UNKNOWN and (pod.exit_code is None or pod.exit_code >= _KILLED):
        return replace(judged, cause="interrupted")
    return judged


def _judged(attempt: _Attempt, words: str) -> _Attempt:
    cause = failure.kind_of(words) or failure.UNKNOWN
    return replace(attempt, cause=cause, words=failure.telling_line(words))


def last_success(revisions: Sequence[Revision], pods: Sequence[HelmPod]) -> str | None:
    """When the newest run that went well began; None when there is none, or its time is not known."""
    times = [revision_time(each) for each in revisions if each.status in _DEPLOYED]
    times += [pod.created_at for pod in pods if pod.exit_code == 0 or pod.phase == "Succeeded"]
    return max((time for time in times if time), default=None)


def _with_revisions(attempts: Sequence[_Attempt], revisions: Sequence[Revision]) -> list[_Attempt]:
    """The attempts with the failed revisions they left; a revision whose pod is gone is an attempt of its own.

    Only those above the newest that was deployed: what is below is over.
    """
    left = list(attempts)
    for revision in takewhile(lambda each: each.status not in _DEPLOYED, revisions):
        if revision.status != "failed":
            continue
        number, at = integer(revision.revision), revision_time(revision)
        made_by = _run_that_made(left, at)
        if made_by is not None:
            own = left[made_by]
            told = own if own.cause != failure.UNKNOWN else _judged(own, revision.description or "")
            left[made_by] = replace(told, revision=number)
        else:
            left.append(_judged(_Attempt(at, revision=number), revision.description or ""))
    return left


def _run_that_made(attempts: Sequence[_Attempt], at: str | None) -> int | None:
    """The newest run that had begun when the revision was made; Helm's clock may be another."""
    made = moment(at)
    found: tuple[float, int] | None = None
    for position, attempt in enumerate(attempts):
        begun = moment(attempt.at)
        if made is None or begun is None or attempt.revision is not None or attempt.pod is None:
            continue
        gap = (made - begun).total_seconds()
        if -_CLOCK_SKEW <= gap <= _HELM_RUNS_FOR and (found is None or gap < found[0]):
            found = (gap, position)
    return found[1] if found else None
