# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run as Ansible runs them: a process of their own, options in, one JSON document back."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible.module_utils import basic

from controlplane.handle import ControlPlane

MODULES = "ansible_collections.harvester_ops.remediation.plugins.modules"
# What Ansible's wrapper does with a module: its arguments come in by standard input.
_PROGRAM = """
import importlib, sys
from ansible.module_utils import basic
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
basic._ANSIBLE_PROFILE = "legacy"
importlib.import_module(sys.argv[1]).main()
"""


@dataclass(frozen=True)
class ModuleRun:
    """Modules against one control plane, as its administrator or as another user."""

    control_plane: ControlPlane
    scratch: Path
    kubeconfig: Path | None = None
    defaults: dict[str, Any] = field(default_factory=dict)

    def __call__(
        self, module: str, *, check: bool = False, diff: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Run a module that must succeed; its result."""
        result = self.attempt(module, check=check, diff=diff, **options)
        assert not result.get("failed"), result
        return result

    def error(self, module: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run a module that must fail with one of the collection's errors; the error."""
        result = self.attempt(module, check=check, **options)
        assert result.get("failed"), result
        error: dict[str, Any] = result["error"]
        return error

    def attempt(
        self, module: str, *, check: bool = False, diff: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Run a module; its result, whichever it is."""
        arguments = self._arguments(check, diff, options)
        printed = _in_child(f"{MODULES}.{module}", arguments)
        try:
            result: dict[str, Any] = json.loads(printed)
        except ValueError:
            raise AssertionError(f"{module} printed no JSON: {printed!r}") from None
        return result

    def start(self, module: str, **options: Any) -> subprocess.Popen[str]:
        """Start a module in a process of its own, as Ansible does; ``communicate`` gives its result."""
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, f"{MODULES}.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(self._arguments(False, False, options)))
        process.stdin.close()
        process.stdin = None
        return process

    def _arguments(self, check: bool, diff: bool, options: dict[str, Any]) -> dict[str, Any]:
        arguments = {
            "kubeconfig": str(self.kubeconfig or self.control_plane.kubeconfig),
            **self.defaults,
            **options,
            "_ansible_check_mode": check,
            "_ansible_diff": diff,
            "_ansible_remote_tmp": str(self.scratch),
            "_ansible_tmpdir": None,
        }
        return {"ANSIBLE_MODULE_ARGS": arguments}


def _in_child(module: str, arguments: dict[str, Any]) -> bytes:
    """What the module's main() prints, in a forked child: its libraries are loaded once, here."""
    loaded = importlib.import_module(module)
    importlib.import_module("kubernetes.client")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.dup2(writer, 1)
            os.close(reader)
            sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - lives as long as the child
            basic._ANSIBLE_ARGS = json.dumps(arguments).encode()
            basic._ANSIBLE_PROFILE = "legacy"
            loaded.main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        except BaseException:
            traceback.print_exc(file=sys.stdout)
        finally:
            sys.stdout.flush()
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        printed = stream.read()
    os.waitpid(child, 0)
    return printed
