# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher import (
    chart_source as source,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.catalog import (
    cluster_repo_path,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_request import (
    ChartRequest,
    FetchedChart,
    not_found,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.chart_source_path import (
    fetch_from_path,
    file_names,
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
FETCHED = FetchedChart(CHART, "rancher_pod", "somewhere", "c0ffee")


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


def test_a_digest_given_counts_more_than_that_of_the_index() -> None:
    answer = source.consult_catalog(catalog(), replace(REQUEST, digest="ff"))
    assert answer.request.digest == "ff"


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


def absent(request: ChartRequest) -> FetchedChart:
    raise not_found(request, "there")


def failing_with(code: str) -> Callable[[ChartRequest], FetchedChart]:
    def fetch(_request: ChartRequest) -> FetchedChart:
        raise RemediationError(code, "no", "")

    return fetch


def test_sources_are_asked_in_order_until_one_has_it() -> None:
    sources = {"one": absent, "two": lambda _request: FETCHED, "three": failing_with("internal")}
    assert source.fetch_first(REQUEST, sources) is FETCHED


@pytest.mark.parametrize("code", ["forbidden", "timeout", "chart-archive-unsafe"])
def test_any_other_failure_is_not_passed_over(code: str) -> None:
    sources = {"one": failing_with(code), "two": lambda _request: FETCHED}
    with pytest.raises(RemediationError) as caught:
        source.fetch_first(REQUEST, sources)
    assert caught.value.code == code


def test_every_source_without_it_is_named() -> None:
    with pytest.raises(RemediationError) as caught:
        source.fetch_first(REQUEST, {"one": absent, "two": absent})
    assert caught.value.code == "chart-not-found"
    assert set(caught.value.details) == {"one", "two"}


def test_a_chart_is_stored_whole_and_private(tmp_path: Path) -> None:
    target = tmp_path / "charts" / "fleet.tgz"
    stored = source.store(FETCHED, replace(REQUEST, digest=DIGEST), target)
    assert stored.changed
    assert stored.digest_verified
    assert stored.to_dict()["sha256"] == DIGEST
    assert target.read_bytes() == CHART
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700
    assert not source.store(FETCHED, REQUEST, target).changed


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
        source.store(replace(FETCHED, content=content), replace(REQUEST, digest=digest), target)
    assert caught.value.code == code
    assert os.listdir(tmp_path) == ["fleet.tgz"]
    assert target.read_bytes() == b"of yesterday"


def test_a_packed_directory_has_another_digest_than_the_index(tmp_path: Path) -> None:
    fetched = replace(FETCHED, repacked=True)
    stored = source.store(fetched, replace(REQUEST, digest="0" * 64), tmp_path / "fleet.tgz")
    assert not stored.digest_verified


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
    fetched = fetch_from_path(tmp_path, REQUEST)
    assert (fetched.content, fetched.origin) == (CHART, str(path))
    assert fetch_from_path(path, REQUEST).content == CHART


def test_a_directory_without_it_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / f"fleet-{RC}.tgz").write_bytes(CHART)
    with pytest.raises(RemediationError) as caught:
        fetch_from_path(tmp_path, REQUEST)
    assert caught.value.code == "chart-not-found"
    assert f"it holds fleet-{RC}.tgz" in caught.value.message


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(RemediationError, match="no such file or directory"):
        fetch_from_path(tmp_path / "nowhere", REQUEST)
