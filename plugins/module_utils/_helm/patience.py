# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long helm may wait for a release to become ready.

helm itself knows one time for everything: it gives up a rollout that only needs more of it, and waits just as long for
pods that can never start. Here the time counts from the last change, and ends early where only a person can help.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._core.errors import RemediationError
from .unready import ReleaseState, release_state

if TYPE_CHECKING:
    from .._kube.client import KubeClient

#: The part of that time after which a reason that does not go away by itself is believed.
HOPELESS_PART = 0.4


class Patience:
    """Looks at a release while helm waits for it. ``seconds`` may pass without any change of its workloads and pods."""

    def __init__(
        self,
        client: KubeClient,
        namespace: str,
        release: str,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = lambda: release_state(client, namespace, release)
        self._seconds, self._clock = seconds, clock
        self._changed = clock()
        self._seen: object = None
        self._lasting: dict[str, float] = {}

    def ends(self) -> str:
        """Why helm need not wait any longer; "" while it should. What cannot be read (the API server restarts) is no reason."""
        try:
            state = self._look()
        except RemediationError:
            return ""
        now = self._clock()
        if state.counts != self._seen:
            self._seen, self._changed = state.counts, now
        return self._hopeless(state, now) or self._without_progress(state, now)

    def _hopeless(self, state: ReleaseState, now: float) -> str:
        lasting = {each.subject: each for each in state.unready if each.lasting}
        self._lasting = {subject: self._lasting.get(subject, now) for subject in lasting}
        for subject, since in self._lasting.items():
            if now - since >= HOPELESS_PART * self._seconds:
                return f"{subject}: {lasting[subject].why}, for {now - since:.0f} s"
        return ""

    def _without_progress(self, state: ReleaseState, now: float) -> str:
        still = now - self._changed
        if still < self._seconds:
            return ""
        why = "; ".join(f"{each.subject}: {each.why}" for each in state.unready[:3])
        return f"nothing has changed for {still:.0f} s" + (f" ({why})" if why else "")
