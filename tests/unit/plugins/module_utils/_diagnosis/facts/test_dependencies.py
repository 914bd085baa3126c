# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release the job waits for now."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

CANDIDATE = [[7, "deployed", "106.0.0+up0.12.0-rc.3", 90000]]
# The scripts before v1.4.0 say no more than this, whatever they wait for (FM 1.8).
SILENT = {
    "kind": "rancher-dependencies",
    "age": 4000,
    "text": "Wait for Rancher dependencies helm releases...",
}


def waited(**overlay: Any) -> list[str]:
    found = derive(build(overlay)).dependencies
    return [item.release for item in found if item.waited]


@pytest.mark.parametrize(
    ("releases", "release"),
    [
        ({"fleet": CANDIDATE, "fleet-crd": CANDIDATE}, ["fleet"]),
        ({"fleet-crd": CANDIDATE}, ["fleet-crd"]),
        ({"rancher-webhook": [[7, "failed", "106.0.0+up0.7.0", 90000]]}, ["rancher-webhook"]),
        ({}, []),
        # What comes before it cannot be seen: it may be that one.
        ({"fleet": {"read": "forbidden", "revisions": []}, "fleet-crd": CANDIDATE}, []),
    ],
)
def test_a_silent_script_waits_in_its_own_order(
    releases: dict[str, Any], release: list[str]
) -> None:
    assert waited(wait=SILENT, releases=releases) == release


def test_what_a_silent_script_waits_for_holds_the_job() -> None:
    found = diagnose(build({"wait": SILENT, "releases": {"fleet": CANDIDATE}}))
    assert found["findings"][0]["id"] == "rc-to-ga-skip-fleet"
    assert found["findings"][0]["holds_job"]


def test_the_leader_s_own_environment_names_the_release() -> None:
    """The Deployment may be ahead of the pod that leads."""
    process = {
        "CATTLE_SERVER_VERSION": "v2.13.0",
        "CATTLE_SUC_APP_NAME_OVERRIDE": "another-controller",
    }
    rancher = {"env": {}, "process_env": process}
    found = derive(build({"set": {"rancher": rancher}})).dependencies
    releases = {item.chart: item.release for item in found}
    assert releases["system-upgrade-controller"] == "another-controller"
