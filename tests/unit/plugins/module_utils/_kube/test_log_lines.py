# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import auth
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.log_lines import (
    LogLine,
    Pattern,
    find_events,
    join,
    parse_lines,
    read_log,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.api_server import (
    Answer,
    ApiServer,
    Request,
)

TICK = Pattern("tick", re.compile(r"^tick (?P<number>\d+)"))
TOCK = Pattern("tock", re.compile(r"^tock"))


def stamped(numbers: range) -> str:
    return "".join(
        f"2026-11-23T15:00:{number % 60:02d}.{number:09d}Z line {number}\n" for number in numbers
    )


def test_times_are_whole_seconds_in_utc() -> None:
    lines = parse_lines(
        "2026-11-23T15:00:00.123456789Z one\n"
        "2026-11-23T23:00:01.5+08:00 two\n"
        "no time of its own\n"
        "2026-11-23T15:00:02Z\n"
        "2026-11-23T15:00:03Z  10%\r 90%\r\n"
    )
    assert lines == [
        LogLine("2026-11-23T15:00:00Z", "one"),
        LogLine("2026-11-23T15:00:01Z", "two"),
        LogLine("2026-11-23T15:00:01Z", "no time of its own"),
        LogLine("2026-11-23T15:00:02Z", ""),
        LogLine("2026-11-23T15:00:03Z", " 90%"),
    ]


def test_a_log_without_times() -> None:
    assert parse_lines("a\nb") == [LogLine(None, "a"), LogLine(None, "b")]


def test_head_and_tail_that_overlap_make_the_whole_log() -> None:
    log = join(stamped(range(60)) + "2026-11-23T15:00:00.0000", stamped(range(40, 100)))
    assert [line.text for line in log.lines] == [f"line {number}" for number in range(100)]
    assert log.gap is None


def test_a_gap_is_known_and_the_cut_line_is_left_out() -> None:
    log = join(stamped(range(10)) + "2026-11-23T15:00:10.0000", stamped(range(50, 60)))
    assert log.gap == 10
    assert len(log.lines) == 20


def serve(text: str) -> ApiServer:
    def script(request: Request) -> Answer:
        data = text.encode()
        if "tailLines" in request.query:
            data = b"".join(data.splitlines(keepends=True)[-int(request.query["tailLines"]) :])
        if "limitBytes" in request.query:
            data = data[: int(request.query["limitBytes"])]
        return Answer(data)

    return ApiServer(script)


def test_a_short_log_takes_one_request_and_a_long_one_two() -> None:
    with serve(stamped(range(100))) as server:
        client = KubeClient(auth.resolve({"host": server.url, "api_key": "t"}))
        assert read_log(client, "a", "b", "c").gap is None
        assert client.request_count == 1
        long = read_log(client, "a", "b", "c", head_bytes=500, tail_lines=7)
    assert client.request_count == 3
    assert long.gap is not None
    assert [line.text for line in long.lines[-7:]] == [f"line {n}" for n in range(93, 100)]


def lines_of(*texts: str) -> list[LogLine]:
    return [LogLine(f"2026-11-23T15:00:{i:02d}Z", text) for i, text in enumerate(texts)]


def test_equal_neighbours_are_folded() -> None:
    events = find_events(lines_of("tick 1", "noise", "tick 1", "tick 2", "tick 1"), [TICK, TOCK])
    assert [(event["number"], event["count"]) for event in events] == [("1", 2), ("2", 1), ("1", 1)]
    assert events[0] == {
        "kind": "tick",
        "number": "1",
        "line": 1,
        "last_line": 3,
        "text": "tick 1",
        "at": "2026-11-23T15:00:00Z",
        "last_at": "2026-11-23T15:00:02Z",
        "count": 2,
    }


def test_equal_lines_of_a_whole_log_are_folded_on_request() -> None:
    lines = lines_of("tick 1", "tock", "tick 1", "tock")
    events = find_events(lines, [TICK, TOCK], everywhere=True)
    assert [(event["kind"], event["count"]) for event in events] == [("tick", 2), ("tock", 2)]


def test_of_too_many_the_first_and_the_newest_are_kept() -> None:
    lines = [LogLine(None, f"tick {number}") for number in range(1000)]
    events = find_events(lines, [TICK], limit=30)
    assert len(events) == 30
    assert (events[0]["number"], events[9]["number"], events[10]["number"]) == ("0", "9", "980")
    assert events[-1]["number"] == "999"
