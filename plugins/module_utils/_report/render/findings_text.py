# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A diagnosis as an operator reads it: what is waited for, why, the proof, what to do and what not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.lenient import seconds_between
from ..._core.template import duration
from .text_layout import RULE, grid, wrap

Document = Mapping[str, Any]

VERDICT_WORDS = {
    "healthy": "HEALTHY",
    "moving": "STILL MOVING",
    "stuck": "STUCK",
    "unknown": "UNKNOWN",
}
OUTCOME_WORDS = {"fail": "FOUND", "warn": "NOTE", "unknown": "COULD NOT TELL"}
UNATTENDED_WORDS = {
    "yes": "an approved run does it",
    "ask": "a run does it only when the finding is accepted by name",
    "no": "a run does not do it",
}
# Of the 80 columns of a terminal: dependency, expected, installed, what Rancher would do.
_WIDTHS = (15, 17, 21, 21)
# Long enough for a version, a message of Helm or a line of a log; the whole is in findings.json.
LONGEST_PROOF = 300
SHOWN_UNKNOWN = 5


def diagnosis_text(findings: Document) -> str:
    """Render a findings document (schema findings/v1) for a terminal."""
    verdict = str(findings.get("verdict"))
    lines = [RULE, f"Diagnosis: {VERDICT_WORDS.get(verdict, verdict)}"]
    lines += wrap(str(findings.get("headline") or ""))
    lines += _wait(findings)
    lines += _versions(findings)
    for alike in _by_mode(findings):
        lines += _finding(alike)
    lines += _must_not(findings)
    lines += _undecided(findings)
    lines += _not_seen(findings)
    return "\n".join([*lines, RULE]) + "\n"


def _items(findings: Document) -> list[Document]:
    return list(findings.get("findings") or [])


def _wait(findings: Document) -> list[str]:
    if not findings.get("waits_for"):
        return []
    age = seconds_between(findings.get("since"), findings.get("collected_at"))
    since = f", since {findings['since']} ({duration(age)})" if age is not None else ""
    return ["", *wrap(f"The upgrade job waits for {findings['waits_for']}{since}.")]


def _versions(findings: Document) -> list[str]:
    rows = [item for item in findings.get("dependencies") or [] if item.get("awaited")]
    if not rows:
        return []
    table = [("dependency", "job expects", "installed", "Rancher would")]
    for row in rows:
        status = row.get("status")
        installed = str(row.get("installed") or "none")
        table.append(
            (
                str(row.get("release")),
                str(row.get("expected") or "?"),
                installed if status == "deployed" else f"{installed} ({status})",
                _intention(row),
            )
        )
    return ["", *grid(table, _WIDTHS)]


def _intention(row: Document) -> str:
    """What Rancher does next, and the version it wants where that is not the one the job expects."""
    wanted = row.get("desired")
    decision = _decision(row.get("decision"))
    return decision if wanted == row.get("expected") else f"{decision}, wants {wanted or '?'}"


def _decision(decision: Document | None) -> str:
    if not decision:
        return "?"
    return f"{decision.get('action')} ({decision.get('reason')})"


def _shown(findings: Document) -> list[Document]:
    return [item for item in _items(findings) if item.get("outcome") in ("fail", "warn")]


def _by_mode(findings: Document) -> list[list[Document]]:
    """Findings of one mode together, in the order of the best ranked of each."""
    groups: dict[object, list[Document]] = {}
    for item in _shown(findings):
        groups.setdefault(item.get("id"), []).append(item)
    return list(groups.values())


def _finding(alike: list[Document]) -> list[str]:
    """One finding in full, then only the subjects of those of the same mode."""
    item = alike[0]
    word = OUTCOME_WORDS.get(str(item.get("outcome")), "")
    holds = "  <- holds the job now" if item.get("holds_job") else ""
    lines = ["", f"{word}: {item.get('subject')}{holds}"]
    lines += wrap(str(item.get("message") or item.get("title")), 2)
    lines += [line for proof in item.get("proof") or [] for line in _proof(proof)]
    if item.get("what_next"):
        lines += wrap(f"Next: {item['what_next']}", 2, 6)
    lines += _repair(item.get("remedy"))
    if len(alike) > 1:
        others = ", ".join(str(other.get("subject")) for other in alike[1:])
        lines += wrap(f"The same holds for {others}.", 2)
    links = " ".join(str(url) for url in (item.get("references") or [])[:3])
    return lines + wrap(f"Mode {item.get('failure_mode')} {item.get('id')}; {links}", 2, 2)


def _repair(remedy: Document | None) -> list[str]:
    """What a run would do about it, and what it leaves to a person."""
    if not remedy:
        return []
    steps = ", then ".join(str(step.get("action")) for step in remedy.get("steps") or [])
    word = UNATTENDED_WORDS.get(str(remedy.get("unattended")), UNATTENDED_WORDS["no"])
    parts = [f"{word} ({steps}; risk {remedy.get('risk')})"] if steps else []
    if remedy.get("instructions"):
        parts.append("what is left to a person stands in the plan, with the commands")
    return wrap(f"Repair: {'; '.join(parts)}.", 2, 8) if parts else []


def _must_not(findings: Document) -> list[str]:
    warnings = dict.fromkeys(
        str(warning) for item in _shown(findings) for warning in item.get("must_not") or []
    )
    lines = [line for warning in warnings for line in wrap(f"- {warning}", 2, 2)]
    return ["", "Whatever you do:", *lines] if lines else []


def _proof(proof: Document) -> Iterable[str]:
    value = proof.get("value")
    if value in (None, "", [], {}):
        return
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        yield f"  - {proof.get('path')}:"
        for each in value:
            yield from wrap(_cut(each), 6, 2)
        return
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    yield from wrap(f"- {proof.get('path')} = {_cut(shown)}", 2, 4)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PROOF else text[: LONGEST_PROOF - 1] + "…"


def _undecided(findings: Document) -> list[str]:
    """What could not be judged, by the reason: one missing permission hides many modes."""
    reasons: dict[str, list[str]] = {}
    for item in _items(findings):
        if item.get("outcome") == "unknown":
            mode = f"{item.get('failure_mode')} {item.get('id')}"
            reasons.setdefault(str(item.get("reason") or item.get("message")), []).append(mode)
    if not reasons:
        return []
    lines = ["", f"{OUTCOME_WORDS['unknown']}:"]
    for reason, modes in list(reasons.items())[:SHOWN_UNKNOWN]:
        lines += wrap(f"- {_cut(reason)}. Not judged: {', '.join(dict.fromkeys(modes))}.", 2, 2)
    if len(reasons) > SHOWN_UNKNOWN:
        lines.append(f"  … and {len(reasons) - SHOWN_UNKNOWN} more reasons, in findings.json")
    return lines


def _not_seen(findings: Document) -> list[str]:
    lines: list[str] = []
    for source in findings.get("not_seen") or []:
        why = f", {source['reason']}" if source.get("reason") else ""
        lines += wrap(f"- {source.get('source')}: {source.get('state')}{why}", 2, 2)
    return ["", "Could not be read:", *lines] if lines else []
