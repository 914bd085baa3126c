# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run as Ansible runs them: a process of their own, options on stdin, one JSON document back."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from controlplane.handle import ControlPlane

MODULES = "ansible_collections.harvester_ops.remediation.plugins.modules"


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
        process = self.start(module, check=check, diff=diff, **options)
        stdout, stderr = process.communicate(timeout=120)
        try:
            result: dict[str, Any] = json.loads(stdout)
        except ValueError:
            raise AssertionError(f"{module} printed no JSON: {stdout!r} {stderr!r}") from None
        return result

    def start(
        self, module: str, *, check: bool = False, diff: bool = False, **options: Any
    ) -> subprocess.Popen[str]:
        """Start a module without waiting for it."""
        arguments = {
            "kubeconfig": str(self.kubeconfig or self.control_plane.kubeconfig),
            **self.defaults,
            **options,
            "_ansible_check_mode": check,
            "_ansible_diff": diff,
            "_ansible_remote_tmp": str(self.scratch),
            "_ansible_tmpdir": None,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", f"{MODULES}.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        process.stdin.close()
        process.stdin = None
        return process
