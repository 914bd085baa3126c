# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence that a run of the collection has written, by itself or in an archive."""

from __future__ import annotations

import json
from typing import Any

from ..._core.errors import RemediationError
from ..._documents.evidence import check_schema
from ..._documents.loading import MOST_BYTES, load_document
from .recognition import Recognized


def stored_document(found: Recognized) -> dict[str, Any]:
    """Read it. Raises `evidence-invalid`."""
    if found.archive is None:
        return load_document(found.path, "evidence")
    name = f"{found.root}evidence.json"
    try:
        document = json.loads(found.archive.text(name, MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise RemediationError(
            "evidence-invalid",
            f"{name} in {found.path} is not JSON: {str(error)[:200]}.",
            "Give the archive whole.",
        ) from error
    check_schema(document)
    return dict(document)
