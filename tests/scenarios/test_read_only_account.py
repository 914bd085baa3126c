# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnosis with an account that may only read, or not even that: real RBAC."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    CHECKOUT,
    Playbook,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import APPROVED
from doubles.scenarios import scenario

ROLE = CHECKOUT / "files" / "rbac" / "diagnose.yml"
ACCOUNT = "system:serviceaccount:harvester-system:harvester-ops-diagnose"


@pytest.fixture(scope="module")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SickCluster]:
    """A cluster where nothing is wrong, with the shipped roles applied."""
    with sick_cluster(scenario("healthy"), tmp_path_factory.mktemp("read-only")) as cluster:
        # Bindings to namespaces that this cluster does not have fail, as its text says.
        cluster.control_plane.kubectl("apply", "-f", str(ROLE), check=False)
        yield cluster


def reader(sick: SickCluster, folder: Path, name: str) -> Playbook:
    """Somebody else in place of the operator."""
    kubeconfig = sick.control_plane.user(name)
    return sick.operator.writing_to(folder / "artifacts").with_options(kubeconfig=str(kubeconfig))


def test_the_shipped_role_is_enough(sick: SickCluster, tmp_path: Path) -> None:
    run = reader(sick, tmp_path, ACCOUNT).diagnose()
    assert run.code == 0, run
    findings = run.document("findings")
    assert findings["verdict"] == "healthy", findings["headline"]


def test_what_could_not_be_seen_is_listed_and_not_called_healthy(
    sick: SickCluster, tmp_path: Path
) -> None:
    """Without a look at the Secrets of fleet's namespace nobody knows how its releases are."""
    namespace = "cattle-fleet-system"
    kubectl = sick.control_plane.kubectl
    bindings = sick.control_plane.get("rolebindings", "-n", namespace)["items"]
    names = [
        item["metadata"]["name"]
        for item in bindings
        if item["metadata"]["name"].startswith("harvester-ops-diagnose")
    ]
    assert names
    kubectl("delete", "rolebinding", "-n", namespace, *names)
    try:
        run = reader(sick, tmp_path, ACCOUNT).remediate(**APPROVED)
    finally:
        kubectl("apply", "-f", str(ROLE), check=False)
    findings = run.document("findings")
    assert findings["verdict"] == "unknown", findings["headline"]
    releases = {each["source"]: each for each in findings["not_seen"]}["releases"]
    assert releases["state"] == "forbidden"
    assert namespace in releases["reason"]
    shown = run.output.partition("Could not be read:")[2]
    assert "- releases: forbidden" in shown
    assert (run.code != 0, run.report["verdict"]) == (True, "needs_human"), run
