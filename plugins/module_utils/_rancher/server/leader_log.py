# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of Rancher's leader: which line proves what (FM 2.6, 8.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..._kube.log_lines import LogLine, Pattern, find_events

_LEVEL = re.compile(r"\[(?P<bracketed>[A-Z]+)\]|\blevel=(?P<named>\w+)")
_INSTALL = r"^(?:.*?Failed to install system chart (?P<chart>\S+?)(?: \(release name: (?P<release>[^)]+)\))?: )?.*?"

# The first that fits wins: the particular before the general.
_TABLE: tuple[tuple[str, str], ...] = (
    (
        "skip-min",
        r"Skipping installing/upgrading desired version (?P<desired>\S+) for release (?P<release>\S+), "
        r"since current version (?P<current>\S+) is greater or equal to minimal required version (?P<min>[^\s\"]+)",
    ),
    (
        "find-failed",
        r"Failed to find system chart (?P<chart>\S+) will try again in 5 seconds: (?P<detail>.*?)\"?$",
    ),
    (
        "available-below-minimum",
        r"available chart version \((?P<available>[^)]*)\) for (?P<chart>\S+) is less than the min version "
        r"\((?P<min>[^)]*)\)",
    ),
    # Rancher means to name the chart here, and does not.
    ("pod-exited", _INSTALL + r"failed to install (?P<installed>\S*), pod (?P<pod>\S+) exited (?P<exit_code>\d+)"),
    ("pod-failed", _INSTALL + r"pod (?P<pod>\S+) failed, watch closed"),
    ("config-invalid", r"failed to unmarshal '(?P<key>[^']+)' value|Failed to get chart values for (?P<chart>[^\s:]+)"),
    (
        "webhook-call-failed",
        r"failed calling webhook \\?\"(?P<webhook>[^\"\\]+)\\?\"(?:.*?service \\?\"(?P<service>[^\"\\]+)\\?\" not found)?",
    ),
    (
        "install-failed",
        r"Failed to install system chart (?P<chart>\S+?)(?: \(release name: (?P<release>[^)]+)\))?: (?P<detail>.*?)\"?$",
    ),
    ("repo-handler-skipped", r"Skipping handler for clusterrepo (?P<name>[\w-]+)[. ]+(?P<detail>because the \w+ \w+ \w+|NumberOfRetries)?"),
    ("fleet-workspace-missing", r"(?i)fleetworkspacename.*(?:not set|empty|missing|required)"),
    ("charts-url", r"Charts URL for \\?\"(?P<name>[^\"\\]+)\\?\" set to (?P<url>\S+?),? which is not the default"),
    ("system-upgrade-controller", r"install system-upgrade-controller: (?P<wanted>true|false)"),
    ("starting", r"Rancher version (?P<version>v?\d\S*) (?:\(\S+\) )?is starting"),
)  # fmt: skip

PATTERNS = tuple(Pattern(kind, re.compile(expression)) for kind, expression in _TABLE)


def matches_of(lines: Sequence[LogLine]) -> list[dict[str, Any]]:
    """The telling lines: ``{kind, level, text, at, last_at, count, …fields}``, equal ones of the whole log folded.

    `pod-failed` proves nothing by itself: Rancher watches its helm pod for a minute only (FM 0.13).
    """
    matches = find_events(lines, PATTERNS, everywhere=True, limit=300)
    for match in matches:
        match["level"] = _level(match["text"])
        installed = match.pop("installed", None)
        if installed:
            match.setdefault("chart", installed)
        if "exit_code" in match:
            match["exit_code"] = int(match["exit_code"])
    return matches


def _level(text: str) -> str | None:
    found = _LEVEL.search(text)
    return (found["bracketed"] or found["named"]).lower() if found else None
