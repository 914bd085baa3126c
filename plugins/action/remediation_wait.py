# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait and tell what changes; documented in plugins/modules/remediation_wait.py."""

from __future__ import annotations

from typing import Any

from ..plugin_utils._documented_action import Result
from ..plugin_utils._waiting import WaitingAction


class ActionModule(WaitingAction):
    """Waits, and nothing else."""

    def act(self, options: dict[str, Any]) -> Result:
        """The result of the waiting."""
        del options  # the wait checks those it is given
        return self.wait(self._task.args)
