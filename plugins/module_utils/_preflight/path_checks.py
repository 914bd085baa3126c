# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the versions alone tell about an upgrade: the guard, the charts, the Kubernetes gate (FM 7)."""

from __future__ import annotations

from collections.abc import Sequence

from .._diagnosis.facts.comparison import is_prerelease
from .._harvester.upgrade_path.guard import GuardRule, ask_guard
from .._harvester.upgrade_path.release_table import HarvesterRelease, ReleaseTable
from .._harvester.upgrade_path.version import HarvesterVersion
from .._rancher.decision.chart_version import ChartVersion, VersionError
from .._rancher.decision.rancher_version import RancherVersion
from .._rancher.decision.version_constraint import Constraint
from .check import FAIL, PASS, UNKNOWN, WARN, Check
from .prediction import HANGING, UNLESS, Outcome, Prediction

_GIVE_FILE = "Give the harvester-release.yaml of the target's ISO (preflight_release_file)."
_GUARD_WHAT_NEXT = {
    GuardRule.CURRENT_IS_DEV: "Development builds can only be upgraded to development builds; install the release anew.",
    GuardRule.DOWNGRADE: "Choose a target that is newer than what is installed.",
    GuardRule.BELOW_MINIMUM: "Upgrade to a release in between first; docs/upgrade-matrix.md shows which.",
    GuardRule.PRERELEASE_ACROSS_VERSIONS: "Upgrade to the final release of the same version first.",
}
_REMEDY_RUN = "while the job waits for it, playbooks/remediate_stuck_upgrade.yml upgrades it with Rancher's own chart."
_WHAT_NEXT = {
    "6.1": f"Stay on final releases. If you upgrade all the same: {_REMEDY_RUN}",
    "6.2": f"Stay on final releases. If you upgrade all the same: {_REMEDY_RUN}",
    "6.10": "Use an ISO whose harvester-release.yaml names the versions that its Rancher installs.",
    "6.10b": "Use an ISO whose Rancher is not older than the one that runs.",
}


def path_checks(
    table: ReleaseTable,
    current: HarvesterRelease,
    target: HarvesterRelease,
    predictions: Sequence[Prediction],
) -> list[Check]:
    """All checks that need no cluster."""
    return [
        *_guard(current, target),
        *_minimum(target),
        *_prerelease(current),
        *_minors(current, target),
        *_rancher_lower(current, target),
        *_kubernetes(table, current, target),
        *(Check("known-issue", WARN, _subject(target), text) for text in target.known_issues),
        *(_dependency(target, prediction) for prediction in predictions),
        *(
            check
            for prediction in predictions
            for check in _doubtful_expectation(target, prediction)
        ),
    ]


def _subject(release: HarvesterRelease) -> str:
    return f"Harvester/{release.version}"


def _guard(current: HarvesterRelease, target: HarvesterRelease) -> list[Check]:
    path = f"{current.version} -> {target.version}"
    if not current.version:
        message = "It is not known which Harvester version is installed, so the version guard cannot be asked."
        what = "Give it as preflight_current_version."
        return [Check("version-guard", UNKNOWN, _subject(target), message, what, "6.36")]
    answer = ask_guard(current.version, target.version, target.min_upgradable_version or "")
    if not answer.allowed:
        minimum = target.min_upgradable_version
        limit = f" ({minimum})" if minimum and answer.rule is GuardRule.BELOW_MINIMUM else ""
        message = f'Harvester refuses {path}: "{answer.message}"{limit}.'
        what = _GUARD_WHAT_NEXT.get(answer.rule, "Check the two versions.")
        return [Check("version-guard", FAIL, _subject(target), message, what, "6.36")]
    message = f"Harvester's version guard allows {path}."
    return [Check("version-guard", PASS, _subject(target), message)]


def _minimum(target: HarvesterRelease) -> list[Check]:
    version = HarvesterVersion.parse(target.version)
    if target.min_upgradable_version is not None or version is None or version.is_dev:
        return []
    message = f"It is not known from which version on {target.version} accepts upgrades."
    return [Check("minimum-unknown", UNKNOWN, _subject(target), message, _GIVE_FILE, "6.36")]


def _prerelease(current: HarvesterRelease) -> list[Check]:
    version = HarvesterVersion.parse(current.version)
    if version is None or not (version.is_prerelease or version.is_dev):
        return []
    message = f"{current.version} is no final release; Harvester does not support upgrades from it."
    what = "Expect to repair what hangs, or install a final release anew."
    return [Check("unsupported-start", WARN, _subject(current), message, what)]


