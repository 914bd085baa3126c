# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching: the loops around single looks, one in the module and one in its action.

A module process costs a second, so it looks several times and comes back when something has changed
or its time is over. The action starts it again until the condition holds or the deadline has come,
and tells each change once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._core.errors import RemediationError
from .observation import Observation

REACHED = "reached"
PENDING = "pending"
NOT_BEGUN = "not-begun"
NOT_REACHED = "not-reached"
STOOD_STILL = "stood-still"

# How long one module process looks. It bounds how late the API server's loss is noticed.
OBSERVE_SECONDS = 20


@dataclass(frozen=True)
class WatchRequest:
    """What is waited for and how long; times in seconds.

    start_within bounds the time until somebody begins to work on it (0: it does not). still_after bounds
    the time in which nobody works towards it and the state does not change, which is then the outcome (0: it
    does not). Without
    required, missing it is an outcome and no error.
    """

    what: str
    remedy: str
    timeout: float
    interval: float = 5.0
    start_within: float = 0.0
    still_after: float = 0.0
    required: bool = True


@dataclass(frozen=True)
class Clock:
    """Time and sleep, for tests to replace."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Any] = time.sleep


def look_until_change(
    look: Callable[[], Observation],
    last_state: str,
    *,
    seconds: float,
    interval: float,
    clock: Clock | None = None,
) -> Observation:
    """Look once, and again every interval until the state differs from last_state or time is up."""
    clock = clock or Clock()
    deadline = clock.now() + seconds
    while True:
        seen = look()
        settled = seen.done or seen.failure is not None or seen.hopeless
        left = deadline - clock.now()
        if settled or seen.state != last_state or left <= 0:
            return seen
        clock.sleep(min(interval, left))


def follow(
    observe: Callable[[Observation | None, float], Observation],
    request: WatchRequest,
    tell: Callable[[str], Any],
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Observe until the condition holds: ``{outcome, state, waited_seconds}``.

    observe gets what was seen last and for how many seconds it may look. A retryable error of it (the
    API server restarts during an upgrade) is a state like any other. Raises the observation's own
    failure at once, and stalled with the last state when the time is up.
    """
    clock = clock or Clock()
    watch = _Watch(request, tell, clock)
    while True:
        left = watch.left()
        seen = watch.see(lambda seconds: observe(watch.last, seconds), min(OBSERVE_SECONDS, left))
        if seen is not None:
            outcome = watch.outcome(seen)
            if outcome is not None:
                return watch.result(outcome)
        if left <= 0:
            return watch.result(watch.give_up(NOT_REACHED, f"within {request.timeout:g} s"))
        # Also after a change: a state that flips must not start one process after the other.
        clock.sleep(min(request.interval, max(0.0, watch.left())))


class _Watch:
    """The memory of one wait: when it began, what was seen and told last."""

    def __init__(self, request: WatchRequest, tell: Callable[[str], Any], clock: Clock) -> None:
        self.request, self.tell, self.clock = request, tell, clock
        self.began = self.changed = clock.now()
        self.last: Observation | None = None
        self.state = ""

    def waited(self) -> float:
        return self.clock.now() - self.began

    def left(self) -> float:
        left = self.request.timeout - self.waited()
        if self.last is not None and not self.last.begun and self.request.start_within:
            left = min(left, self.request.start_within - self.waited())
        return left

    def see(self, observe: Callable[[float], Observation], seconds: float) -> Observation | None:
        """One observation, told when its state is new; None when it could not be made."""
        try:
            seen = observe(max(0.0, seconds))
        except RemediationError as error:
            if not error.retryable:
                raise
            self._tell(error.message)
            return None
        self.last = seen
        self._tell(seen.state)
        return seen

    def _tell(self, state: str) -> None:
        if state == self.state:
            return
        self.state = state
        self.changed = self.clock.now()
        waited, left = self.waited(), max(0.0, self.left())
        ages = f"{waited:.0f} s waited, {left:.0f} s left"
        self.tell(f"Waiting for {self.request.what}: {state.rstrip('.')} ({ages}).")

    def outcome(self, seen: Observation) -> str | None:
        """How the wait ends with this observation; None when it goes on."""
        if seen.failure is not None:
            raise seen.failure
        if seen.done:
            return REACHED
        if seen.hopeless and not self.request.required:
            return NOT_REACHED
        limit = self.request.start_within
        if limit and not seen.begun and self.waited() >= limit:
            return self.give_up(NOT_BEGUN, f"and nothing has begun within {limit:g} s")
        still = self.request.still_after
        stands = still and not seen.begun and self.clock.now() - self.changed >= still
        return STOOD_STILL if stands else None

    def give_up(self, outcome: str, when: str) -> str:
        if not self.request.required:
            return outcome
        raise RemediationError(
            "stalled",
            f"Waited in vain for {self.request.what} {when}. Last seen: {self.state.rstrip('.')}.",
            self.request.remedy,
            retryable=True,
            details={"state": self.state, "waited_seconds": round(self.waited())},
        )

    def result(self, outcome: str) -> dict[str, Any]:
        found = {"outcome": outcome, "state": self.state, "waited_seconds": round(self.waited())}
        if outcome in (NOT_BEGUN, NOT_REACHED):
            in_vain = "nobody began with it" if outcome == NOT_BEGUN else "it did not come about"
            found["note"] = f"Waited {round(self.waited())} s, {in_vain}: {self.state.rstrip('.')}."
        return found
