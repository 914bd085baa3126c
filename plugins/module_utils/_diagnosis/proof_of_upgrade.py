# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be shown of the upgrade itself: its job, Rancher's version, and the releases of Rancher's charts."""

from __future__ import annotations

from .._core.lenient import moment, seconds_between
from .._documents.evidence import Evidence, HelmPod, Revision
from .._rancher.decision.decision import Action
from .facts.comparison import EQUAL_PRECEDENCE, LOWER
from .facts.dependencies import Dependency
from .facts.document import Facts
from .facts.expected import SETTING
from .facts.helm_failures import has_failed, last_success
from .facts.locks import refused_by_lock
from .facts.manifest_job import BETWEEN_ATTEMPTS, FAILED, GONE, RUNNING
from .facts.stored_release import ABSENT, UNKNOWN
from .facts.upgrade import NONE
from .looked import Looked, Seen, looked_at, not_known

_RECENT_SECONDS = 3600
_WORDS_OF_JOB = {
    RUNNING: "is still at work",
    BETWEEN_ATTEMPTS: "has not succeeded yet",
    FAILED: "has failed",
}


def job(facts: Facts) -> Looked:
    """The job's own word; the Upgrade's where the job is gone."""
    evidence = facts.evidence
    if facts.upgrade.phase == NONE:
        return Looked(reason="there is no Upgrade")
    state = facts.upgrade.job_state
    upgrade_name = facts.upgrade_names.object
    name = (evidence.job.name if evidence.job else None) or facts.upgrade_names.job
    job_name = f"Job/harvester-system/{name}"
    about = (job_name, upgrade_name)
    if state is None or facts.upgrade.phase is None:
        return Looked(open=("it could not be seen what became of the job",), objects=about)
    said = _WORDS_OF_JOB.get(str(state))
    if said:
        contradicted = facts.upgrade.contradicted
        against = f", although the Upgrade's {contradicted}" if contradicted else ""
        return Looked(wrong=(f"{job_name} {said}{against}",), objects=about)
    if facts.upgrade.ended_well is True:
        by = "the Upgrade, whose Job was deleted since" if state == GONE else "its Job"
        return Looked(good=(f"{upgrade_name} is past the step, says {by}",), objects=about)
    state_of_upgrade = (evidence.upgrade.state if evidence.upgrade else None) or "unknown"
    return Looked(
        wrong=(f"{upgrade_name} is not past the step: its state is {state_of_upgrade}",),
        objects=about,
    )


def rancher_version(facts: Facts) -> Looked:
    """The version the running Rancher calls itself against the one the upgrade brings."""
    running = facts.rancher_state.running_version
    wanted = facts.rancher_state.expected_version
    about = ("Deployment/cattle-system/rancher", "Setting/server-version")
    if running is None:
        return Looked(open=("Rancher's version is not known",), objects=about)
    if wanted is None:
        return Looked(open=("nothing says which Rancher this Harvester brings",), objects=about)
    if running != wanted:
        return Looked(
            wrong=(f"Rancher is {running}, this Harvester brings {wanted}",), objects=about
        )
    return Looked(good=(f"Rancher is {running}",), objects=about)


def releases(facts: Facts) -> Looked:
    """Every chart that Rancher keeps installed. What the job wanted is in the log of its pods: while they are there,
    what Rancher wants does not stand in for it."""
    evidence = facts.evidence
    kept = [each for each in facts.dependencies if _is_kept(each)]
    return looked_at((_release(each, bool(evidence.job_pods)) for each in kept), "release")


def _is_kept(dependency: Dependency) -> bool:
    """A chart behind a feature that this Rancher does not list counts where its release exists."""
    wanted = dependency.wanted
    return wanted is True or (wanted is None and dependency.release_state != ABSENT)


