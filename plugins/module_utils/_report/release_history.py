# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the releases: every revision that was seen, before and after a run.

Pure: a part of the report, made from the two evidence documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.lenient import Document, integer, mapping, mappings, text

#: What a run did to a revision; FOUND is every revision of a cluster that was not read again.
FOUND, KEPT, ADDED, REMOVED = "found", "kept", "added", "removed"


def release_history(
    before: Mapping[str, Any], after: Mapping[str, Any], expected: Mapping[str, str]
) -> list[Document]:
    """The awaited releases and those that are not deployed, each with its revisions, oldest first.

    before and after are evidence documents (after may be empty), expected is chart to version.
    """
    then, now = _by_name(before), _by_name(after)
    awaited = list(expected)
    histories = [
        _history(then.get(name, {}), now.get(name), expected)
        for name in dict.fromkeys([*then, *now])
    ]
    told = [each for each in histories if each["revisions"] and _is_worth_telling(each)]
    return sorted(told, key=lambda each: _order(each, awaited))


def _by_name(evidence: Mapping[str, Any]) -> dict[tuple[str, str], Document]:
    return {
        (str(each.get("namespace")), str(each.get("release"))): each
        for each in mappings(evidence.get("releases"))
        if text(each.get("release"))
    }


def _history(then: Document, now: Document | None, expected: Mapping[str, str]) -> Document:
    name = now or then
    chart = text(name.get("dependency")) or text(name.get("release"))
    was_read = now is not None and now.get("read") == "ok"
    first, last = _by_number(then), _by_number(now or {}) if was_read else {}
    return {
        "namespace": name.get("namespace"),
        "release": name.get("release"),
        "chart": chart,
        "expected": expected.get(str(chart)),
        "revisions": [
            _revision(first.get(number), last.get(number), was_read)
            for number in sorted({*first, *last})
        ],
    }


def _by_number(release: Document) -> dict[int, Document]:
    found = {}
    for each in mappings(release.get("revisions")):
        number = integer(each.get("revision"))
        if number is not None:
            found[number] = each
    return found


def _revision(then: Document | None, now: Document | None, was_read: bool) -> Document:
    told = now or then or {}
    fate = FOUND
    if was_read:
        fate = REMOVED if now is None else ADDED if then is None else KEPT
    return {
        "revision": told.get("revision"),
        "status": told.get("status") or told.get("label_status"),
        "chart_version": told.get("chart_version"),
        "app_version": told.get("app_version"),
        "at": told.get("last_deployed") or told.get("created_at"),
        "description": told.get("description"),
        "fate": fate,
    }


def _is_worth_telling(history: Document) -> bool:
    if history["expected"]:
        return True
    return any(
        each["fate"] in (ADDED, REMOVED) or each["status"] not in ("deployed", "superseded")
        for each in mappings(history["revisions"])
    )


def _order(history: Document, awaited: list[str]) -> tuple[int, str]:
    chart = str(mapping(history).get("chart"))
    return (awaited.index(chart) if chart in awaited else len(awaited), chart)
