# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a rollout is waited for: on a clock and looks that the test gives."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm import (
    patience,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.patience import (
    Patience,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.unready import (
    ReleaseState,
    Unready,
)

SECONDS = 300
NO_NODE = Unready("Pod/ns/fleet-1", "Pending: 0/3 nodes are available", True)
CRASHING = Unready("Pod/ns/fleet-1", "CrashLoopBackOff, last exit code 1", False)


class Watched:
    """A release whose state the test sets, looked at as time passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = 0.0
        self.state = ReleaseState((), ())
        self.error: RemediationError | None = None
        monkeypatch.setattr(patience, "release_state", self._look)
        client: Any = None
        self.patience = Patience(client, "ns", "fleet", SECONDS, lambda: self.time)

    def _look(self, *_arguments: object) -> ReleaseState:
        if self.error is not None:
            raise self.error
        return self.state

    def at(self, time: float, *unready: Unready, counts: object = 0) -> str:
        self.time, self.state = time, ReleaseState(unready, (counts,))
        return self.patience.ends()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def test_what_no_time_cures_is_given_up_early(watched: Watched) -> None:
    assert watched.at(5, NO_NODE) == ""
    assert watched.at(100, NO_NODE) == ""
    assert watched.at(125, NO_NODE) == (
        "Pod/ns/fleet-1: Pending: 0/3 nodes are available, for 120 s"
    )


def test_a_reason_that_goes_away_counts_from_the_beginning_when_it_is_back(
    watched: Watched,
) -> None:
    watched.at(5, NO_NODE)
    watched.at(60)
    assert watched.at(130, NO_NODE) == ""


def test_without_any_change_the_time_is_what_was_asked_for(watched: Watched) -> None:
    watched.at(0, CRASHING)
    assert watched.at(295, CRASHING) == ""
    assert watched.at(300, CRASHING) == (
        "nothing has changed for 300 s (Pod/ns/fleet-1: CrashLoopBackOff, last exit code 1)"
    )


def test_a_rollout_that_makes_progress_is_given_time(watched: Watched) -> None:
    assert [watched.at(100.0 * each, counts=each) for each in range(8)] == [""] * 8


def test_what_cannot_be_read_ends_nothing(watched: Watched) -> None:
    watched.at(0)
    watched.time = 10_000
    watched.error = RemediationError("server-unreachable", "No connection.", retryable=True)
    assert watched.patience.ends() == ""
