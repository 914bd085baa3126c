# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run as GitHub flavoured Markdown, to be pasted into a ticket.

Nothing that comes from the cluster becomes markup, a mention of somebody or a reference to an issue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..._core.lenient import dig, mapping, mappings, moment, seconds_between, text, texts
from ..._core.template import duration
from ..words import (
    OUTCOME_OF_FINDING,
    OUTCOME_OF_STEP,
    VERDICT_MEANING,
    VERDICT_TITLE,
    label_of,
    upgrade_line,
)
from .backup_text import backup_places

Document = Mapping[str, Any]

_MARKUP = re.compile(r"([\\`*_\[\]#|~$])")
# What only begins a list, a rule or a heading at the very beginning of a line.
_BEGINNING = re.compile(r"^(\d*)([-+=.)])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# It has no width, and ends what would be a mention or a reference.
_WORD_JOINER = "\u2060"


def report_markdown(report: Document) -> str:
    """Render a report document (schema report/v1) as Markdown."""
    blocks = [
        *_head(report),
        *_next(report),
        *_versions(report),
        *_plan(report),
        *_findings(report),
        *_times(report),
        *_facts(report),
    ]
    return "\n\n".join(blocks) + "\n"


def plain(value: object) -> str:
    """A text that stays a text: on one line, its markup escaped, nobody called by it."""
    words = " ".join(str(value).split())
    words = "".join(_ENTITIES.get(letter, letter) for letter in words)
    words = _BEGINNING.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", words))
    return words.replace("@", f"@{_WORD_JOINER}").replace("\\#", f"\\#{_WORD_JOINER}")


def code(value: object) -> str:
    """A text as code within a line, whatever backticks are in it."""
    words = " ".join(str(value).split()).replace("|", "\\|")
    fence = "`" * (_longest_run(words) + 1)
    padding = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{padding}{words}{padding}{fence}" if words else ""


def block(lines: Iterable[object], language: str = "") -> str:
    """Lines as a block of code, whatever backticks are in them."""
    content = "\n".join(str(line) for line in lines)
    fence = "`" * max(3, _longest_run(content) + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def _longest_run(words: str) -> int:
    return max((len(run) for run in re.findall("`+", words)), default=0)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _head(report: Document) -> Iterator[str]:
    verdict = str(report.get("verdict"))
    title = VERDICT_TITLE.get(verdict, verdict)
    yield f"# {plain(title)}: {plain(VERDICT_MEANING.get(verdict, ''))}"
    mode = " Check mode: nothing was changed." if report.get("check_mode") else ""
    yield f"**{plain(upgrade_line(report))}**"
    yield f"{plain(report.get('headline') or '')}{mode}"
    glance = mapping(report.get("glance"))
    cards = (("What was wrong", "wrong"), ("What was done", "done"), ("What proves it", "proof"))
    rows = [(f"**{name}**", plain(glance[key])) for name, key in cards if text(glance.get(key))]
    if rows:
        yield _table(("", ""), rows)


def _next(report: Document) -> Iterator[str]:
    error = mapping(report.get("error"))
    if error:
        yield f"**Error** {code(error.get('code'))}: {plain(error.get('message') or '')}"
    steps = mappings(report.get("next"))
    if steps or report.get("instructions"):
        yield "## What next"
    for step in steps:
        yield f"- {plain(step.get('text'))}"
        if text(step.get("command")):
            yield block([step["command"]])
    for item in mappings(report.get("instructions")):
        yield f"### By hand: {plain(item.get('title'))}"
        yield plain(item.get("why") or "")
        dangers = texts(item.get("danger"))
        if dangers:
            yield "\n".join(f"- **Danger:** {plain(each)}" for each in dangers)
        if texts(item.get("commands")):
            yield block(texts(item.get("commands")), "console")


def _versions(report: Document) -> Iterator[str]:
    rows = [
        (
            plain(row.get("chart")),
            code(row.get("expected")),
            _version(row.get("before"), row.get("before_status")),
            (
                _version(row.get("after"), row.get("after_status"))
                if row.get("after_status")
                else "not read again"
            ),
        )
        for row in mappings(report.get("dependencies"))
        if row.get("expected")
    ]
    if rows:
        yield "## Versions"
        yield _table(("dependency", "the job expects", "before", "after"), rows)


def _version(version: object, status: object) -> str:
    shown = code(version or "none")
    return shown if status in ("deployed", None) else f"{shown} **{plain(status)}**"


def _plan(report: Document) -> Iterator[str]:
    steps = mappings(dig(report, "plan", "steps"))
    if not steps:
        return
    yield f"## Plan {code(dig(report, 'plan', 'fingerprint'))}, and what was done"
    head = ("step", "object", "change", "risk", "undo", "what happened")
    yield _table(head, [_step(number, step) for number, step in enumerate(steps, 1)])


def _step(number: int, step: Document) -> tuple[str, ...]:
    outcome = OUTCOME_OF_STEP.get(str(step.get("outcome")), "")
    seconds = seconds_between(step.get("begun_at"), step.get("ended_at"))
    took = "" if seconds is None else f", {duration(seconds)}"
    detail = f" ({plain(step['detail'])})" if step.get("detail") else ""
    return (
        f"{number}. {plain(step.get('title'))}",
        code(label_of(step.get("object"))),
        " ".join(plain(each) for each in texts(step.get("changes"))),
        plain(step.get("risk")),
        plain(step.get("undo") or ""),
        f"{plain(outcome)}{took}{detail}",
    )


def _findings(report: Document) -> Iterator[str]:
    found = [each for each in mappings(report.get("findings")) if each.get("outcome") != "pass"]
    if found:
        yield "## Findings"
    for finding in found:
        outcome = str(finding.get("outcome"))
        yield f"### {plain(finding.get('title'))}"
        word = plain(OUTCOME_OF_FINDING.get(outcome, outcome))
        yield f"**{word}**: {code(finding.get('subject'))}. {plain(finding.get('message'))}"
        proof = [
            f"{each.get('path')} = {json.dumps(each.get('value'), ensure_ascii=False)}"
            for each in mappings(finding.get("proof"))
            if each.get("value") not in (None, "", [], {})
        ]
        if proof:
            yield block(proof)
        links = [f"<{url}>" for url in texts(finding.get("references")) if _is_plain_address(url)]
        mode = f"Failure mode {plain(finding.get('failure_mode'))} {code(finding.get('id'))}"
        yield " ".join([mode, *links])
    unseen = mappings(report.get("not_seen"))
    if unseen:
        yield "### Could not be read"
        yield "\n".join(
            f"- {code(each.get('source'))}: {plain(each.get('state'))}, {plain(each.get('reason') or '')}"
            for each in unseen
        )


def _is_plain_address(url: str) -> bool:
    return bool(re.fullmatch(r"https://[^\s<>]+", url))


def _times(report: Document) -> Iterator[str]:
    rows = [
        (_time(each.get("at")), plain(each.get("text")))
        for each in mappings(report.get("timeline"))
    ]
    if rows:
        yield "## What happened when (UTC)"
        yield _table(("when", "what"), rows)


def _time(value: object) -> str:
    at = moment(value)
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")


def _facts(report: Document) -> Iterator[str]:
    facts = (
        ("Run", report.get("run_id")),
        ("Backup", dig(report, "backup", "id")),
        ("Kept in", backup_places(mapping(report.get("backup")))),
        ("Artifacts", report.get("artifacts_dir")),
        ("Cluster UID", dig(report, "cluster", "uid")),
    )
    rows = [(name, code(value)) for name, value in facts if value]
    if rows:
        yield "## This run"
        yield _table(("", ""), rows)
