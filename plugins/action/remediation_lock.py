# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold the cluster lock for the process that runs the play; documented in plugins/modules/remediation_lock.py."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._run.process import RunProcess

MODULE = "harvester_ops.remediation.remediation_lock"


class ActionModule(ActionBase):
    """Runs the module and tells it whose process holds the lock, which only the controller knows."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Each task is run by a child of the process that runs the play."""
        super().run(tmp, task_vars)
        process = RunProcess.of(os.getppid())
        arguments = {"process": process.text() if process else "", **self._task.args}
        result: dict[str, Any] = self._execute_module(
            module_name=MODULE, module_args=arguments, task_vars=dict(task_vars or {})
        )
        return result
