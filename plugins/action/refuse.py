# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stop a play with one of the collection's errors; documented in plugins/modules/refuse.py."""

from __future__ import annotations

from typing import Any, ClassVar

from ..module_utils._core.errors import ERROR_CODES, RemediationError
from ..plugin_utils._controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Fails the task with the error that the options describe."""

    FURTHER: ClassVar = {"code": {"choices": sorted(ERROR_CODES)}}

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Raise it, unless what is checked holds."""
        if options["unless"]:
            return {}
        raise RemediationError(options["code"], options["message"], options["remedy"])
