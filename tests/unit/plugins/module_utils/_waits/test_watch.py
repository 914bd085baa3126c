# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loops of a wait, on a clock that only moves when they sleep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._waits.observation import (
    Observation,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._waits.watch import (
    Clock,
    WatchRequest,
    follow,
    look_until_change,
)

AWAY = RemediationError("server-unreachable", "No connection to 10.53.0.1.", retryable=True)


class SlowClock:
    """Time passes by sleeping, and by one second per look."""

    def __init__(self) -> None:
        self.time = 1000.0

    def clock(self) -> Clock:
        def sleep(seconds: float) -> None:
            self.time += seconds

        return Clock(lambda: self.time, sleep)


def observing(
    time: SlowClock, *seen: Observation | Exception
) -> Callable[[Observation | None, float], Observation]:
    """Gives one after the other, then the last for ever; each takes a second."""
    left: Iterator[Observation | Exception] = iter(seen)
    last: list[Observation | Exception] = [seen[-1]]

    def observe(_before: Observation | None, _seconds: float) -> Observation:
        time.time += 1
        last[0] = next(left, last[0])
        if isinstance(last[0], Exception):
            raise last[0]
        return last[0]

    return observe


def waiting(state: str, **fields: Any) -> Observation:
    return Observation(False, state, **fields)


def run(
    *seen: Observation | Exception, **request: Any
) -> tuple[dict[str, Any], list[str], SlowClock]:
    time, lines = SlowClock(), list[str]()
    wanted = WatchRequest(
        **{"what": "fleet", "remedy": "Diagnose again.", "timeout": 60, **request}
    )
    result = follow(observing(time, *seen), wanted, lines.append, time.clock())
    return result, lines, time


def test_it_ends_when_the_condition_holds() -> None:
    result, lines, _time = run(waiting("revision 2"), Observation(True, "revision 3"))
    assert result == {"outcome": "reached", "state": "revision 3", "waited_seconds": 7}
    assert lines == [
        "Waiting for fleet: revision 2 (1 s waited, 59 s left).",
        "Waiting for fleet: revision 3 (7 s waited, 53 s left).",
    ]


def test_each_state_is_told_once() -> None:
    same = [waiting("revision 2")] * 5
    _result, lines, _time = run(*same, waiting("revision 3"), Observation(True, "deployed"))
    assert [line.split(": ")[1].split(" (")[0] for line in lines] == [
        "revision 2",
        "revision 3",
        "deployed",
    ]


def test_time_is_up() -> None:
    with pytest.raises(RemediationError) as caught:
        run(waiting("revision 2 is pending-upgrade"), timeout=30)
    error = caught.value
    assert error.code == "stalled"
    assert error.message == (
        "Waited in vain for fleet within 30 s. Last seen: revision 2 is pending-upgrade."
    )
    assert error.remedy == "Diagnose again."
    assert error.details["waited_seconds"] in (30, 31)


def test_it_looks_once_even_without_time() -> None:
    result, _lines, _time = run(Observation(True, "there"), timeout=0)
    assert result["outcome"] == "reached"


def test_time_is_up_and_that_is_no_error() -> None:
    result, _lines, _time = run(waiting("revision 2"), timeout=30, required=False)
    assert result["outcome"] == "not-reached"
    assert result["state"] == "revision 2"


def test_nobody_begins() -> None:
    result, _lines, time = run(
        waiting("revision 2", begun=False), timeout=300, start_within=20, required=False
    )
    assert result["outcome"] == "not-begun"
    assert "nobody began with it: " in result["note"]
    assert time.time - 1000 < 30


def test_nobody_begins_although_it_must() -> None:
    with pytest.raises(RemediationError, match="nothing has begun within 20 s"):
        run(waiting("revision 2", begun=False), timeout=300, start_within=20)


def test_once_begun_the_whole_time_is_given() -> None:
    idle, busy = waiting("revision 2", begun=False), waiting("revision 3 is pending-upgrade")
    many = [busy] * 20
    result, _lines, time = run(
        idle, *many, Observation(True, "deployed"), timeout=300, start_within=20, required=False
    )
    assert result["outcome"] == "reached"
    assert time.time - 1000 > 100


