# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm import storage
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    encode_release,
    release_document,
    release_secret,
)

NAMESPACE = "cattle-fleet-system"


def twice(data: bytes) -> str:
    return base64.b64encode(base64.b64encode(data)).decode()


def cluster_of(*secrets: dict[str, Any]) -> Cluster:
    cluster = Cluster()
    for secret in secrets:
        cluster.add_secret(secret)
    return cluster


def test_a_revision_is_read_completely() -> None:
    revision = storage.decode_revision(release_secret(revision=7))
    assert revision.decoded
    assert revision.error is None
    assert (revision.release, revision.namespace, revision.revision) == ("fleet", NAMESPACE, 7)
    assert revision.chart_version == "106.0.0+up0.12.0-rc.3"
    assert revision.app_version == "0.12.0-rc.3"
    assert revision.first_deployed == "2026-11-20T10:00:00Z"
    assert revision.last_deployed == "2026-11-23T14:30:00Z"
    assert revision.secret_uid == "uid-cattle-fleet-system-fleet-7"
    assert revision.config["image"] == {"tag": "v0.12.0-rc.3"}
    assert not revision.locked


def test_the_age_counts_from_what_helm_wrote_down() -> None:
    decoded = storage.decode_revision(release_secret())
    assert decoded.touched_at == decoded.last_deployed == "2026-11-23T14:30:00Z"
    damaged = storage.decode_revision(release_secret(stored="%%%"))
    assert damaged.created_at
    assert damaged.touched_at == damaged.created_at
    assert storage.touched_at(None, None) is None


def test_the_blob_is_the_truth_not_the_label() -> None:
    revision = storage.decode_revision(
        release_secret(status="pending-upgrade", label_status="deployed")
    )
    assert revision.status == "pending-upgrade"
    assert revision.label_status == "deployed"
    assert revision.locked


@pytest.mark.parametrize("status", sorted(storage.STATUSES))
def test_only_pending_statuses_lock(status: str) -> None:
    revision = storage.decode_revision(release_secret(status=status))
    assert revision.status == status
    assert revision.locked == status.startswith("pending-")


def test_a_status_helm_does_not_know_is_unknown() -> None:
    assert storage.decode_revision(release_secret(status="sleeping")).status == "unknown"


def test_values_and_manifest_are_in_the_document_on_request_only() -> None:
    revision = storage.decode_revision(release_secret())
    assert "config" not in revision.to_dict()
    assert "manifest" not in revision.to_dict()
    whole = revision.to_dict(with_config=True, with_manifest=True)
    assert whole["config"]["image"]["tag"] == "v0.12.0-rc.3"
    assert whole["manifest"].startswith("---")
    assert "v0.12.0-rc.3" not in repr(revision.config) or "image" not in repr(revision)
    json.dumps(whole)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        ("", "no data.release"),
        ("%%%", "outer"),
        (base64.b64encode(b"%%%").decode(), "inner"),
        (twice(b"\x1f\x8b\x08" + b"\0" * 20), "gzip layer"),
        (twice(gzip.compress(b"{}" * 200, mtime=0)[:-6]), "cut off"),
        (twice(gzip.compress(b"{}", mtime=0) + b"more"), "followed by other data"),
        (twice(b"no json"), "no JSON"),
        (twice(gzip.compress(b"[" * 200_000, mtime=0)), "no JSON"),
        (twice(gzip.compress(b"[1]", mtime=0)), "list, not an object"),
        (encode_release(release_document("fleet", 2)), "version"),
        (encode_release(release_document("other", 1)), "name"),
        (encode_release(release_document("fleet", 1, info=None)), "info.status"),
        (encode_release({"name": "fleet", "version": 1, "info": {"status": 7}}), "info.status"),
        ("A" * (storage.MAX_STORED_BYTES + 1), "larger than"),
        ("é", "outer"),
    ],
)
def test_an_undecodable_revision_says_why(stored: str, reason: str) -> None:
    revision = storage.decode_revision(release_secret(stored=stored))
    assert not revision.decoded
    assert revision.status is None
    assert reason in (revision.error or "")
    assert revision.label_status == "deployed"


