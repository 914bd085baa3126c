# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's dependencies: what the job expects, what Rancher wants, what is there, and what Rancher will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._core.lenient import Document, mapping, text
from ..._documents.evidence import (
    Evidence,
    HelmPod,
    Operation,
    Release,
    Revision,
)
from ..._documents.shape import write
from ..._rancher.decision.rancher_version import RancherVersion
from ..._rancher.decision.system_charts import Requirement, SystemChart
from ..._rancher.values.computed import pinned_keys
from . import decisions, loops, pins
from .comparison import compare
from .expected import expected_of
from .helm_advice import with_advice
from .helm_failures import HelmFailure, last_refused_by_lock
from .index import index_of
from .kept_charts import KeptChart, kept_charts, rancher_of
from .locks import UNDECODABLE, lock_of, revision_age, revision_time
from .release_leftovers import release_leftovers
from .upgrade import ENDED, NONE, NOT_STARTED, UpgradeFacts

DEPENDENCY_FACTS: dict[str, str] = {
    "chart": "the chart's name",
    "release": "the release's name",
    "namespace": "its namespace",
    "awaited": "the job waits for it at some time",
    "waited": "the job waits for it now",
    "behind_wait": "what the job waits for now is the work of this chart, so that the wait cannot end without it",
    "wanted": "Rancher keeps it installed; null when that depends on what was not read",
    "min": "Rancher treats the wanted version as a minimum (Fleet's charts)",
    "exact": "Rancher wants exactly this version",
    "expected": "`chart_version`, `app_version` and `source` of what the job wants; null when nothing says so",
    "desired": "`chart_version`, `setting` and its `source`: what Rancher wants",
    "installed": "the last revision: `chart_version`, `revision`, `status`, `description`, `age_seconds`, …",
    "compare": "`installed_expected`, `desired_expected`, `installed_desired`: each `equal`, `equal-precedence`"
    " (only build metadata differs), `lower`, `higher` or `unknown`",
    "at_expected": "deployed at exactly the expected version, byte by byte",
    "lock": "`locked`, `status`, `revision`, `age_seconds`, `idle`, `live_actor`, `retrying` (a pod that can only fail"
    " on the lock), `stale`, `target` of a rollback, `previous`, `right_version`, `half_applied` (fields and objects that only the"
    " pending revisions set and no later upgrade would remove), `roll_back` (removing the lock is not enough),"
    " `roll_back_reason`",
    "index": "`state`, `has_expected`, `has_desired`",
    "leftovers": "fields of its live objects that helm has set and its manifest does not have: `looked` (only where pods"
    " are not ready or the last revision failed), `fields`, `held` (those of workloads whose pods cannot start), `workloads`,"
    " `why` the pods cannot, `nodes` (the field that no node satisfies), `set_by` (a revision)",
    "pins": "values that pin images or versions: `key`, `value`, `holds_back`",
    "upstream_chart": "the installed chart is not Rancher's packaging",
    "operations": "Rancher's operations on it",
    "helm_pods": "the helm-operation pods of it, with `log_kinds`",
    "helm_failure": "what helm has failed at on it since its last success, as in `helm_failures`;"
    " null when nothing",
    "refused_by_lock": "the newest run of helm that a lock refused, `pod` and `age_seconds`; null when there is none",
    "situation": "what Rancher looks at when it decides",
    "decision": "what Rancher does next: `action`, `reason`, `version`, `resolves_to`, `error`, `trace`",
    "values_error": "why Rancher cannot make values for it",
    "release_state": "status of the last revision, or `absent`, `undecodable`, `unknown`",
    "history": "the revisions, newest first",
    "history_known": "all revisions are known; a support bundle shows only the last one",
    "origin": "what stands in for helm's storage, an App; null when that was read itself",
    "pinned_keys": "names of the pinning values",
    "reinstall_loop": "`count` and `period_seconds` when Rancher installs the same chart over and over",
    "elsewhere": "other namespaces with a release of that name",
}
"""What an element of ``dependencies`` holds, for the reference of the rule language."""

_JOB_ORDER = ("fleet", "fleet-crd", "rancher-webhook")
"""In this order the job waits (FM 1.7, steps 10 to 12)."""
_AWAITED = frozenset(_JOB_ORDER)
_FLEET = ("fleet-crd", "fleet")
_BEHIND = {
    "capi-cluster": ("rancher-provisioning-capi", "rancher-turtles"),
    "fleet-agent-missing": _FLEET,
    "fleet-agent-old": _FLEET,
    "field-agent-tls-mode": _FLEET,
    "not-imported": _FLEET,
    "managed-chart": _FLEET,
    "plan": ("system-upgrade-controller",),
}
"""Kind of wait -> the charts that do what is waited for (FM 2.2)."""


