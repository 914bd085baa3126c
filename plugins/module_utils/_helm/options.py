# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules about releases have, as the fragments ``release`` and ``helm`` document them."""

from __future__ import annotations

from typing import Any

ArgumentSpec = dict[str, dict[str, Any]]

RELEASE: ArgumentSpec = {
    "namespace": {"type": "str", "required": True},
    "release": {"type": "str", "required": True},
}
VALUES: ArgumentSpec = {
    "drop_pinned_values": {"type": "bool", "default": False},
    "drop_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
}
CHART: ArgumentSpec = {
    "chart": {"type": "str"},
    "chart_version": {"type": "str"},
    "app_version": {"type": "str"},
    "chart_path": {"type": "path"},
    "chart_digest": {"type": "str"},
}
HELM: ArgumentSpec = {"helm_binary": {"type": "str", "default": "helm"}}
