# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence that a run of the collection has written, by itself or in an archive."""

from __future__ import annotations

from typing import Any

from ..._documents.loading import load_document
from .recognition import Recognized
from .support_archive import read_support_archive


def stored_document(found: Recognized) -> dict[str, Any]:
    """Read it. Raises `evidence-invalid`."""
    if found.archive is None:
        return load_document(found.path, "evidence")
    return read_support_archive(found.kind, found.path, found.archive, found.root)
