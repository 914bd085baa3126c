# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the manifest job: what it tells, in order, and what the job waits for (FM 1.7, 1.8, 6.0 D.3).

Which line means what is in job_log_lines.py, what a wait is about in job_log_waits.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._kube.log_lines import ContainerLog, LogLine
from . import job_log_lines, release_file
from .job_log_lines import NOTE, STEPS, WAIT
from .job_log_waits import WAITS

_LIMIT = 600
_CLASSES = {row.kind: row.line_class for row in job_log_lines.ROWS}
_DURING_RELEASE = frozenset({"helm-release-pending", "helm-rollback", "helm-rollback-ended"})
# What makes two waits the same; a rollout of another workload or a chart of another release is another.
_IDENTITY = ("namespace", "release", "chart", "workload", "name", "where", "version", "node", "url")


def events_of(log: ContainerLog) -> list[dict[str, Any]]:
    """The telling lines in order: ``{kind, line, text, at, last_at, count, last_line, …fields}``.

    A wait is one event from its first line to its last, with the fields of the newest line, also when the script prints
    notes meanwhile. Equal lines of other kinds are folded when they follow each other. Of more than 600 events the first
    third and the newest are kept.
    """
    events: list[dict[str, Any]] = []
    for number, line in enumerate(log.lines, start=1):
        found = job_log_lines.classify(line.text)
        if found is None or not found[0].told:
            continue
        event = {"kind": found[0].kind, **_completed(found[0].kind, found[1], events)}
        known = _earlier(event, events)
        if known is None:
            known = {"line": number, "at": line.at, "count": 0}
            events.append(known)
        if event["kind"] not in STEPS or known.get("text") != line.text[:600]:
            # A step that is printed again and again is no sign of life.
            known["last_at"] = line.at
        known.update(**event, text=line.text[:600], count=known["count"] + 1, last_line=number)
    if len(events) > _LIMIT:
        return events[: _LIMIT // 3] + events[-(_LIMIT - _LIMIT // 3) :]
    return events


def wait_of(events: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The event of the wait that the script is in at the end of its log, None when it is in none.

    For a release, what the script said meanwhile is added: `pending_status`, `pending_minutes`, `rolled_back` and
    `rollback` (``running``, ``succeeded``, ``failed`` or ``impossible``).
    """
    meanwhile: dict[str, Any] = {}
    for event in reversed(events):
        kind = event["kind"]
        if kind == "helm-release-pending":
            meanwhile.setdefault("pending_status", event.get("status"))
            meanwhile.setdefault("pending_minutes", event.get("minutes"))
        elif kind == "helm-rollback-ended":
            meanwhile.setdefault("rollback", event.get("result"))
        elif kind == "helm-rollback":
            meanwhile["rolled_back"] = True
            meanwhile.setdefault("rollback", "running")
        elif kind in WAITS and (not meanwhile or kind == "helm-release"):
            return {**event, **meanwhile}
        else:
            return None
    return None


def same_wait(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two lines, or a line and a wait, are about the same; a field that one of them lacks does not tell."""
    return one.get("kind") == other.get("kind") and all(
        one[name] == other[name]
        for name in _IDENTITY
        if one.get(name) is not None and other.get(name) is not None
    )


def last_words(log: ContainerLog) -> dict[str, Any]:
    """``{text, since, known}``: the last line that is not empty, since when nothing but lines such as it were printed,
    and whether any release is known to print it.

    For a line of a wait, a step or a failure that is the last such line's time; unknown lines do not count as progress.
    """
    spoken = [line for line in log.lines if line.text.strip()]
    if not spoken:
        return {}
    since = None
    for line in reversed(spoken):
        found = job_log_lines.classify(line.text)
        if found is not None and found[0].told and since is not None:
            break
        since = line.at
        if found is not None and found[0].told:
            break
    last = spoken[-1].text
    return {"text": last[:600], "since": since, "known": job_log_lines.classify(last) is not None}


def release_file_of(lines: Sequence[LogLine]) -> dict[str, Any] | None:
    """The harvester-release.yaml printed at the top of the log."""
    return release_file.find_in_log(line.text for line in lines)


def _completed(
    kind: str, given: Mapping[str, str], events: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The fields of a line, with what the line itself leaves out."""
    fields: dict[str, Any] = dict(given)
    if kind in ("helm-release", "helm-release-completed"):
        fields["chart_version"] = _version_of(fields["chart"], fields["release"])
    elif kind in _DURING_RELEASE:
        # These lines name the chart of the pending revision or nothing; they speak of the release waited for.
        none: Mapping[str, Any] = {}
        release = next((each for each in reversed(events) if each["kind"] == "helm-release"), none)
        fields["namespace"] = release.get("namespace")
        fields["release"] = release.get("release")
    if "minutes" in fields:
        fields["minutes"] = int(fields["minutes"])
    if "workload" in fields:
        fields["workload"] = fields["workload"].lower()
    return fields


def _earlier(event: Mapping[str, Any], events: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The event that the line belongs to, None when it begins a new one."""
    line_class = _CLASSES[event["kind"]]
    for known in _open(events):
        if line_class == WAIT and _CLASSES[known["kind"]] == WAIT:
            return known if same_wait(event, known) else None
        if line_class == NOTE and _same_note(event, known):
            return known
        if line_class not in (WAIT, NOTE):
            equal = event["kind"] in STEPS or event.items() <= known.items()
            return known if equal and known["kind"] == event["kind"] else None
    return None


def _open(events: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The newest events back to the last one that is not a note."""
    for event in reversed(events):
        yield event
        if _CLASSES[event["kind"]] != NOTE:
            return


def _same_note(event: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    return all(event[name] == known.get(name) for name in event if name != "minutes")


def _version_of(chart: str, release: str) -> str | None:
    """``fleet-106.0.0+up0.12.0`` is chart fleet in version 106.0.0+up0.12.0."""
    prefix = f"{release}-"
    return chart[len(prefix) :] if chart.startswith(prefix) else None
