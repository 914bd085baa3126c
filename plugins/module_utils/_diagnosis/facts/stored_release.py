# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release by itself: what helm's storage has of it, and what ran on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._core.lenient import mapping
from ..._documents.evidence import Evidence, HelmPod, Operation, Release, Revision
from ..._rancher.values.computed import pinned_keys
from .helm_failures import RefusedByLock, last_refused_by_lock
from .locks import UNDECODABLE, revision_age, revision_time
from .loops import ReinstallLoop, reinstall_loop
from .release_leftovers import ReleaseLeftovers, release_leftovers

UNKNOWN = "unknown"
ABSENT = "absent"


@dataclass(frozen=True)
class PastRevision:
    """A revision in the history; ``status`` is that of its Secret's label where it was not decoded."""

    revision: int | None
    status: str | None
    chart_version: str | None
    description: str
    updated_at: str | None
    age_seconds: int | None


@dataclass(frozen=True)
class Installed:
    """The last revision; what cannot be decoded of it is None."""

    chart: str | None
    chart_version: str | None
    app_version: str | None
    revision: int | None
    status: str | None
    description: str
    updated_at: str | None
    age_seconds: int | None
    decodable: bool
    error: str | None


@dataclass(frozen=True)
class StoredRelease:
    """What is known of a release whatever anybody wants of it."""

    release: str
    """the release's name"""
    namespace: str
    """its namespace"""
    installed: Installed | None
    """the last revision: `chart_version`, `revision`, `status`, `description`, `age_seconds`, …"""
    release_state: str
    """status of the last revision, or `absent`, `undecodable`, `unknown`"""
    history: tuple[PastRevision, ...]
    """the revisions, newest first"""
    history_known: bool
    """all revisions are known; a support bundle shows only the last one"""
    origin: str | None
    """what stands in for helm's storage, an App; null when that was read itself"""
    pinned_keys: tuple[str, ...]
    """names of the pinning values"""
    leftovers: ReleaseLeftovers
    """fields of its live objects that helm has set and its manifest does not have: `looked` (only where pods are not
    ready or the last revision failed), `fields`, `held` (those of workloads whose pods cannot start), `workloads`,
    `why` the pods cannot, `nodes` (the field that no node satisfies), `set_by` (a revision)"""
    reinstall_loop: ReinstallLoop | None
    """`count` and `period_seconds` when Rancher installs the same chart over and over"""
    elsewhere: tuple[str, ...]
    """other namespaces with a release of that name"""
    operations: tuple[Operation, ...]
    """Rancher's operations on it"""
    helm_pods: tuple[HelmPod, ...]
    """the helm-operation pods of it, with `log_kinds`"""
    refused_by_lock: RefusedByLock | None
    """the newest run of helm that a lock refused, `pod` and `age_seconds`; null when there is none"""

    @property
    def name(self) -> tuple[str, str]:
        """Namespace and release."""
        return self.namespace, self.release

    @property
    def subject(self) -> str:
        """The release as findings name it."""
        return f"Release/{self.namespace}/{self.release}"

    @property
    def installed_version(self) -> str | None:
        """The chart version of the last revision."""
        return self.installed.chart_version if self.installed else None


def stored_release(evidence: Evidence, namespace: str, release: str) -> StoredRelease:
    """The release of that name; one that was not read is unknown."""
    stored = evidence.release(namespace, release)
    operations = _operations(evidence, namespace, release)
    return StoredRelease(
        release=release,
        namespace=namespace,
        installed=_installed(evidence, stored),
        release_state=_release_state(stored),
        history=tuple(_past(each, evidence) for each in stored.revisions[:20]),
        history_known=stored.history_known,
        origin=stored.origin,
        pinned_keys=tuple(pinned_keys(mapping(stored.config))),
        leftovers=release_leftovers(evidence, stored),
        reinstall_loop=reinstall_loop(evidence, stored.revisions),
        elsewhere=stored.elsewhere,
        operations=operations,
        helm_pods=_pods(evidence, namespace, release, operations),
        refused_by_lock=last_refused_by_lock(evidence, namespace, release),
    )


def _installed(evidence: Evidence, release: Release) -> Installed | None:
    if not release.revisions:
        return None
    last = release.revisions[0]
    return Installed(
        chart=last.chart_name or None,
        chart_version=last.chart_version or None,
        app_version=last.app_version or None,
        revision=last.revision,
        status=last.status or None,
        description=(last.description or "")[:500],
        updated_at=revision_time(last),
        age_seconds=revision_age(last, evidence),
        decodable=not last.error and bool(last.status),
        error=last.error or None,
    )


def _release_state(release: Release) -> str:
    """The status of the last revision, or ``absent``, ``undecodable``, ``unknown`` (it could not be read)."""
    if not release.last_known:
        return UNKNOWN
    if not release.revisions:
        return ABSENT
    last = release.revisions[0]
    return UNDECODABLE if last.error else last.status or UNKNOWN


def _past(revision: Revision, evidence: Evidence) -> PastRevision:
    return PastRevision(
        revision=revision.revision,
        status=revision.status or revision.label_status or None,
        chart_version=revision.chart_version or None,
        description=(revision.description or "")[:200],
        updated_at=revision_time(revision),
        age_seconds=revision_age(revision, evidence),
    )


def _operations(evidence: Evidence, namespace: str, release: str) -> tuple[Operation, ...]:
    """Rancher's operations on the release."""
    found = (
        item
        for item in evidence.operations or ()
        if item.release == release and item.release_namespace in (None, namespace)
    )
    return tuple(found)[:10]


def _pods(
    evidence: Evidence, namespace: str, release: str, operations: Sequence[Operation]
) -> tuple[HelmPod, ...]:
    """The helm-operation pods of the release: they name it themselves or through their operation."""
    names = {item.pod or item.name for item in operations}
    found = (
        pod
        for pod in evidence.helm_pods or ()
        if (pod.release == release and pod.release_namespace in (None, namespace))
        or (pod.name in names and not pod.release)
    )
    return tuple(found)[:10]
