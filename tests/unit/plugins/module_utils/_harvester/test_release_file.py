# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import (
    release_file,
)

NOTHING: dict[str, Any] = {
    "rancher": None,
    "kubernetes": None,
    "min_upgradable_version": None,
    "rancher_dependencies": {},
}


def test_a_real_file() -> None:
    # harvester v1.4.2, as its job prints it (harvester #8309)
    content = """\
harvester: v1.4.2
harvesterChart: 1.4.2
kubernetes: v1.31.4+rke2r1
rancher: v2.10.1
minUpgradableVersion: 'v1.4.1'
rancherDependencies:
  fleet: {chart: 105.0.2+up0.11.2, app: 0.11.2}
  rancher-webhook:
    chart: 105.0.1+up0.6.2
    app: 0.6.2
"""
    assert release_file.parse(content) == {
        "harvester": "v1.4.2",
        "rancher": "v2.10.1",
        "kubernetes": "v1.31.4+rke2r1",
        "min_upgradable_version": "v1.4.1",
        "rancher_dependencies": {
            "fleet": {"chart": "105.0.2+up0.11.2", "app": "0.11.2"},
            "rancher-webhook": {"chart": "105.0.1+up0.6.2", "app": "0.6.2"},
        },
    }


@pytest.mark.parametrize("empty", ["''", "", "null"])
def test_a_development_build_has_no_minimum(empty: str) -> None:
    parsed = release_file.parse(f"harvester: master-1234\nminUpgradableVersion: {empty}\n")
    assert parsed == {**NOTHING, "harvester": "master-1234"}


def test_an_app_version_that_looks_like_a_number() -> None:
    parsed = release_file.parse(
        "harvester: v1\nrancherDependencies: {fleet: {chart: 1.0.0, app: 0.12}}\n"
    )
    assert parsed is not None
    assert parsed["rancher_dependencies"] == {"fleet": {"chart": "1.0.0", "app": "0.12"}}


@pytest.mark.parametrize(
    "content", ["", "harvester:\n", "a: b", "- harvester: v1", "harvester: [", "x" * 10_000]
)
def test_what_is_no_release_file(content: str) -> None:
    assert release_file.parse(content) is None


@pytest.mark.parametrize("dependencies", [None, [], "x", {"fleet": "x"}, {"fleet": None}, {3: {}}])
def test_dependencies_of_a_strange_shape_are_left_out(dependencies: Any) -> None:
    document = {"harvester": "v1", "rancherDependencies": dependencies}
    assert release_file.from_document(document) == {**NOTHING, "harvester": "v1"}
