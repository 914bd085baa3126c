# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints a run as one JSON document, the way ansible.posix.json does; for the tests only."""

from __future__ import annotations

DOCUMENTATION = r"""
name: json
type: stdout
short_description: One JSON document
description: For tests of what else prints on standard output.
"""

import json
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Collects the results, and prints them at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "json"

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[dict[str, Any]] = []

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note one result."""
        told = json.loads(self._dump_results(result._result))
        self.tasks.append({"task": result._task.get_name(), "result": told})

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Print all."""
        self._display.display(json.dumps({"tasks": self.tasks, "hosts": sorted(stats.processed)}))
