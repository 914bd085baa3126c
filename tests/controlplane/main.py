# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line of the control plane: build, up, user, down. See README.md."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from controlplane import cluster
from controlplane.build import build
from controlplane.components import COMPONENTS
from controlplane.failure import ControlPlaneError


def main() -> int:
    """Run one command: JSON on stdout, progress and the one error message on stderr."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _interrupted)
    arguments = _parser().parse_args()
    try:
        _check_machine()
        print(json.dumps(arguments.run(arguments)), flush=True)
    except ControlPlaneError as error:
        print(f"controlplane: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("controlplane: interrupted; what was started has been stopped", file=sys.stderr)
        return 130
    return 0


def _interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _check_machine() -> None:
    if not Path("/proc/self/stat").exists() or not hasattr(os, "pidfd_open"):
        raise ControlPlaneError("needs Linux 5.3 or newer with /proc mounted")


def _build(arguments: argparse.Namespace) -> dict[str, Any]:
    return dict(build(arguments.component))


def _up(arguments: argparse.Namespace) -> dict[str, Any]:
    options = cluster.Options(
        nodes=arguments.nodes,
        helm=("helm3", "helm4") if arguments.helm == "both" else (f"helm{arguments.helm}",),
        api_port=arguments.api_port,
        timeout=arguments.timeout,
    )
    return cluster.up(arguments.dir, options)


def _user(arguments: argparse.Namespace) -> dict[str, Any]:
    target = arguments.output.expanduser().absolute()
    cluster.user_kubeconfig(arguments.dir, arguments.name, arguments.group, target)
    return {"kubeconfig": str(target), "user": arguments.name, "groups": arguments.group}


def _down(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"stopped": cluster.down(arguments.dir)}


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="controlplane", description="A control plane for tests.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("build", help="build what is missing into the cache")
    command.add_argument(
        "component", nargs="*", metavar="COMPONENT", help=f"all, or: {', '.join(COMPONENTS)}"
    )
    command.set_defaults(run=_build)

    command = commands.add_parser("up", help="start a control plane, or answer where it is")
    command.add_argument("--dir", type=Path, required=True, help="its folder; made when absent")
    command.add_argument(
        "--nodes", type=_positive, default=1, help="node-1 is a control-plane node"
    )
    command.add_argument("--helm", choices=("3", "4", "both"), default="both", help="build only it")
    command.add_argument("--api-port", type=int, default=0, help="default: any that is free")
    command.add_argument("--timeout", type=float, default=120.0, help="seconds for each step")
    command.set_defaults(run=_up)

    command = commands.add_parser("user", help="write a kubeconfig for a user of less rights")
    command.add_argument("--dir", type=Path, required=True)
    command.add_argument("--name", required=True)
    command.add_argument("--group", action="append", default=[])
    command.add_argument("--output", type=Path, required=True, help="the kubeconfig to write")
    command.set_defaults(run=_user)

    command = commands.add_parser("down", help="stop just what up started; logs stay")
    command.add_argument("--dir", type=Path, required=True)
    command.set_defaults(run=_down)
    return parser


if __name__ == "__main__":
    sys.exit(main())
