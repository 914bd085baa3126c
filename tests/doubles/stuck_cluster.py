# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start and stop a cluster that is stuck, for ``make demo`` and for people to play with.

Run by tests/doubles/stuck-cluster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from controlplane.handle import PROGRAM, ControlPlane
from doubles.cluster import StuckCluster, stop_recorded
from doubles.scenarios import SCENARIOS, scenario


def _up(options: argparse.Namespace) -> int:
    chosen = scenario(options.scenario, options.rancher)
    directory: Path = options.dir.resolve()
    nodes = ("--nodes", str(chosen.illness.nodes))
    print(f"stuck-cluster: {options.scenario}: {chosen.summary}", file=sys.stderr)
    control_plane = ControlPlane.up(directory / "controlplane", *nodes)
    helm = control_plane.helm4 if options.helm == "4" else control_plane.helm3
    try:
        stuck = chosen.create(control_plane, directory / "cluster", helm=helm)
    except BaseException:
        control_plane.down()
        raise
    print(json.dumps(_description(stuck, options.scenario)))
    return 0


def _description(stuck: StuckCluster, name: str) -> dict[str, object]:
    control_plane = stuck.control_plane
    lines = stuck.job_log()
    return {
        "scenario": name,
        "dir": str(stuck.directory.parent),
        "kubeconfig": str(control_plane.kubeconfig),
        "context": control_plane.context,
        "kubectl": str(control_plane.kubectl_program),
        "helm3": str(control_plane.helm3 or ""),
        "helm4": str(control_plane.helm4 or ""),
        "upgrade": stuck.upgrade,
        "logs": str(stuck.directory / "logs"),
        "job_log_end": lines[-1] if lines else "",
    }


def _down(options: argparse.Namespace) -> int:
    directory: Path = options.dir.resolve()
    stop_recorded(directory / "cluster")
    if (directory / "controlplane").is_dir():
        command = [str(PROGRAM), "down", "--dir", str(directory / "controlplane")]
        subprocess.run(command, env={**os.environ, "PYTHON": sys.executable}, check=True)
    return 0


def _list(_options: argparse.Namespace) -> int:
    for name, known in SCENARIOS.items():
        print(f"{name:40} {known.summary}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """The command line; ``up`` prints one line of JSON when the job waits."""
    parser = argparse.ArgumentParser(prog="stuck-cluster", description=__doc__)
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start a control plane and make its cluster ill")
    up.add_argument("--dir", required=True, type=Path)
    up.add_argument("--scenario", choices=sorted(SCENARIOS), default="rc-to-ga-skip-fleet")
    up.add_argument("--rancher", default="", help="another Rancher version, such as v2.13.0")
    up.add_argument("--helm", choices=("3", "4"), default="3", help="what the doubles run")
    up.set_defaults(run=_up)
    down = commands.add_parser("down", help="stop what `up` started there")
    down.add_argument("--dir", required=True, type=Path)
    down.set_defaults(run=_down)
    listing = commands.add_parser("list", help="the scenarios")
    listing.set_defaults(run=_list)
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
