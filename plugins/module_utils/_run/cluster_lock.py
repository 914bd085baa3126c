# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a cluster: one Lease, so that two runs never work on it at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .._core.errors import RemediationError
from .._core.names import LOCK_NAME, LOCK_NAMESPACE
from .._kube import lease
from .._kube.client import KubeClient
from .process import RunProcess, left_behind

PURPOSE = "remediation.harvester-ops.io/purpose"
PROCESS = "remediation.harvester-ops.io/process"
# Longer than any step that has no time of its own; what takes longer is asked for by its step.
SILENT_SECONDS = 180


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
    before = lease.read(client, request.namespace, request.name)
    told = {PURPOSE: request.purpose, PROCESS: request.process}
    try:
        after = lease.acquire(
            client,
            request.namespace,
            request.name,
            request.holder,
            duration_seconds=request.duration_seconds,
            annotations={key: value for key, value in told.items() if value},
            is_dead=_is_dead,
            dry_run=request.dry_run,
        )
    except RemediationError as error:
        raise _with_purpose(error) from error
    others = before is not None and before.holder not in ("", request.holder)
    return {
        "changed": before is None or before.holder != request.holder,
        "lock": describe(after),
        "taken_over_from": describe(before) if before is not None and others else None,
    }


def renew(client: KubeClient, request: LockRequest) -> dict[str, Any]:
    """Go on holding the lock that the holder has taken.

    Raises lock-lost when it has it no longer: what its plan was made for may be gone, so it must not take it again.
    """
    try:
        after = lease.renew(
            client,
            request.namespace,
            request.name,
            request.holder,
            duration_seconds=request.duration_seconds,
            dry_run=request.dry_run,
        )
    except RemediationError as error:
        raise _with_purpose(error) from error
    return {"changed": False, "lock": describe(after), "taken_over_from": None}


def _is_dead(state: lease.LeaseState) -> bool:
    """Whether the holder has ended on this machine and nothing that it started works any more."""
    process = RunProcess.parse(state.annotations.get(PROCESS))
    return process is not None and process.is_gone() and left_behind(state.holder) is None


def free(client: KubeClient, request: LockRequest) -> dict[str, Any]:
    """Give the lock back if the holder still has it; somebody else's lock is left alone."""
    before = lease.read(client, request.namespace, request.name)
    released = lease.release(
        client, request.namespace, request.name, request.holder, dry_run=request.dry_run
    )
    return {
        "changed": released,
        "lock": describe(before) if before is not None and not released else None,
        "taken_over_from": None,
    }


def describe(state: lease.LeaseState) -> dict[str, Any]:
    """A lock as a document; times as RFC3339 UTC."""
    return {
        "namespace": state.namespace,
        "name": state.name,
        "holder": state.holder,
        "purpose": state.annotations.get(PURPOSE, ""),
        "since": _time(state.acquire_time),
        "renewed": _time(state.renew_time),
        "expires": _time(state.expires()),
    }


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_purpose(error: RemediationError) -> RemediationError:
    """The error with what the lock is held for, and with what of a dead run still works."""
    if error.code not in ("lock-held", "lock-lost"):
        return error
    annotations = error.details.get("annotations") or {}
    purpose, process = annotations.get(PURPOSE), RunProcess.parse(annotations.get(PROCESS))
    told = [error.message, *([f"It does: {purpose}."] if purpose else [])]
    helm = left_behind(str(error.details.get("holder")))
    if process is not None and process.is_gone() and helm is not None:
        told.append(
            f"That run itself has ended on this machine, but what it started still works (process {helm})"
            " and ends by itself: wait for it, do not kill it."
        )
    return RemediationError(
        error.code,
        " ".join(told),
        error.remedy,
        retryable=error.retryable,
        details=error.details,
    )
