# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repair is undone from its own backup: encrypted, and in the cluster only, as after a job of AWX."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.change import (
    content_of,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    APPROVED,
    become_old,
)
from doubles.scenarios import scenario

RESTORE = "harvester_ops.remediation.restore"
FLEET = "cattle-fleet-system"


def history(sick: SickCluster) -> Any:
    """What the operator's `helm history` says of fleet."""
    command = [str(sick.operator.options["remediation_helm_binary"]), "history", "fleet"]
    answer = subprocess.run(
        [*command, "--namespace", FLEET, "-o", "json"],
        env=sick.control_plane.environment(),
        check=True,
        capture_output=True,
    )
    return json.loads(answer.stdout)


def objects_of(sick: SickCluster) -> Any:
    """What helm has made for fleet and rancher-webhook: each object without what its controllers write."""
    found = {}
    for kind in ("deployments", "configmaps", "services", "serviceaccounts"):
        for namespace in (FLEET, "cattle-system"):
            for each in sick.stuck.cluster.list(
                kind, namespace, "app.kubernetes.io/managed-by=Helm"
            ):
                content = content_of(each)
                found[f"{kind}/{namespace}/{each['metadata']['name']}"] = content
    return found


@pytest.mark.parametrize("illness", ["pending-upgrade-lock", "rc-to-ga-skip-fleet"])
def test_one_command_undoes_a_plan(tmp_path: Path, illness: str) -> None:
    """What the report prints brings back releases, values and objects as they were."""
    with sick_cluster(scenario(illness), tmp_path) as sick:
        become_old(sick, "fleet")
        before = (sick.revisions(), history(sick), sick.values("fleet"), objects_of(sick))
        repaired = sick.operator.remediate(**APPROVED)
        assert repaired.report["verdict"] == "repaired", repaired
        for program in ("rancher", "fleet", "upgrade_job"):
            sick.stuck.stop_double(program)
        assert objects_of(sick) != before[3]
        path = repaired.report["backup"]["path"]
        command = f"restore -e remediation_restore_path={path} -e remediation_restore_parts=plan"
        assert command in " ".join(repaired.output.split()), repaired
        undo = sick.operator.writing_to(tmp_path / "undo").with_options(
            restore_path=path, restore_parts="plan", auto_approve=["medium", "high"]
        )
        done = undo.run(RESTORE)
        assert done.code == 0, done
        assert before[:3] == (sick.revisions(), history(sick), sick.values("fleet"))
        after = objects_of(sick)
        assert {name for name in after if after[name] != before[3].get(name)} == set()
        assert set(before[3]) == set(after)


@pytest.mark.parametrize("helm", [3, 4], ids=["helm3", "helm4"])
def test_helm_history_is_what_it_was_before_the_repair(tmp_path: Path, helm: int) -> None:
    key = tmp_path / "passphrase"
    key.write_text("correct horse battery staple", encoding="utf-8")
    key.chmod(0o600)
    with sick_cluster(scenario("pending-upgrade-lock"), tmp_path, helm) as sick:
        become_old(sick, "fleet")
        before = history(sick)
        kept = {"backup_location": "cluster", "backup_passphrase_file": str(key)}
        repaired = sick.operator.remediate(**APPROVED, **kept)
        assert repaired.report["verdict"] == "repaired", repaired
        assert not list(repaired.artifacts.glob("backup-*"))
        assert history(sick) != before

        # Rancher has given the number of the removed revision to its own upgrade.
        done = sick.operator.with_options(
            restore_id=repaired.report["backup"]["id"],
            restore_releases=[f"{FLEET}/fleet"],
            restore_delete_later_revisions=True,
            auto_approve=["medium", "high"],
            **kept,
        ).run(RESTORE)
        assert done.code == 0, done
        assert history(sick) == before
