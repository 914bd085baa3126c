# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import resolve
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.managed_clusters import (
    KUBERNETES_PATH,
    RANCHER_PATH,
    ManagedCluster,
    list_from_local_cluster,
    list_from_rancher,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
    failure,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.managed_clusters import (
    managed_cluster,
)


def client_of(server: ApiServer) -> KubeClient:
    return KubeClient(resolve({"host": server.url, "api_key": "t0ken"}))


def read(**parts: Any) -> ManagedCluster:
    return ManagedCluster.from_object(managed_cluster("c-1", "edge", **parts))


def test_what_is_read_of_a_cluster() -> None:
    cluster = read(labels={"site": "north"})
    assert cluster == ManagedCluster(
        "c-1", "edge", "harvester", True, "", "v1.32.4+rke2r1", {"site": "north"}
    )
    assert ManagedCluster.from_dict(cluster.to_dict()) == cluster
    assert "not-for-anybody" not in str(cluster.to_dict())


@pytest.mark.parametrize(
    ("provider", "labels", "is_harvester"),
    [
        ("harvester", {}, True),
        ("", {"provider.cattle.io": "harvester"}, True),
        ("rke2", {"provider.cattle.io": "harvester"}, True),
        ("harvester", {"provider.cattle.io": "rke2"}, False),
        ("rke2", {}, False),
        ("", {}, False),
    ],
)
def test_the_label_says_what_it_is_before_the_status(
    provider: str, labels: dict[str, str], is_harvester: bool
) -> None:
    assert read(provider=provider, labels=labels).is_harvester is is_harvester


@pytest.mark.parametrize(
    ("connected", "message", "ready", "state"),
    [
        ("True", "", True, ""),
        ("False", "Cluster agent is not connected", False, "Cluster agent is not connected"),
        ("Unknown", "", False, "not connected yet"),
        (None, "", True, ""),  # before Rancher 2.6 there was only Ready
    ],
)
def test_whether_rancher_reaches_it(
    connected: str | None, message: str, ready: bool, state: str
) -> None:
    cluster = read(connected=connected, message=message)
    assert (cluster.ready, cluster.state) == (ready, state)


@pytest.mark.parametrize("broken", [{}, {"metadata": None, "spec": 1, "status": []}])
def test_an_object_without_a_name_is_no_cluster(broken: dict[str, Any]) -> None:
    assert ManagedCluster.from_object(broken).id == ""
    with ApiServer(lambda _: Answer({"data": [broken]})) as server:
        assert list_from_rancher(client_of(server)) == []


def pages(request: Request) -> Answer:
    """Rancher's API: three clusters, one on each page."""
    start = int(request.query.get("continue", "0"))
    found = [managed_cluster(f"c-{number}", name) for number, name in enumerate("bca")]
    answer: dict[str, Any] = {"type": "collection", "data": found[start : start + 1]}
    if start < 2:
        answer["continue"] = str(start + 1)
    return Answer(answer)


def test_rancher_is_asked_page_by_page() -> None:
    with ApiServer(pages) as server:
        found = list_from_rancher(client_of(server))
    assert [(each.name, each.id) for each in found] == [("a", "c-2"), ("b", "c-0"), ("c", "c-1")]
    assert {request.path for request in server.requests} == {RANCHER_PATH}
    assert server.requests[0].header("Authorization") == ["Bearer t0ken"]


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (
            Answer({"type": "error", "status": "401", "message": "must authenticate"}, 401),
            "unauthorized",
            "did not accept the token",
        ),
        (Answer(b"404 page not found", 404), "not-found", "is no Rancher"),
        (Answer(b"<html>welcome</html>"), "api-error", "is no Rancher"),
        (Answer({"message": "no"}, 403), "forbidden", "No permission"),
        (Answer(b"bad gateway", 502), "api-error", "HTTP status 502"),
    ],
)
def test_what_rancher_refuses_is_said_in_its_terms(answer: Answer, code: str, words: str) -> None:
    with ApiServer(lambda _: answer) as server, pytest.raises(RemediationError) as caught:
        list_from_rancher(client_of(server))
    assert caught.value.code == code
    assert words in caught.value.message
    assert "t0ken" not in str(caught.value.to_dict())


def test_the_local_cluster_is_asked_in_kubernetes_terms() -> None:
    items = [managed_cluster("c-1"), managed_cluster("local", provider="k3s")]
    with ApiServer(lambda _: Answer({"items": items})) as server:
        found = list_from_local_cluster(client_of(server))
    assert [each.id for each in found] == ["c-1", "local"]
    assert [request.path for request in server.requests] == [KUBERNETES_PATH]


def test_a_cluster_without_rancher_is_named() -> None:
    with ApiServer(lambda _: Answer(b"404 page not found", 404)) as server:
        with pytest.raises(RemediationError, match="no Rancher is installed there") as caught:
            list_from_local_cluster(client_of(server))
        assert caught.value.code == "not-found"


def test_other_failures_of_the_local_cluster_stay_what_they_are() -> None:
    with ApiServer(lambda _: failure(403, "Forbidden", "no")) as server:
        with pytest.raises(RemediationError) as caught:
            list_from_local_cluster(client_of(server))
        assert caught.value.code == "forbidden"
