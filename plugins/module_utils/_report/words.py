# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that every form of a report shares: terminal, page and ticket."""

from __future__ import annotations

from .._core.lenient import mapping, text
from .._documents.report import UpgradeSummary
from .._documents.vocabulary import ApprovedHow, Fate, Outcome, StepOutcome, Verdict

FATE_WORDS: dict[str, str] = {
    Fate.ADDED: "new since the diagnosis",
    Fate.REMOVED: "gone since the diagnosis",
}
"""What is said of a revision whose fate is worth a word."""

VERDICT_TITLE: dict[str, str] = {
    Verdict.HEALTHY: "Healthy",
    Verdict.MOVING: "Moving",
    Verdict.REPAIRED: "Repaired",
    Verdict.NEEDS_APPROVAL: "Plan ready",
    Verdict.NEEDS_HUMAN: "Over to you",
    Verdict.REFUSED: "Refused",
    Verdict.STALLED: "Stalled",
    Verdict.FAILED: "Failed",
}
VERDICT_MEANING: dict[str, str] = {
    Verdict.HEALTHY: "nothing to repair",
    Verdict.MOVING: "the upgrade makes progress; it is not over",
    Verdict.REPAIRED: "the waiting job was seen going on",
    Verdict.NEEDS_APPROVAL: "a plan waits for your approval; nothing was changed",
    Verdict.NEEDS_HUMAN: "a person has to decide or act",
    Verdict.REFUSED: "stopped for safety",
    Verdict.STALLED: "something awaited did not come",
    Verdict.FAILED: "the run could not do its work",
}
#: The tone of a verdict, of whatever document: good, ask (needs a decision); every other one is bad.
TONE_OF_VERDICT = {
    **dict.fromkeys(("healthy", "repaired", "moving", "safe", "saved"), "good"),
    **dict.fromkeys(("needs_approval", "needs_human", "unknown", "risky"), "ask"),
}
OUTCOME_OF_STEP: dict[str, str] = {
    StepOutcome.CHANGED: "done",
    StepOutcome.UNCHANGED: "no change",
    StepOutcome.FAILED: "FAILED",
    StepOutcome.TRIED: "tried",
    StepOutcome.NOT_RUN: "not run",
}
OUTCOME_OF_FINDING: dict[str, str] = {
    Outcome.FAIL: "FOUND",
    Outcome.WARN: "NOTE",
    Outcome.UNKNOWN: "COULD NOT TELL",
}
APPROVED_HOW: dict[str, str] = {
    ApprovedHow.FINGERPRINT: "by fingerprint",
    ApprovedHow.PROMPT: "at the terminal",
    ApprovedHow.RISKS: "by risk, beforehand",
    ApprovedHow.DECLINED: "declined at the terminal",
    ApprovedHow.OTHER_FINGERPRINT: "no: the fingerprint given is another plan's",
    ApprovedHow.NONE: "no",
}
APPROVED_BY: dict[str, str] = {
    ApprovedHow.FINGERPRINT: "by its fingerprint",
    ApprovedHow.PROMPT: "at the terminal",
    ApprovedHow.RISKS: "by the risks approved beforehand",
}
CHECK_MODE = "check mode: nothing was changed"


def upgrade_line(upgrade: UpgradeSummary) -> str:
    """Which upgrade a report is about: where, from and to which version."""
    if not upgrade.name:
        return "Harvester upgrade (none was found)"
    versions = f"{upgrade.previous_version or '?'} -> {upgrade.version or '?'}"
    return f"Harvester upgrade {upgrade.namespace}/{upgrade.name}: {versions}"


def label_of(reference: object) -> str:
    """``Kind/namespace/name`` of the object of a step."""
    found = mapping(reference)
    return "/".join(
        part for part in (text(found.get(key)) for key in ("kind", "namespace", "name")) if part
    )