def dependencies_of(
    evidence: Evidence, upgrade: UpgradeFacts, failures: Sequence[HelmFailure] = ()
) -> list[dict[str, Any]]:
    """One entry per dependency of the running Rancher, in repair order (fleet-crd, fleet, rancher-webhook, rest)."""
    at_rest = upgrade.phase in (ENDED, NONE)
    rancher = rancher_of(evidence)
    failing = {(each.namespace, each.release): write(with_advice(each)) for each in failures}
    found = [
        {
            **_dependency(evidence, rancher, kept, at_rest),
            "helm_failure": failing.get((kept.namespace, kept.release)),
            "refused_by_lock": last_refused_by_lock(evidence, kept.namespace, kept.release),
        }
        for kept in kept_charts(evidence)
    ]
    if upgrade.phase == NOT_STARTED:
        # Before its job has read the release file nothing is awaited, whatever will be.
        found = [
            {**each, "awaited": each["awaited"] and each["expected"] is not None} for each in found
        ]
    if mapping(evidence.wait).get("kind") == "rancher-dependencies":
        _mark_silent_wait(found)
    return found


def _mark_silent_wait(dependencies: list[dict[str, Any]]) -> None:
    """Find out what a script waits for that does not say it (before v1.4.0, FM 1.8): it takes one release after the
    other, and stands at the first that is not as it should be. Where one before that is unknown, so is the wait.
    """
    by_chart = {each["chart"]: each for each in dependencies}
    for chart in _JOB_ORDER:
        here = by_chart.get(chart)
        if here is None or here["at_expected"] is True:
            continue
        here["waited"] = here["at_expected"] is False and here["release_state"] != "unknown"
        return


def _dependency(
    evidence: Evidence, rancher: RancherVersion, kept: KeptChart, at_rest: bool
) -> dict[str, Any]:
    chart, release, namespace = kept.chart, kept.release, kept.namespace
    stored = evidence.release(namespace, release)
    desired = _desired(evidence, chart)
    expected = expected_of(evidence, chart.chart, namespace, release)
    if expected is None and at_rest and chart.chart in _AWAITED:
        expected = _expected_at_rest(desired)
    installed = _installed(evidence, stored)
    versions = [text(mapping(item).get("chart_version")) for item in (expected, desired, installed)]
    situation = decisions.situation_of(evidence, rancher, chart, namespace, release)
    return {
        "chart": chart.chart,
        "release": release,
        "namespace": namespace,
        "awaited": _awaited(chart.chart, expected),
        "waited": _waited(evidence, namespace, release),
        "behind_wait": chart.chart
        in _BEHIND.get(text(mapping(evidence.wait).get("kind")) or "", ()),
        "wanted": _wanted(evidence, chart),
        "min": chart.requirement is Requirement.MINIMUM,
        "exact": chart.requirement is Requirement.EXACT,
        "expected": expected,
        "desired": desired,
        "installed": installed,
        "compare": _compared(*versions),
        "at_expected": _at_expected(expected, installed),
        "lock": write(lock_of(evidence, stored, versions[0], situation.values)),
        "index": index_of(evidence, chart.chart, versions[0], versions[1]),
        "leftovers": release_leftovers(evidence, stored),
        "pins": pins.pins_of(stored, expected, installed),
        "upstream_chart": _upstream_chart(expected, installed),
        "operations": write(_operations(evidence, namespace, release)),
        "helm_pods": write(_pods(evidence, namespace, release)),
        "situation": situation.to_dict(),
        "decision": decisions.decision_of(situation),
        "values_error": decisions.values_of(evidence, rancher, chart.chart).error or None,
        **_stored(evidence, stored),
    }


def _expected_at_rest(desired: Document | None) -> dict[str, Any] | None:
    """The job and its log are deleted after a week. When no job waits, what Rancher wants is what is to be there."""
    if desired is None:
        return None
    return {"chart_version": desired["chart_version"], "app_version": None, "source": "setting"}


def _stored(evidence: Evidence, release: Release) -> dict[str, Any]:
    """What helm's storage says about the release by itself."""
    return {
        "release_state": _release_state(release),
        "history": [_history_item(item, evidence) for item in release.revisions[:20]],
        "pinned_keys": list(pinned_keys(mapping(release.config))),
        "reinstall_loop": loops.reinstall_loop(evidence, release.revisions),
        "elsewhere": list(release.elsewhere),
        "history_known": release.history_known,
        "origin": release.origin,
    }


