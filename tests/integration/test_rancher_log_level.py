# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debug level on a played Rancher that skips fleet: the proof is heard, and the level is put back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.module_run import (
    MODULES,
    ModuleRun,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.audit import AuditLog
from controlplane.handle import ControlPlane
from doubles.cluster import StuckCluster
from doubles.scenarios import SCENARIOS


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StuckCluster]:
    control_plane = ControlPlane.up(tmp_path_factory.mktemp("controlplane"))
    try:
        assert control_plane.helm3 is not None
        cluster = SCENARIOS["rc-to-ga-skip-fleet"].create(
            control_plane, tmp_path_factory.mktemp("cluster"), helm=control_plane.helm3
        )
        yield cluster
        cluster.stop()
    finally:
        control_plane.down()


def level(stuck: StuckCluster) -> str:
    lease = stuck.cluster.get("leases", "cattle-controllers", "kube-system")
    pod = lease["spec"]["holderIdentity"]
    command = ("exec", "-n", "cattle-system", pod, "-c", "rancher", "--", "loglevel")
    return stuck.control_plane.kubectl(*command).stdout.decode().strip()


def test_the_skip_is_heard(stuck: StuckCluster, tmp_path: Path) -> None:
    run = ModuleRun(stuck.control_plane, tmp_path)
    tried = run("rancher_log_level", check=True)
    assert (tried["level_before"], tried["matches"]) == ("info", [])
    heard = run("rancher_log_level", seconds=10)
    assert (heard["level_before"], heard["level_after"]) == ("info", "info")
    skipped = {match["release"]: match for match in heard["matches"] if match["kind"] == "skip-min"}
    assert {"fleet", "fleet-crd"} <= set(skipped)
    assert "-rc" in skipped["fleet"]["current"]
    assert level(stuck) == "info"


def test_a_stopped_play_puts_it_back(stuck: StuckCluster, tmp_path: Path) -> None:
    arguments = {
        "kubeconfig": str(stuck.control_plane.kubeconfig),
        "seconds": 300,
        "nudge": False,
        "_ansible_remote_tmp": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", f"{MODULES}.rancher_log_level"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    process.stdin.close()
    process.stdin = None
    stuck.control_plane.wait_for("the debug level", lambda: level(stuck) == "debug", timeout=60)
    process.send_signal(signal.SIGTERM)
    printed, _nothing = process.communicate(timeout=60)
    assert "SIGTERM" in json.loads(printed)["msg"]
    assert level(stuck) == "info"


def test_a_killed_run_is_cleaned_up_after(stuck: StuckCluster, tmp_path: Path) -> None:
    run = ModuleRun(stuck.control_plane, tmp_path)
    lease = stuck.cluster.get("leases", "cattle-controllers", "kube-system")
    pod = lease["spec"]["holderIdentity"]
    note = "remediation.harvester-ops.io/log-level-before=info"
    stuck.control_plane.kubectl("annotate", "pod", "-n", "cattle-system", pod, note)
    command = ("exec", "-n", "cattle-system", pod, "-c", "rancher", "--", "loglevel")
    stuck.control_plane.kubectl(*command, "--set", "debug")
    result = run("rancher_log_level", state="restored")
    assert result["restored"] == [{"pod": pod, "level": "info"}]
    assert level(stuck) == "info"
    assert not run("rancher_log_level", state="restored")["changed"]


@pytest.mark.parametrize("debug", [False, True])
def test_the_diagnosis_listens_only_when_asked(
    stuck: StuckCluster, tmp_path: Path, debug: bool
) -> None:
    log = AuditLog(stuck.control_plane.audit_log, "").mark()
    settings = {
        "remediation_kubeconfig": str(stuck.control_plane.kubeconfig),
        "remediation_artifacts_dir": str(tmp_path),
        "remediation_debug": debug,
    }
    subprocess.run(
        [
            Path(sys.executable).parent / "ansible-playbook",
            "harvester_ops.remediation.diagnose",
            "-e",
            json.dumps(settings),
        ],
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
        timeout=300,
    )
    assert level(stuck) == "info"
    ours = (each for each in log.requests() if each.agent.startswith("harvester_ops.remediation"))
    written = {each.verb for each in ours} - {"get", "list"}
    assert written == ({"patch"} if debug else set())
    if debug:
        evidence = json.loads((tmp_path / "evidence.json").read_text())
        kinds = {match["kind"] for match in evidence["leader_log"]["matches"]}
        assert "skip-min" in kinds
