# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is given as remediation_evidence instead of a cluster, through the playbooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    cluster_of,
)


def run(folder: Path, playbook: str, *arguments: str, **options: object) -> str:
    """The terminal of a playbook that ends well, with no cluster in reach."""
    done = _run(folder, playbook, arguments, options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _run(
    folder: Path, playbook: str, arguments: tuple[str, ...], options: dict[str, object]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            f"harvester_ops.remediation.{playbook}",
            *("-e", json.dumps({f"remediation_{name}": value for name, value in options.items()})),
            *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "KUBECONFIG": "/none"},
        check=False,
    )


def bundle(folder: Path, name: str = "locked", file: str = "ticket-4711") -> str:
    cluster = cluster_of(name)
    kit.write_zip(folder / file, kit.members(cluster.objects, cluster.logs))
    return file


def test_a_support_bundle_is_diagnosed(tmp_path: Path) -> None:
    shown = run(tmp_path, "diagnose", evidence=bundle(tmp_path))
    assert "A release is locked" in shown
    assert f"Read from a support bundle: {tmp_path / 'ticket-4711'}" in shown
    assert "helm -n cattle-fleet-system history fleet" in shown
    kept = tmp_path / "remediation-artifacts" / "evidence.json"
    again = run(tmp_path, "diagnose", evidence_file=str(kept), artifacts_dir="again")
    assert "A release is locked" in again
    first, second = (
        tmp_path / each / "findings.json" for each in ("remediation-artifacts", "again")
    )
    assert first.read_bytes() == second.read_bytes()


def test_a_list_of_paths_is_taken(tmp_path: Path) -> None:
    assert "A release is locked" in run(tmp_path, "diagnose", evidence=[bundle(tmp_path)])


def test_a_support_bundle_is_looked_at_before_an_upgrade(tmp_path: Path) -> None:
    options = {"evidence": bundle(tmp_path, "equal-precedence")}
    shown = run(
        tmp_path,
        "preflight",
        *("-e", json.dumps({"preflight_target_version": "v1.5.0", "preflight_fail_on": []})),
        **options,
    )
    assert "v1.5.0" in shown


def test_bundles_of_many_clusters_give_the_table_of_clusters(tmp_path: Path) -> None:
    hosts = {
        each: {"remediation_evidence": bundle(tmp_path, name, each)}
        for each, name in (("first", "locked"), ("second", "index-missing"))
    }
    (tmp_path / "bundles.yml").write_text(json.dumps({"all": {"hosts": hosts}}))
    shown = run(tmp_path, "diagnose", "-i", "bundles.yml", hosts="all", attention_fails=False)
    assert "first" in shown
    assert "A release is locked" in shown
    assert (tmp_path / "remediation-artifacts" / "clusters" / "second" / "findings.json").exists()


def test_an_unknown_file_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    kit.write_zip(tmp_path / "x.zip", {"holiday.jpg": b"1"}, top="")
    done = _run(tmp_path, "diagnose", (), {"evidence": "x.zip"})
    assert done.returncode != 0
    assert "holiday.jpg" in done.stdout
    assert "[evidence-invalid]" in done.stdout