def test_a_gzip_bomb_is_not_unfolded() -> None:
    bomb = gzip.compress(b"\0" * 40_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(storage.UndecodableReleaseError, match="unfolds to more than 1000000"):
            storage.decode_blob(twice(bomb), limit=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_release_stored_uncompressed_is_read() -> None:
    stored = twice(json.dumps(release_document("fleet", 1)).encode())
    assert storage.decode_revision(release_secret(stored=stored)).decoded


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_content_gives_an_answer(content: bytes) -> None:
    for stored in (content.decode("latin-1"), twice(content), twice(gzip.compress(content))):
        revision = storage.decode_revision(release_secret(stored=stored))
        assert revision.decoded or revision.error


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["info", "status", "chart", "metadata", "config", "name", "version"]), inner
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries({"chart": json_values, "config": json_values, "info": json_values}))
def test_parts_of_any_type_give_an_answer(parts: dict[str, Any]) -> None:
    document = {**release_document("fleet", 1), **parts}
    revision = storage.decode_revision(release_secret(stored=encode_release(document)))
    assert revision.decoded or revision.error
    json.dumps(revision.to_dict(with_config=True, with_manifest=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T15:00:00Z", "2026-11-23T15:00:00Z"),
        ("2026-11-23T15:00:00.5+01:00", "2026-11-23T14:00:00Z"),
        ("2021-09-01 10:11:12.123456789 +0200 CEST", "2021-09-01T08:11:12Z"),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-02T00:00:00+23:59", "0001-01-01T00:01:00Z"),
        ("9999-12-31T23:59:59-23:00", None),
        ("2026-13-23T15:00:00Z", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_times_are_normalised(text: object, expected: str | None) -> None:
    assert storage.helm_time(text) == expected


def test_revisions_are_ordered_by_number_not_by_text() -> None:
    cluster = cluster_of(*(release_secret(revision=n, status="superseded") for n in (9, 10, 2)))
    assert [r.revision for r in storage.list_revisions(cluster, NAMESPACE, "fleet")] == [10, 9, 2]


def test_other_releases_and_namespaces_stay_out() -> None:
    cluster = cluster_of(
        release_secret("fleet", 1),
        release_secret("fleet-crd", 1),
        release_secret("fleet", 3, namespace="fleet-system"),
    )
    assert [r.revision for r in storage.list_revisions(cluster, NAMESPACE, "fleet")] == [1]
    everywhere = storage.list_release_metadata(cluster, ["fleet"])
    assert list(everywhere) == [(NAMESPACE, "fleet"), ("fleet-system", "fleet")]


def test_no_revision_is_an_empty_list() -> None:
    assert storage.list_revisions(Cluster(), NAMESPACE, "fleet") == []


def test_secrets_that_are_no_revisions_are_left_out() -> None:
    stray = release_secret()
    stray["metadata"]["name"] = "fleet-notes"
    assert storage.list_revisions(cluster_of(stray), NAMESPACE, "fleet") == []
    with pytest.raises(ValueError, match="not a Helm release"):
        storage.decode_revision(stray)


@pytest.mark.parametrize(
    ("decode", "fetched"), [("none", []), ("last", [3]), ("relevant", [2, 3]), ("all", [1, 2, 3])]
)
def test_only_what_matters_is_fetched(decode: str, fetched: list[int]) -> None:
    cluster = cluster_of(
        release_secret(revision=1, status="superseded"),
        release_secret(revision=2),
        release_secret(revision=3, status="pending-upgrade"),
    )
    revisions = storage.list_revisions(cluster, NAMESPACE, "fleet", decode=decode)
    assert sorted(r.revision for r in revisions if r.decoded) == fetched
    assert cluster.request_count == 1 + len(fetched)
    assert all(r.status is None for r in revisions if not r.decoded)


def test_two_deployed_revisions_are_both_decoded() -> None:
    cluster = cluster_of(release_secret(revision=1), release_secret(revision=2))
    revisions = storage.list_revisions(cluster, NAMESPACE, "fleet", decode="relevant")
    assert [r.status for r in revisions] == ["deployed", "deployed"]


def test_without_a_deployed_label_every_revision_is_relevant() -> None:
    cluster = cluster_of(*(release_secret(revision=n, status="superseded") for n in (1, 2, 3)))
    revisions = storage.list_revisions(cluster, NAMESPACE, "fleet", decode="relevant")
    assert all(r.decoded for r in revisions)


def test_a_revision_pruned_while_reading_is_read_anew() -> None:
    cluster = cluster_of(*(release_secret(revision=n) for n in (1, 2)))

    def prune(server: Cluster, verb: str, _path: str) -> None:
        if verb == "get":
            server.objects = {k: v for k, v in server.objects.items() if not k.endswith(".v1")}

    cluster.before.append(prune)
    assert [r.revision for r in storage.list_revisions(cluster, NAMESPACE, "fleet")] == [2]


def test_a_release_that_never_stands_still_is_busy() -> None:
    cluster = cluster_of(release_secret(revision=1))

    def replace(server: Cluster, verb: str, path: str) -> None:
        if verb == "get":
            server.objects[path]["metadata"]["uid"] = "another"
        else:
            for obj in server.objects.values():
                obj["metadata"]["uid"] = "first"

    cluster.before.append(replace)
    with pytest.raises(RemediationError) as caught:
        storage.list_revisions(cluster, NAMESPACE, "fleet")
    assert caught.value.code == "release-busy"
    assert caught.value.retryable


@pytest.mark.parametrize("verb", ["list", "get"])
def test_a_failed_read_is_not_an_absent_release(verb: str) -> None:
    cluster = cluster_of(release_secret(revision=1))
    path = f"/api/v1/namespaces/{NAMESPACE}/secrets"
    if verb == "get":
        path += "/sh.helm.release.v1.fleet.v1"
    cluster.failures[verb, path] = RemediationError("forbidden", "no", remedy="")
    with pytest.raises(RemediationError) as caught:
        storage.list_revisions(cluster, NAMESPACE, "fleet")
    assert caught.value.code == "forbidden"
