# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that every form of a report shares: terminal, page and ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.lenient import mapping, text

VERDICT_TITLE = {
    "healthy": "Healthy",
    "repaired": "Repaired",
    "needs_approval": "Plan ready",
    "needs_human": "Over to you",
    "refused": "Refused",
    "stalled": "Stalled",
    "failed": "Failed",
}
VERDICT_MEANING = {
    "healthy": "nothing to repair",
    "repaired": "the waiting job was seen going on",
    "needs_approval": "a plan waits for your approval; nothing was changed",
    "needs_human": "a person has to decide or act",
    "refused": "stopped for safety",
    "stalled": "something awaited did not come",
    "failed": "the run could not do its work",
}
OUTCOME_OF_STEP = {
    "changed": "done",
    "unchanged": "no change",
    "failed": "FAILED",
    "tried": "tried",
    "not-run": "not run",
}
OUTCOME_OF_FINDING = {"fail": "wrong", "warn": "note", "unknown": "could not tell"}
APPROVED_HOW = {
    "fingerprint": "by fingerprint",
    "prompt": "at the terminal",
    "risks": "by risk, beforehand",
    "declined": "declined at the terminal",
    "other-fingerprint": "no: the fingerprint given is another plan's",
    "none": "no",
}


def upgrade_line(report: Mapping[str, Any]) -> str:
    """Which upgrade a report is about: where, from and to which version."""
    upgrade = mapping(report.get("upgrade"))
    if not text(upgrade.get("name")):
        return "Harvester upgrade (none was found)"
    versions = f"{upgrade.get('previous_version') or '?'} -> {upgrade.get('version') or '?'}"
    return f"Harvester upgrade {upgrade.get('namespace')}/{upgrade['name']}: {versions}"


def label_of(reference: object) -> str:
    """``Kind/namespace/name`` of the object of a step."""
    found = mapping(reference)
    return "/".join(
        part for part in (text(found.get(key)) for key in ("kind", "namespace", "name")) if part
    )
