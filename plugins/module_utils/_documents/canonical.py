# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canonical text of a JSON document and its digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(document: Any) -> str:
    """The one text a JSON document has: sorted keys, two-space indent, UTF-8, a final line feed.

    Equal documents give equal bytes, so files can be compared and digests mean something.
    """
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def digest(document: Any) -> str:
    """SHA-256 of the canonical text, as 64 lower-case hex digits."""
    text = canonical_json(document)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
