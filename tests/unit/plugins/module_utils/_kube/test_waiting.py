# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.waiting import (
    Progress,
    poll,
)


class Clock:
    """Time that only passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


def test_it_answers_the_value_and_tells_each_change_once() -> None:
    clock = Clock()
    told: list[str] = []
    states = iter(["a", "a", "b", "ready"])

    def check() -> Progress[int]:
        state = next(states)
        return Progress(state == "ready", 7, state)

    value = poll(check, what="X", timeout=60, on_change=told.append, clock=clock, sleep=clock.sleep)
    assert value == 7
    assert told == ["a", "b", "ready"]
    assert clock.now == 6.0


def test_it_looks_once_more_at_the_deadline_and_then_says_the_last_state() -> None:
    clock = Clock()
    looks: list[float] = []

    def check() -> Progress[None]:
        looks.append(clock.now)
        return Progress(False, None, "still pending")

    with pytest.raises(RemediationError) as caught:
        poll(check, what="X", timeout=5, interval=2, clock=clock, sleep=clock.sleep)
    assert caught.value.code == "timeout"
    assert "still pending" in caught.value.message
    assert looks == [0.0, 2.0, 4.0, 5.0]


def test_a_timeout_of_zero_is_one_look() -> None:
    clock = Clock()
    assert poll(lambda: Progress(True, 1, "done"), what="X", timeout=0, clock=clock) == 1


def test_an_unreachable_server_is_waited_for_but_a_missing_permission_is_not() -> None:
    clock = Clock()
    told: list[str] = []
    errors = iter(
        [
            RemediationError("server-unreachable", "gone", retryable=True),
            RemediationError("forbidden", "no"),
        ]
    )

    def check() -> Progress[None]:
        raise next(errors)

    with pytest.raises(RemediationError) as caught:
        poll(check, what="X", timeout=60, on_change=told.append, clock=clock, sleep=clock.sleep)
    assert caught.value.code == "forbidden"
    assert told == ["gone"]
