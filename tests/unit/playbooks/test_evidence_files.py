# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is given as remediation_evidence instead of a cluster, through the playbooks."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    cluster_of,
    live_evidence,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UPGRADE,
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


def bundle(
    folder: Path, name: str = "locked", file: str = "ticket-4711", uid: str = "uid-kube-system"
) -> str:
    cluster = cluster_of(name)
    cluster.objects["/api/v1/namespaces/kube-system"]["metadata"]["uid"] = uid
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
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


def upgrade_log(folder: Path, file: str) -> None:
    name = f"logs/harvester-system.{UPGRADE}-apply-manifests-zz9xx.apply.20261123.log.gz"
    kit.write_zip(folder / file, {name: gzip.compress(b"Upgrading Rancher\n")}, top="")


def test_a_folder_of_bundles_gives_the_table_of_clusters(tmp_path: Path) -> None:
    bundle(tmp_path, "locked", "tickets/north.zip", "a")
    bundle(tmp_path, "index-missing", "tickets/south.zip", "b")
    (tmp_path / "tickets" / "notes.txt").write_text("call back at 9")
    for playbook, page in (("diagnose", "diagnosis.txt"), ("report", "report.html")):
        folder = f"of-{playbook}"
        shown = run(
            tmp_path, playbook, evidence="tickets", attention_fails=False, artifacts_dir=folder
        )
        assert "2 clusters" in shown
        assert "notes.txt" in shown
        index = json.loads((tmp_path / folder / "index.json").read_text())
        assert {each["host"] for each in index["clusters"]} == {"north", "south"}
        for each in index["clusters"]:
            assert (tmp_path / folder / each["report"]).name == page
            assert (tmp_path / folder / each["report"]).exists()


def test_several_bundles_are_looked_at_before_an_upgrade(tmp_path: Path) -> None:
    paths = [bundle(tmp_path, "equal-precedence", each, each) for each in ("north", "south")]
    wanted = {"preflight_target_version": "v1.5.0", "preflight_fail_on": []}
    run(tmp_path, "preflight", "-e", json.dumps(wanted), evidence=paths, attention_fails=False)
    for each in paths:
        kept = tmp_path / "remediation-artifacts" / "clusters" / each / "preflight.json"
        assert kept.exists()


def test_a_bundle_and_its_log_in_a_folder_are_one_cluster(tmp_path: Path) -> None:
    bundle(tmp_path, "locked", "ticket/bundle.zip")
    upgrade_log(tmp_path, "ticket/log.zip")
    shown = " ".join(run(tmp_path, "diagnose", evidence="ticket").split())
    assert "bundle.zip with log.zip" in shown
    assert f"Read with bundle.zip: both are of Upgrade {UPGRADE}" in shown
    assert not (tmp_path / "remediation-artifacts" / "clusters").exists()


def test_a_cluster_that_needs_somebody_fails_its_host(tmp_path: Path) -> None:
    paths = [bundle(tmp_path, "locked", each, each) for each in ("north", "south")]
    done = _run(tmp_path, "diagnose", (), {"evidence": paths})
    assert done.returncode == 2, done.stdout
    assert "north" in done.stdout


def test_a_support_bundle_is_reported(tmp_path: Path) -> None:
    shown = run(tmp_path, "report", evidence=bundle(tmp_path))
    assert "A release is locked" in shown
    kept = tmp_path / "remediation-artifacts"
    report = json.loads((kept / "report.json").read_text())
    assert report["verdict"] == "needs_human"
    assert report["instructions"], "the commands to run on the cluster"
    assert "helm -n cattle-fleet-system history fleet" in json.dumps(report["instructions"])
    assert "A release is locked" in (kept / "report.md").read_text()


def test_the_report_on_saved_evidence_asks_to_repair_the_cluster_itself(tmp_path: Path) -> None:
    document = live_evidence(cluster_of("equal-precedence"))
    (tmp_path / "evidence.json").write_text(json.dumps(document))
    shown = " ".join(run(tmp_path, "report", evidence="evidence.json").split())
    report = json.loads((tmp_path / "remediation-artifacts" / "report.json").read_text())
    assert report["verdict"] == "needs_approval"
    assert "run the same command again" not in shown
    assert "remediate_stuck_upgrade" in shown


def test_a_report_of_what_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04")
    done = _run(tmp_path, "report", (), {"evidence": "x.zip"})
    assert done.returncode == 2, done.stdout
    report = json.loads((tmp_path / "remediation-artifacts" / "report.json").read_text())
    assert (report["verdict"], report["error"]["code"]) == ("failed", "evidence-invalid")


def test_an_archive_that_cannot_be_read_fails_its_row_only(tmp_path: Path) -> None:
    bundle(tmp_path, "locked", "tickets/north.zip")
    (tmp_path / "tickets" / "south.zip").write_bytes(b"PK\x03\x04")
    run(tmp_path, "report", evidence="tickets", attention_fails=False)
    index = json.loads((tmp_path / "remediation-artifacts" / "index.json").read_text())
    verdicts = {each["host"]: each["verdict"] for each in index["clusters"]}
    assert verdicts == {"north": "needs_human", "south": "failed"}


def test_an_unknown_file_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    kit.write_zip(tmp_path / "x.zip", {"holiday.jpg": b"1"}, top="")
    done = _run(tmp_path, "diagnose", (), {"evidence": "x.zip"})
    assert done.returncode != 0
    assert "holiday.jpg" in done.stdout
    assert "[evidence-invalid]" in done.stdout
