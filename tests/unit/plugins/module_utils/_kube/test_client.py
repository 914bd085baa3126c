# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import auth, paths
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
    failure,
)

from .test_token import web_token

SECRETS = paths.core("v1", "secrets", "a")
SECRET = paths.core("v1", "secrets", "a", "s")


def client_of(server: ApiServer, **options: Any) -> KubeClient:
    return KubeClient(auth.resolve({"host": server.url, "api_key": "t0ken", **options}))


def error_of(answer: Answer, method: str = "get", *args: Any, **kwargs: Any) -> RemediationError:
    with ApiServer(lambda _: answer) as server, pytest.raises(RemediationError) as caught:
        getattr(client_of(server), method)(SECRET, *args, **kwargs)
    return caught.value


def test_get_sends_the_credentials_and_counts() -> None:
    with ApiServer(lambda _: Answer({"kind": "Secret"})) as server:
        client = client_of(server, impersonate_user="u", impersonate_groups=["g1", "g2"])
        assert client.get(SECRET) == {"kind": "Secret"}
        assert client.request_count == 1
    (request,) = server.requests
    assert request.path == "/api/v1/namespaces/a/secrets/s"
    assert request.header("Authorization") == ["Bearer t0ken"]
    assert request.header("Impersonate-User") == ["u"]
    assert request.header("Impersonate-Group") == ["g1", "g2"]


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (failure(401, "Unauthorized", "Unauthorized"), "unauthorized", "did not accept"),
        (failure(403, "Forbidden", "u cannot get secrets"), "forbidden", "u cannot get secrets"),
        (
            failure(403, "Forbidden", 'secrets is forbidden: User "system:anonymous" cannot get'),
            "unauthorized",
            "did not accept",
        ),
        (failure(404, "NotFound", details={"name": "s"}), "not-found", "Secret/a/s does not exist"),
        (Answer(b"404 page not found", 404), "not-found", "does not know the path of Secret/a/s"),
        (failure(409, "Conflict", "modified"), "conflict", "Secret/a/s"),
        (failure(500, "InternalError", "etcd"), "api-error", "HTTP status 500"),
        (Answer(b"<html>login</html>", 200), "api-error", "no Kubernetes object"),
        (Answer(b"<html>bad gateway</html>", 502), "api-error", "bad gateway"),
        (Answer(b"[1]", 404), "not-found", "Secret/a/s"),
    ],
)
def test_each_failure_has_its_code_and_names_the_object(
    answer: Answer, code: str, words: str
) -> None:
    error = error_of(answer)
    assert error.code == code
    assert words in error.message
    assert "t0ken" not in str(error.to_dict())


def test_a_large_answer_comes_in_blocks() -> None:
    content = bytes(range(256)) * 4096
    with ApiServer(lambda _: Answer(content)) as server:
        client = client_of(server)
        blocks = list(client.stream(f"{SECRET}/proxy/archive.zip"))
        assert client.request_count == 1
    assert b"".join(blocks) == content
    assert len(blocks) > 1


def test_an_answer_in_blocks_fails_as_others_do() -> None:
    denied = failure(403, "Forbidden", "u cannot get services/proxy")
    with ApiServer(lambda _: denied) as server, pytest.raises(RemediationError) as caught:
        list(client_of(server).stream(SECRET))
    assert (caught.value.code, "services/proxy" in caught.value.message) == ("forbidden", True)


@pytest.mark.parametrize(
    ("days", "words"), [(-1, "a token that expired at 20"), (1, "the connection options (asked")]
)
def test_a_token_that_has_expired_is_named(days: int, words: str) -> None:
    until = datetime.now(timezone.utc) + timedelta(days=days)
    token = web_token({"exp": int(until.timestamp())})
    denied = failure(401, "Unauthorized", "Unauthorized")
    with ApiServer(lambda _: denied) as server, pytest.raises(RemediationError) as caught:
        client_of(server, api_key=token).get(SECRET)
    assert words in caught.value.message
    assert token not in str(caught.value.to_dict())


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("https://127.0.0.1:1", "put the address of the cluster in its place"),
        ("https://[::1]:1", "put the address of the cluster in its place"),
        ("https://192.0.2.1.invalid:1", "systemctl status rke2-server"),
    ],
)
def test_an_address_of_the_node_itself_is_explained(host: str, words: str) -> None:
    client = KubeClient(auth.resolve({"host": host, "api_key": "t0ken"}))
    with pytest.raises(RemediationError) as caught:
        client.get(SECRET)
    assert caught.value.code == "server-unreachable"
    assert words in caught.value.remedy


def test_what_cannot_be_created_is_named() -> None:
    """The path of a POST is the collection's; the name stands in the body."""
    denied = failure(403, "Forbidden", "u cannot create secrets")
    with ApiServer(lambda _: denied) as server, pytest.raises(RemediationError) as caught:
        client_of(server).create(SECRETS, {"metadata": {"name": "s"}})
    assert caught.value.message.startswith("No permission to create Secret/a/s: ")


def test_a_precondition_that_fails_is_not_just_a_conflict() -> None:
    answer = failure(409, "Conflict", "Precondition failed: UID in precondition")
    assert error_of(answer, "delete", uid="1").code == "precondition-failed"


