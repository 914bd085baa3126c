# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in four sentences, for somebody who has five seconds: what was wrong, done, proven, is next.

Pure: a part of the report, made from the rest of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.lenient import dig, mapping, mappings, text

_TRIED = "Nothing was changed: check mode only tried the steps."


def at_a_glance(report: Mapping[str, Any]) -> dict[str, str]:
    """The sentences C(wrong), C(done), C(proof) and C(next) of a report document."""
    return {
        "wrong": _wrong(report),
        "done": _done(report),
        "proof": _proof(report),
        "next": _next(report),
    }


def _wrong(report: Mapping[str, Any]) -> str:
    failed = [each for each in mappings(report.get("findings")) if each.get("outcome") == "fail"]
    if failed:
        first = next((each for each in failed if each.get("holds_job")), failed[0])
        alike = [each for each in failed if each is not first]
        more = f", and {len(alike)} more finding{'s' if len(alike) > 1 else ''}" if alike else ""
        return f"{first.get('title')}: {first.get('subject')}{more}."
    if report.get("error"):
        return "Nothing was found before the run stopped."
    if report.get("verdict") == "healthy":
        return "Nothing."
    return text(report.get("headline")) or "The diagnosis could not be made."


def _done(report: Mapping[str, Any]) -> str:
    steps = mappings(dig(report, "plan", "steps"))
    begun = [step for step in steps if step.get("outcome") != "not-run"]
    if not begun:
        return "Nothing was changed."
    if report.get("check_mode"):
        return _TRIED
    changed = [str(step.get("title")) for step in begun if step.get("outcome") == "changed"]
    failed = [str(step.get("title")) for step in begun if step.get("outcome") == "failed"]
    words = [f"{len(changed)} of {len(steps)} steps changed the cluster"]
    if changed:
        words.append(f": {'; '.join(changed)}")
    if failed:
        words.append(f". Failed: {'; '.join(failed)}")
    return "".join(words) + "."


def _proof(report: Mapping[str, Any]) -> str:
    after = text(report.get("headline_after"))
    if after is None:
        if report.get("verdict") == "healthy":
            return text(report.get("headline")) or ""
        if all(step.get("outcome") == "not-run" for step in mappings(dig(report, "plan", "steps"))):
            return "Nothing was done, so there is nothing to prove yet."
        return "None: the cluster was not read again."
    restless = [
        str(each.get("chart"))
        for each in mappings(report.get("dependencies"))
        if each.get("expected") and dig(each, "decision_after", "action") not in (None, "skip")
    ]
    if restless:
        return f"{after} Rancher would still act on {', '.join(restless)}."
    return after


def _next(report: Mapping[str, Any]) -> str:
    first = mapping(next(iter(mappings(report.get("next"))), {}))
    return text(first.get("text")) or "Nothing."
