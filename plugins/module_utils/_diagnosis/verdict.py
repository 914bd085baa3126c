# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One word and one sentence for the whole diagnosis.

``stuck``: something needs repair. ``moving``: nothing is wrong and the upgrade gets on. ``healthy``: nothing is wrong
and no upgrade job has anything left to do. ``unknown``: none of these can be said, because a part of the evidence is
missing, because there is no upgrade to speak of, or because the job waits for a long time and no known failure mode
explains it. What could not be seen is never called healthy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._core.lenient import Document, dig, mapping, text
from .facts.upgrade import ENDED, NONE

_OF_THE_JOB = ("job", "job_pods", "job_logs", "release_file")

STUCK, MOVING, HEALTHY, UNKNOWN = "stuck", "moving", "healthy", "unknown"


@dataclass(frozen=True)
class Verdict:
    """The verdict, its headline, and why the evidence is no ground for a run at all (None: it is)."""

    word: str
    headline: str
    refusal: dict[str, str] | None = None


def verdict(facts: Document, findings: Sequence[Document], not_read: Sequence[str] = ()) -> Verdict:
    """The verdict of ranked findings; ``not_read`` are the sources of the evidence that could not be read."""
    refusal = _refusal(facts)
    if refusal:
        return Verdict(UNKNOWN, refusal["message"], refusal)
    failed = [finding for finding in findings if finding["outcome"] == "fail"]
    if failed:
        return Verdict(STUCK, _headline_of_failures(failed))
    undecided = [finding for finding in findings if finding["outcome"] == "unknown"]
    unseen = _unseen(facts, not_read)
    progress = mapping(facts.get("progress"))
    if undecided or unseen:
        return Verdict(UNKNOWN, _headline_of_holes(undecided, unseen))
    if facts.get("phase") == ENDED and facts.get("ended_well") is True:
        return Verdict(HEALTHY, "The upgrade is past the Rancher step and nothing is wrong.")
    if progress.get("moving") is True:
        return Verdict(MOVING, f"Nothing is wrong: {text(progress.get('why')) or 'it moves'}.")
    why = text(progress.get("why")) or "nothing is known about it"
    return Verdict(UNKNOWN, f"No known failure mode explains what is seen: {why}.")


def waits_for(facts: Document) -> str | None:
    """What the job waits for, in words; None when it waits for nothing or that is not known."""
    return text(dig(facts, "waited", "words")) if mapping(facts.get("wait")) else None


def _refusal(facts: Document) -> dict[str, str] | None:
    count = facts.get("upgrade_count")
    if facts.get("phase") == NONE:
        return {
            "code": "upgrade-absent",
            "message": "There is no Upgrade with the label harvesterhci.io/latestUpgrade=true in harvester-system.",
            "remedy": "Check that this is the right cluster; start the upgrade first, or use the preflight playbook.",
        }
    if isinstance(count, int) and count > 1:
        names = dig(facts, "upgrade", "latest_names")
        listed = ", ".join(f"Upgrade/harvester-system/{name}" for name in names[:5])
        return {
            "code": "upgrade-ambiguous",
            "message": f"{count} Upgrades are marked as the latest: {listed}.",
            "remedy": "Find out which one is running and take the label harvesterhci.io/latestUpgrade from the others.",
        }
    return None


def _unseen(facts: Document, not_read: Sequence[str]) -> list[str]:
    """The sources that could not be read and are not beside the point: the log of a job that has done its work is
    deleted with its pods."""
    over = facts.get("phase") == ENDED and facts.get("ended_well") is True
    return [name for name in not_read if not (over and name in _OF_THE_JOB)]


def _headline_of_holes(undecided: Sequence[Document], unseen: Sequence[str]) -> str:
    modes = sorted({str(finding["failure_mode"]) for finding in undecided}, key=_mode_order)
    parts = ["Nothing wrong was found, but not everything could be seen"]
    if unseen:
        parts.append(f"not read: {_some(unseen)}")
    if modes:
        parts.append(f"not judged: {_some(modes)}")
    return "; ".join(parts) + "."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")


def _headline_of_failures(failed: Sequence[Document]) -> str:
    first = next((finding for finding in failed if finding["holds_job"]), failed[0])
    more = len(failed) - 1
    tail = f" ({more} more finding{'s' if more > 1 else ''})" if more else ""
    return f"{first['title']}: {first['subject']}{tail}."


def since(facts: Document) -> str | None:
    """Since when the job waits, as RFC 3339."""
    return text(dig(facts, "wait", "since"))


def _mode_order(mode: str) -> tuple[int, int, str]:
    chapter, _dot, number = mode.partition(".")
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    known = chapter.isdecimal() and digits.isdecimal() and len(chapter + digits) < 9
    return (int(chapter), int(digits), mode) if known else (9999, 0, mode)