def _release(dependency: Dependency, has_pods: bool) -> Seen:
    name, state, decision = dependency.subject, dependency.release_state, dependency.decision
    if state == UNKNOWN:
        return Seen(name, open="could not be read")
    if state != "deployed":
        return Seen(name, wrong=f"is {state}")
    if dependency.wanted is None and not dependency.awaited:
        # Whether Rancher keeps it is not known here, so its Setting says nothing about this release.
        return Seen(name)
    wrong = _other_version(dependency)
    if wrong:
        return Seen(name, wrong=f"is at {dependency.installed_version}, not at {wrong}")
    action, reason = decision.action.value, decision.reason.value
    if decision.action is Action.UNKNOWN:
        return Seen(name, open=f"cannot be judged as Rancher would ({reason})")
    if decision.action is not Action.SKIP:
        return Seen(name, wrong=f"has something left for Rancher to do ({action}: {reason})")
    expected = dependency.expected
    guessed = has_pods and expected is not None and expected.source == SETTING
    unsure = dependency.awaited and (guessed or dependency.at_expected is None)
    return Seen(name, open="is wanted at a version that is not known" if unsure else "")


def _other_version(dependency: Dependency) -> str | None:
    """The version that the release is wanted at, where it is not there."""
    if dependency.awaited:
        wanted, missed = dependency.expected_version, dependency.at_expected is False
    else:
        wanted = dependency.desired_version
        missed = dependency.compare.installed_desired in (LOWER, EQUAL_PRECEDENCE)
    return (wanted or "the wanted version") if missed else None


def helm_operations(facts: Facts) -> Looked:
    """Every run of helm in the last hour, whatever chart it was for: pods, and failures whose pods are gone."""
    evidence = facts.evidence
    if evidence.helm_pods is None:
        return not_known("the helm-operation pods could not be seen")
    pods = [pod for pod in evidence.helm_pods if _has_ended(pod) and _is_recent(evidence, pod)]
    seen = [_operation(facts, pod) for pod in pods]
    told = {each.object for each in seen if each.wrong}
    for each in facts.helm_failures:
        name = f"Pod/cattle-system/{each.pod or '(gone)'}"
        if (each.last_age_seconds or 0) <= _RECENT_SECONDS and name not in told:
            said = each.words or each.meaning
            seen.append(Seen(name, wrong=f"failed to run helm of release {each.release}: {said}"))
    return looked_at(seen, "helm operation", reason="no helm operation ended within the last hour")


def _operation(facts: Facts, pod: HelmPod) -> Seen:
    about = f" of release {pod.release}" if pod.release else ""
    name = f"Pod/cattle-system/{pod.name or '?'}"
    over = _went_well_since(facts.evidence, pod) or _met_another_that_went_well(facts, pod)
    if not has_failed(pod) or over:
        return Seen(name)
    said = next((line for line in reversed(pod.log_lines) if line.strip()), "")
    return Seen(name, wrong=f"failed to run helm{about}{f': {said[:200]}' if said else ''}")


def _is_recent(evidence: Evidence, pod: HelmPod) -> bool:
    age = pod.age_seconds
    if age is None:
        age = seconds_between(pod.created_at, evidence.collected_at)
    return age is None or age <= _RECENT_SECONDS


def _has_ended(pod: HelmPod) -> bool:
    return has_failed(pod) or pod.phase == "Succeeded" or pod.exit_code == 0


def _went_well_since(evidence: Evidence, failed: HelmPod) -> bool:
    """Whether helm has succeeded on the release after this attempt, by whomever it was run."""
    about = (failed.release_namespace, failed.release)
    same = [
        pod for pod in evidence.helm_pods or () if (pod.release_namespace, pod.release) == about
    ]
    success = moment(last_success(_last_revisions(evidence, failed), same))
    began = moment(failed.created_at)
    return began is not None and success is not None and success > began


def _met_another_that_went_well(facts: Facts, refused: HelmPod) -> bool:
    """Whether this attempt found the release locked by an operation that has ended well: that one had begun before it.

    Only for a wanted release, of which it is proven besides that it is at its version.
    """
    last = _last_revisions(facts.evidence, refused)
    return (
        refused_by_lock(refused)
        and any(each.release == refused.release for each in facts.dependencies)
        and bool(last)
        and all(each.status == "deployed" for each in last)
    )


def _last_revisions(evidence: Evidence, pod: HelmPod) -> list[Revision]:
    """The newest revision of the release that a pod works on; of each of its name when the namespace is not known."""
    return [
        each.revisions[0]
        for each in evidence.releases
        if each.release == pod.release
        and pod.release_namespace in (None, each.namespace)
        and each.revisions
    ]
