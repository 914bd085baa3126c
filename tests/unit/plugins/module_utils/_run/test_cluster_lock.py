# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.lenient import moment
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import auth
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run import cluster_lock
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.cluster_lock import (
    LockRequest,
    free,
    hold,
    renew,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.process import (
    RunProcess,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
    failure,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster


def here() -> RunProcess:
    process = RunProcess.of(os.getpid())
    assert process is not None
    return process


DEAD = replace(here(), started=1)
OTHER = LockRequest("ops@jump1 run 1", purpose="plan 1f2e", process=DEAD.text())
MINE = LockRequest("ops@jump1 run 2", process=here().text())
ME = LockRequest("me", duration_seconds=60, namespace="n", name="l")


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What dead runs have left behind, by their lock."""
    found: dict[str, int] = {}
    monkeypatch.setattr(cluster_lock, "left_behind", found.get)
    return found


def refused(cluster: Cluster) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        hold(cluster, MINE)
    assert caught.value.code == "lock-held"
    return caught.value


def annotations(cluster: Cluster) -> dict[str, Any]:
    (lease,) = cluster.objects.values()
    return dict(lease["metadata"]["annotations"])


@pytest.mark.usefixtures("left")
def test_the_lock_of_a_run_that_died_here_is_taken_over_at_once() -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    taken = hold(cluster, MINE)
    assert taken["lock"]["holder"] == MINE.holder
    assert taken["taken_over_from"]["holder"] == OTHER.holder
    assert annotations(cluster) == {cluster_lock.PROCESS: MINE.process}


@pytest.mark.parametrize(
    "process",
    [here().text(), replace(DEAD, boot="of-another-machine").text(), ""],
    ids=["alive", "elsewhere", "unknown"],
)
@pytest.mark.usefixtures("left")
def test_one_that_may_live_keeps_it(process: str) -> None:
    cluster = Cluster()
    hold(cluster, replace(OTHER, process=process))
    error = refused(cluster)
    assert "plan 1f2e" in error.message
    assert "kubectl -n harvester-system delete lease harvester-ops-remediation" in error.remedy


def test_its_helm_is_waited_for(left: dict[str, int]) -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    left[OTHER.holder] = 4711
    assert "process 4711" in refused(cluster).message
    del left[OTHER.holder]
    assert hold(cluster, MINE)["changed"]


@pytest.mark.usefixtures("left")
def test_renewing_keeps_the_process_and_the_next_holder_does_not_inherit_it() -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    hold(cluster, LockRequest(OTHER.holder))
    assert annotations(cluster)[cluster_lock.PROCESS] == OTHER.process
    hold(cluster, replace(MINE, process=""))
    assert annotations(cluster) == {}


@pytest.mark.usefixtures("left")
def test_a_lost_lock_names_who_has_it_and_what_for() -> None:
    cluster = Cluster()
    hold(cluster, OTHER)
    with pytest.raises(RemediationError) as caught:
        renew(cluster, MINE)
    assert caught.value.code == "lock-lost"
    assert OTHER.holder in caught.value.message
    assert "plan 1f2e" in caught.value.message


@pytest.mark.usefixtures("left")
def test_renewing_is_no_change() -> None:
    cluster = Cluster()
    hold(cluster, MINE)
    renewed = renew(cluster, replace(MINE, process="", duration_seconds=480))
    assert (renewed["changed"], renewed["lock"]["holder"]) == (False, MINE.holder)
    assert annotations(cluster) == {cluster_lock.PROCESS: MINE.process}


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

    def spec(self, *names: str) -> tuple[Any, ...]:
        """Fields of the Lease as it is now."""
        assert self.lease is not None
        return tuple(self.lease["spec"][name] for name in names)

    def annotations(self) -> dict[str, Any]:
        """The annotations of the Lease as it is now."""
        assert self.lease is not None
        return dict(self.lease["metadata"]["annotations"])

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
    first = hold(client, ME)
    again = hold(client, ME)
    assert again["lock"]["since"] == first["lock"]["since"]
    assert store.spec("holderIdentity", "leaseTransitions") == ("me", 0)
    assert free(client, ME)["changed"]
    assert store.lease is None
    assert not free(client, ME)["changed"]


def test_a_live_lease_is_never_taken(client: KubeClient, store: Store) -> None:
    store.put(held_by("other", seconds_ago=30))
    with pytest.raises(RemediationError) as caught:
        hold(client, ME)
    assert caught.value.code == "lock-held"
    assert "other" in caught.value.message
    assert "Lease/n/l" in caught.value.message
    assert not free(client, ME)["changed"]
    assert store.version == 1


def test_a_dead_one_is(client: KubeClient, store: Store) -> None:
    store.put(held_by("other", seconds_ago=61))
    hold(client, ME)
    assert store.spec("holderIdentity", "leaseTransitions") == ("me", 1)


@pytest.mark.parametrize("before", [None, held_by("dead", seconds_ago=90)])
def test_of_two_at_the_same_moment_one_loses(
    client: KubeClient, store: Store, before: dict[str, Any] | None
) -> None:
    if before is not None:
        store.put(before)
    store.before_write.append(held_by("faster", seconds_ago=0))
    with pytest.raises(RemediationError) as caught:
        hold(client, ME)
    assert caught.value.code == "lock-held"
    assert "faster" in caught.value.message


def test_a_lease_without_times_counts_as_free(client: KubeClient, store: Store) -> None:
    store.put({"metadata": {"namespace": "n", "name": "l"}, "spec": {"holderIdentity": "other"}})
    assert hold(client, ME)["lock"]["holder"] == "me"


def test_annotations_stay_and_are_added_to(client: KubeClient, store: Store) -> None:
    hold(client, replace(ME, purpose="1", process="1"))
    hold(client, replace(ME, process="2"))
    assert store.annotations() == {cluster_lock.PURPOSE: "1", cluster_lock.PROCESS: "2"}
    hold(client, ME)
    assert store.annotations()[cluster_lock.PROCESS] == "2"


def test_who_holds_it_is_told_with_the_time(client: KubeClient, store: Store) -> None:
    store.put(held_by("other", seconds_ago=30))
    assert store.lease is not None
    since = store.lease["spec"]["acquireTime"][:19] + "Z"
    with pytest.raises(RemediationError, match=f"held by other since {since} until 20") as caught:
        hold(client, ME)
    assert caught.value.details["since"] == since


def test_what_is_held_is_renewed_and_keeps_what_it_says(client: KubeClient, store: Store) -> None:
    hold(client, replace(ME, purpose="1"))
    since = store.spec("acquireTime")
    renew(client, replace(ME, duration_seconds=90))
    assert store.spec("acquireTime") == since
    assert store.spec("leaseTransitions", "leaseDurationSeconds") == (0, 90)
    assert store.annotations() == {cluster_lock.PURPOSE: "1"}


def test_an_expired_one_that_nobody_took_is_still_held(client: KubeClient, store: Store) -> None:
    store.put(held_by("me", seconds_ago=3600))
    expires = moment(renew(client, ME)["lock"]["expires"])
    assert expires is not None
    assert expires > datetime.now(timezone.utc)


def test_a_lost_one_is_not_taken_again(client: KubeClient, store: Store) -> None:
    """Another run has had the cluster and has given it back: nothing is as the plan was made for."""
    with pytest.raises(RemediationError, match="Lease/n/l: it is not there any more") as caught:
        renew(client, ME)
    assert (caught.value.code, caught.value.retryable) == ("lock-lost", False)
    assert store.lease is None


@pytest.mark.parametrize("seconds_ago", [5, 3600], ids=["live", "expired"])
def test_one_of_somebody_else_is_never_renewed(
    client: KubeClient, store: Store, seconds_ago: int
) -> None:
    store.put(held_by("other", seconds_ago=seconds_ago))
    with pytest.raises(RemediationError, match=r"me has lost .* held by other since 20") as caught:
        renew(client, ME)
    assert (caught.value.code, caught.value.retryable) == ("lock-lost", False)
    assert "run again" in caught.value.remedy
    assert store.version == 1


def test_one_that_is_taken_at_the_same_moment_is_lost(client: KubeClient, store: Store) -> None:
    store.put(held_by("me", seconds_ago=70))
    store.before_write.append(held_by("faster", seconds_ago=0))
    with pytest.raises(RemediationError, match="held by faster") as caught:
        renew(client, ME)
    assert caught.value.code == "lock-lost"
