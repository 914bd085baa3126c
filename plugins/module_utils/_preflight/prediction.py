# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Rancher of a target release will do with one of its charts, and whether the upgrade job is content with it.

The same decision code as in the diagnosis (FM 2.5), asked before the upgrade instead of after it got stuck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from .._diagnosis.facts.comparison import EQUAL, EQUAL_PRECEDENCE, HIGHER, LOWER, compare
from .._rancher.decision.decide import Action, Decision, Reason, decide
from .._rancher.decision.situation import InstalledRelease, Situation


class Outcome(str, Enum):
    """How a chart ends up once the target's Rancher has looked at it."""

    AT_EXPECTED = "at-expected"
    UPGRADED = "upgraded"
    SKIPPED = "skipped"
    NOT_LOWERED = "not-lowered"
    OTHER_VERSION = "other-version"
    LOCKED = "locked"
    UNKNOWN = "unknown"


#: The job waits for ever after these.
HANGING = (Outcome.SKIPPED, Outcome.NOT_LOWERED, Outcome.OTHER_VERSION, Outcome.LOCKED)
_GOOD = (Outcome.UPGRADED, Outcome.AT_EXPECTED)
#: What an answer that is not certain depends on.
UNLESS = "It is upgraded after all only if the values that Rancher passes for it change too."
_LOCK_MODES = {"pending-upgrade": "6.3", "pending-install": "6.4", "pending-rollback": "6.5"}


@dataclass(frozen=True)
class Question:
    """A chart before the upgrade.

    Attributes:
        situation: what the target's Rancher will see, as far as it is known.
        desired: what that Rancher asks for; None is unknown.
        expected: what the upgrade job waits for; None when it is unknown, or nothing is waited for.
        awaited: whether the job waits for this release at all.
    """

    situation: Situation
    desired: str | None
    expected: str | None
    awaited: bool


@dataclass(frozen=True)
class Prediction:
    """The answer. ``reaches`` is the version the release will have; ``certain`` is false when it depends on something
    that is not known, which ``why`` then names; ``failure_mode`` is the section of FM it would hang as.
    """

    chart: str
    release: str
    namespace: str
    awaited: bool
    installed: str | None
    desired: str | None
    expected: str | None
    reaches: str | None
    outcome: Outcome
    certain: bool
    failure_mode: str | None
    why: str

    @property
    def hangs(self) -> bool:
        """Whether the job would wait for it for ever."""
        return self.awaited and self.outcome in HANGING

    @property
    def subject(self) -> str:
        """The release as people look for it."""
        return f"Release/{self.namespace}/{self.release}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**self.__dict__, "outcome": self.outcome.value}


def predict(question: Question) -> Prediction:
    """What becomes of the chart. Total: never raises.

    Whether Rancher's values change with the upgrade is often not known; then both cases are looked at, and the worse
    one counts, as not certain.
    """
    answers = [_answer(question, situation) for situation in _cases(question.situation)]
    worst = min(answers, key=_badness)
    if worst.outcome in HANGING and any(answer.outcome in _GOOD for answer in answers):
        return replace(worst, certain=False)
    return worst


def _badness(prediction: Prediction) -> int:
    return (*HANGING, Outcome.UNKNOWN, *_GOOD).index(prediction.outcome)


def _cases(situation: Situation) -> list[Situation]:
    """The situation; where the values are not known, once with values Rancher is content with and once with others."""
    last = situation.last_revision
    open_ends = {"values", "control_plane_tolerations"} & set(situation.unreadable)
    if last is None or not open_ends or situation.chart == "fleet-crd":
        return [_readable(situation)]
    blank = _readable(replace(situation, values={}, last_revision=None))
    content: Mapping[str, Any] = decide(blank).values or {}
    at_rest = InstalledRelease(last.status, last.chart_version, dict(content), last.chart_name)
    changed = InstalledRelease(last.status, last.chart_version, {"before": True}, last.chart_name)
    return [
        _readable(replace(situation, values={}, last_revision=at_rest)),
        _readable(replace(situation, values={"after": True}, last_revision=changed)),
    ]


def _readable(situation: Situation) -> Situation:
    """Without the open ends that the cases stand for."""
    settled = {"values", "control_plane_tolerations"}
    return replace(situation, unreadable=tuple(set(situation.unreadable) - settled))


