# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demonstration: one stuck upgrade on a local control plane, repaired by the playbook."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from controlplane.handle import PROGRAM, ControlPlane
from doubles.cluster import StuckCluster
from doubles.scenarios import SCENARIOS

CHECKOUT = Path(__file__).resolve().parents[2]
ARTIFACTS = CHECKOUT / "remediation-artifacts"
SCENARIO = "rc-to-ga-skip-fleet"
PLAYBOOK = "harvester_ops.remediation.remediate_stuck_upgrade"
RELEASES = (
    ("cattle-fleet-system", "fleet-crd"),
    ("cattle-fleet-system", "fleet"),
    ("cattle-system", "rancher-webhook"),
)


def main() -> int:
    """Run the demonstration; the exit code is the playbook's."""
    started = time.monotonic()
    title("1. A local control plane (built once, then from the cache)")
    subprocess.run([PROGRAM, "build", "kubernetes", "kwok", "helm3"], check=True, stdout=2)
    with (
        tempfile.TemporaryDirectory(prefix="remediation-demo-") as folder,
        control_plane(Path(folder) / "controlplane") as plane,
    ):
        title("2. A Harvester cluster on it, stuck at Upgrading Rancher (about 20 s)")
        stuck = SCENARIOS[SCENARIO].create(plane, Path(folder) / "cluster")
        try:
            code = repair(plane, stuck)
        finally:
            stuck.stop()
    say(f"\nEverything that was started is stopped. Took {time.monotonic() - started:.0f} s.")
    return code


@contextlib.contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane]:
    """A control plane that is stopped again, whatever happens."""
    plane = ControlPlane.up(folder, "--helm", "3")
    try:
        yield plane
    finally:
        plane.down()


def repair(plane: ControlPlane, stuck: StuckCluster) -> int:
    """Show the cluster, run the playbook approved, show it again."""
    title("3. Before")
    show(plane, stuck)
    options = {
        "remediation_kubeconfig": str(plane.kubeconfig),
        "remediation_helm_binary": str(plane.helm3),
        "remediation_artifacts_dir": str(ARTIFACTS),
        "remediation_auto_approve": ["low", "medium"],
    }
    title("4. The remediation, approved beforehand for the risks low and medium")
    command = ["ansible-playbook", PLAYBOOK, "-e", json.dumps(options)]
    say(f"$ {' '.join(command[:2])} -e '{command[3]}'\n")
    environment = dict(os.environ, ANSIBLE_CONFIG=str(CHECKOUT / "ansible.cfg"))
    program = CHECKOUT / ".venv" / "bin" / command[0]
    code = subprocess.run(
        [program, *command[1:]], cwd=CHECKOUT, env=environment, check=False
    ).returncode
    title("5. After")
    show(plane, stuck)
    say(f"\nReport    {ARTIFACTS / 'report.html'} (and report.json beside it)")
    return code


def show(plane: ControlPlane, stuck: StuckCluster) -> None:
    """The releases by helm's own words, and the last lines of the waiting job."""
    for namespace, release in RELEASES:
        listed = subprocess.run(
            [str(plane.helm3), "list", "-n", namespace, "-a", "-f", f"^{release}$", "-o", "json"],
            env=plane.environment(),
            capture_output=True,
            check=True,
        )
        for item in json.loads(listed.stdout):
            say(
                f"  {item['name']:<16} revision {item['revision']}  {item['status']}  {item['chart']}"
            )
    condition = stuck.condition("SystemServicesUpgraded")
    say(f"  Upgrade {stuck.upgrade}: SystemServicesUpgraded={condition}; its job says")
    for line in stuck.job_log()[-3:]:
        say(f"    {line}")


def title(text: str) -> None:
    """A headline."""
    say(f"\n=== {text}")


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
