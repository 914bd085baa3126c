# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases are told of, how often, and how little is read for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import resolve
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.stale_releases import (
    WATCHED,
    StaleReleases,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
    failure,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

HTTP_TIME = "%a, %d %b %Y %H:%M:%S GMT"


class Cluster:
    """Release Secrets behind an API server whose clock the test sets.

    Its accounts may list the Secrets of single namespaces, as those of files/rbac/diagnose.yml.
    """

    def __init__(self) -> None:
        self.namespaces = {namespace for namespace, _release in WATCHED}
        self.readable = set(self.namespaces)
        self.secrets: list[dict[str, Any]] = []
        self.now = datetime(2026, 11, 23, 15, 0, tzinfo=timezone.utc)

    def answer(self, request: Request) -> Answer:
        clock = {"Date": self.now.strftime(HTTP_TIME)}
        if request.path.startswith("/api/v1/namespaces/kube-system"):
            return Answer({"metadata": {"uid": "uid-of-the-cluster"}}, headers=clock)
        if request.path == "/api/v1/namespaces":
            items = [{"metadata": {"name": name}} for name in sorted(self.namespaces)]
            return Answer({"metadata": {}, "items": items}, headers=clock)
        if request.path.endswith("/secrets"):
            namespace = request.path.split("/")[-2]
            if namespace not in self.readable:
                return failure(403, "Forbidden")
            found = [each["metadata"] for each in self.secrets]
            items = [{"metadata": each} for each in found if each["namespace"] == namespace]
            return Answer({"metadata": {}, "items": items}, headers=clock)
        for each in self.secrets:
            if request.path.endswith(f"/{each['metadata']['name']}"):
                return Answer(each, headers=clock)
        return failure(404, "NotFound")

    def pend(self, name: str, revision: int, minutes: int, **changes: Any) -> None:
        """A revision that helm began so many minutes ago and never finished."""
        began = (self.now - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        info = {"last_deployed": began}
        secret = release_secret(name, revision, status="pending-upgrade", info=info, **changes)
        self.secrets.append(secret)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def server(cluster: Cluster) -> Iterator[ApiServer]:
    with ApiServer(cluster.answer) as running:
        yield running


def watch(server: ApiServer, remind_after: int = 0) -> StaleReleases:
    client = KubeClient(resolve({"host": server.url, "api_key": "t"}))
    return StaleReleases(client, 600, remind_after)


def test_a_lock_that_is_old_enough_is_told_of_once(cluster: Cluster, server: ApiServer) -> None:
    cluster.secrets.append(release_secret("fleet", 6))
    cluster.pend("fleet", 7, minutes=5)
    watched = watch(server)
    assert watched.look() == []
    cluster.now += timedelta(minutes=5)
    (event,) = watched.look()
    assert event == {
        "pending_release": {
            "namespace": "cattle-fleet-system",
            "release": "fleet",
            "revision": 7,
            "status": "pending-upgrade",
            "chart_version": "106.0.0+up0.12.0-rc.3",
            "pending_since": "2026-11-23T14:55:00Z",
            "pending_seconds": 600,
        },
        "cluster": {"server": server.url, "uid": "uid-of-the-cluster"},
    }
    cluster.now += timedelta(hours=2)
    assert watched.look() == []


def test_it_is_told_of_again_when_asked_to(cluster: Cluster, server: ApiServer) -> None:
    cluster.pend("fleet", 7, minutes=20)
    watched = watch(server, remind_after=3600)
    assert len(watched.look()) == 1
    cluster.now += timedelta(minutes=59)
    assert watched.look() == []
    cluster.now += timedelta(minutes=1)
    assert len(watched.look()) == 1


def test_another_lock_after_the_first_is_news(cluster: Cluster, server: ApiServer) -> None:
    cluster.pend("fleet", 7, minutes=20)
    watched = watch(server)
    watched.look()
    cluster.secrets.clear()
    assert watched.look() == []
    cluster.pend("fleet", 9, minutes=20)
    assert [each["pending_release"]["revision"] for each in watched.look()] == [9]


def test_only_the_last_revision_and_its_content_count(cluster: Cluster, server: ApiServer) -> None:
    cluster.pend("fleet", 7, minutes=20)
    cluster.secrets.append(release_secret("fleet", 8, label_status="pending-upgrade"))
    assert watch(server).look() == []


@pytest.mark.parametrize("changes", [{"namespace": "default"}, {"stored": "broken"}])
def test_others_and_what_cannot_be_read_are_not_told_of(
    cluster: Cluster, server: ApiServer, changes: dict[str, Any]
) -> None:
    cluster.pend("fleet", 7, minutes=20, **changes)
    assert watch(server).look() == []


def test_content_is_read_once_for_each_version(cluster: Cluster, server: ApiServer) -> None:
    cluster.pend("fleet", 7, minutes=1)
    watched = watch(server)
    for _turn in range(3):
        watched.look()
    paths = [request.path for request in server.requests]
    lists = len(cluster.namespaces)
    assert len(paths) == 3 * lists + 1
    cluster.secrets[0]["metadata"]["resourceVersion"] = "2000"
    watched.look()
    assert len(server.requests) == 4 * lists + 2


def test_a_namespace_that_does_not_exist_is_forbidden_and_no_loss(
    cluster: Cluster, server: ApiServer
) -> None:
    """A Role cannot be bound in it, so an account without rights everywhere may not list it."""
    cluster.namespaces.discard("cattle-turtles-system")
    cluster.readable.discard("cattle-turtles-system")
    cluster.pend("fleet", 7, minutes=20)
    watched = watch(server)
    assert len(watched.look()) == 1
    assert watched.unread == frozenset()


def test_a_namespace_that_may_not_be_read_is_named(cluster: Cluster, server: ApiServer) -> None:
    """It may have come with the upgrade, and that is no time to stop watching the others."""
    cluster.readable.discard("cattle-turtles-system")
    cluster.pend("fleet", 7, minutes=20)
    watched = watch(server)
    assert len(watched.look()) == 1
    assert watched.unread == {"cattle-turtles-system"}


def test_an_account_that_may_read_nothing_is_an_error(cluster: Cluster, server: ApiServer) -> None:
    cluster.readable.clear()
    with pytest.raises(RemediationError) as caught:
        watch(server).look()
    assert caught.value.code == "forbidden"


def test_rancher_and_its_charts_are_watched() -> None:
    assert {("cattle-fleet-system", "fleet"), ("cattle-system", "rancher")} <= WATCHED
