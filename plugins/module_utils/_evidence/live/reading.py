# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many reads at once, none of which can spoil another.

A group of sources says what it wants to read (`Group.reads`), sees what was found, may ask for more (the logs of the
pods found), and in the end shapes its parts of the evidence (`Group.parts`). Groups share what they read by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import RemediationError
from ..._core.lenient import Document, mapping, mappings, seconds_between
from ..._core.redaction import Redactor
from ..._documents.evidence import ABSENT, ERROR, FORBIDDEN, OK, Source
from ..._kube.exec import exec_in_pod
from ..._kube.reader import Reader
from ..._rancher.server.leader_process import ExecIn

Read = Callable[[Reader], Any]
Reads = dict[str, Read]

_STATES = {"not-found": ABSENT, "forbidden": FORBIDDEN}
_MAX_ROUNDS = 6


@dataclass(frozen=True)
class Reading:
    """What one read gave: its value when `state` is ok, else the reason in `error`."""

    state: str
    value: Any = None
    error: RemediationError | None = None

    @property
    def reason(self) -> str:
        """Why there is no value; empty when there is one."""
        return "" if self.error is None else self.error.message


class Found:
    """Everything read so far, by name."""

    def __init__(self) -> None:
        self._readings: dict[str, Reading] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._readings

    def add(self, readings: Mapping[str, Reading]) -> None:
        """Take in the outcome of a round."""
        self._readings.update(readings)

    def reading(self, name: str) -> Reading:
        """The outcome of a read; one that nobody has asked for did not fail, it is absent."""
        return self._readings.get(name, Reading(ABSENT))

    def ok(self, name: str) -> bool:
        """Whether it was read and is there."""
        return self.reading(name).state == OK

    def value(self, name: str) -> Any:
        """What was read, None when it could not be."""
        return self.reading(name).value

    def object(self, name: str) -> Document:
        """The object read, empty when it could not be."""
        return mapping(self.value(name))

    def objects(self, name: str) -> list[Document]:
        """The list read, empty when it could not be."""
        return mappings(self.value(name))

    def source(self, *names: str, absent: str = "") -> Source:
        """The state of a source made of these reads: the worst of them, but absent only if nothing is there.

        `absent` is the reason when every read went well and found nothing.
        """
        readings = [self.reading(name) for name in names]
        for state in (ERROR, FORBIDDEN):
            for reading in readings:
                if reading.state == state:
                    return Source(state, reading.reason)
        if any(reading.state == OK and reading.value not in (None, [], {}) for reading in readings):
            return Source(OK)
        if absent or any(reading.state == OK for reading in readings):
            return Source(ABSENT, absent or "Nothing of it exists.")
        return Source(ABSENT, readings[0].reason if readings else "")


@dataclass(frozen=True)
class Context:
    """What every group needs to know. `collected_at` is RFC 3339 UTC, the API server's time."""

    collected_at: str
    redactor: Redactor
    log_tail_lines: int = 5000
    expected_versions: Mapping[str, str] = field(default_factory=dict)
    exec_in: ExecIn = exec_in_pod

    def age(self, moment: object) -> int | None:
        """Whole seconds from a time in an object to the collection."""
        return seconds_between(moment, self.collected_at)


@dataclass(frozen=True)
class Parts:
    """A group's fields of the evidence and the states of its sources."""

    fields: Mapping[str, Any]
    sources: Mapping[str, Source]


@dataclass(frozen=True)
class Group:
    """Sources that are shaped together."""

    sources: tuple[str, ...]
    reads: Callable[[Context, Found], Reads]
    parts: Callable[[Context, Found], Parts]


def read_everything(
    client: Reader,
    groups: Iterable[Group],
    context: Context,
    *,
    parallelism: int,
    out_of_time: Callable[[], bool],
) -> tuple[Found, list[str]]:
    """Read in rounds, at most `parallelism` at once, until no group asks for more.

    Answers what was found, and a line for every group that failed to say what it wants.
    """
    found, problems = Found(), []
    with ThreadPoolExecutor(parallelism, thread_name_prefix="read") as pool:
        for _round in range(_MAX_ROUNDS):
            wanted: Reads = {}
            for group in groups:
                try:
                    wanted.update(group.reads(context, found))
                except (
                    Exception
                ) as exc:  # an object of unheard-of shape must not end the collection
                    problems.append(f"{group.sources[0]}: {type(exc).__name__}: {exc}")
            wanted = {name: read for name, read in wanted.items() if name not in found}
            if not wanted:
                break
            readings = pool.map(lambda read: _attempt(client, read, out_of_time), wanted.values())
            found.add(dict(zip(wanted, readings, strict=True)))
    return found, sorted(set(problems))


def _attempt(client: Reader, read: Read, out_of_time: Callable[[], bool]) -> Reading:
    if out_of_time():
        return Reading(
            ERROR, error=RemediationError("timeout", "The time for collecting was over.")
        )
    try:
        return Reading(OK, read(client))
    except RemediationError as exc:
        return Reading(_STATES.get(exc.code, ERROR), error=exc)
    except Exception as exc:
        message = f"The answer could not be understood: {type(exc).__name__}: {exc}."
        return Reading(ERROR, error=RemediationError("internal", message))
