# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait and tell what changes; documented in plugins/modules/remediation_wait.py."""

from __future__ import annotations

from typing import Any

from ..module_utils._core.errors import RemediationError
from ..plugin_utils._module_action import ModuleFailedError, Result, failure
from ..plugin_utils._waiting import WaitingAction


class ActionModule(WaitingAction):
    """Waits; a RemediationError becomes a failure of the common shape."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Result:
        """The result of the waiting."""
        self.begin(tmp, task_vars)
        try:
            return self.wait(self._task.args, dict(task_vars or {}))
        except ModuleFailedError as failed:
            return failed.result
        except RemediationError as error:
            return failure(error)
