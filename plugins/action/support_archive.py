# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pack documents and logs for a support ticket; documented in plugins/modules/support_archive.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.artifacts import document_bytes, write_whole
from ..module_utils._documents.pseudonyms import Pseudonyms
from ..module_utils._documents.support_archive import write_support_archive
from ..plugin_utils._controller_action import ControllerAction


class ActionModule(ControllerAction):
    """Writes one compressed archive on the controller."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Pack them."""
        path, documents = Path(options["path"]), options["documents"]
        names = Pseudonyms(documents) if options["obfuscate"] else None
        table = path.with_name(f"{path.name.partition('.')[0]}-pseudonyms.json") if names else None
        try:
            write_support_archive(
                path,
                names.documents(documents) if names else documents,
                pseudonyms=names is not None,
                names_kept=len(names.kept) if names else 0,
            )
            if names and table:
                write_whole(table, document_bytes(names.table))
        except OSError as error:
            raise RemediationError(
                "artifacts-unwritable",
                f"Cannot write the archive {path}: {error.strerror or error}.",
                "Set remediation_artifacts_dir to a folder that you may write to.",
            ) from error
        return {
            "path": str(path),
            "bytes": path.stat().st_size,
            "pseudonyms": str(table) if table else None,
            "names_kept": list(names.kept) if names else [],
        }
