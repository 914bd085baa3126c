# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official command line tool and the playbook make the same of the assets, and a second time nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from awx.assets import ASSETS, FOUNDATION, TEMPLATES
from awx.fake_controller import TOKEN, FakeController, fake_controller

BIN = Path(sys.executable).parent
CREATE = "harvester_ops.remediation.awx.create"
SETTINGS = {
    "awx_project_scm_url": "https://git.example.com/harvester-ops/remediation.git",
    "awx_execution_environment_image": "registry.example.com/harvester-ops/remediation-ee:0.1.0",
    "awx_notification_url": "https://chat.example.com/hooks/harvester",
    "awx_credential_inputs": {"kubeconfig": "the secret of the test"},
}


@pytest.fixture
def awx() -> Iterator[FakeController]:
    with fake_controller() as controller:
        yield controller


def run(awx: FakeController, *command: str | Path, stdin: Path | None = None) -> str:
    """The output of a program that knows the controller by the usual variables and must succeed."""
    with (stdin or Path(os.devnull)).open() as source:
        done = subprocess.run(
            [str(BIN / command[0]), *map(str, command[1:])],
            stdin=source,
            env={**os.environ, "CONTROLLER_HOST": awx.url, "CONTROLLER_OAUTH_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def awx_import(awx: FakeController, name: str) -> None:
    run(awx, "awx", "-f", "yaml", "import", stdin=ASSETS / f"{name}.yml")


def create(awx: FakeController, *arguments: str) -> str:
    return run(awx, "ansible-playbook", CREATE, "-e", json.dumps(SETTINGS), *arguments)


def make_credential(awx: FakeController, file: Path) -> None:
    """What the guide does between the two imports."""
    file.write_text(yaml.safe_dump(SETTINGS["awx_credential_inputs"]))
    named = ("--name", "Harvester cluster", "--organization", "Default")
    kind = ("--credential_type", "Harvester cluster access", "--inputs", f"@{file}")
    description = ("--description", "The cluster whose upgrades are looked after.")
    run(awx, "awx", "credentials", "create", *named, *kind, *description)


def test_the_tool_imports_them_and_the_playbook_finds_nothing_to_do(
    awx: FakeController, tmp_path: Path
) -> None:
    awx_import(awx, "foundation")
    make_credential(awx, tmp_path / "credential.yml")
    awx_import(awx, "templates")
    imported = awx.state()
    awx.changes.clear()
    awx_import(awx, "foundation")
    awx_import(awx, "templates")
    assert (awx.changes, awx.state()) == ([], imported)
    assert "changed=0" in create(awx)
    assert awx.state() == imported


def test_the_playbook_makes_them_and_the_tool_exports_the_same(awx: FakeController) -> None:
    empty = awx.state()
    told = create(awx, "--check")
    assert "created: workflow_job_template/Harvester upgrade: repair with approval" in told
    assert awx.state() == empty
    output = create(awx)
    assert "changed=1" in output
    assert "the secret of the test" not in output
    made = awx.state()
    assert "changed=0" in create(awx)
    assert awx.state() == made
    kinds = ("job_templates", "workflow_job_templates", "credential_types", "projects")
    exported = json.loads(run(awx, "awx", "export", *(f"--{kind}" for kind in kinds)))
    for kind in kinds:
        wanted = {each["name"]: each for each in {**FOUNDATION, **TEMPLATES}[kind]}
        for each in exported[kind]:
            assert holds(each, wanted[each["name"]])


def holds(exported: Any, wanted: Any) -> bool:
    """Whether an export says at least what the assets say."""
    if isinstance(wanted, dict):
        return all(holds(exported[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
        return all(any(holds(each, item) for each in exported) for item in wanted)
    return bool(exported == wanted)


def test_a_second_import_cancels_an_approval_that_waits_and_the_playbook_does_not(
    awx: FakeController, tmp_path: Path
) -> None:
    """As the guide warns."""
    awx_import(awx, "foundation")
    make_credential(awx, tmp_path / "credential.yml")
    awx_import(awx, "templates")
    awx.waiting.update(awx.objects["workflow_approval_template"])
    create(awx)
    assert awx.waiting
    awx_import(awx, "templates")
    assert not awx.waiting


def test_the_playbook_makes_a_workflow_for_each_cluster(awx: FakeController) -> None:
    organization = awx.named("organization", "Default")["id"]
    awx.create("team", {"name": "approvers", "organization": organization})
    clusters = [{"name": name, "inputs": {"kubeconfig": f"secret of {name}"}} for name in "ab"]
    several = {"awx_clusters": clusters, "awx_approver_teams": ["approvers"]}
    settings = {**SETTINGS, **several}
    settings.pop("awx_credential_inputs")
    given = ("ansible-playbook", CREATE, "-v", "-e", json.dumps(settings))
    told = run(awx, *given, "--check")
    assert "created: workflow_job_template/Harvester upgrade: repair with approval (b)" in told
    output = run(awx, *given)
    assert "secret of" not in told + output
    assert (
        "approval_role: workflow_job_template/Harvester upgrade: repair with approval (a)" in output
    )
    assert ("Harvester upgrade: plan", "read_role") in awx.rights_of("approvers")
    assert "changed=0" in run(awx, *given)


def test_the_playbook_finds_a_controller_behind_a_gateway(awx: FakeController) -> None:
    awx.gateway = True
    assert "changed=1" in create(awx)
    made = awx.state()
    assert "changed=0" in create(awx)
    assert awx.state() == made


def test_the_playbook_makes_the_workflow_over_many_clusters(awx: FakeController) -> None:
    """In slices and instance groups that are asked for; the inventory is there before."""
    organization = awx.named("organization", "Default")["id"]
    awx.create("inventory", {"name": "Harvester clusters", "organization": organization})
    awx.create("instance_group", {"name": "far away"})
    rancher = {"url": "https://rancher.example.com", "token": "secret of Rancher"}
    many = {
        "awx_many_clusters": True,
        "awx_rancher_credential_inputs": rancher,
        "awx_job_slice_count": 8,
        "awx_instance_groups": ["far away"],
    }
    given = ("ansible-playbook", CREATE, "-v", "-e", json.dumps({**SETTINGS, **many}))
    told = run(awx, *given, "--check")
    assert "created: workflow_job_template/Harvester clusters: repair with approval" in told
    output = run(awx, *given)
    assert "secret of Rancher" not in told + output
    plan = awx.named("job_template", "Harvester clusters: plan")
    assert (plan["job_slice_count"], len(plan["instance_groups"])) == (8, 1)
    one = awx.named("job_template", "Harvester upgrade: plan")
    assert (one.get("job_slice_count"), len(one["instance_groups"])) == (None, 1)
    assert "changed=0" in run(awx, *given)
