# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog.cluster_repo import (
    cluster_repo_path,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts import (
    source,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.path_source import (
    fetch_from_path,
    file_names,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.request import (
    ChartRequest,
    FetchChart,
    FetchedChart,
    not_found,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.sink import (
    ChartSink,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.catalog import (
    cluster_repo,
    index_config_maps,
    index_document,
    packed_index,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import chart_archive
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

RC, GA = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0"
REQUEST = ChartRequest("fleet", GA)
CHART = chart_archive("fleet", GA)
DIGEST = hashlib.sha256(CHART).hexdigest()
FETCHED = FetchedChart("rancher_pod", "somewhere", "c0ffee")


def delivering(content: bytes = CHART, **changes: Any) -> Callable[[ChartSink], FetchedChart]:
    def fetch(sink: ChartSink) -> FetchedChart:
        sink.restart()
        sink.write(content[:7])
        sink.write(content[7:])
        return replace(FETCHED, **changes)

    return fetch


def sink() -> ChartSink:
    return ChartSink(io.BytesIO())


def catalog(version: str = GA, **config_maps: Any) -> Cluster:
    cluster = Cluster()
    cluster.add(cluster_repo_path(), cluster_repo())
    packed = packed_index(index_document(("fleet", version), digest=DIGEST))
    for config_map in index_config_maps(packed, **config_maps):
        cluster.add_config_map(config_map)
    return cluster


def test_the_index_adds_entry_and_digest() -> None:
    answer = source.consult_catalog(catalog(), REQUEST)
    assert answer.state == "ok"
    assert answer.request.entry is not None
    assert answer.request.digest == DIGEST
    assert answer.request.repo is not None
    assert answer.request.listed == (GA,)
    assert answer.request.digest_from == "index of ClusterRepo/rancher-charts"


def test_a_digest_given_counts_more_than_that_of_the_index() -> None:
    answer = source.consult_catalog(catalog(), replace(REQUEST, digest="ff"))
    assert (answer.request.digest, answer.request.digest_from) == ("ff", "given")


@pytest.mark.parametrize(
    ("cluster", "state"),
    [
        (Cluster(), "no-repo"),
        (catalog(RC), "ok"),
        (catalog(owner_uid="another"), "foreign-owner"),
    ],
)
def test_an_index_that_does_not_help_is_told_and_no_error(cluster: Cluster, state: str) -> None:
    answer = source.consult_catalog(cluster, REQUEST)
    assert answer.state == state
    assert answer.request.entry is None
    assert answer.request.digest is None


def test_a_forbidden_index_is_told_and_an_unreachable_server_an_error() -> None:
    cluster = catalog()
    cluster.failures["get", cluster_repo_path()] = RemediationError("forbidden", "no", "")
    assert source.consult_catalog(cluster, REQUEST).state == "forbidden"
    cluster.failures["get", cluster_repo_path()] = RemediationError("server-unreachable", "no", "")
    with pytest.raises(RemediationError):
        source.consult_catalog(cluster, REQUEST)


def absent(request: ChartRequest, _sink: ChartSink) -> FetchedChart:
    raise not_found(request, "there", available=[RC])


def having(_request: ChartRequest, _sink: ChartSink) -> FetchedChart:
    return FETCHED


def failing_with(code: str) -> FetchChart:
    def fetch(_request: ChartRequest, _sink: ChartSink) -> FetchedChart:
        raise RemediationError(code, "no", f"Remedy of {code}.")

    return fetch


@pytest.mark.parametrize("code", ["chart-not-found", "forbidden", "timeout", "server-unreachable"])
def test_sources_are_asked_in_order_until_one_has_it(code: str) -> None:
    sources = {"one": failing_with(code), "two": having, "three": failing_with("internal")}
    assert source.fetch_first(REQUEST, sources, sink()) is FETCHED


@pytest.mark.parametrize("code", ["unauthorized", "chart-archive-unsafe", "internal"])
def test_what_is_suspicious_is_not_passed_over(code: str) -> None:
    with pytest.raises(RemediationError) as caught:
        source.fetch_first(REQUEST, {"one": failing_with(code), "two": having}, sink())
    assert caught.value.code == code


def test_every_source_without_it_is_named_with_the_nearest_it_has() -> None:
    request = replace(REQUEST, listed=("105.0.0", "106.0.1+up0.12.1"))
    with pytest.raises(RemediationError) as caught:
        source.fetch_first(request, {"one": absent, "two": absent}, sink())
    assert caught.value.code == "chart-not-found"
    assert set(caught.value.details) == {"one", "two"}
    assert (
        f"one: Chart fleet {GA} was not found there. Nearest there: {RC}." in caught.value.message
    )
    assert (
        "The index of ClusterRepo/rancher-charts lists 106.0.1+up0.12.1, 105.0.0"
        in caught.value.message
    )


def test_a_missing_permission_is_the_reason_that_counts() -> None:
    sources = {"one": absent, "two": failing_with("forbidden")}
    with pytest.raises(RemediationError) as caught:
        source.fetch_first(REQUEST, sources, sink())
    assert caught.value.code == "forbidden"
    assert caught.value.remedy.startswith("Remedy of forbidden.")


def test_a_chart_is_stored_whole_and_private(tmp_path: Path) -> None:
    target = tmp_path / "charts" / "fleet.tgz"
    stored = source.store(delivering(), replace(REQUEST, digest=DIGEST), target)
    assert stored.changed
    assert stored.digest_verified
    assert stored.to_dict()["sha256"] == DIGEST
    assert target.read_bytes() == CHART
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700
    again = source.store(delivering(), REQUEST, target)
    assert (again.changed, again.digest_verified) == (False, False)


@pytest.mark.parametrize(
    ("content", "digest", "code"),
    [
        (chart_archive("fleet", RC), None, "chart-mismatch"),
        (chart_archive("fleet-crd", GA), None, "chart-mismatch"),
        (CHART, "0" * 64, "chart-digest-mismatch"),
        (CHART[:-20], None, "chart-archive-invalid"),
    ],
)
def test_a_wrong_chart_leaves_what_was_there(
    tmp_path: Path, content: bytes, digest: str | None, code: str
) -> None:
    target = tmp_path / "fleet.tgz"
    target.write_bytes(b"of yesterday")
    with pytest.raises(RemediationError) as caught:
        source.store(delivering(content), replace(REQUEST, digest=digest), target)
    assert caught.value.code == code
    assert os.listdir(tmp_path) == ["fleet.tgz"]
    assert target.read_bytes() == b"of yesterday"


def test_a_directory_made_for_nothing_is_taken_away(tmp_path: Path) -> None:
    target = tmp_path / "charts" / "fleet.tgz"
    with pytest.raises(RemediationError):
        source.store(lambda to: absent(REQUEST, to), REQUEST, target)
    assert os.listdir(tmp_path) == []


def test_a_packed_directory_has_another_digest_than_the_index(tmp_path: Path) -> None:
    fetch = delivering(repacked=True)
    stored = source.store(fetch, replace(REQUEST, digest="0" * 64), tmp_path / "fleet.tgz")
    assert not stored.digest_verified


def test_the_digest_of_the_source_counts_besides_that_of_the_request(tmp_path: Path) -> None:
    target = tmp_path / "fleet.tgz"
    right = delivering(digest=DIGEST, digest_from="manifest")
    assert source.store(right, REQUEST, target).digest_from == "manifest"
    wrong = delivering(digest="0" * 64, digest_from="manifest of the registry")
    with pytest.raises(RemediationError, match="manifest of the registry says 000") as caught:
        source.store(wrong, replace(REQUEST, digest=DIGEST), target)
    assert caught.value.code == "chart-digest-mismatch"


def test_what_is_there_is_used_only_when_the_digest_proves_it(tmp_path: Path) -> None:
    target = tmp_path / "fleet.tgz"
    request = replace(REQUEST, digest=DIGEST)
    assert source.already_stored(request, target) is None
    target.write_bytes(CHART)
    present = source.already_stored(request, target)
    assert present is not None
    assert (present.changed, present.digest_verified) == (False, True)
    assert source.already_stored(REQUEST, target) is None
    target.write_bytes(CHART + b" ")
    assert source.already_stored(request, target) is None


def test_file_names_as_helm_rancher_and_registries_write_them() -> None:
    assert file_names(REQUEST) == [
        "fleet-106.0.0+up0.12.0.tgz",
        "fleet-106.0.0-up0.12.0.tgz",
        "fleet-106.0.0_up0.12.0.tgz",
    ]
    assert file_names(ChartRequest("fleet", "1.0.0")) == ["fleet-1.0.0.tgz"]


@pytest.mark.parametrize("where", ["{}", "fleet/{}", "assets/fleet/{}"])
@pytest.mark.parametrize("name", file_names(REQUEST))
def test_an_archive_is_found_in_a_directory(tmp_path: Path, where: str, name: str) -> None:
    path = tmp_path / where.format(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CHART)
    (tmp_path / f"fleet-{RC}.tgz").write_bytes(b"another")
    for given in (tmp_path, path):
        content = io.BytesIO()
        fetched = fetch_from_path(given, REQUEST, ChartSink(content))
        assert (content.getvalue(), fetched.origin) == (CHART, str(path))


def test_a_directory_without_it_says_what_it_has(tmp_path: Path) -> None:
    for name in (f"fleet-{RC}", "fleet-crd-106.0.0", "fleet-agent-1.0.0"):
        (tmp_path / f"{name}.tgz").write_bytes(CHART)
    with pytest.raises(RemediationError) as caught:
        fetch_from_path(tmp_path, REQUEST, sink())
    assert caught.value.code == "chart-not-found"
    assert f"Nearest there: {RC}." in caught.value.message
    assert str(tmp_path) in caught.value.message


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(RemediationError, match="no such file or directory"):
        fetch_from_path(tmp_path / "nowhere", REQUEST, sink())


def test_an_archive_that_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / f"fleet-{GA}.tgz"
    path.write_bytes(b"x" * 100)
    with pytest.raises(RemediationError) as caught:
        fetch_from_path(path, REQUEST, ChartSink(io.BytesIO(), limit=10))
    assert caught.value.code == "chart-archive-unsafe"
