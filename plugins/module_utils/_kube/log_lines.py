# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container logs as the API serves them, and finding the lines in them that mean something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.lenient import in_utc

if TYPE_CHECKING:
    from .reader import Reader

# With timestamps=true every line starts with the time at which the container runtime got it.
_STAMPED = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d) ?"
)
_MAX_LINE = 4000


@dataclass(frozen=True)
class LogLine:
    """One line; `at` is its time (RFC 3339 UTC, whole seconds), None when the log carries no times."""

    at: str | None
    text: str


@dataclass(frozen=True)
class ContainerLog:
    """What was read of a log. When `gap` is not None, lines are missing in front of that index."""

    lines: tuple[LogLine, ...] = ()
    gap: int | None = None


@dataclass(frozen=True)
class Pattern:
    """A kind of telling line. Named groups of the expression become fields of the event."""

    kind: str
    expression: re.Pattern[str]
    fields: Mapping[str, str] = field(default_factory=dict)


def parse_lines(text: str) -> list[LogLine]:
    """The lines of a log read with timestamps. Lines that carry none get the time of the line before."""
    lines: list[LogLine] = []
    at: str | None = None
    for raw in text.removesuffix("\n").split("\n") if text else ():
        stamped = _STAMPED.match(raw)
        if stamped is not None:
            at = _utc(stamped["second"], stamped["zone"])
            raw = raw[stamped.end() :]
        # A carriage return is a progress bar painting over itself: the last state counts.
        lines.append(LogLine(at, raw.rstrip().rpartition("\r")[2][:_MAX_LINE]))
    return lines


def read_log(
    client: Reader,
    namespace: str,
    pod: str,
    container: str,
    *,
    head_bytes: int = 256 * 1024,
    tail_lines: int = 2000,
) -> ContainerLog:
    """The log of a container: whole when it is shorter than `head_bytes`, else its head and its last lines.

    One request for most logs, two for long ones. `limitBytes` is never combined with the tail, because
    the API applies it from the front and would drop the newest lines.
    """
    head = client.pod_log(namespace, pod, container, limit_bytes=head_bytes, timestamps=True)
    if len(head.encode("utf-8", "replace")) < head_bytes:
        return ContainerLog(tuple(parse_lines(head)))
    tail = client.pod_log(namespace, pod, container, tail_lines=tail_lines, timestamps=True)
    return join(head, tail)


def join(head: str, tail: str) -> ContainerLog:
    """Head and tail of one log as one; lines in both are taken once."""
    first = parse_lines(head[: head.rfind("\n") + 1])
    last = parse_lines(tail)
    # The raw stamps have nanoseconds, so a line of the head is found again in the tail exactly.
    seen = set(head.split("\n")[-2000:])
    overlap = sum(1 for raw in tail.split("\n") if raw in seen and _STAMPED.match(raw))
    return ContainerLog((*first, *last[overlap:]), None if overlap else len(first))


def find_events(
    lines: Sequence[LogLine],
    patterns: Iterable[Pattern],
    *,
    everywhere: bool = False,
    limit: int = 600,
) -> list[dict[str, Any]]:
    """The telling lines, in order: ``{kind, line, text, at, last_at, count, last_line, …fields}``.

    Equal ones (same kind and fields) are folded into the first: those that follow each other, or all of
    the log with `everywhere`. Of more than `limit` the first third and the newest are kept.
    """
    table = list(patterns)
    events: list[dict[str, Any]] = []
    known: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, line in enumerate(lines, start=1):
        found = _match(line.text, table)
        if found is None:
            continue
        key = tuple(sorted(found.items()))
        if not everywhere and known and key not in known:
            known.clear()
        event = known.get(key)
        if event is None:
            event = {**found, "line": number, "text": line.text[:600], "at": line.at, "count": 0}
            known[key] = event
            events.append(event)
        event.update(count=event["count"] + 1, last_at=line.at, last_line=number)
    if len(events) > limit:
        return events[: limit // 3] + events[-(limit - limit // 3) :]
    return events


def _match(text: str, patterns: Iterable[Pattern]) -> dict[str, Any] | None:
    for pattern in patterns:
        match = pattern.expression.search(text)
        if match is not None:
            groups = {name: value for name, value in match.groupdict().items() if value is not None}
            return {"kind": pattern.kind, **pattern.fields, **groups}
    return None


def _utc(second: str, zone: str) -> str | None:
    return second + "Z" if zone == "Z" else in_utc(second + zone)