def _minors(current: HarvesterRelease, target: HarvesterRelease) -> list[Check]:
    """Harvester's rule for upgrade paths: at most one minor version of the components in one step (FM 7.1). Of these
    Kubernetes is the one that cannot skip any; the guard enforces the rule only through the minimum of the target.
    """
    for what, before, after in (
        ("Kubernetes", current.kubernetes, target.kubernetes),
        ("Harvester", current.version, target.version),
    ):
        numbers = [HarvesterVersion.parse(text) for text in (before, after)]
        known = [version.number for version in numbers if version and version.number]
        if len(known) == 2 and known[1][:2] > (known[0][0], known[0][1] + 1):
            message = f"From {what} {before} to {after} is more than one minor version in one step."
            what_next = "Upgrade to a release in between first."
            return [Check("minor-skipped", WARN, _subject(target), message, what_next, "6.36")]
    return []


def _rancher_lower(current: HarvesterRelease, target: HarvesterRelease) -> list[Check]:
    running, coming = RancherVersion.parse(current.rancher), RancherVersion.parse(target.rancher)
    # RancherVersion orders pre-releases by their text, behind the release: compare what they lead to.
    if running is None or coming is None or _number(coming) >= _number(running):
        return []
    message = (
        f"{target.version} carries Rancher {coming}, which is older than the running {running}."
    )
    return [
        Check("rancher-lower", WARN, _subject(target), message, _WHAT_NEXT["6.10b"], "6.10b"),
    ]


def _number(version: RancherVersion) -> tuple[int, int, int]:
    return (version.major, version.minor, version.patch)


def _kubernetes(
    table: ReleaseTable, current: HarvesterRelease, target: HarvesterRelease
) -> list[Check]:
    rancher = table.rancher_of(target)
    if rancher is None or rancher.kube_version is None or current.kubernetes is None:
        return []
    try:
        admits = Constraint.parse(rancher.kube_version).admits(
            ChartVersion.parse(current.kubernetes)
        )
    except VersionError:
        return []
    if admits:
        return []
    message = (
        f"The chart of Rancher {rancher.version} requires Kubernetes {rancher.kube_version}; "
        f"{current.kubernetes} runs: helm refuses to upgrade Rancher."
    )
    what = "Do not upgrade RKE2 by itself; use a Harvester release whose Rancher supports this Kubernetes."
    return [
        Check("kubernetes-too-new", FAIL, "Release/cattle-system/rancher", message, what, "6.12")
    ]


def _dependency(target: HarvesterRelease, prediction: Prediction) -> Check:
    outcome, what = _judged(prediction)
    return Check(
        "dependency",
        outcome,
        prediction.subject,
        f"{prediction.chart}: {prediction.why}" + ("" if prediction.certain else f" {UNLESS}"),
        _GIVE_FILE if outcome == UNKNOWN and target.source != "release-file" else what,
        prediction.failure_mode,
    )


def _doubtful_expectation(target: HarvesterRelease, prediction: Prediction) -> list[Check]:
    """A final Rancher asks for final charts: a candidate in the release file was put there by ``sort -V`` (FM 1.6).

    Where it is known what the Rancher asks for the prediction itself says so.
    """
    rancher = RancherVersion.parse(target.rancher)
    is_final = rancher is not None and not rancher.prerelease
    if prediction.hangs or not (is_final and is_prerelease(prediction.expected)):
        return []
    message = (
        f"The release file names the candidate {prediction.expected} of {prediction.chart} although Rancher {rancher} "
        "is a final version: the build ranks candidates above releases, and the job may wait for it for ever."
    )
    return [
        Check("expected-candidate", WARN, prediction.subject, message, _WHAT_NEXT["6.10"], "6.10")
    ]


def _judged(prediction: Prediction) -> tuple[str, str]:
    what = _WHAT_NEXT.get(prediction.failure_mode or "", "")
    if prediction.outcome is Outcome.UNKNOWN:
        return (UNKNOWN if prediction.awaited else PASS), ""
    if prediction.outcome is Outcome.LOCKED:
        # The check of the release's lock says the rest.
        return (FAIL if prediction.awaited else WARN), ""
    if prediction.outcome in HANGING:
        return (FAIL if prediction.hangs and prediction.certain else WARN), what
    return PASS, ""
