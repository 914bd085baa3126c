# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog import (
    cluster_repo as catalog,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.catalog import (
    REPO_UID,
    cluster_repo,
    index_config_maps,
    index_document,
    packed_index,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"
PACKED = packed_index(index_document(("fleet", GA), ("fleet", RC), ("fleet-crd", GA)))


def cluster_with(
    config_maps: list[dict[str, Any]], **status: Any
) -> tuple[Cluster, catalog.ClusterRepo]:
    cluster = Cluster()
    cluster.add(catalog.cluster_repo_path(), cluster_repo(**status))
    for config_map in config_maps:
        cluster.add_config_map(config_map)
    repo = catalog.read_cluster_repo(cluster)
    assert repo is not None
    return cluster, repo


@pytest.mark.parametrize("chunk", [1, 7, 50, 100_000])
def test_an_index_is_read_over_any_number_of_chunks(chunk: int) -> None:
    config_maps = index_config_maps(PACKED, chunk=chunk if chunk > 1 else len(PACKED) // 3)
    reading = catalog.read_index(*cluster_with(config_maps))
    assert reading.state == "ok"
    assert reading.index is not None
    assert [e.version for e in reading.index.versions("fleet")] == [GA, RC]
    assert len(reading.config_maps) == len(config_maps)
    assert sum(chunk.size for chunk in reading.config_maps) == len(PACKED)
    assert {chunk.owner_uid for chunk in reading.config_maps} == {REPO_UID}


def test_an_entry_is_found_byte_for_byte_only() -> None:
    index = catalog.decode_index([PACKED])
    entry = index.find("fleet", GA)
    assert entry is not None
    assert entry.to_dict() == {
        "version": GA,
        "app_version": "0.12.0",
        "digest": "ab" * 32,
        "url": f"assets/fleet/fleet-{GA}.tgz",
    }
    assert index.find("fleet", "106.0.0") is None
    assert index.find("fleet-agent", GA) is None
    assert index.versions("fleet-agent") == []


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([], "empty"),
        ([b""], "empty"),
        ([b"not gzip"], "gzip"),
        ([PACKED[:-5]], "unexpected end"),
        ([PACKED, b"tail"], "followed by other data"),
        ([gzip.compress(b"not json")], "no JSON"),
        ([gzip.compress(b"[]")], "no entries"),
        ([gzip.compress(b'{"entries": []}')], "no entries"),
        ([gzip.compress(b'{"entries":' + b"[" * 100_000)], "no JSON"),
        ([gzip.compress(b"\0" * 5_000_000)], "unfolds to more than"),
    ],
)
def test_a_corrupt_index_says_why(chunks: list[bytes], reason: str) -> None:
    with pytest.raises(catalog.CorruptIndexError, match=reason):
        catalog.decode_index(chunks, limit=1_000_000)


def test_entries_of_a_wrong_shape_are_left_out() -> None:
    document = index_document(("fleet", GA))
    document["entries"]["fleet"] += [None, 7, {"version": 5}, {"version": ""}]
    document["entries"]["odd"] = "text"
    document["entries"]["fleet"].append({"version": RC, "urls": [1, "u"], "digest": 3})
    index = catalog.decode_index([packed_index(document)])
    assert [e.version for e in index.versions("fleet")] == [GA, RC]
    assert index.versions("fleet")[1].urls == ("u",)
    assert index.versions("fleet")[1].digest is None
    assert index.versions("odd") == []


@given(st.lists(st.binary(max_size=100), max_size=4))
def test_any_content_is_an_index_or_corrupt(chunks: list[bytes]) -> None:
    for tried in (chunks, [gzip.compress(b"".join(chunks))]):
        with pytest.raises(catalog.CorruptIndexError):
            catalog.decode_index(tried)


