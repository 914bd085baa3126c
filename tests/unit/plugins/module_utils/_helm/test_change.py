# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = """
import importlib, sys
importlib.import_module("ansible_collections.harvester_ops.remediation.plugins.module_utils." + sys.argv[1])
print("pyhelm3" in sys.modules)
"""


@pytest.mark.parametrize(
    ("module", "loaded"),
    [("_evidence.live.collector", "False"), ("_helm.clean", "False"), ("_helm.cli", "True")],
)
def test_pyhelm3_is_loaded_only_where_helm_runs(module: str, loaded: str) -> None:
    """With its models it takes as long as all else that a diagnosis loads."""
    command = [sys.executable, "-c", LOADED, module]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == loaded