def test_delete_sends_its_preconditions() -> None:
    with ApiServer(lambda _: Answer()) as server:
        client_of(server).delete(SECRET, uid="u", resource_version="7", dry_run=True)
    (request,) = server.requests
    assert request.body["preconditions"] == {"uid": "u", "resourceVersion": "7"}
    # The API server reads the options of a DELETE from its body or its query, never both; audit logs have the query.
    assert request.body["dryRun"] == ["All"]
    assert request.query == {"dryRun": "All"}


def test_a_delete_that_is_meant_is_no_dry_run() -> None:
    with ApiServer(lambda _: Answer()) as server:
        client_of(server).delete(SECRET)
    (request,) = server.requests
    assert "dryRun" not in request.body
    assert request.query == {}


def test_patch_names_its_type_and_subresource() -> None:
    with ApiServer(lambda _: Answer()) as server:
        client_of(server).patch(SECRET, {}, subresource="status")
    (request,) = server.requests
    assert request.header("Content-Type") == ["application/merge-patch+json"]
    assert request.path.endswith("/secrets/s/status")


def pages(request: Request) -> Answer:
    start = int(request.query.get("continue", "0"))
    size = int(request.query.get("limit") or 1000)
    items = [{"metadata": {"name": str(number)}} for number in range(7)][start : start + size]
    more = str(start + size) if start + size < 7 else ""
    return Answer({"items": items, "metadata": {"continue": more}})


def test_list_reads_all_pages() -> None:
    with ApiServer(pages) as server:
        client = client_of(server)
        items = client.list(SECRETS, label_selector="a=b", limit=3, metadata_only=True)
        assert [item["metadata"]["name"] for item in items] == [str(number) for number in range(7)]
        assert client.request_count == 3
    assert {request.query["labelSelector"] for request in server.requests} == {"a=b"}
    assert "as=PartialObjectMetadataList" in server.requests[0].header("Accept")[0]


def test_list_starts_over_in_one_piece_when_its_snapshot_is_gone() -> None:
    def script(request: Request) -> Answer:
        return failure(410, "Expired", "too old") if "continue" in request.query else pages(request)

    with ApiServer(script) as server:
        assert len(client_of(server).list(SECRETS, limit=3)) == 7


def test_an_error_in_a_later_page_is_not_a_short_list() -> None:
    def script(request: Request) -> Answer:
        return failure(403, "Forbidden", "no") if "continue" in request.query else pages(request)

    with ApiServer(script) as server, pytest.raises(RemediationError) as caught:
        client_of(server).list(SECRETS, limit=3)
    assert caught.value.code == "forbidden"


def test_reads_wait_when_the_server_asks_for_it_and_writes_never_repeat() -> None:
    answers = [Answer(status=429, headers={"Retry-After": "0"}), Answer({"kind": "X"})]
    with ApiServer(lambda _: answers.pop(0)) as server:
        assert client_of(server).get(SECRET) == {"kind": "X"}
    busy = Answer(status=429, headers={"Retry-After": "0"})
    with ApiServer(lambda _: busy) as server, pytest.raises(RemediationError) as caught:
        client_of(server).create(SECRETS, {})
    assert len(server.requests) == 1
    assert caught.value.retryable


def test_times_come_from_the_server_clock() -> None:
    ahead = datetime.now(timezone.utc) + timedelta(hours=3)
    answer = Answer({}, headers={"Date": format_datetime(ahead, usegmt=True)})
    with ApiServer(lambda _: answer) as server:
        client = client_of(server)
        client.get(SECRET)
        assert abs(client.now() - ahead) < timedelta(minutes=5)


def test_pod_log_is_text_whatever_the_bytes() -> None:
    with ApiServer(lambda _: Answer(b"a\xff\n")) as server:
        text = client_of(server).pod_log("a", "p", "c", tail_lines=5, limit_bytes=10)
    assert text == "a�\n"
    assert server.requests[0].query == {"container": "c", "tailLines": "5", "limitBytes": "10"}


def test_secrets_can_be_listed_without_their_content() -> None:
    table = {
        "columnDefinitions": [{"name": "Name"}, {"name": "Type"}],
        "rows": [{"cells": ["s", "Opaque"], "object": {"metadata": {"name": "s", "uid": "1"}}}],
    }
    with ApiServer(lambda _: Answer(table)) as server:
        rows = client_of(server).table(SECRET)
    assert rows == [{"name": "s", "type": "Opaque", "metadata": {"name": "s", "uid": "1"}}]
    assert "as=Table" in server.requests[0].header("Accept")[0]


def test_no_server_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = KubeClient(auth.resolve({"host": url, "api_key": "t0ken"}))
        with pytest.raises(RemediationError) as caught:
            client.get(SECRET)
    error = caught.value
    assert (error.code, error.retryable) == ("server-unreachable", True)
    assert url in error.message
    assert "refused" in error.message


def test_the_cluster_is_asked_for_its_identity_once() -> None:
    with ApiServer(lambda _: Answer({"metadata": {"uid": "u1"}})) as server:
        client = client_of(server)
        assert {client.cluster_uid(), client.cluster_uid()} == {"u1"}
    assert len(server.requests) == 1


def test_threads_share_one_client() -> None:
    with ApiServer(lambda request: Answer({"path": request.path})) as server:
        client = client_of(server)
        wanted = [paths.core("v1", "secrets", "a", str(number)) for number in range(50)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(client.get, wanted))
    assert [answer["path"] for answer in answers] == wanted
    assert client.request_count == 50