def test_a_repository_without_an_index_yet_is_absent() -> None:
    reading = catalog.read_index(*cluster_with([], indexConfigMapName=""))
    assert reading.state == "absent"
    assert "status.indexConfigMapName is empty" in reading.reason


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_config_map_is_absent_and_named(missing: int) -> None:
    config_maps = index_config_maps(PACKED, chunk=60)
    gone = config_maps.pop(missing)["metadata"]["name"]
    reading = catalog.read_index(*cluster_with(config_maps))
    assert reading.state == "absent"
    assert f"ConfigMap/cattle-system/{gone}" in reading.reason
    assert reading.index is None


@pytest.mark.parametrize("owner", ["another-uid", None])
def test_an_index_of_an_earlier_repository_is_foreign(owner: str | None) -> None:
    reading = catalog.read_index(*cluster_with(index_config_maps(PACKED, owner_uid=owner)))
    assert reading.state == "foreign-owner"
    assert REPO_UID in reading.reason
    assert (owner or "nobody") in reading.reason


def test_the_owner_counts_before_the_content() -> None:
    config_maps = index_config_maps(b"", owner_uid="another-uid")
    assert catalog.read_index(*cluster_with(config_maps)).state == "foreign-owner"


@pytest.mark.parametrize(
    "break_it",
    [
        lambda cm: cm.pop("binaryData"),
        lambda cm: cm["binaryData"].update(content="%%%"),
        lambda cm: cm["binaryData"].update(content=""),
        lambda cm: cm["binaryData"].update(content=5),
        lambda cm: cm["metadata"]["annotations"].update(
            {"catalog.cattle.io/next": cm["metadata"]["name"]}
        ),
    ],
)
def test_a_broken_config_map_is_corrupt_and_named(break_it: Any) -> None:
    config_maps = index_config_maps(PACKED)
    break_it(config_maps[0])
    reading = catalog.read_index(*cluster_with(config_maps))
    assert reading.state == "corrupt"
    assert config_maps[0]["metadata"]["name"] in reading.reason


def test_a_truncated_index_is_corrupt() -> None:
    reading = catalog.read_index(*cluster_with(index_config_maps(PACKED[:-10])))
    assert (reading.state, reading.index) == ("corrupt", None)


def test_an_unreadable_config_map_is_an_error_not_an_absence() -> None:
    cluster, repo = cluster_with(index_config_maps(PACKED))
    path = f"/api/v1/namespaces/cattle-system/configmaps/{repo.index_config_map}"
    cluster.failures["get", path] = RemediationError("forbidden", "no", remedy="")
    with pytest.raises(RemediationError):
        catalog.read_index(cluster, repo)


def test_an_absent_cluster_repo_is_none_and_an_unreadable_one_an_error() -> None:
    cluster = Cluster()
    assert catalog.read_cluster_repo(cluster) is None
    cluster.failures["get", catalog.cluster_repo_path()] = RemediationError(
        "forbidden", "no", remedy=""
    )
    with pytest.raises(RemediationError):
        catalog.read_cluster_repo(cluster)


def test_a_cluster_repo_is_read_completely() -> None:
    _cluster, repo = cluster_with([])
    assert (repo.uid, repo.generation, repo.observed_generation) == (REPO_UID, 2, 2)
    assert (repo.git_branch, repo.commit) == ("release-v2.11", "c0ffee")
    assert repo.condition("Downloaded") == {"type": "Downloaded", "status": "True"}
    assert repo.condition("OCIDownloaded") is None
    assert repo.to_dict()["index_config_map"] == f"rancher-charts-0-{REPO_UID}"


@pytest.mark.parametrize("part", ["metadata", "spec", "status"])
@pytest.mark.parametrize("value", [None, [], "text", {"conditions": 3, "generation": True}])
def test_a_cluster_repo_of_wrong_types_does_not_crash(part: str, value: object) -> None:
    repo = catalog.ClusterRepo.from_object({**cluster_repo(), part: value})
    assert repo.conditions == () if part == "status" else True
