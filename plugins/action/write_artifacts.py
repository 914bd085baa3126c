# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a run's documents on the controller; documented in plugins/modules/write_artifacts.py."""

from __future__ import annotations

from typing import Any

from ..plugin_utils._controller_action import ControllerAction, display, written


class ActionModule(ControllerAction):
    """Writes also in check mode: a report is no change of the cluster."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Write every document and return the paths of this run's own copies."""
        paths = written(options["directory"], options["run_id"], options["documents"])
        return {"paths": paths, **(display(options["show"]) if options["show"] else {})}
