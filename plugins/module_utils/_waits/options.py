# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a wait, which the module and its action both check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._helm.idleness import DEFAULT_STALE_AFTER
from .._rancher.catalog.cluster_repo import CHARTS_REPO
from .conditions import CONDITIONS
from .rollout import KINDS

ARGUMENT_SPEC: dict[str, Any] = {
    "condition": {"type": "str", "choices": list(CONDITIONS), "required": True},
    "namespace": {"type": "str"},
    "release": {"type": "str"},
    "chart_version": {"type": "str"},
    "start_within": {"type": "int", "default": 0},
    "still_after": {"type": "int", "default": 0},
    "stale_after": {"type": "int", "default": DEFAULT_STALE_AFTER},
    "required": {"type": "bool", "default": True},
    "kind": {"type": "str", "choices": list(KINDS), "default": "Deployment"},
    "name": {"type": "str"},
    "charts": {
        "type": "list",
        "elements": "dict",
        "options": {
            "chart": {"type": "str", "required": True},
            "version": {"type": "str", "required": True},
        },
    },
    "timeout": {"type": "int", "default": 600},
    "lock_holder": {"type": "str", "default": ""},
    "interval": {"type": "int", "default": 5},
    "observation": {"type": "dict", "default": {}},
}
REQUIRED_IF: list[Any] = [
    ("condition", name, condition.needs)
    for name, condition in CONDITIONS.items()
    if condition.needs
]


def filled(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options with what depends on others filled in."""
    result = dict(params)
    if result["condition"] == "index_has" and not result["name"]:
        result["name"] = CHARTS_REPO
    return result
