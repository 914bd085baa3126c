# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a run's documents on the controller; documented in plugins/modules/write_artifacts.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.artifacts import write_artifacts
from ..plugin_utils._controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Writes also in check mode: a report is no change of the cluster."""

    ARGUMENT_SPEC: ClassVar[dict[str, dict[str, Any]]] = {
        "directory": {"type": "path", "required": True},
        "run_id": {"type": "str", "default": ""},
        "documents": {"type": "dict", "required": True},
    }

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Write every document and return the paths of this run's own copies."""
        directory = options["directory"]
        try:
            paths = write_artifacts(Path(directory), options["run_id"], options["documents"])
        except OSError as error:
            raise RemediationError(
                "artifacts-unwritable",
                f"Cannot write to the artifacts folder {directory}: {error.strerror or error}.",
                "Set remediation_artifacts_dir to a folder that you may write to.",
            ) from error
        return {"paths": {name: str(path) for name, path in paths.items()}}
