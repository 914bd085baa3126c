# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflow over many clusters in miniature: slices of plans, one list, one approval, slices of repairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    PATIENCE,
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import become_old
from awx.job import Finished, checked_out, run_job
from awx.slices import Hosts, effective_artifacts, sliced
from doubles.scenarios import scenario


@dataclass
class Clusters:
    """A stuck cluster, one that does not answer, and jobs over both as AWX numbers them."""

    sick: SickCluster
    folder: Path
    project: Path
    number: int = 10

    @property
    def hosts(self) -> Hosts:
        """The inventory."""
        here = {"remediation_kubeconfig": str(self.sick.kubeconfig)}
        gone = {"remediation_host": "https://127.0.0.1:1", "remediation_api_key": "t"}
        return {"away": gone, "stuck": here}

    def node(self, name: str, given: Mapping[str, Any]) -> list[Finished]:
        """The slices of a node, one after the other."""
        return [self.job(name, given, hosts=part) for part in sliced(self.hosts, 2)]

    def job(self, name: str, given: Mapping[str, Any], **inventory: Hosts) -> Finished:
        """One job."""
        self.number += 1
        patience = {f"remediation_{key}": value for key, value in PATIENCE.items()}
        patience["remediation_artifacts_dir"] = str(self.folder / f"artifacts-{self.number}")
        patience["remediation_helm_binary"] = str(self.sick.control_plane.helm3)
        folder = self.folder / str(self.number)
        template = f"Harvester clusters: {name}"
        variables = {**patience, **given}
        return run_job(
            folder, self.project, template, {}, variables, number=self.number, **inventory
        )


def plan_of(slice_of_one: Finished) -> str:
    """The fingerprint of its only plan."""
    (fingerprint,) = slice_of_one.artifacts["remediation_plans_to_approve"].values()
    return str(fingerprint)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    with sick_cluster(scenario("rc-to-ga-skip-fleet"), tmp_path_factory.mktemp("slices")) as sick:
        become_old(sick)
        folder = tmp_path_factory.mktemp("jobs")
        yield Clusters(sick, folder, checked_out(folder / "project"))


def test_one_approval_for_the_plans_of_all_slices(clusters: Clusters) -> None:
    """A slice with one stuck cluster and one with a cluster that is away: the latter, which ends last, takes nothing away."""
    log = clusters.sick.audit.mark()
    away, stuck = clusters.node("plan", {})
    assert (away.status, stuck.status) == ("failed", "successful"), (away, stuck)
    for told in ("Upgrade release fleet-crd to 106.0.0+up0.12.0", "rollback", plan_of(stuck)):
        assert told in stuck.output, "the approver reads the plan here"
    handed = effective_artifacts(each.artifacts for each in (stuck, away))
    assert handed["remediation_plans_to_approve"] == {}, "AWX keeps that of the last slice"

    summed = clusters.job("sum up the plans", handed)
    assert summed.status == "successful", summed
    plans = summed.artifacts["remediation_plans_to_approve"]
    assert list(plans) == ["stuck"]
    assert f"stuck: plan {plans['stuck']}, in the output of job 12" in summed.output
    assert "in need of a person: away" in summed.output
    assert log.writes() == []

    handed |= summed.artifacts
    wrong = {**handed, "remediation_plans_to_approve": {"stuck": "3f9c2a71d0b84e56"}}
    refused = clusters.node("carry out the approved plans", wrong)[1]
    assert refused.status == "failed", refused
    assert log.writes() == []
    repaired = clusters.node("carry out the approved plans", handed)[1]
    assert repaired.status == "successful", repaired
    assert clusters.sick.is_as_wanted(), clusters.sick.revisions()
