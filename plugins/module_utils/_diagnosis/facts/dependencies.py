# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rancher's dependencies: what the job expects, what Rancher wants, what is there, and what Rancher will do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..._core.lenient import mapping, text
from ..._documents.evidence import Evidence
from ..._rancher.decision.decision import Decision
from ..._rancher.decision.rancher_version import RancherVersion
from ..._rancher.decision.situation import Situation
from ..._rancher.decision.system_charts import Requirement, SystemChart
from . import decisions
from .comparison import compare
from .expected import SETTING, Expected, expected_of
from .helm_advice import AdvisedFailure
from .index import IndexOffer, index_of
from .kept_charts import KeptChart, kept_charts, rancher_of
from .locks import Lock, lock_of
from .pins import Pin, pins_of
from .stored_release import UNKNOWN, Installed, StoredRelease, stored_release
from .upgrade import ENDED, NONE, NOT_STARTED, UpgradeFacts

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


@dataclass(frozen=True)
class Desired:
    """The version that a Setting of Rancher names."""

    chart_version: str
    setting: str
    source: str | None


@dataclass(frozen=True)
class Comparison:
    """How three versions relate, each as `compare` says."""

    installed_expected: str
    desired_expected: str
    installed_desired: str


@dataclass(frozen=True)
class Dependency(StoredRelease):
    """A chart that Rancher keeps installed, and its release."""

    chart: str
    """the chart's name"""
    awaited: bool
    """the job waits for it at some time"""
    waited: bool
    """the job waits for it now"""
    behind_wait: bool
    """what the job waits for now is the work of this chart, so that the wait cannot end without it"""
    wanted: bool | None
    """Rancher keeps it installed; null when that depends on what was not read"""
    min: bool
    """Rancher treats the wanted version as a minimum (Fleet's charts)"""
    exact: bool
    """Rancher wants exactly this version"""
    expected: Expected | None
    """`chart_version`, `app_version` and `source` of what the job wants; null when nothing says so"""
    desired: Desired | None
    """`chart_version`, `setting` and its `source`: what Rancher wants"""
    compare: Comparison
    """`installed_expected`, `desired_expected`, `installed_desired`: each `equal`, `equal-precedence` (only build
    metadata differs), `lower`, `higher` or `unknown`"""
    at_expected: bool | None
    """deployed at exactly the expected version, byte by byte"""
    lock: Lock
    """`locked`, `status`, `revision`, `age_seconds`, `idle`, `live_actor`, `retrying` (a pod that can only fail on the
    lock), `stale`, `target` of a rollback, `previous`, `right_version`, `half_applied` (fields and objects that only
    the pending revisions set and no later upgrade would remove), `roll_back` (removing the lock is not enough),
    `roll_back_reason`"""
    index: IndexOffer
    """`state`, `has_expected`, `has_desired`"""
    pins: tuple[Pin, ...] | None
    """values that pin images or versions: `key`, `value`, `holds_back`"""
    upstream_chart: bool
    """the installed chart is not Rancher's packaging"""
    helm_failure: AdvisedFailure | None
    """what helm has failed at on it since its last success, as in `helm_failures`; null when nothing"""
    situation: Situation
    """what Rancher looks at when it decides"""
    decision: Decision
    """what Rancher does next: `action`, `reason`, `version`, `resolves_to`, `error`, `trace`"""
    values_error: str | None
    """why Rancher cannot make values for it"""

    @property
    def expected_version(self) -> str | None:
        """The chart version that the job wants."""
        return _version(self.expected)

    @property
    def desired_version(self) -> str | None:
        """The chart version that Rancher wants."""
        return _version(self.desired)


def dependencies_of(
    evidence: Evidence, upgrade: UpgradeFacts, failures: Sequence[AdvisedFailure]
) -> tuple[Dependency, ...]:
    """One entry per dependency of the running Rancher, in repair order (fleet-crd, fleet, rancher-webhook, rest)."""
    rancher = rancher_of(evidence)
    failing = {(each.namespace, each.release): each for each in failures}
    found = [
        _dependency(evidence, upgrade, rancher, kept, failing.get((kept.namespace, kept.release)))
        for kept in kept_charts(evidence)
    ]
    if mapping(evidence.wait).get("kind") == "rancher-dependencies":
        found = _with_silent_wait(found)
    return tuple(found)


def _with_silent_wait(dependencies: Sequence[Dependency]) -> list[Dependency]:
    """Find out what a script waits for that does not say it (before v1.4.0, FM 1.8): it takes one release after the
    other, and stands at the first that is not as it should be. Where one before that is unknown, so is the wait.
    """
    by_chart = {each.chart: each for each in dependencies}
    in_order = [by_chart[chart] for chart in _JOB_ORDER if chart in by_chart]
    first = next((each for each in in_order if each.at_expected is not True), None)
    known = first is not None and first.at_expected is False and first.release_state != UNKNOWN
    return [replace(each, waited=known) if each is first else each for each in dependencies]


