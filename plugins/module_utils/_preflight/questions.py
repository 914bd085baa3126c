# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions about a target release's charts, from versions alone or from a live cluster (FM 2.2, 7.3)."""

from __future__ import annotations

from dataclasses import replace

from .._diagnosis.facts import decisions
from .._documents.evidence import Evidence
from .._harvester.upgrade_path.release_table import (
    AWAITED_CHARTS,
    HarvesterRelease,
    RancherRelease,
    ReleaseTable,
)
from .._rancher.decision.rancher_version import RancherVersion
from .._rancher.decision.settings import SUC_NAME_VARIABLE
from .._rancher.decision.situation import InstalledRelease, Situation
from .._rancher.decision.system_charts import SystemChart, system_chart, system_charts
from .prediction import Question

#: Names the releases to look at when it is not known which Rancher comes.
_NEWEST_KNOWN_RANCHER = RancherVersion(2, 15, 0)
_NOTHING_KNOWN_OF_VALUES = ("control_plane_tolerations", "values")


def rancher_step_runs(current_rancher: str | None, target: HarvesterRelease) -> bool:
    """Whether the job upgrades Rancher. With the same Rancher it prints ``Skip update Rancher`` and waits for none of
    its charts (FM 1.7 step 4). Where one of the versions is not known it is taken to run."""
    return current_rancher is None or target.rancher != current_rancher


def questions_from_versions(
    table: ReleaseTable, current: HarvesterRelease, target: HarvesterRelease
) -> list[Question]:
    """One question for each chart that something is known about, in repair order.

    What the current release's Rancher asks for is taken to be installed, and deployed.
    """
    questions = []
    runs = rancher_step_runs(current.rancher, target)
    before = table.rancher_of(current)
    for chart in _charts(target):
        question = _question(table, target, chart, runs=runs)
        if question is None:
            continue
        situation = replace(
            question.situation,
            last_revision=_installed(before, current, chart.chart),
            unreadable=_unreadable(before, current, chart.chart),
        )
        if question.awaited or "last_revision" not in situation.unreadable:
            questions.append(replace(question, situation=situation))
    return questions


def questions_from_evidence(
    table: ReleaseTable, evidence: Evidence, target: HarvesterRelease
) -> list[Question]:
    """The same with what is really installed, its values, and what this cluster makes Rancher pass."""
    rancher = _rancher(target)
    override = decisions.environment_of(evidence).get(SUC_NAME_VARIABLE, "")
    runs = rancher_step_runs(decisions.server_version(evidence), target)
    pinned_minimum = decisions.effective_settings(evidence).get("fleet-min-version", "")
    questions = []
    for chart in _charts(target):
        question = _question(table, target, chart, runs=runs, pinned_minimum=pinned_minimum)
        if question is None:
            continue
        release = chart.release_name(rancher, override)
        seen = decisions.situation_of(evidence, rancher, chart, chart.namespace, release)
        asked = question.situation
        situation = replace(
            seen,
            rancher=asked.rancher,
            min=asked.min,
            exact=asked.exact,
            index=asked.index,
            index_error="",
            unreadable=tuple(sorted(set(seen.unreadable) - {"min", "exact", "index"})),
        )
        questions.append(replace(question, situation=situation))
    return questions


def _rancher(target: HarvesterRelease) -> RancherVersion:
    return RancherVersion.parse(target.rancher) or _NEWEST_KNOWN_RANCHER


def _charts(target: HarvesterRelease) -> tuple[SystemChart, ...]:
    return system_charts(_rancher(target))


def _question(
    table: ReleaseTable,
    target: HarvesterRelease,
    chart: SystemChart,
    *,
    runs: bool,
    pinned_minimum: str = "",
) -> Question | None:
    """What the target's Rancher asks for, without what is installed; None when it says nothing about the chart."""
    after = table.rancher_of(target)
    expected = table.expected(target, chart.chart)
    own = after.charts.get(chart.chart) if after else None
    # A file alone tells what the job waits for; that Rancher asks for the same is then the best guess.
    desired = own or expected
    if desired is None and chart.chart not in AWAITED_CHARTS:
        return None
    wanted = chart.wanted({chart.settings[-1]: desired or "", "fleet-min-version": pinned_minimum})
    versions = (*(after.versions(chart.chart) if after else ()), wanted.text, expected)
    situation = Situation(
        rancher=target.rancher or "",
        chart=chart.chart,
        release=chart.release_name(_rancher(target)),
        namespace=chart.namespace,
        min=wanted.min,
        exact=wanted.exact,
        index=tuple(dict.fromkeys(version for version in versions if version)),
        values=None,
        take_ownership=chart.take_ownership,
    )
    awaited = runs and chart.chart in AWAITED_CHARTS
    return Question(situation, wanted.text or None, expected if awaited else None, awaited)


def _installed(
    before: RancherRelease | None, current: HarvesterRelease, chart: str
) -> InstalledRelease | None:
    version = _version_before(before, current, chart)
    return InstalledRelease("deployed", version, None, chart) if version else None


def _version_before(
    before: RancherRelease | None, current: HarvesterRelease, chart: str
) -> str | None:
    return (before.charts.get(chart) if before else None) or current.expected.get(chart)


def _unreadable(
    before: RancherRelease | None, current: HarvesterRelease, chart: str
) -> tuple[str, ...]:
    """Values are never known from versions; a release may be absent for good, when its Rancher had no such chart."""
    rancher = RancherVersion.parse(current.rancher)
    is_new = rancher is not None and system_chart(rancher, chart) is None
    if is_new or _version_before(before, current, chart):
        return _NOTHING_KNOWN_OF_VALUES
    return (*_NOTHING_KNOWN_OF_VALUES, "last_revision")