def test_what_stands_still_ends_the_wait_without_an_error() -> None:
    idle = waiting("revision 2", begun=False)
    result, _lines, time = run(idle, timeout=300, still_after=20)
    assert result["outcome"] == "stood-still"
    assert 20 <= time.time - 1000 < 35


def test_what_somebody_works_on_does_not_stand_still() -> None:
    busy = [waiting("revision 2 is pending-upgrade")] * 20
    result, _lines, _time = run(*busy, Observation(True, "deployed"), timeout=300, still_after=20)
    assert result["outcome"] == "reached"


def test_what_changes_does_not_stand_still() -> None:
    seen = [waiting(f"line {each}", begun=False) for each in range(12)]
    result, _lines, time = run(*seen, Observation(True, "ended"), timeout=300, still_after=20)
    assert result["outcome"] == "reached"
    assert time.time - 1000 > 60


def test_work_in_vain_is_not_waited_for_unless_required() -> None:
    failed = waiting("revision 3 is failed", hopeless=True)
    result, _lines, _time = run(waiting("revision 2"), failed, timeout=300, required=False)
    assert (result["outcome"], result["waited_seconds"]) == ("not-reached", 7)
    with pytest.raises(RemediationError, match="Last seen: revision 3 is failed"):
        run(failed, timeout=30)


def test_what_can_never_come_ends_it_at_once() -> None:
    failure = RemediationError("stalled", "Job/harvester-system/x: it has failed.")
    with pytest.raises(RemediationError) as caught:
        run(waiting("running"), waiting("failed", failure=failure), timeout=3600, required=False)
    assert caught.value is failure


def test_the_api_server_may_be_away() -> None:
    result, lines, _time = run(waiting("revision 2"), AWAY, AWAY, Observation(True, "deployed"))
    assert result["outcome"] == "reached"
    assert lines[1] == "Waiting for fleet: No connection to 10.53.0.1 (7 s waited, 53 s left)."
    assert len(lines) == 3


def test_the_api_server_stays_away() -> None:
    with pytest.raises(RemediationError, match="Last seen: No connection to") as caught:
        run(AWAY, timeout=30)
    assert caught.value.code == "stalled"


def test_any_other_error_ends_it() -> None:
    with pytest.raises(RemediationError) as caught:
        run(waiting("revision 2"), RemediationError("forbidden", "No permission."))
    assert caught.value.code == "forbidden"


def test_a_flipping_state_is_looked_at_in_intervals() -> None:
    flips = [waiting("a"), waiting("b")] * 10
    _result, _lines, time = run(*flips, Observation(True, "c"), timeout=600)
    assert time.time - 1000 == 21 + 20 * 5


def look(time: SlowClock, *seen: Observation) -> tuple[Observation, float]:
    observe = observing(time, *seen)
    found = look_until_change(
        lambda: observe(None, 0), "same", seconds=20, interval=5, clock=time.clock()
    )
    return found, time.time - 1000


def test_a_module_comes_back_with_the_first_change() -> None:
    found, took = look(SlowClock(), waiting("same"), waiting("other"))
    assert (found.state, took) == ("other", 7)


def test_a_module_comes_back_without_a_change_when_its_time_is_up() -> None:
    found, took = look(SlowClock(), waiting("same"))
    assert found.state == "same"
    assert 20 <= took <= 23


def test_a_module_comes_back_at_once_when_it_is_settled() -> None:
    assert look(SlowClock(), Observation(True, "same"))[1] == 1
    assert look(SlowClock(), waiting("same", hopeless=True))[1] == 1
    failure = RemediationError("stalled", "Job failed.")
    assert look(SlowClock(), waiting("same", failure=failure))[1] == 1


def test_an_observation_survives_its_way_to_the_action() -> None:
    failure = RemediationError("stalled", "Job failed.", "Diagnose.", details={"reason": "x"})
    sent = waiting("same", begun=False, failure=failure, baseline={"revision": 2})
    received = Observation.from_dict(sent.to_dict())
    assert received.to_dict() == sent.to_dict()
