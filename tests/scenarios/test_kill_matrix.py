# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL of a run and of all that it has started, at every boundary and inside every helm: the next run converges.

The cluster has a lock, skipped release candidates and a lost URL at once, so that the plan has all kinds of steps.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.backup_set import (
    read_set,
    verify_set,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.playbook import (
    CHECKOUT,
    REMEDIATE,
    Running,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.processes import (
    descendants,
    helm_of,
    kill,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    AWAITED,
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    APPROVED,
    become_old,
)
from doubles import helm_storage
from doubles.cluster import RELEASE_NAMESPACES
from doubles.scenarios import scenario

ILLNESS = "lock-and-skip-and-lost-url"
RESULTS = CHECKOUT / ".cache" / "test-results" / "kill-matrix"

# What the output shows last when the run is killed.
BOUNDARIES = {
    "after the approval": "Check permissions, helm and charts]",
    "with the lock taken": "Write down: run-begun]",
    "in the second look": "detect : Diagnose]",
    "in the backup": "backup : Back up]",
    "in the unlock": "apply : Unlock release fleet",
    "before fleet-crd": "apply : Upgrade release fleet-crd",
    "before fleet": "apply : Upgrade release fleet to",
    "before rancher-webhook": "apply : Upgrade release rancher-webhook",
    "before the configuration": "apply : Put apiServerURL",
    "in the proof": "verify : Wait for the upgrade]",
}
INSIDE_HELM = {
    "in helm for fleet-crd": "apply : Upgrade release fleet-crd",
    "in helm for fleet": "apply : Upgrade release fleet to",
    "in helm for rancher-webhook": "apply : Upgrade release rancher-webhook",
}
# All that is left to do then may be done by the others: Harvester puts the configuration back, too.
NEARLY_DONE = ("before the configuration", "in the proof")


@pytest.mark.parametrize("helm", [3, 4], ids=["helm3", "helm4"])
@pytest.mark.parametrize("moment", [*BOUNDARIES, *INSIDE_HELM])
def test_a_run_killed_at(moment: str, helm: int, tmp_path: Path) -> None:
    with sick_cluster(scenario(ILLNESS), tmp_path, helm) as sick:
        become_old(sick, "fleet")
        run = sick.operator.with_options(**APPROVED).start(REMEDIATE)
        _kill_at(moment, run, sick)
        left = {name: " ".join(map(str, found)) for name, found in sick.revisions().items()}
        assert run.finish().code != 0
        holder = sick.lock_holder()
        become_old(sick)
        second = sick.operator.writing_to(tmp_path / "second").remediate(**APPROVED)
        expected = {"repaired", "healthy"} if moment in NEARLY_DONE else {"repaired"}
        assert second.code == 0, second
        assert second.report["verdict"] in expected, second
        _is_whole(sick, run.artifacts)
        # A run that has nothing to do takes no lock, and leaves that of a dead run to expire.
        assert sick.lock_holder() in ({""} if second.changed else {"", holder})
        third = sick.operator.writing_to(tmp_path / "third").remediate(**APPROVED)
        assert (third.code, third.report["verdict"], third.changed) == (0, "healthy", 0), third
    steps = [step["id"] for step in second.report["plan"]["steps"]]
    number = [*BOUNDARIES, *INSIDE_HELM].index(moment)
    row = {"number": number, "moment": moment, "helm": helm, "left": left, "steps": steps}
    RESULTS.mkdir(parents=True, exist_ok=True)
    name = f"{moment.replace(' ', '-')}-helm{helm}.json"
    (RESULTS / name).write_text(json.dumps(row), encoding="utf-8")


def _kill_at(moment: str, run: Running, sick: SickCluster) -> None:
    header = BOUNDARIES.get(moment) or INSIDE_HELM[moment]
    deadline = time.monotonic() + 240
    while not (header in run.output and (moment in BOUNDARIES or _is_writing(moment, sick))):
        assert time.monotonic() < deadline, run.output
        assert run.process.poll() is None, run.output
        time.sleep(0.02)
    kill([run.process.pid, *descendants(run.process.pid), *helm_of(sick.kubeconfig)])


def _is_writing(moment: str, sick: SickCluster) -> bool:
    """Whether helm has begun to write that release."""
    release = moment.rpartition(" ")[2]
    last = helm_storage.last(sick.stuck.cluster, RELEASE_NAMESPACES[release], release)
    return bool(last and last.status.startswith("pending") and helm_of(sick.kubeconfig))


def _is_whole(sick: SickCluster, artifacts: Path) -> None:
    """The releases as wanted, every history without a hole that helm cannot read, journal and backup sound."""
    assert sick.is_as_wanted(), sick.revisions()
    assert sick.fleet_server().startswith("https://")
    for release in AWAITED:
        namespace = RELEASE_NAMESPACES[release]
        found = helm_storage.revisions(sick.stuck.cluster, namespace, release)
        stored = sick.stuck.cluster.list("secrets", namespace, f"owner=helm,name={release}")
        assert len(found) == len(stored), release
        assert [each.status for each in found].count("deployed") == 1, release
    for journal in artifacts.glob("journal.jsonl"):
        entries = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
        assert entries, journal
    for folder in artifacts.glob("backup-*"):
        verify_set(read_set(folder, None), str(folder))
