# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a cluster: one Lease, so that two runs never work on it at the same time.

Every change carries the resourceVersion that was read, so of two runs that try at the same moment one wins and
the other sees `lock-held`. A live lease is taken over only when its holder is proven to be dead. Who holds it
already renews it: that never takes it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .._core.errors import RemediationError
from .._core.lenient import moment, stamp
from .._core.names import LOCK_NAME, LOCK_NAMESPACE
from .._kube import paths
from .._kube.change import read_or_none
from .._kube.client import KubeClient, Object
from .process import RunProcess, left_behind

PURPOSE = "remediation.harvester-ops.io/purpose"
PROCESS = "remediation.harvester-ops.io/process"
# Longer than any step that has no time of its own; what takes longer is asked for by its step.
SILENT_SECONDS = 180
_API = "coordination.k8s.io/v1"


@dataclass(frozen=True)
class LockRequest:
    """Who wants the lock of which cluster, what for, and after how many silent seconds it is free.

    process is the line of RunProcess, by which a next run on the same machine can tell that this one
    is dead; empty when nobody can tell.
    """

    holder: str
    purpose: str = ""
    process: str = ""
    duration_seconds: int = SILENT_SECONDS
    namespace: str = LOCK_NAMESPACE
    name: str = LOCK_NAME
    dry_run: bool = False


def hold(client: KubeClient, request: LockRequest) -> dict[str, Any]:
    """Take the lock, or renew it when it is held already.

    Raises lock-held when somebody else holds it. A lock that has expired, or whose holder is proven to
    be dead, is taken over, and the result names whose it was: what that run did has to be looked at.
    """
    before = _read(client, request)
    others = before is not None and before.holder not in ("", request.holder)
    now = client.now()
    try:
        if before is not None and others and before.is_live(now) and not before.is_dead():
            raise _held(before)
        told = {PURPOSE: request.purpose, PROCESS: request.process}
        after = _write(client, request, before, now, {key: told[key] for key in told if told[key]})
    except RemediationError as error:
        if error.code != "conflict":
            raise
        winner = _read(client, request)
        raise (_held(winner) if winner is not None else error) from error
    return {
        "changed": before is None or before.holder != request.holder,
        "lock": after.describe(),
        "taken_over_from": before.describe() if before is not None and others else None,
    }


def renew(client: KubeClient, request: LockRequest) -> dict[str, Any]:
    """Go on holding the lock that the holder has taken.

    Raises lock-lost, which no retry helps against, when it has it no longer: what its plan was made for may be gone,
    so it must not take it again. A lock that has expired and that nobody took is still the holder's. One that is not
    there was taken and given back, or freed by hand: whoever had it meanwhile can have changed everything.
    """
    before = _read(client, request)
    if before is None or before.holder != request.holder:
        raise _lost(request, before)
    try:
        after = _write(client, request, before, client.now(), {})
    except RemediationError as error:
        if error.code not in ("conflict", "not-found"):
            raise
        winner = _read(client, request)
        if winner is not None and winner.holder == request.holder:
            raise
        raise _lost(request, winner) from error
    return {"changed": False, "lock": after.describe(), "taken_over_from": None}


def free(client: KubeClient, request: LockRequest) -> dict[str, Any]:
    """Give the lock back if the holder still has it; somebody else's lock is left alone."""
    before = _read(client, request)
    released = before is not None and before.holder == request.holder
    if before is not None and released:
        try:
            client.delete(
                _path(request),
                uid=before.metadata["uid"],
                resource_version=before.metadata["resourceVersion"],
                dry_run=request.dry_run,
            )
        except RemediationError as error:
            if error.code not in ("not-found", "precondition-failed"):
                raise
            released = False
    return {
        "changed": released,
        "lock": before.describe() if before is not None and not released else None,
        "taken_over_from": None,
    }


