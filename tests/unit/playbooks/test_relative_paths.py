# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths are relative to the folder the command was given in, whatever of Ansible reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

COLLECTION = "harvester_ops.remediation"
EVIDENCE = Path(__file__).parents[1] / "data" / "evidence-base.yml"


def run(
    folder: Path, playbook: str, environment: dict[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """ansible-playbook in this folder, which is not the one the shell that started the tests is in."""
    return subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            f"{COLLECTION}.{playbook}",
            *("-e", json.dumps({f"remediation_{name}": value for name, value in options.items()})),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **(environment or {})},
        check=False,
    )


def test_a_diagnosis_reads_and_writes_in_the_folder_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_text(json.dumps(yaml.safe_load(EVIDENCE.read_text())))
    (tmp_path / "rules").mkdir()
    done = run(
        tmp_path,
        "diagnose",
        evidence_file="evidence.json",
        rules_dirs=["rules"],
        artifacts_dir="found",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "found" / "findings.json").exists()


def test_modules_and_the_controller_mean_the_same_artifacts_folder(tmp_path: Path) -> None:
    (tmp_path / "kept" / ".backup-20261123T150000Z-3f9c1a.partial").mkdir(parents=True)
    done = run(tmp_path, "backup_sets", artifacts_dir="kept", backup_in_cluster=False)
    assert "half-written" in done.stdout, done.stdout + done.stderr


def test_one_backup_set_is_found_by_its_relative_path(tmp_path: Path) -> None:
    done = run(tmp_path, "backup_sets", backup_path="kept/backup-x", backup_in_cluster=False)
    assert str(tmp_path / "kept" / "backup-x") in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("playbook", ["restore", "collect"])
def test_the_kubeconfig_is_looked_for_in_the_folder_of_the_command(
    tmp_path: Path, playbook: str
) -> None:
    done = run(tmp_path, playbook, kubeconfig="harvester.yaml", backup_location="cluster")
    assert str(tmp_path / "harvester.yaml") in done.stdout, done.stdout + done.stderr


def test_so_is_the_one_of_the_environment(tmp_path: Path) -> None:
    done = run(tmp_path, "diagnose", {"KUBECONFIG": "a.yaml:b.yaml"})
    assert str(tmp_path / "a.yaml") in done.stdout, done.stdout + done.stderr
