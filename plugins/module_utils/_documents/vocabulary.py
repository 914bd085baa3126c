# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed vocabularies of the documents, one enumeration each.

A member is its own text, so that a document may hold ``Verdict.HEALTHY.value`` and a reader may compare
what it has read with ``Verdict.HEALTHY``.
"""

from __future__ import annotations

from enum import Enum


class Vocabulary(str, Enum):
    """Texts that a document may hold in one place."""

    def __str__(self) -> str:
        return str(self.value)


class Verdict(Vocabulary):
    """How a run ended."""

    HEALTHY = "healthy"
    MOVING = "moving"
    REPAIRED = "repaired"
    NEEDS_APPROVAL = "needs_approval"
    NEEDS_HUMAN = "needs_human"
    REFUSED = "refused"
    STALLED = "stalled"
    FAILED = "failed"


class Condition(Vocabulary):
    """What a diagnosis says of the upgrade: the verdict of a findings document."""

    HEALTHY = "healthy"
    MOVING = "moving"
    STUCK = "stuck"
    UNKNOWN = "unknown"


class Outcome(Vocabulary):
    """What a rule or a check says of one subject."""

    FAIL = "fail"
    WARN = "warn"
    UNKNOWN = "unknown"
    PASS = "pass"


class Agreement(Vocabulary):
    """What another source says of a fact; one that is doubtful can have another cause than the fact being wrong."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    DOUBTFUL = "doubtful"


class Discharge(Vocabulary):
    """What a diagnosis says of an obligation."""

    MET = "met"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"
    NOT_APPLICABLE = "not_applicable"


class StepOutcome(Vocabulary):
    """What became of a step of a plan."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    TRIED = "tried"
    NOT_RUN = "not-run"


class ApprovedHow(Vocabulary):
    """How it was decided whether a plan may be carried out."""

    NOTHING_TO_APPROVE = "nothing-to-approve"
    FINGERPRINT = "fingerprint"
    OTHER_FINGERPRINT = "other-fingerprint"
    RISKS = "risks"
    PROMPT = "prompt"
    DECLINED = "declined"
    NONE = "none"


class NextMove(Vocabulary):
    """What a run does after a round: make another plan, or prove how it has ended."""

    PLAN = "plan"
    PROVE = "prove"


class Risk(Vocabulary):
    """The risk of a step, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Phase(Vocabulary):
    """A phase of a run, as ``--tags`` names it, in order."""

    DETECT = "detect"
    PLAN = "plan"
    BACKUP = "backup"
    UPGRADE = "upgrade"
    VERIFY = "verify"
    REPORT = "report"


class Fate(Vocabulary):
    """What became of a revision in the time of a run, by whomever; FOUND is every revision of a cluster that was not read again."""

    FOUND = "found"
    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"