class _Lease:
    """What a Lease says. A time is None when it is absent or unreadable."""

    def __init__(self, found: Object) -> None:
        self.metadata, self.spec = found["metadata"], found.get("spec") or {}
        self.annotations: dict[str, str] = dict(self.metadata.get("annotations") or {})
        self.holder = str(self.spec.get("holderIdentity") or "")
        self.since = moment(self.spec.get("acquireTime"))
        self.renewed = moment(self.spec.get("renewTime"))
        duration = timedelta(seconds=int(self.spec.get("leaseDurationSeconds") or 0))
        self.expires = None if self.renewed is None else self.renewed + duration

    def is_live(self, now: datetime) -> bool:
        """Whether somebody holds it at a moment (the API server's time, see KubeClient.now)."""
        return bool(self.holder) and self.expires is not None and now < self.expires

    def is_dead(self) -> bool:
        """Whether the holder has ended on this machine and nothing that it started works any more."""
        process = RunProcess.parse(self.annotations.get(PROCESS))
        return process is not None and process.is_gone() and left_behind(self.holder) is None

    def describe(self) -> dict[str, Any]:
        """The lock as a document; times as RFC3339 UTC."""
        return {
            "namespace": self.metadata["namespace"],
            "name": self.metadata["name"],
            "holder": self.holder,
            "purpose": self.annotations.get(PURPOSE, ""),
            "since": _time(self.since),
            "renewed": _time(self.renewed),
            "expires": _time(self.expires),
        }


def _path(request: LockRequest) -> str:
    return paths.api(_API, "leases", request.namespace, request.name)


def _read(client: KubeClient, request: LockRequest) -> _Lease | None:
    found = read_or_none(client, _path(request))
    return None if found is None else _Lease(found)


def _write(
    client: KubeClient,
    request: LockRequest,
    before: _Lease | None,
    now: datetime,
    told: dict[str, str],
) -> _Lease:
    """Write the Lease that was read anew, for its holder or for the one who takes it over.

    What is told is added to what the holder has told before; of another holder's nothing stays.
    """
    text = now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    metadata: dict[str, Any] = {"name": request.name, "namespace": request.namespace}
    transitions, since = 0, text
    if before is not None:
        metadata["resourceVersion"] = before.metadata["resourceVersion"]
        transitions = int(before.spec.get("leaseTransitions") or 0)
        if before.holder != request.holder:
            transitions += 1
        else:
            told = {**before.annotations, **told}
            since = text if before.since is None else before.spec["acquireTime"]
    body = {
        "apiVersion": _API,
        "kind": "Lease",
        "metadata": {**metadata, "annotations": told},
        "spec": {
            "holderIdentity": request.holder,
            "leaseDurationSeconds": request.duration_seconds,
            "acquireTime": since,
            "renewTime": text,
            "leaseTransitions": transitions,
        },
    }
    if before is not None:
        return _Lease(client.replace(_path(request), body, dry_run=request.dry_run))
    leases = paths.api(_API, "leases", request.namespace)
    return _Lease(client.create(leases, body, dry_run=request.dry_run))


def _time(when: datetime | None) -> str | None:
    return None if when is None else stamp(when)


def _held(lease: _Lease) -> RemediationError:
    namespace, name = lease.metadata["namespace"], lease.metadata["name"]
    who = _who(lease)
    return RemediationError(
        "lock-held",
        f"Lease/{namespace}/{name} is held by {lease.holder} since {who['since']} until {who['expires']}."
        + _more(lease),
        "Another run works on this cluster. Wait for it; a run that died frees the lock at that time. If you "
        "know that it is dead, and that no helm of it is left, free the lock at once: "
        f"kubectl -n {namespace} delete lease {name}",
        retryable=True,
        details=who,
    )


def _lost(request: LockRequest, lease: _Lease | None) -> RemediationError:
    if lease is None:
        now = "it is not there any more: another run has had it meanwhile, or somebody has freed it"
    else:
        now = f"it is held by {lease.holder or 'nobody'} since {_who(lease)['since']}"
    return RemediationError(
        "lock-lost",
        f"{request.holder} has lost the cluster lock Lease/{request.namespace}/{request.name}: {now}."
        + ("" if lease is None else _more(lease)),
        "Nothing further was done; the journal says what was done before. Wait until nobody else works on the cluster,"
        " then run again: a new run starts from what is there now.",
        details={} if lease is None else _who(lease),
    )


def _who(lease: _Lease) -> dict[str, Any]:
    return {
        "holder": lease.holder,
        "since": _time(lease.since) or "unknown",
        "expires": _time(lease.expires) or "unknown",
        "annotations": lease.annotations,
    }


def _more(lease: _Lease) -> str:
    """What the lock is held for, and what of a dead run still works."""
    purpose = lease.annotations.get(PURPOSE)
    process = RunProcess.parse(lease.annotations.get(PROCESS))
    told = f" It does: {purpose}." if purpose else ""
    helm = left_behind(lease.holder)
    if process is not None and process.is_gone() and helm is not None:
        told += (
            f" That run itself has ended on this machine, but what it started still works (process {helm})"
            " and ends by itself: wait for it, do not kill it."
        )
    return told