def _dependency(
    evidence: Evidence,
    upgrade: UpgradeFacts,
    rancher: RancherVersion,
    kept: KeptChart,
    failure: AdvisedFailure | None,
) -> Dependency:
    chart, name = kept.chart, (kept.namespace, kept.release)
    stored, found = evidence.release(*name), stored_release(evidence, *name)
    desired = _desired(evidence, chart)
    expected = _expected(evidence, upgrade, kept, desired)
    situation = decisions.situation_of(evidence, rancher, chart, *name)
    wanted = expected or found.installed
    return Dependency(
        **vars(found),
        chart=chart.chart,
        awaited=_awaited(upgrade, chart.chart, expected),
        waited=_waited(evidence, *name),
        behind_wait=chart.chart in _BEHIND.get(text(mapping(evidence.wait).get("kind")) or "", ()),
        wanted=chart.enabled(dict(evidence.features or {})),
        min=chart.requirement is Requirement.MINIMUM,
        exact=chart.requirement is Requirement.EXACT,
        expected=expected,
        desired=desired,
        compare=_compared(expected, desired, found.installed),
        at_expected=_at_expected(expected, found.installed),
        lock=lock_of(evidence, stored, _version(expected), situation.values),
        index=index_of(evidence, chart.chart, _version(expected), _version(desired)),
        pins=pins_of(stored, _version(wanted), wanted.app_version if wanted else None),
        upstream_chart=_upstream_chart(expected, found.installed),
        helm_failure=failure,
        situation=situation,
        decision=decisions.decision_of(situation),
        values_error=decisions.values_of(evidence, rancher, chart.chart).error or None,
    )


def _version(of: Expected | Desired | Installed | None) -> str | None:
    return of.chart_version if of else None


def _desired(evidence: Evidence, chart: SystemChart) -> Desired | None:
    wanted = chart.wanted(decisions.effective_settings(evidence))
    if not wanted.text or decisions.is_doubtful(evidence, chart.settings):
        return None
    source = evidence.setting(wanted.setting).source or None
    return Desired(chart_version=wanted.text, setting=wanted.setting, source=source)


def _expected(
    evidence: Evidence, upgrade: UpgradeFacts, kept: KeptChart, desired: Desired | None
) -> Expected | None:
    """The job and its log are deleted after a week. When no job waits, what Rancher wants is what is to be there."""
    chart = kept.chart.chart
    expected = expected_of(evidence, chart, kept.namespace, kept.release)
    at_rest = upgrade.phase in (ENDED, NONE)
    if expected is None and desired is not None and at_rest and chart in _AWAITED:
        return Expected(chart_version=desired.chart_version, app_version=None, source=SETTING)
    return expected


def _compared(
    expected: Expected | None, desired: Desired | None, installed: Installed | None
) -> Comparison:
    return Comparison(
        installed_expected=compare(_version(installed), _version(expected)),
        desired_expected=compare(_version(desired), _version(expected)),
        installed_desired=compare(_version(installed), _version(desired)),
    )


def _awaited(upgrade: UpgradeFacts, chart: str, expected: Expected | None) -> bool:
    """Whether the job waits for this release at some time. Without any release file the scripts still wait for the same
    three (FM 1.7 steps 10 to 12); before the job has read that file nothing is awaited, whatever will be.
    """
    return expected is not None or (chart in _AWAITED and upgrade.phase != NOT_STARTED)


def _waited(evidence: Evidence, namespace: str, release: str) -> bool:
    wait = mapping(evidence.wait)
    about = (wait.get("namespace"), wait.get("release")) == (namespace, release)
    return about and wait.get("kind") in ("helm-release", "helm-release-pending", "helm-rollback")


def _at_expected(expected: Expected | None, installed: Installed | None) -> bool | None:
    """What the job asks of the last revision: deployed, at exactly the expected versions of chart and application, where
    that one is known (FM 1.8)."""
    if expected is None:
        return None
    if installed is None:
        return False
    if installed.status is None or installed.chart_version is None:
        return None
    apps = expected.app_version, installed.app_version
    same_app = None in apps or apps[0] == apps[1]
    same = installed.chart_version == expected.chart_version
    return same and same_app and installed.status == "deployed"


def _upstream_chart(expected: Expected | None, installed: Installed | None) -> bool:
    """Whether the chart installed is not Rancher's packaging, whose versions carry the upstream one behind a "+"
    (FM 6.39)."""
    wanted, version = _version(expected) or "", _version(installed)
    return version is not None and "+" in wanted and "+" not in version
