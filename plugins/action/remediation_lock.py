# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold the cluster lock for the process that runs the play; documented in plugins/modules/remediation_lock.py."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from ..module_utils._run.process import RunProcess
from ..modules import remediation_lock
from ..plugin_utils._module_action import OwnModuleAction


class ActionModule(OwnModuleAction):
    """Runs the module and tells it whose process holds the lock, which only the controller knows."""

    MODULE: ClassVar = remediation_lock

    def arguments(self) -> dict[str, Any]:
        """Each task is run by a child of the process that runs the play."""
        process = RunProcess.of(os.getppid())
        return {"process": process.text() if process else "", **self._task.args}
