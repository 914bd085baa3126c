# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long Rancher's controllers put off a key whose handler has failed (FM 2.6).

The numbers are those of ``applyDefaultOptions`` in rancher/lasso, pkg/controller/controller.go.
"""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST_SECONDS = 0.005
MOST_SECONDS = 30.0
FAST_FAILURES = 30
SLOW_SECONDS = 120.0


def delay_after(failures: int) -> float:
    """Seconds until a key is handled that was put off after so many failures."""
    exponential = min(FIRST_SECONDS * 2.0 ** min(failures, 20), MOST_SECONDS)
    return max(exponential, SLOW_SECONDS) if failures >= FAST_FAILURES else exponential


class RateLimitedKey:
    """One key of a work queue: asked for by events of other objects, put off after failures.

    Every request counts as a failure until the handler succeeds. The earliest due time counts:
    the queue keeps a key that is already waiting, and takes an earlier time for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._due: float | None = None

    def request(self) -> None:
        """Ask for the key, as ``Enqueue`` does, or after its handler has failed."""
        due = self._clock() + delay_after(self._failures)
        self._failures += 1
        self._due = due if self._due is None else min(self._due, due)

    def take(self) -> bool:
        """Whether it is due now; it is then no longer waiting."""
        if self._due is None or self._clock() < self._due:
            return False
        self._due = None
        return True

    def succeeded(self) -> None:
        """The handler went well: the failures are forgotten."""
        self._failures = 0
