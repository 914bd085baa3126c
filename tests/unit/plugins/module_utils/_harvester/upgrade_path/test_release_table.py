# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_files import (
    SHIPPED_RELEASES,
    load_release_file,
    load_table,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_table import (
    HarvesterRelease,
    ReleaseTable,
    from_release_file,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.version import (
    HarvesterVersion,
)

TABLE = load_table()
RELEASE_FILE = """\
harvester: v1.4.2
harvesterChart: 1.4.2
os: Harvester v1.4.2
kubernetes: v1.31.4+rke2r1
rancher: v2.10.1
minUpgradableVersion: 'v1.4.1'
rancherDependencies:
  fleet: {chart: 105.0.2+up0.11.2, app: 0.11.2}
  fleet-crd: {chart: 105.0.2+up0.11.2, app: 0.11.2}
  rancher-webhook: {chart: 105.0.1+up0.6.2, app: 0.6.2}
"""
# FM 7.1, row by row.
MINIMUMS = {
    "v1.1.0": "v1.0.3", "v1.1.1": "v1.0.3", "v1.1.2": "v1.1.0", "v1.1.3": "v1.1.1",
    "v1.2.0": "v1.1.2", "v1.2.1": "v1.1.2", "v1.2.2": "v1.2.1",
    "v1.3.0": "v1.2.2", "v1.3.1": "v1.2.2", "v1.3.2": "v1.3.1",
    "v1.4.0": "v1.3.2", "v1.4.1": "v1.4.0", "v1.4.2": "v1.4.1", "v1.4.3": "v1.4.1",
    "v1.5.0": "v1.4.2", "v1.5.1": "v1.4.2", "v1.5.2": "v1.4.2",
    "v1.6.0": "v1.5.0", "v1.6.1": "v1.5.0",
    "v1.7.0": "v1.6.0", "v1.7.1": "v1.6.0", "v1.7.2": "v1.6.0", "v1.7.3": "v1.6.0",
    "v1.8.0": "v1.7.0", "v1.8.1": "v1.7.0", "v1.8.2": "v1.7.0",
    "v1.9.0-rc6": "v1.8.0",
}  # fmt: skip


def release(version: str) -> HarvesterRelease:
    found = TABLE.release(version)
    assert found is not None
    return found


def write(folder: Path, text: str) -> Path:
    path = folder / "releases.yml"
    path.write_text(text)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(RemediationError) as caught:
        load_table([path])
    assert caught.value.code == "release-file-invalid"
    assert str(path) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(("version", "minimum"), MINIMUMS.items())
def test_every_minimum_of_the_upgrade_matrix(version: str, minimum: str) -> None:
    assert release(version).min_upgradable_version == minimum


def test_no_other_release_has_a_known_minimum() -> None:
    known = {
        row.version
        for row in TABLE.harvesters.values()
        if row.min_upgradable_version and row.version not in MINIMUMS
    }
    assert known == set()


def test_dev_builds_have_no_limit_and_candidates_an_unknown_one() -> None:
    assert release("v1.8.0-dev-20260201").min_upgradable_version == ""
    assert release("v1.5.0-rc2").min_upgradable_version is None


@pytest.mark.parametrize(
    ("version", "chart", "expected"),
    [
        # FM 1.6, the table of real files
        ("v1.4.2", "fleet", "105.0.2+up0.11.2"),
        ("v1.4.2", "rancher-webhook", "105.0.1+up0.6.2"),
        ("v1.5.0", "fleet-crd", "106.0.0+up0.12.0"),
        ("v1.6.1", "fleet", "107.0.2+up0.13.2"),
        ("v1.7.0", "rancher-webhook", "108.0.1+up0.9.1"),
        ("v1.7.1", "fleet-crd", "108.0.1+up0.14.1"),
        ("v1.7.3", "fleet", "108.0.3+up0.14.3"),
        # FM 1.6 (b), 6.10: the build prefers the candidate in the index, for fleet-crd too (c)
        ("v1.8.0-rc3", "fleet", "109.0.0+up0.15.0-rc.6"),
        ("v1.8.0-rc3", "fleet-crd", "109.0.0+up0.15.0-rc.6"),
        ("v1.8.0-rc3", "rancher-webhook", "109.0.0+up0.10.0"),
        # nothing waits for these, or it is not known
        ("v1.5.0", "rancher-provisioning-capi", None),
        ("v1.8.2", "fleet", None),
        ("v1.8.0-rc1", "fleet", None),
    ],
)
def test_what_the_job_of_a_release_waits_for(
    version: str, chart: str, expected: str | None
) -> None:
    assert TABLE.expected(release(version), chart) == expected


def test_the_rows_fit_each_other() -> None:
    versions = [HarvesterVersion.parse(version) for version in TABLE.harvesters]
    assert all(version is not None and not version.is_dev for version in versions)
    for row in TABLE.harvesters.values():
        assert row.rancher is None or re.fullmatch(r"v2\.\d+\.\d+(-(rc|alpha)\d+)?", row.rancher)
    for rancher in TABLE.ranchers.values():
        assert {"fleet", "fleet-crd", "rancher-webhook"} <= set(rancher.charts), rancher.version
        assert rancher.charts["fleet"] == rancher.charts["fleet-crd"]


def test_a_release_is_found_without_its_v_too() -> None:
    assert TABLE.release("1.5.0") is TABLE.release("v1.5.0")
    assert TABLE.release("v9.9.9") is None


def test_a_release_file_becomes_a_row(tmp_path: Path) -> None:
    path = tmp_path / "harvester-release.yaml"
    path.write_text(RELEASE_FILE)
    found = load_release_file(path)
    assert found == HarvesterRelease(
        version="v1.4.2",
        rancher="v2.10.1",
        kubernetes="v1.31.4+rke2r1",
        min_upgradable_version="v1.4.1",
        expected={
            "fleet": "105.0.2+up0.11.2",
            "fleet-crd": "105.0.2+up0.11.2",
            "rancher-webhook": "105.0.1+up0.6.2",
        },
        source="release-file",
    )
    assert load_table([path]).release("v1.4.2") == found


def test_a_release_file_without_a_minimum_has_no_limit(tmp_path: Path) -> None:
    path = tmp_path / "harvester-release.yaml"
    path.write_text(RELEASE_FILE.replace("'v1.4.1'", "''"))
    assert load_release_file(path).min_upgradable_version == ""


def test_rows_of_ones_own_are_added_and_win(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "harvesters:\n- {version: v1.5.0, rancher: v2.11.9}\n- {version: v1.9.9, rancher: v2.15.9}\n"
        "ranchers:\n- {version: v2.15.9, charts: {fleet: 110.0.9+up0.16.9}}\n",
    )
    table = load_table([path])
    row = table.release("v1.9.9")
    assert row is not None
    assert table.expected(row, "fleet") == "110.0.9+up0.16.9"
    assert table.harvesters["v1.5.0"].rancher == "v2.11.9"
    assert len(table.harvesters) == len(TABLE.harvesters) + 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no YAML"),
        ("just text", "neither a harvester-release.yaml nor a table"),
        ("releases: []", "neither a harvester-release.yaml nor a table"),
        ("harvesters: {}\nranchers: 5", "ranchers is no list"),
        ("harvesters:\n- {rancher: v2.11.0}", "row 1 of harvesters has no version"),
        ("harvesters:\n- {version: 1.5}", "row 1 of harvesters (1.5): version has to be a text"),
        ("harvesters:\n- {version: v1, racher: x}", "row 1 of harvesters (v1) has the unknown key 'racher'"),
        ("ranchers:\n- {version: v2, charts: [fleet]}", "(v2): charts has to be a mapping of texts to texts"),
        ("ranchers:\n- {version: v2, charts: {fleet: 1.0}}", "(v2): charts has to be a mapping of texts to texts"),
        ("ranchers:\n- {version: v2, index: {fleet: x}}", "index has to be a mapping of texts to lists of texts"),
    ],
)  # fmt: skip
def test_a_malformed_file_is_refused_with_row_and_key(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(write(tmp_path, text))


def test_a_missing_or_monstrous_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "nowhere.yml")
    assert "larger than 1 MiB" in refusal(write(tmp_path, "#" * 1_100_000))


def test_a_table_is_no_release_file() -> None:
    with pytest.raises(RemediationError, match="describes 52 releases where one is wanted"):
        load_release_file(SHIPPED_RELEASES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
KEYS = ("harvester", "rancher", "kubernetes", "min_upgradable_version", "rancher_dependencies")


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_a_damaged_release_document_never_raises(document: dict[str, object]) -> None:
    found = from_release_file(document)
    if found is not None:
        assert ReleaseTable().expected(found, "fleet") == found.expected.get("fleet")
