# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import auth, lease
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
    failure,
)


class Store:
    """One Lease with the API server's rules: create once, replace with the right resourceVersion."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.before_write: list[dict[str, Any] | None] = []

    def put(self, body: dict[str, Any]) -> Answer:
        self.version += 1
        metadata = {**body["metadata"], "uid": "u", "resourceVersion": str(self.version)}
        self.lease = {**body, "metadata": metadata}
        return Answer(self.lease)

    def __call__(self, request: Request) -> Answer:
        if request.method != "GET" and self.before_write:
            self.put(self.before_write.pop())  # type: ignore[arg-type]
        if request.method == "GET":
            return Answer(self.lease) if self.lease else failure(404, "NotFound")
        if request.method == "POST":
            return failure(409, "AlreadyExists") if self.lease else self.put(request.body)
        assert self.lease is not None
        current = self.lease["metadata"]["resourceVersion"]
        if request.method == "DELETE":
            if request.body["preconditions"]["resourceVersion"] != current:
                return failure(409, "Conflict")
            self.lease = None
            return Answer()
        if request.body["metadata"]["resourceVersion"] != current:
            return failure(409, "Conflict")
        return self.put(request.body)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client(store: Store) -> Iterator[KubeClient]:
    with ApiServer(store) as server:
        yield KubeClient(auth.resolve({"host": server.url, "api_key": "t"}))


def held_by(holder: str, seconds_ago: int, version: str = "") -> dict[str, Any]:
    moment = datetime.now(timezone.utc) - timedelta(seconds=seconds_ago)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "metadata": {"namespace": "n", "name": "l", "resourceVersion": version},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 60,
            "acquireTime": text,
            "renewTime": text,
        },
    }


def test_taken_renewed_released(client: KubeClient, store: Store) -> None:
    first = lease.acquire(client, "n", "l", "me", duration_seconds=60)
    again = lease.acquire(client, "n", "l", "me", duration_seconds=60)
    assert again.acquire_time == first.acquire_time
    assert (again.holder, again.transitions) == ("me", 0)
    assert lease.release(client, "n", "l", "me")
    assert store.lease is None
    assert not lease.release(client, "n", "l", "me")


def test_a_live_lease_is_never_taken(client: KubeClient, store: Store) -> None:
    store.put(held_by("other", seconds_ago=30))
    with pytest.raises(RemediationError) as caught:
        lease.acquire(client, "n", "l", "me", duration_seconds=60)
    assert caught.value.code == "lock-held"
    assert "other" in caught.value.message
    assert "Lease/n/l" in caught.value.message
    assert not lease.release(client, "n", "l", "me")
    assert store.version == 1


def test_a_dead_one_is(client: KubeClient, store: Store) -> None:
    store.put(held_by("other", seconds_ago=61))
    taken = lease.acquire(client, "n", "l", "me", duration_seconds=60)
    assert (taken.holder, taken.transitions) == ("me", 1)


@pytest.mark.parametrize("before", [None, held_by("dead", seconds_ago=90)])
def test_of_two_at_the_same_moment_one_loses(
    client: KubeClient, store: Store, before: dict[str, Any] | None
) -> None:
    if before is not None:
        store.put(before)
    store.before_write.append(held_by("faster", seconds_ago=0))
    with pytest.raises(RemediationError) as caught:
        lease.acquire(client, "n", "l", "me", duration_seconds=60)
    assert caught.value.code == "lock-held"
    assert "faster" in caught.value.message


def test_a_lease_without_times_counts_as_free(client: KubeClient, store: Store) -> None:
    store.put({"metadata": {"namespace": "n", "name": "l"}, "spec": {"holderIdentity": "other"}})
    assert lease.acquire(client, "n", "l", "me", duration_seconds=60).holder == "me"


def test_annotations_stay_and_are_added_to(client: KubeClient) -> None:
    lease.acquire(client, "n", "l", "me", duration_seconds=60, annotations={"a": "1", "b": "1"})
    taken = lease.acquire(client, "n", "l", "me", duration_seconds=60, annotations={"b": "2"})
    assert taken.annotations == {"a": "1", "b": "2"}
    assert lease.acquire(client, "n", "l", "me", duration_seconds=60).annotations["b"] == "2"


def test_who_holds_it_is_told_with_the_time(client: KubeClient, store: Store) -> None:
    store.put(held_by("other", seconds_ago=30))
    assert store.lease is not None
    since = store.lease["spec"]["acquireTime"][:19] + "Z"
    with pytest.raises(RemediationError, match=f"held by other since {since} until 20") as caught:
        lease.acquire(client, "n", "l", "me", duration_seconds=60)
    assert caught.value.details["since"] == since


def renew(client: KubeClient) -> lease.LeaseState:
    return lease.renew(client, "n", "l", "me", duration_seconds=90)


def test_what_is_held_is_renewed_and_keeps_what_it_says(client: KubeClient) -> None:
    taken = lease.acquire(client, "n", "l", "me", duration_seconds=60, annotations={"a": "1"})
    again = renew(client)
    assert (again.acquire_time, again.transitions) == (taken.acquire_time, 0)
    assert (again.duration_seconds, again.annotations) == (90, {"a": "1"})


def test_an_expired_one_that_nobody_took_is_still_held(client: KubeClient, store: Store) -> None:
    store.put(held_by("me", seconds_ago=3600))
    assert renew(client).is_live(datetime.now(timezone.utc))


def test_a_lost_one_is_not_taken_again(client: KubeClient, store: Store) -> None:
    """Another run has had the cluster and has given it back: nothing is as the plan was made for."""
    with pytest.raises(RemediationError, match="Lease/n/l: it is not there any more") as caught:
        renew(client)
    assert (caught.value.code, caught.value.retryable) == ("lock-lost", False)
    assert store.lease is None


@pytest.mark.parametrize("seconds_ago", [5, 3600], ids=["live", "expired"])
def test_one_of_somebody_else_is_never_renewed(
    client: KubeClient, store: Store, seconds_ago: int
) -> None:
    store.put(held_by("other", seconds_ago=seconds_ago))
    with pytest.raises(RemediationError, match=r"me has lost .* held by other since 20") as caught:
        renew(client)
    assert (caught.value.code, caught.value.retryable) == ("lock-lost", False)
    assert "run again" in caught.value.remedy
    assert store.version == 1


def test_one_that_is_taken_at_the_same_moment_is_lost(client: KubeClient, store: Store) -> None:
    store.put(held_by("me", seconds_ago=70))
    store.before_write.append(held_by("faster", seconds_ago=0))
    with pytest.raises(RemediationError, match="held by faster") as caught:
        renew(client)
    assert caught.value.code == "lock-lost"
