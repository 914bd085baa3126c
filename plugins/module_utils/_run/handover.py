# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run hands over to the workflow that runs it: a few short texts, never a document.

A controller keeps them with the job, gives them to every later node as extra variables and shows them in
notifications. Their names are therefore none that a playbook takes as a setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]

#: Bytes of all texts together, as UTF-8. No controller documents a limit; what it copies to each later job and
#: posts to a chat room has to be short all the same.
LIMIT = 8192
_TEXT_LIMIT = 1024
_SUMMARY_LIMIT = 4096
_CUT = " …"


def handover(document: Document) -> dict[str, str]:
    """The texts of a report (schema report/v1) or of findings (schema findings/v1); "" for what there is not.

    C(remediation_plan_fingerprint) is what the later run takes as its setting remediation_approved_plan.
    """
    plan = document.get("plan") if isinstance(document.get("plan"), Mapping) else {}
    advice = document.get("next")
    return {
        "remediation_verdict": _text(document.get("verdict")),
        "remediation_headline": _text(document.get("headline")),
        "remediation_waits_for": _text(document.get("waits_for") or document.get("waited_for")),
        "remediation_plan_fingerprint": _text((plan or {}).get("fingerprint")),
        "remediation_plan_summary": _cut("\n".join(_summary(plan or {})), _SUMMARY_LIMIT),
        "remediation_next": _text(" ".join(_advice(advice if isinstance(advice, list) else []))),
    }


def _summary(plan: Document) -> Iterator[str]:
    """The plan in a line for each step, for somebody who reads it in a chat room or on a web page."""
    steps = [step for step in plan.get("steps") or [] if isinstance(step, Mapping)]
    if not steps:
        return
    count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    risks = ", ".join(str(risk) for risk in plan.get("risks") or []) or "none"
    yield f"Plan {plan.get('fingerprint')}: {count}, risks: {risks}"
    for number, step in enumerate(steps, start=1):
        undo = f" Undo: {step['undo']}" if step.get("undo") else ""
        yield f"{number}. [{step.get('risk')}] {step.get('title')}.{undo}"


def _advice(advice: list[Any]) -> Iterator[str]:
    for item in advice:
        if isinstance(item, Mapping):
            yield from (str(item[key]) for key in ("text", "command") if item.get(key))


def _text(value: object) -> str:
    return "" if value is None else _cut(str(value), _TEXT_LIMIT)


def _cut(text: str, limit: int) -> str:
    """No more than `limit` bytes, and a mark where something is missing."""
    whole = text.encode("utf-8", errors="replace")
    if len(whole) <= limit:
        return whole.decode()
    return whole[: limit - len(_CUT.encode())].decode(errors="ignore") + _CUT
