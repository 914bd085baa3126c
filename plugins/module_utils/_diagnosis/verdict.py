# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One word and one sentence for the whole diagnosis.

``stuck``: something needs repair. ``moving``: no failure was found and the upgrade makes progress. ``healthy``: no
failure was found and every obligation of proof.py is met or not applicable. ``unknown``: none of these can be said,
because a part of the evidence is missing, because there is no upgrade to speak of, because the job waits for a long time
and no known failure mode explains it, or because an obligation is not met. What could not be seen is never healthy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._core.lenient import Document
from .._documents.findings import Obligation
from .._documents.vocabulary import Condition, Discharge, Outcome
from .facts.document import Facts
from .facts.start_blockers import Blocker
from .facts.upgrade import ENDED, NONE
from .proof import discharged, open_words

_OF_THE_PODS = ("job_pods", "job_logs")
_BY_EXEC = ("leader_environment", "bundled_charts")
"""A permission of its own, which a diagnosis need not have: what depends on them is unknown by itself without it."""

HEALTHY, MOVING, STUCK, UNKNOWN = (each.value for each in Condition)


@dataclass(frozen=True)
class Verdict:
    """The verdict, its headline, and why the evidence is no ground for a run at all (None: it is)."""

    word: str
    headline: str
    refusal: dict[str, str] | None = None


def verdict(
    facts: Facts,
    findings: Sequence[Document],
    obligations: Sequence[Obligation],
    not_read: Sequence[str] = (),
) -> Verdict:
    """The verdict of ranked findings; ``not_read`` are the sources of the evidence that could not be read."""
    refusal = _refusal(facts)
    if refusal:
        return Verdict(UNKNOWN, refusal["message"], refusal)
    failed = [finding for finding in findings if finding["outcome"] == Outcome.FAIL]
    if failed:
        return Verdict(STUCK, _headline_of_failures(failed))
    undecided = [finding for finding in findings if finding["outcome"] == Outcome.UNKNOWN]
    unseen = _unseen(facts, not_read)
    is_over = facts.upgrade.phase == ENDED
    if undecided or unseen:
        unmet = open_words(obligations) if is_over else []
        return Verdict(UNKNOWN, _headline_of_holes(undecided, unseen, unmet))
    if discharged(obligations):
        return Verdict(HEALTHY, _headline_of_proof(obligations))
    why = facts.progress.why
    if facts.progress.moving is True:
        return Verdict(MOVING, f"No failure was found, and the upgrade makes progress: {why}.")
    if is_over:
        return Verdict(UNKNOWN, _headline_of_what_is_open(open_words(obligations)))
    return Verdict(UNKNOWN, f"No known failure mode explains what is seen: {why}.")


def waits_for(facts: Facts) -> str | None:
    """What the job waits for, in words; None when it waits for nothing or that is not known."""
    return facts.waited.words if facts.upgrade.wait else None


def _refusal(facts: Facts) -> dict[str, str] | None:
    count = facts.upgrade.upgrade_count
    if facts.upgrade.phase == NONE:
        return _absent(facts.start_blockers)
    if count is not None and count > 1:
        names = facts.evidence.upgrade.latest_names if facts.evidence.upgrade else ()
        listed = ", ".join(f"Upgrade/harvester-system/{name}" for name in names[:5])
        return {
            "code": "upgrade-ambiguous",
            "message": f"{count} Upgrades are marked as the latest: {listed}.",
            "remedy": "Find out which one is running and take the label harvesterhci.io/latestUpgrade from the others.",
        }
    return None


def _absent(blockers: Sequence[Blocker]) -> dict[str, str]:
    """There is no Upgrade; where it shows why none could be made, the answer names that first."""
    none = (
        "There is no Upgrade with the label harvesterhci.io/latestUpgrade=true in harvester-system"
    )
    if not blockers:
        return {
            "code": "upgrade-absent",
            "message": f"{none}.",
            "remedy": "Check that this is the right cluster; start the upgrade first, or use the preflight playbook.",
        }
    named = "; ".join(f"{each.object} {each.why}" for each in blockers[:5])
    more = f"; and {len(blockers) - 5} more" if len(blockers) > 5 else ""
    return {
        "code": "upgrade-absent",
        "message": f"{none}, and Harvester refuses to start one: {named}{more}."[:900],
        "remedy": "Repair what is named (the findings say how), then start the upgrade.",
    }


def _unseen(facts: Facts, not_read: Sequence[str]) -> list[str]:
    """The sources that could not be read and are not beside the point: what is asked by exec, and what the pods of a job
    say that is over by its own word."""
    over = facts.upgrade.phase == ENDED and facts.upgrade.ended_well is True
    beside = (*_BY_EXEC, *(_OF_THE_PODS if over else ()))
    return [name for name in not_read if name not in beside]


def _headline_of_proof(obligations: Sequence[Obligation]) -> str:
    met = sum(each.result == Discharge.MET for each in obligations)
    return f"The upgrade is past the Rancher step, and all {met} checks passed."


def _headline_of_what_is_open(words: Sequence[str]) -> str:
    more = len(words) - 2
    tail = f" And {more} more." if more > 0 else ""
    return f"The job is over, but this is not proven to be well: {' '.join(words[:2])}{tail}"[:900]


def _headline_of_holes(
    undecided: Sequence[Document], unseen: Sequence[str], unmet: Sequence[str]
) -> str:
    modes = sorted({str(finding["failure_mode"]) for finding in undecided}, key=_mode_order)
    parts = ["No failure was found, but not everything could be seen"]
    if unseen:
        parts.append(f"not read: {_some(unseen)}")
    if modes:
        parts.append(f"not judged: {_some(modes)}")
    return " ".join(["; ".join(parts) + ".", *unmet[:1]])[:900]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (" …" if len(names) > 8 else "")


def _headline_of_failures(failed: Sequence[Document]) -> str:
    first = next((finding for finding in failed if finding["holds_job"]), failed[0])
    more = len(failed) - 1
    tail = f" ({more} more finding{'s' if more > 1 else ''})" if more else ""
    return f"{first['title']}: {first['subject']}{tail}."


def since(facts: Facts) -> str | None:
    """Since when the job waits, as RFC 3339."""
    return facts.upgrade.wait_field("since")


def _mode_order(mode: str) -> tuple[int, int, str]:
    chapter, _dot, number = mode.partition(".")
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    known = chapter.isdecimal() and digits.isdecimal() and len(chapter + digits) < 9
    return (int(chapter), int(digits), mode) if known else (9999, 0, mode)
