# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Label selectors, as the API server evaluates them on a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TERM = re.compile(
    r"\s*(?:(?P<key>[\w./-]+)\s+(?P<negated>not)?in\s*\((?P<choices>[^)]*)\)"
    r"|(?P<name>[\w./-]+)\s*(?P<operator>==?|!=)\s*(?P<value>[\w.-]*)"
    r"|(?P<absent>!)?(?P<present>[\w./-]+))\s*(?:,|$)"
)


def fits(labels: Mapping[str, Any], selector: str | None) -> bool:
    """Whether an object with these labels is selected. Raises ValueError for what is no selector."""
    position = 0
    selector = selector or ""
    while position < len(selector):
        term = _TERM.match(selector, position)
        if term is None:
            raise ValueError(f"invalid selector {selector[position:]!r}")
        if not _holds(labels, term):
            return False
        position = term.end()
    return True


def _holds(labels: Mapping[str, Any], term: re.Match[str]) -> bool:
    if term["key"] is not None:
        choices = [choice.strip() for choice in term["choices"].split(",")]
        return (labels.get(term["key"]) in choices) is not bool(term["negated"])
    if term["name"] is not None:
        return (labels.get(term["name"]) == term["value"]) is (term["operator"] != "!=")
    return (term["present"] in labels) is not bool(term["absent"])
