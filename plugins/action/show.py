# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print a text on the terminal as it is; documented in plugins/modules/show.py."""

from __future__ import annotations

from typing import Any

from ..plugin_utils._controller_action import ControllerAction, display


class ActionModule(ControllerAction):
    """Displays the option C(text), one terminal line for each of its lines."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Print it."""
        return display(options["text"])
