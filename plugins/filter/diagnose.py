# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation import (
    diagnose as diagnosis,
)
from ansible_collections.harvester_ops.remediation.plugins.plugin_utils.document_filter import (
    document_filter,
)


def diagnose(evidence: Any, rules_dirs: list[str] | None = None) -> dict[str, Any]:
    """The findings document of an evidence document; see diagnose.yml beside this file."""
    return diagnosis.diagnose(evidence, list(rules_dirs or ()))


class FilterModule:
    """The diagnosis as a filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"diagnose": document_filter(diagnose)}
