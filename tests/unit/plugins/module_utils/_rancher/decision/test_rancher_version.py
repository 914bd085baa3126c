# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.chart_version import (
    SemverRelease,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.rancher_version import (
    RancherVersion,
)


def rancher(text: str) -> RancherVersion:
    version = RancherVersion.parse(text)
    assert version is not None
    return version


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("v2.11.0", "v2.11.0"),
        ("2.11.0", "v2.11.0"),
        ("v2.12.0-alpha21", "v2.12.0-alpha21"),
        ("v2.10.1+build", "v2.10.1"),
    ],
)
def test_versions_are_read(text: str, shown: str) -> None:
    assert str(rancher(text)) == shown


@pytest.mark.parametrize(
    "text",
    ["", "dev", "master-47da90f-head", "v2.11", "v2.11.0.1", None, 2.11, "v" + "9" * 300, []],
)
def test_other_texts_are_no_version(text: object) -> None:
    assert RancherVersion.parse(text) is None


# version: metadata compared, tolerations added, null counts as absent, empty list written,
#          own release name, semver
CELLS = {
    "v2.8.0": (False, False, False, False, False, "3.3"),
    "v2.8.5": (False, False, False, False, False, "3.3"),
    "v2.9.3": (False, False, False, False, False, "3.3"),
    "v2.10.0": (False, True, False, True, False, "3.3"),
    "v2.10.4": (False, True, False, True, False, "3.3"),
    "v2.10.5": (True, True, False, True, False, "3.3"),
    "v2.10.11": (True, True, False, True, False, "3.3"),
    "v2.11.0": (False, True, True, True, False, "3.3"),
    "v2.11.1": (True, True, True, True, False, "3.3"),
    "v2.11.2": (True, True, True, True, False, "3.3"),
    "v2.11.3": (True, True, True, False, False, "3.3"),
    "v2.12.0": (True, True, True, False, True, "3.4"),
    "v2.12.0-rc3": (True, True, True, False, True, "3.4"),
    "v2.13.3": (True, True, True, False, True, "3.4"),
    "v2.14.2": (True, True, True, False, True, "3.4"),
    "v2.15.0": (True, True, True, False, True, "3.5"),
    "v2.16.0": (True, True, True, False, True, "3.5"),
}


@pytest.mark.parametrize("text", CELLS)
def test_what_differs_between_versions(text: str) -> None:
    version = rancher(text)
    assert CELLS[text] == (
        version.exact_compares_metadata,
        version.adds_tolerations,
        version.null_tolerations_are_absent,
        version.writes_empty_tolerations,
        version.release_name_is_separate,
        version.semver.value,
    )


@pytest.mark.parametrize(
    ("text", "newer"),
    [("v2.15.9", False), ("v2.16.0", True), ("v3.0.0", True)],
)
def test_lines_newer_than_those_that_were_read(text: str, newer: bool) -> None:
    assert rancher(text).is_newer_than_known == newer


def test_lines_are_ordered_by_number() -> None:
    assert rancher("v2.9.0") < rancher("v2.10.0") < rancher("v2.10.5") < rancher("v2.11.0")
    assert rancher("v2.11.3").line == (2, 11)
    assert rancher("v2.8.0").semver is SemverRelease.V3_3
