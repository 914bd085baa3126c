# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks backup and restore, as an operator runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    create,
    install_kinds,
    new,
    read,
)
from controlplane.handle import ControlPlane

ANSIBLE_PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"
CONFIG = new(
    "v1",
    "ConfigMap",
    "fleet-controller",
    "cattle-fleet-system",
    data={"config": '{"apiServerURL":"https://10.53.0.1"}'},
)
WIPED = {"config": '{"apiServerURL":""}'}
LABEL = "ConfigMap/cattle-fleet-system/fleet-controller"


class Playbooks:
    """Playbooks of the collection with one artifacts folder."""

    def __init__(self, control_plane: ControlPlane, artifacts: Path) -> None:
        self.control_plane, self.artifacts = control_plane, artifacts

    def run(
        self,
        name: str,
        *options: str,
        environment: Mapping[str, str] | None = None,
        **variables: Any,
    ) -> subprocess.CompletedProcess[str]:
        """Run one without a terminal."""
        settings = {
            "remediation_kubeconfig": str(self.control_plane.kubeconfig),
            "remediation_artifacts_dir": str(self.artifacts),
            **variables,
        }
        return subprocess.run(
            [
                ANSIBLE_PLAYBOOK,
                f"harvester_ops.remediation.{name}",
                "-e",
                json.dumps(settings),
                *options,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", **(environment or {})},
            check=False,
            timeout=300,
        )

    def live(self) -> Any:
        found = read(self.control_plane, CONFIG)
        assert found is not None
        return found["data"]


@pytest.fixture
def playbooks(control_plane: ControlPlane, tmp_path: Path) -> Playbooks:
    install_kinds(control_plane)
    create(control_plane, CONFIG)
    return Playbooks(control_plane, tmp_path / "artifacts")


def test_a_backup_is_made_refused_unapproved_and_restored(playbooks: Playbooks) -> None:
    saved = playbooks.run("backup")
    assert saved.returncode == 0, saved.stdout
    folder = next(playbooks.artifacts.glob("backup-*"))
    assert f"in {folder}" in saved.stdout

    playbooks.control_plane.apply({**CONFIG, "data": WIPED})
    wanted = {"remediation_restore_path": str(folder), "remediation_restore_objects": [LABEL]}

    unapproved = playbooks.run("restore", **wanted)
    assert unapproved.returncode != 0
    assert "has not been approved. Nothing was changed." in unapproved.stdout
    assert playbooks.live() == WIPED

    tried = playbooks.run("restore", "--check", "--diff", **wanted)
    assert tried.returncode == 0, tried.stdout
    assert "https://10.53.0.1" in tried.stdout
    assert playbooks.live() == WIPED

    done = playbooks.run("restore", **wanted, remediation_auto_approve=["medium"])
    assert done.returncode == 0, done.stdout
    assert f"{LABEL}: replaced" in done.stdout
    assert playbooks.live() == CONFIG["data"]
    journal = (playbooks.artifacts / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in journal] == ["step-begun", "step-done"]
    leases = playbooks.control_plane.get("leases", "-n", "harvester-system")["items"]
    assert "harvester-ops-remediation" not in [each["metadata"]["name"] for each in leases]

    again = playbooks.run("restore", **wanted)
    assert again.returncode == 0, again.stdout
    assert "changed=0" in again.stdout


def test_one_object_that_cannot_come_back_stops_all(playbooks: Playbooks) -> None:
    assert playbooks.run("backup").returncode == 0
    folder = next(playbooks.artifacts.glob("backup-*"))
    playbooks.control_plane.apply({**CONFIG, "data": WIPED})
    blocked = playbooks.run(
        "restore",
        remediation_restore_path=str(folder),
        remediation_restore_objects=[LABEL, "Upgrade/harvester-system/none"],
        remediation_auto_approve=["medium"],
    )
    assert blocked.returncode != 0
    assert "does not hold Upgrade/harvester-system/none" in blocked.stdout
    assert playbooks.live() == WIPED


PASSPHRASE = "correct horse battery staple"


def test_a_job_of_awx_keeps_an_encrypted_set_in_the_cluster_and_goes_back_from_it(
    playbooks: Playbooks, tmp_path: Path
) -> None:
    """The next job has neither the folder of the first nor more than its credential."""
    job = {"REMEDIATION_BACKUP_PASSPHRASE": PASSPHRASE, "AWX_HOST": "https://awx", "JOB_ID": "42"}
    saved = playbooks.run("backup", "-vvv", environment=job, remediation_backup_reason="to be sure")
    assert saved.returncode == 0, saved.stdout
    assert "encrypted" in saved.stdout
    folder = next(playbooks.artifacts.glob("backup-*"))
    assert {each.name for each in folder.iterdir()} == {"cover.json", "set.tar.gz.vault"}

    nowhere = {"remediation_kubeconfig": "/nowhere", "remediation_backup_path": str(folder)}
    sealed = playbooks.run("backup_sets", **nowhere)
    assert sealed.returncode == 0, sealed.stdout
    assert "for lack of its passphrase" in " ".join(sealed.stdout.split())
    key = tmp_path / "passphrase"
    key.write_text(PASSPHRASE)
    key.chmod(0o600)
    with_key = {"REMEDIATION_BACKUP_PASSPHRASE_FILE": str(key)}
    verified = playbooks.run("backup_sets", environment=with_key, **nowhere)
    assert "state   whole" in verified.stdout, verified.stdout
    assert LABEL in verified.stdout

    playbooks.artifacts = tmp_path / "of-the-next-job"
    playbooks.control_plane.apply({**CONFIG, "data": WIPED})
    listed = playbooks.run("restore", environment=job)
    assert listed.returncode == 0, listed.stdout
    assert folder.name in listed.stdout
    assert "why     to be sure" in listed.stdout
    wanted = {"remediation_restore_id": folder.name, "remediation_restore_objects": LABEL}
    refused = playbooks.run("restore", environment=job, **wanted)
    assert "-    " in refused.stdout, refused.stdout
    fingerprint = refused.stdout.rpartition("remediation_approved_plan=")[2].split(".")[0]
    done = playbooks.run(
        "restore", "-vvv", environment=job, **wanted, remediation_approved_plan=fingerprint
    )
    assert done.returncode == 0, done.stdout
    assert playbooks.live() == CONFIG["data"]
    for run in (saved, sealed, verified, listed, refused, done):
        assert PASSPHRASE not in run.stdout + run.stderr


def test_a_damaged_set_is_refused_without_a_cluster(playbooks: Playbooks) -> None:
    assert playbooks.run("backup").returncode == 0
    folder = next(playbooks.artifacts.glob("backup-*"))
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-40])
    nowhere = {"remediation_kubeconfig": "/nowhere"}
    refused = playbooks.run("backup_sets", remediation_backup_path=str(folder), **nowhere)
    assert refused.returncode != 0
    assert "is missing or no JSON" in " ".join(refused.stdout.split())
    listed = playbooks.run("backup_sets", **nowhere)
    assert listed.returncode == 0, listed.stdout
    assert "CANNOT BE USED" in listed.stdout
