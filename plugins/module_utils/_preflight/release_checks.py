# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases that are locked, unreadable or pinned before the upgrade starts (FM 4, 6.3 to 6.7, 6.12, 6.17, 6.22, 6.39).

A lock left behind by an earlier upgrade is the most frequent reason why an upgrade between final releases hangs, and
Harvester's own pre-check does not look for it (FM 8.3).
"""

from __future__ import annotations

from .._core.template import duration
from .._diagnosis.facts.locks import Lock, lock_of
from .._diagnosis.facts.pins import pins_of
from .._documents.evidence import PARTIAL, Evidence, Release, Revision
from .._harvester.upgrade_path.release_table import HarvesterRelease, ReleaseTable
from .check import FAIL, PASS, UNKNOWN, WARN, Check

_MODES = {"pending-upgrade": "6.3", "pending-install": "6.4", "pending-rollback": "6.5"}


def release_checks(
    evidence: Evidence, table: ReleaseTable, target: HarvesterRelease
) -> list[Check]:
    """Every release in scope of the evidence: what Rancher keeps, Rancher itself, and those of Bundles that are stuck."""
    checks = [
        check
        for release in evidence.releases
        for check in _of_release(evidence, table, target, release)
    ]
    if evidence.releases and not checks:
        count = len(evidence.releases)
        message = f"None of the {count} Helm releases that Rancher and its bundles keep is locked."
        checks.append(Check("release-lock", PASS, "Releases", message))
    return checks


def _of_release(
    evidence: Evidence, table: ReleaseTable, target: HarvesterRelease, release: Release
) -> list[Check]:
    subject = f"Release/{release.namespace or '?'}/{release.release or '?'}"
    last = release.revisions[0] if release.revisions else Revision()
    if last.error:
        message = f"The last revision of {subject} cannot be read: {last.error}"
        what = (
            "Find out who wrote it; helm and Rancher cannot work on the release before it is gone."
        )
        return [Check("release-undecodable", FAIL, subject, message, what, "6.39")]
    lock = lock_of(evidence, release, None)
    if lock.locked is None:
        reason = release.reason or "it was not read"
        message = f"Whether {subject} is locked cannot be told: {reason}"
        return [Check("release-lock", UNKNOWN, subject, message, "Look with more permissions.")]
    if lock.locked:
        return [_locked(subject, release, lock)]
    return [*_failed(subject, release, last), *_pinned(subject, table, target, release, last)]


def _locked(subject: str, release: Release, lock: Lock) -> Check:
    status, number = str(lock.status), lock.revision
    is_rancher = release.release == "rancher"
    mode = "6.12" if is_rancher else _MODES.get(status, "6.3")
    age = lock.age_seconds
    since = f" for {duration(age)}" if age is not None else ""
    if lock.live_actor:
        message = f"{lock.live_actor.subject} works on {subject} right now."
        return Check(
            "release-lock", WARN, subject, message, "Wait until it is done, then look again.", mode
        )
    if lock.stale is False:
        message = f"Revision {number} of {subject} has been {status}{since}; somebody may still work on it."
        return Check("release-lock", WARN, subject, message, "Look again in ten minutes.", mode)
    # Unlocked under a live helm, a release is lost: who could not be seen is not said to be nobody.
    who = "nobody works on it" if lock.idle else "whether somebody works on it could not be seen"
    message = (
        f"Revision {number} of {subject} has been {status}{since} and {who}: neither Rancher nor helm upgrades a "
        "locked release."
    )
    return Check("release-lock", FAIL, subject, message, _unlock(release, lock, is_rancher), mode)


def _unlock(release: Release, lock: Lock, is_rancher: bool) -> str:
    if is_rancher:
        return (
            "A rollback would take Rancher itself back: save the values of the pending revision, then have that "
            "revision's Secret removed (module helm_release, state unlocked) and upgrade Rancher again."
        )
    if lock.history_known is False:
        return (
            "Its older revisions were not read, so what to do is not known. On the cluster: "
            f"helm -n {release.namespace} history {release.release}, then this check again."
        )
    target = lock.target
    if target is None or target.revision is None:
        return (
            "There is no revision to go back to. Back the release's Secrets up, then remove the pending revision "
            "(module helm_release, state unlocked); Rancher installs it anew."
        )
    return (
        f"Back its Secrets up, then roll it back: helm rollback {release.release} {target.revision} -n {release.namespace} --wait "
        f"(or module helm_release, state rolled_back). Revision {target.revision} is {target.chart_version or target.status}."
    )


def _failed(subject: str, release: Release, last: Revision) -> list[Check]:
    if last.status != "failed":
        return []
    about = (last.description or "no reason given")[:300]
    message = f"The last operation on {subject} failed: {about}"
    what = "Find out why (log of its helm-operation pod) before the upgrade runs into the same."
    mode = "6.12" if release.release == "rancher" else "6.7"
    return [Check("release-failed", WARN, subject, message, what, mode)]


def _pinned(
    subject: str,
    table: ReleaseTable,
    target: HarvesterRelease,
    release: Release,
    last: Revision,
) -> list[Check]:
    chart = release.dependency
    if not chart:
        return []
    if release.read == PARTIAL and release.revisions and release.config is None:
        message = f"Whether the values of {subject} pin images cannot be told: support bundles leave them out."
        what = f"On the cluster: helm -n {release.namespace} get values {release.release}"
        return [Check("pinned-values", UNKNOWN, subject, message, what)]
    pins = pins_of(release, table.expected(target, chart) or last.chart_version)
    keys = [f"{pin.key}={pin.value}" for pin in pins or () if pin.holds_back]
    if not keys:
        return []
    message = f"The values of {subject} pin {', '.join(keys)}: the new chart would run with the old images."
    what = "Upgrade the release once without these values, with the chart version it has."
    return [Check("pinned-values", WARN, subject, message, what, "6.22")]
