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

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.change import (
    content_of,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.cases import CASES
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import (
    AWAITED,
    SickCluster,
    sick_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    APPROVED,
    become_old,
)
from doubles.cluster import RELEASE_NAMESPACES
from doubles.resources import of_object
from doubles.scenarios import scenario

RESTORE = "harvester_ops.remediation.restore"
FLEET = "cattle-fleet-system"
# Together they take every action that changes something.
UNDONE = (
    "pending-upgrade-lock",
    "rc-to-ga-skip-fleet",
    "half-applied-lock",
    "leftovers-hold-pods",
    "clusterrepo-stale-index",
    "clusterrepo-index-corrupt",
    "helm-operation-fails",
    "rancher-phase-skipped",
    "clusterrepos-deleted-retry-trap",
    "legacy-capi-webhooks",
    "plan-skip-restart-stuck",
    "missing-workspace-holds-plan",
    "fleet-agent-not-redeployed",
    "bundle-errapplied-operation-in-progress",
)
# The kinds that steps are about, and what else helm makes for a release.
KINDS = sorted(
    {
        of_object({"apiVersion": each.api_version, "kind": each.kind}).name
        for action in ACTIONS.values()
        for each in action.objects
    }
    | {"services", "serviceaccounts"}
)

STATUS_THAT_STEPS_WRITE = ("fleetWorkspaceName",)


def history(sick: SickCluster, release: str = "fleet") -> Any:
    """What the operator's `helm history` says of a release."""
    command = [str(sick.operator.options["remediation_helm_binary"]), "history", release]
    answer = subprocess.run(
        [*command, "--namespace", RELEASE_NAMESPACES[release], "-o", "json"],
        env=sick.control_plane.environment(),
        check=True,
        capture_output=True,
    )
    return json.loads(answer.stdout)


def state_of(sick: SickCluster) -> dict[str, Any]:
    """All objects of these kinds, each without what its controllers write, and the histories as helm tells them."""
    found: dict[str, Any] = {f"history of {each}": history(sick, each) for each in AWAITED}
    for kind in KINDS:
        for each in sick.stuck.cluster.list(kind):
            written = {key: each.get("status", {}).get(key) for key in STATUS_THAT_STEPS_WRITE}
            name = _name({**each["metadata"], **each})
            found[name] = {**content_of(each), "written status": written}
    return found


def _name(named: Any) -> str:
    """Of an object by its kind, namespace and name."""
    kind = of_object({"apiVersion": named.get("api_version", ""), **named}).name
    return f"{kind}/{named.get('namespace') or ''}/{named['name']}"


@pytest.mark.parametrize("illness", UNDONE)
def test_one_command_undoes_a_plan(tmp_path: Path, illness: str) -> None:
    """What the report prints brings back releases, values and objects as they were."""
    case = next(each for each in CASES if each.scenario == illness)
    with sick_cluster(scenario(illness, case.rancher), tmp_path) as sick:
        become_old(sick, "fleet", *case.aged)
        before = state_of(sick)
        repaired = sick.operator.remediate(**APPROVED, **case.options)
        assert repaired.report["verdict"] == "repaired", repaired
        for program in ("rancher", "fleet", "upgrade_job"):
            sick.stuck.stop_double(program)
        assert state_of(sick) != before
        path = repaired.report["backup"]["path"]
        command = f"restore -e remediation_restore_path={path} -e remediation_restore_parts=plan"
        assert command in " ".join(repaired.output.split()), repaired
        undo = sick.operator.writing_to(tmp_path / "undo").with_options(
            restore_path=path, restore_parts="plan", auto_approve=["medium", "high"]
        )
        done = undo.run(RESTORE)
        assert done.code == 0, done
        after = state_of(sick)
        wrong = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        wrong &= _concerned(repaired.document("plan"), {**before, **after})
        stays = {
            name
            for name in wrong
            if f"{name.rpartition('/')[2]} was made by the plan" in done.output
        }
        assert stays == {name for name in wrong if "clusterrepos" in name and name not in before}
        assert wrong == stays, {name: (before.get(name), after.get(name)) for name in wrong - stays}


def _concerned(plan: Any, state: dict[str, Any]) -> set[str]:
    """What the steps are about, and all of the releases among that. The job and Rancher go on to change other things,
    which is what the repair was made for."""
    names = {_name(step["object"]) for step in plan["steps"]}
    releases = {step["params"].get("release") for step in plan["steps"]} - {None}
    for name, each in state.items():
        made_for = each["metadata"].get("annotations", {}) if "metadata" in each else {}
        of_helm = name.partition("/sh.helm.release.v1.")[2].rpartition(".v")[0]
        if {
            made_for.get("meta.helm.sh/release-name"),
            of_helm,
            name.partition(" of ")[2],
        } & releases:
            names.add(name)
    return names


def test_every_action_of_the_registry_is_undone() -> None:
    undone = [each for each in CASES if each.scenario in UNDONE and each.verdict == "repaired"]
    steps = [f"{step}-" for case in undone for step in case.steps]
    verbs = {name: name.removesuffix("_release").replace("_", "-") for name in ACTIONS}
    left = {
        name
        for name, verb in verbs.items()
        if not any(step.startswith(f"{verb}-") for step in steps)
    }
    # It only waits.
    assert left == {"wait_for_actor"}


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