def _answer(question: Question, situation: Situation) -> Prediction:
    decision = decide(situation)
    last = situation.last_revision
    installed = last.chart_version if last and last.chart_version else None
    reaches = _reached(decision, installed)
    outcome, mode, why = _judge(question, situation, decision, installed, reaches)
    return Prediction(
        chart=situation.chart,
        release=situation.release_name,
        namespace=situation.namespace,
        awaited=question.awaited,
        installed=installed,
        desired=question.desired,
        expected=question.expected,
        reaches=reaches,
        outcome=outcome,
        certain=True,
        failure_mode=mode,
        why=why,
    )


def _reached(decision: Decision, installed: str | None) -> str | None:
    if decision.action is Action.UPGRADE:
        return decision.resolves_to
    return installed if decision.action is Action.SKIP else None


_Judgement = tuple[Outcome, "str | None", str]


def _judge(
    question: Question,
    situation: Situation,
    decision: Decision,
    installed: str | None,
    reaches: str | None,
) -> _Judgement:
    wanted = question.expected if question.awaited else question.desired
    if decision.action is Action.BLOCKED:
        status = situation.last_revision.status if situation.last_revision else "pending"
        why = f"Its last revision is {status}: Rancher leaves it alone."
        return Outcome.LOCKED, _LOCK_MODES.get(status, "6.3"), why
    if wanted is None:
        return Outcome.UNKNOWN, None, "It is not known which version the target wants."
    if reaches is None:
        return _undecided(situation, decision, installed, wanted)
    if reaches == wanted:
        return _content(situation, installed, reaches)
    return _discontent(question, situation, decision, wanted, reaches)


def _content(situation: Situation, installed: str | None, reaches: str) -> _Judgement:
    if installed == reaches:
        return Outcome.AT_EXPECTED, None, f"{reaches} is installed already."
    rancher = f"Rancher {situation.rancher}"
    if installed is None:
        return Outcome.UPGRADED, None, f"{rancher} installs {reaches}."
    verb = "lowers" if compare(reaches, installed) == LOWER else "upgrades"
    return Outcome.UPGRADED, None, f"{rancher} {verb} it from {installed} to {reaches}."


def _undecided(
    situation: Situation, decision: Decision, installed: str | None, wanted: str
) -> _Judgement:
    if decision.reason is Reason.RANCHER_VERSION_UNSUPPORTED and installed:
        # Rows 2 and 8 of FM 2.5 are as old as the minimum logic itself (2021): a higher version is always installed.
        if compare(installed, wanted) == EQUAL:
            return Outcome.AT_EXPECTED, None, f"{wanted} is installed already."
        if compare(installed, wanted) == LOWER:
            why = f"Every Rancher upgrades a chart that is older than the one it asks for ({installed} to {wanted})."
            return Outcome.UPGRADED, None, why
    if decision.reason is Reason.RANCHER_VERSION_UNSUPPORTED:
        return Outcome.UNKNOWN, None, f"The code of Rancher {situation.rancher} was not read."
    if decision.reason is Reason.RANCHER_VERSION_UNKNOWN:
        return Outcome.UNKNOWN, None, "It is not known which Rancher the target carries."
    if "last_revision" in situation.unreadable:
        return Outcome.UNKNOWN, None, "It is not known what is installed."
    if decision.action is Action.UNKNOWN:
        missing = ", ".join(sorted(situation.unreadable)) or decision.reason.value
        return Outcome.UNKNOWN, None, f"Too little is known ({missing})."
    return (
        Outcome.UNKNOWN,
        None,
        f"Rancher could not carry it out: {decision.error or decision.resolve_error}.",
    )


def _discontent(
    question: Question, situation: Situation, decision: Decision, wanted: str, reaches: str
) -> _Judgement:
    rancher = f"Rancher {situation.rancher}"
    waits = f"the job waits for {wanted} for ever" if question.awaited else "nothing waits for it"
    if (
        question.desired is not None
        and compare(question.desired, wanted) != EQUAL
        and reaches == question.desired
    ):
        why = f"{rancher} installs {reaches}, but the release file names {wanted}: {waits}."
        return Outcome.OTHER_VERSION, "6.10", why
    if decision.reason is Reason.EQUAL_PRECEDENCE or compare(reaches, wanted) == EQUAL_PRECEDENCE:
        mode = "6.1" if situation.min else "6.2"
        why = (
            f"{rancher} takes the installed {reaches} for {question.desired or wanted}, because it ignores what "
            f"follows the plus sign, and skips it: {waits}."
        )
        return Outcome.SKIPPED, mode, why
    if compare(reaches, wanted) == HIGHER:
        why = f"{reaches} is newer than {wanted} and {rancher} never lowers this chart: {waits}."
        return Outcome.NOT_LOWERED, "6.10b", why
    return Outcome.OTHER_VERSION, "6.10", f"{rancher} brings it to {reaches}: {waits}."
