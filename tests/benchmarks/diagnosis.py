# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a diagnosis takes, beside the least a playbook on Kubernetes can do.

Three commands take turns on one cluster with a stuck upgrade, so that they share whatever else the
machine does: a playbook of one task that reads one object with the kubernetes library, diagnose.yml,
and diagnose.yml again once the cluster holds thousands of release Secrets that are none of its
business. Printed are medians, and the ratios the budgets are about.

    make benchmark
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from controlplane.handle import ControlPlane
from doubles.kube import Cluster
from doubles.scenarios import SCENARIOS

CHECKOUT = Path(__file__).resolve().parents[2]
ANSIBLE_PLAYBOOK = CHECKOUT / ".venv" / "bin" / "ansible-playbook"
YARDSTICK = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"one_get": {"kubeconfig": "{{ remediation_kubeconfig }}"}}],
    }
]
# What the budgets allow: times the yardstick, and growth by the unrelated Secrets.
MOST_RATIO = 2.0
MOST_GROWTH = 1.10


def main() -> int:
    """Measure and print; the exit code says whether the budgets hold."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="remediation-benchmark-") as folder:
        plane = ControlPlane.up(Path(folder) / "controlplane", "--helm", "3")
        try:
            stuck = SCENARIOS["rc-to-ga-skip-fleet"].create(plane, Path(folder) / "cluster")
            try:
                return measure(plane, Path(folder), options)
            finally:
                stuck.stop()
        finally:
            plane.down()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command")
    parser.add_argument("--secrets", type=int, default=5000, help="unrelated release Secrets")
    return parser.parse_args()


def measure(plane: ControlPlane, folder: Path, options: argparse.Namespace) -> int:
    """Take turns, then add the Secrets and take turns again."""
    play = folder / "yardstick.yml"
    play.write_text(json.dumps(YARDSTICK))
    diagnose = str(CHECKOUT / "playbooks" / "diagnose.yml")
    commands = {"one GET": str(play), "diagnose.yml": diagnose}
    before = _take_turns(commands, plane, folder, options.runs)
    _add_secrets(plane, options.secrets)
    after = _take_turns(commands, plane, folder, options.runs)
    evidence = json.loads((folder / "artifacts" / "evidence.json").read_text())
    ratio = before["diagnose.yml"] / before["one GET"]
    # The machine's speed drifts between the two series; the yardstick takes that out.
    growth = after["diagnose.yml"] / after["one GET"] / ratio
    print(f"{'':<34}median of {options.runs}")
    print(f"{'playbook with one GET':<34}{before['one GET']:.2f} s")
    print(f"{'diagnose.yml':<34}{before['diagnose.yml']:.2f} s")
    label = f"diagnose.yml, {options.secrets} more Secrets"
    print(f"{label:<34}{after['diagnose.yml']:.2f} s (one GET then: {after['one GET']:.2f} s)")
    print(f"API requests of the diagnosis     {evidence['api_requests']}")
    print(f"ratio to one GET                  {ratio:.2f} (budget {MOST_RATIO})")
    print(f"growth by the Secrets             {growth:.2f} (budget {MOST_GROWTH})")
    return 0 if ratio <= MOST_RATIO and growth <= MOST_GROWTH else 1


def _take_turns(
    commands: dict[str, str], plane: ControlPlane, folder: Path, runs: int
) -> dict[str, float]:
    """Median wall seconds by command, one uncounted round first."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, play in commands.items():
            seconds = _run(play, plane, folder)
            if turn:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def _run(play: str, plane: ControlPlane, folder: Path) -> float:
    options = {
        "remediation_kubeconfig": str(plane.kubeconfig),
        "remediation_artifacts_dir": str(folder / "artifacts"),
    }
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_LIBRARY": str(Path(__file__).parent / "library"),
    }
    started = time.monotonic()
    subprocess.run(
        [ANSIBLE_PLAYBOOK, play, "-e", json.dumps(options)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - started


def _add_secrets(plane: ControlPlane, count: int) -> None:
    """Release Secrets of other people's releases, in a namespace of their own and of real size."""
    cluster = Cluster(plane.kubeconfig)
    cluster.ensure(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "unrelated-releases"}}
    )
    payload = base64.b64encode(os.urandom(8000)).decode()

    def add(number: int) -> None:
        release, revision = f"app-{number // 10}", number % 10 + 1
        labels = {"owner": "helm", "name": release, "version": str(revision), "status": "deployed"}
        cluster.ensure(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "helm.sh/release.v1",
                "metadata": {
                    "name": f"sh.helm.release.v1.{release}.v{revision}",
                    "namespace": "unrelated-releases",
                    "labels": labels,
                },
                "data": {"release": payload},
            }
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(count)))


if __name__ == "__main__":
    sys.exit(main())
