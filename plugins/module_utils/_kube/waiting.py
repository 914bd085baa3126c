# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for something to become true, with a deadline and a voice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .._core.errors import RemediationError

T = TypeVar("T")


@dataclass(frozen=True)
class Progress(Generic[T]):
    """One look at what is waited for: whether it is done, its value, and a text that says how it stands."""

    done: bool
    value: T
    state: str


def poll(
    check: Callable[[], Progress[T]],
    *,
    what: str,
    timeout: float,
    interval: float = 2.0,
    on_change: Callable[[str], Any] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Any] = time.sleep,
) -> T:
    """Call `check` every `interval` seconds until it is done; answer its value.

    It is called at least once, and once more at the deadline. `on_change` gets the state text whenever it changes. A
    retryable error of `check` (the API server restarts during an upgrade) counts as "not yet"; any other ends
    the wait. Raises `timeout` with the last state.
    """
    deadline = clock() + timeout
    last_state: str | None = None
    while True:
        final = clock() >= deadline
        try:
            progress = check()
            done, state = progress.done, progress.state
        except RemediationError as exc:
            if not exc.retryable or exc.code == "timeout":
                raise
            done, state = False, exc.message
        if state != last_state:
            last_state = state
            if on_change is not None:
                on_change(state)
        if done:
            return progress.value
        if final:
            raise RemediationError(
                "timeout",
                f"{what} did not happen within {timeout:g} s. Last state: {state}",
                "Find out what holds it, then run again; or allow more time.",
                retryable=True,
                details={"state": state, "timeout_seconds": timeout},
            )
        sleep(min(interval, max(0.0, deadline - clock())))