def _compared(expected: str | None, desired: str | None, installed: str | None) -> dict[str, str]:
    return {
        "installed_expected": compare(installed, expected),
        "desired_expected": compare(desired, expected),
        "installed_desired": compare(installed, desired),
    }


def _awaited(chart: str, expected: Document | None) -> bool:
    """Whether the job waits for this release at some time. Without any release file the scripts still wait for the same
    three (FM 1.7 steps 10 to 12)."""
    return chart in _AWAITED or expected is not None


def _waited(evidence: Evidence, namespace: str, release: str) -> bool:
    wait = mapping(evidence.wait)
    about = (wait.get("namespace"), wait.get("release")) == (namespace, release)
    return about and wait.get("kind") in ("helm-release", "helm-release-pending", "helm-rollback")


def _wanted(evidence: Evidence, chart: SystemChart) -> bool | None:
    """Whether Rancher keeps this release installed; None when that depends on what was not read."""
    return chart.enabled(dict(evidence.features or {}))


def _desired(evidence: Evidence, chart: SystemChart) -> dict[str, Any] | None:
    wanted = chart.wanted(decisions.effective_settings(evidence))
    if not wanted.text or decisions.is_doubtful(evidence, chart.settings):
        return None
    return {
        "chart_version": wanted.text,
        "setting": wanted.setting,
        "source": evidence.setting(wanted.setting).source or None,
    }


def _installed(evidence: Evidence, release: Release) -> dict[str, Any] | None:
    if not release.revisions:
        return None
    last = release.revisions[0]
    return {
        "chart": last.chart_name or None,
        "chart_version": last.chart_version or None,
        "app_version": last.app_version or None,
        "revision": last.revision,
        "status": last.status or None,
        "description": (last.description or "")[:500],
        "updated_at": revision_time(last),
        "age_seconds": revision_age(last, evidence),
        "decodable": not last.error and bool(last.status),
        "error": last.error or None,
    }


def _release_state(release: Release) -> str:
    """The status of the last revision, or ``absent``, ``undecodable``, ``unknown`` (it could not be read)."""
    if not release.last_known:
        return "unknown"
    if not release.revisions:
        return "absent"
    last = release.revisions[0]
    return UNDECODABLE if last.error else last.status or "unknown"


def _history_item(revision: Revision, evidence: Evidence) -> dict[str, Any]:
    return {
        "revision": revision.revision,
        "status": revision.status or revision.label_status or None,
        "chart_version": revision.chart_version or None,
        "description": (revision.description or "")[:200],
        "updated_at": revision_time(revision),
        "age_seconds": revision_age(revision, evidence),
    }


def _at_expected(expected: Document | None, installed: Document | None) -> bool | None:
    """What the job asks of the last revision: deployed, at exactly the expected versions of chart and application, where
    that one is known (FM 1.8)."""
    if not expected or expected.get("chart_version") is None:
        return None
    if not installed:
        return False
    if installed.get("status") is None or installed.get("chart_version") is None:
        return None
    same = installed["chart_version"] == expected["chart_version"]
    apps = expected.get("app_version"), installed.get("app_version")
    same_app = None in apps or apps[0] == apps[1]
    return bool(same and same_app and installed["status"] == "deployed")


def _upstream_chart(expected: Document | None, installed: Document | None) -> bool:
    """Whether the chart installed is not Rancher's packaging, whose versions carry the upstream one behind a "+"
    (FM 6.39)."""
    wanted = text(mapping(expected).get("chart_version")) or ""
    version = text(mapping(installed).get("chart_version"))
    return version is not None and "+" in wanted and "+" not in version


def _operations(evidence: Evidence, namespace: str, release: str) -> list[Operation]:
    """Rancher's operations on the release."""
    return [
        item
        for item in evidence.operations or ()
        if item.release == release and item.release_namespace in (None, namespace)
    ][:10]


def _pods(evidence: Evidence, namespace: str, release: str) -> list[HelmPod]:
    """The helm-operation pods of the release: they name it themselves or through their operation."""
    names = {item.pod or item.name for item in _operations(evidence, namespace, release)}
    return [
        pod
        for pod in evidence.helm_pods or ()
        if (pod.release == release and pod.release_namespace in (None, namespace))
        or (pod.name in names and not pod.release)
    ][:10]
