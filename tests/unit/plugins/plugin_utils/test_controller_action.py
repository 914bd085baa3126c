# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys

ANSIBLE_LOADS_AN_ACTION = """
import sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader()
assert action_loader.get("harvester_ops.remediation.refuse", class_only=True)
print([name.rpartition(".")[2] for name in sys.modules if ".remediation.plugins.filter." in name])
"""


def test_the_first_action_brings_the_filters_along() -> None:
    """The workers are forks of this process: what it lacks, each of them loads again."""
    process = subprocess.run(
        [sys.executable, "-c", ANSIBLE_LOADS_AN_ACTION], check=True, capture_output=True, text=True
    )
    assert {"'absolute_path'", "'summary'"} <= set(process.stdout.strip("[]\n").split(", "))
