# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run, in the folder and in a real cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from controlplane.handle import ControlPlane

ENTRY = {"event": "step-begun", "step": "01-nudge", "title": "Nudge Rancher"}


def options(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "directory": str(folder),
        "run_id": "r1",
        "holder": "ops@jump1",
        "entry": ENTRY,
        **more,
    }


def config_map(control_plane: ControlPlane) -> dict[str, Any]:
    found = control_plane.get("configmap", "-n", "kube-system", "kube-root-ca.crt")
    return {
        "api_version": "v1",
        "kind": "ConfigMap",
        "namespace": "kube-system",
        "name": "kube-root-ca.crt",
        "uid": found["metadata"]["uid"],
        "resource_version": found["metadata"]["resourceVersion"],
    }


def journal(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def test_an_entry_is_in_the_file_and_on_the_object(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    run = ModuleRun(control_plane, tmp_path)
    result = run(
        "remediation_journal", **options(tmp_path / "kept", object=config_map(control_plane))
    )
    assert journal(tmp_path / "kept") == [result["line"]]
    assert result["line"]["by"] == "ops@jump1"
    name = result["event"].rsplit("/", 1)[1]
    event = control_plane.get("event", "-n", "kube-system", name)
    assert event["involvedObject"]["uid"] == config_map(control_plane)["uid"]
    assert "Nudge Rancher" in event["message"]
    described = control_plane.kubectl("describe", "cm", "-n", "kube-system", "kube-root-ca.crt")
    assert b"RemediationStepBegun" in described.stdout


def test_the_event_of_an_object_of_the_cluster(control_plane: ControlPlane, tmp_path: Path) -> None:
    run = ModuleRun(control_plane, tmp_path)
    node = {"api_version": "v1", "kind": "Node", "name": control_plane.nodes[0]}
    result = run("remediation_journal", **options(tmp_path, object=node))
    assert result["event"].startswith("Event/default/")


def test_without_the_cluster_the_file_still_has_it(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    run = ModuleRun(control_plane, tmp_path, control_plane.user("journal-blind"))
    result = run("remediation_journal", **options(tmp_path, object=config_map(control_plane)))
    assert result["event"] is None
    assert "No permission" in result["event_error"]
    assert any("the cluster has no Event" in str(each) for each in result["warnings"])
    first, second = journal(tmp_path)
    assert first["step"] == "01-nudge"
    assert second["detail"].startswith("no Event for step-begun 01-nudge: No permission")


def test_check_mode_writes_nothing(control_plane: ControlPlane, tmp_path: Path) -> None:
    run = ModuleRun(control_plane, tmp_path)
    folder = tmp_path / "kept"
    result = run("remediation_journal", check=True, **options(folder))
    assert result["line"]["event"] == "step-begun"
    assert not folder.exists()


def test_what_cannot_be_written_down_is_an_error(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    error = ModuleRun(control_plane, tmp_path).error(
        "remediation_journal", **options(tmp_path / "file")
    )
    assert error["code"] == "artifacts-unwritable"
