# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Lease as a lock that dies with its holder (coordination.k8s.io/v1).

Every change carries the resourceVersion that was read, so of two runs that try at the same moment one wins and
the other sees `lock-held`. A live lease is taken over only when its holder is proven to be dead. Who holds it
already renews it: that never takes it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from .._core.errors import RemediationError
from . import paths
from .client import KubeClient, Object

_API = "coordination.k8s.io/v1"


@dataclass(frozen=True)
class LeaseState:
    """What a Lease says. Times are aware datetimes, None when the field is absent or unreadable."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    holder: str
    duration_seconds: int
    acquire_time: datetime | None
    renew_time: datetime | None
    transitions: int
    annotations: Mapping[str, str] = field(default_factory=dict)

    def expires(self) -> datetime | None:
        """The moment from which the holder counts as gone."""
        if self.renew_time is None:
            return None
        return self.renew_time + timedelta(seconds=self.duration_seconds)

    def is_live(self, now: datetime) -> bool:
        """Whether somebody holds it at `now` (the API server's time, see KubeClient.now)."""
        expires = self.expires()
        return bool(self.holder) and expires is not None and now < expires


def read(client: KubeClient, namespace: str, name: str) -> LeaseState | None:
    """The Lease, or None when there is none."""
    try:
        return _state(client.get(paths.api(_API, "leases", namespace, name)))
    except RemediationError as exc:
        if exc.code == "not-found":
            return None
        raise


def acquire(
    client: KubeClient,
    namespace: str,
    name: str,
    holder: str,
    *,
    duration_seconds: int,
    annotations: Mapping[str, str] | None = None,
    is_dead: Callable[[LeaseState], bool] = lambda _lease: False,
    dry_run: bool = False,
) -> LeaseState:
    """Take the lock, or raise `lock-held` naming who holds it, since when and until when.

    Taking a lock one already holds renews it, and `annotations` are added to those it has; of another
    holder's none stays. `is_dead` is asked about the holder of a live lease.
    """
    current = read(client, namespace, name)
    now = client.now()
    given = dict(annotations or {})
    try:
        if current is None:
            body = _body(namespace, name, holder, duration_seconds, now, now, 0)
            body["metadata"]["annotations"] = given
            leases = paths.api(_API, "leases", namespace)
            return _state(client.create(leases, body, dry_run=dry_run))
        if current.holder != holder and current.is_live(now) and not is_dead(current):
            raise _held(current)
        return _put(client, current, holder, duration_seconds, now, given, dry_run)
    except RemediationError as exc:
        if exc.code != "conflict":
            raise
        winner = read(client, namespace, name)
        raise (_held(winner) if winner is not None else exc) from exc


def renew(
    client: KubeClient,
    namespace: str,
    name: str,
    holder: str,
    *,
    duration_seconds: int,
    dry_run: bool = False,
) -> LeaseState:
    """Go on holding the lock, or raise `lock-lost`, which no retry helps against.

    One that has expired and that nobody took is still the holder's. One that is not there was taken and given
    back, or freed by hand: whoever had it meanwhile can have changed everything.
    """
    current = read(client, namespace, name)
    if current is None or current.holder != holder:
        raise _lost(namespace, name, holder, current)
    try:
        return _put(client, current, holder, duration_seconds, client.now(), {}, dry_run)
    except RemediationError as exc:
        if exc.code not in ("conflict", "not-found"):
            raise
        winner = read(client, namespace, name)
        if winner is not None and winner.holder == holder:
            raise
        raise _lost(namespace, name, holder, winner) from exc


def _put(
    client: KubeClient,
    current: LeaseState,
    holder: str,
    duration_seconds: int,
    now: datetime,
    annotations: Mapping[str, str],
    dry_run: bool,
) -> LeaseState:
    """Write the Lease that was read anew, for its holder or for the one who takes it over."""
    taken_over = current.holder != holder
    body = _body(
        current.namespace,
        current.name,
        holder,
        duration_seconds,
        now if taken_over or current.acquire_time is None else current.acquire_time,
        now,
        current.transitions + int(taken_over),
        current.resource_version,
    )
    kept = {} if taken_over else current.annotations
    body["metadata"]["annotations"] = {**kept, **annotations}
    path = paths.api(_API, "leases", current.namespace, current.name)
    return _state(client.replace(path, body, dry_run=dry_run))


def release(
    client: KubeClient, namespace: str, name: str, holder: str, *, dry_run: bool = False
) -> bool:
    """Delete the Lease if `holder` still holds it. Answers whether it did."""
    current = read(client, namespace, name)
    if current is None or current.holder != holder:
        return False
    try:
        client.delete(
            paths.api(_API, "leases", namespace, name),
            uid=current.uid,
            resource_version=current.resource_version,
            dry_run=dry_run,
        )
    except RemediationError as exc:
        if exc.code in ("not-found", "precondition-failed"):
            return False
        raise
    return True


def _held(lease: LeaseState) -> RemediationError:
    until = _seconds(lease.expires())
    since = _seconds(lease.acquire_time)
    return RemediationError(
        "lock-held",
        f"Lease/{lease.namespace}/{lease.name} is held by {lease.holder} since {since} until {until}.",
        "Another run works on this cluster. Wait for it; a run that died frees the lock at that time. If you "
        "know that it is dead, and that no helm of it is left, free the lock at once: "
        f"kubectl -n {lease.namespace} delete lease {lease.name}",
        retryable=True,
        details=_who(lease),
    )


def _lost(namespace: str, name: str, holder: str, current: LeaseState | None) -> RemediationError:
    if current is None:
        now = "it is not there any more: another run has had it meanwhile, or somebody has freed it"
    else:
        now = f"it is held by {current.holder or 'nobody'} since {_seconds(current.acquire_time)}"
    return RemediationError(
        "lock-lost",
        f"{holder} has lost the cluster lock Lease/{namespace}/{name}: {now}.",
        "Nothing further was done; the journal says what was done before. Wait until nobody else works on the cluster,"
        " then run again: a new run starts from what is there now.",
        details={} if current is None else _who(current),
    )


def _who(lease: LeaseState) -> dict[str, Any]:
    return {
        "holder": lease.holder,
        "since": _seconds(lease.acquire_time),
        "expires": _seconds(lease.expires()),
        "annotations": dict(lease.annotations),
    }


def _state(lease: Object) -> LeaseState:
    metadata, spec = lease["metadata"], lease.get("spec") or {}
    return LeaseState(
        namespace=str(metadata["namespace"]),
        name=str(metadata["name"]),
        uid=str(metadata["uid"]),
        # What a dry run would create has none.
        resource_version=str(metadata.get("resourceVersion") or ""),
        holder=str(spec.get("holderIdentity") or ""),
        duration_seconds=int(spec.get("leaseDurationSeconds") or 0),
        acquire_time=_parse(spec.get("acquireTime")),
        renew_time=_parse(spec.get("renewTime")),
        transitions=int(spec.get("leaseTransitions") or 0),
        annotations=dict(metadata.get("annotations") or {}),
    )


def _body(
    namespace: str,
    name: str,
    holder: str,
    duration_seconds: int,
    acquire_time: datetime,
    renew_time: datetime,
    transitions: int,
    resource_version: str | None = None,
) -> Object:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if resource_version is not None:
        metadata["resourceVersion"] = resource_version
    return {
        "apiVersion": _API,
        "kind": "Lease",
        "metadata": metadata,
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": duration_seconds,
            "acquireTime": _micro_time(acquire_time),
            "renewTime": _micro_time(renew_time),
            "leaseTransitions": transitions,
        },
    }


def _seconds(moment: datetime | None) -> str:
    if moment is None:
        return "unknown"
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _parse(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    for layout in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text, layout).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None
