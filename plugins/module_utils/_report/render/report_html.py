# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run as one self-contained web page, for a ticket or a hand-over.

It loads nothing: style and picture are in it, and its policy forbids everything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.lenient import dig, mapping, mappings, moment, seconds_between, text, texts
from ..._core.template import duration
from ..words import (
    APPROVED_HOW,
    OUTCOME_OF_FINDING,
    OUTCOME_OF_STEP,
    VERDICT_MEANING,
    VERDICT_TITLE,
    label_of,
    upgrade_line,
)
from .backup_text import backup_places
from .history_svg import history_picture, shown_time
from .html_parts import EMPTY, Html, Part, command, element, joined, link, raw, table
from .report_style import STYLE

Document = Mapping[str, Any]

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_SIGNS = {"good": "✓", "ask": "?", "bad": "✗"}
_TONES = {"healthy": "good", "repaired": "good", "needs_approval": "ask", "needs_human": "ask"}
_STEP_TONES = {"changed": "good", "unchanged": "good", "failed": "bad", "tried": "ask"}
_RISK_TONES = {"low": "good", "medium": "ask", "high": "bad"}


def report_html(report: Document) -> str:
    """Render a report document (schema report/v1) as an HTML page. Every value is escaped."""
    title = f"{VERDICT_TITLE.get(str(report.get('verdict')), 'Report')}: {upgrade_line(report)}"
    sections = list(_sections(report))
    page = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", http_equiv="Content-Security-Policy", content=POLICY),
            element("title", title),
            element("style", raw(STYLE)),
        ),
        element(
            "body",
            element("a", "Skip to the details", href="#details", class_="skip"),
            _head(report),
            element("main", _contents(sections), *_bodies(sections), id="details", class_="wide"),
            _foot(report),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _sections(report: Document) -> Iterator[tuple[str, str, Html]]:
    """Name, heading and content of every section that has something to say."""
    for name, heading, content in (
        ("next", "What next", _next(report)),
        ("by-hand", "To do by hand", _instructions(report)),
        ("releases", "Releases", _releases(report)),
        ("plan", "Plan, and what was done", _plan(report)),
        ("findings", "Findings and their proof", _findings(report)),
        ("times", "What happened when", _times(report)),
        ("run", "This run", _facts(report)),
    ):
        if content:
            yield name, heading, content


def _contents(sections: list[tuple[str, str, Html]]) -> Html:
    links = (
        element("li", element("a", heading, href=f"#{name}")) for name, heading, _html in sections
    )
    return element("nav", element("ul", *links), aria_label="Sections of this report")


def _bodies(sections: list[tuple[str, str, Html]]) -> Iterator[Html]:
    for name, heading, content in sections:
        title = element("h2", heading, id=f"{name}-heading")
        yield element("section", title, content, id=name, aria_labelledby=f"{name}-heading")


def _head(report: Document) -> Html:
    verdict = str(report.get("verdict"))
    tone = _TONES.get(verdict, "bad")
    meaning = VERDICT_MEANING.get(verdict, "")
    mode = " Check mode: nothing was changed." if report.get("check_mode") else ""
    sign = element("span", _SIGNS[tone], class_="sign", aria_hidden="true")
    inner = element(
        "div",
        element("p", upgrade_line(report), class_="which"),
        element("h1", sign, element("span", f"{VERDICT_TITLE.get(verdict, verdict)}: {meaning}")),
        element("p", f"{report.get('headline') or ''}{mode}", class_="headline"),
        _glance(report),
        class_="wide",
    )
    return element("header", inner, class_=f"verdict {tone}")


def _glance(report: Document) -> Html:
    glance = mapping(report.get("glance"))
    cards = (
        ("What was wrong", glance.get("wrong")),
        ("What was done", glance.get("done")),
        ("What proves it", glance.get("proof")),
        ("What next", glance.get("next")),
    )
    first = mapping(next(iter(mappings(report.get("next"))), {}))
    drawn = [
        element(
            "div",
            element("dt", name),
            element("dd", words, command(first["command"]) if _is_next(name, first) else None),
        )
        for name, words in cards
        if text(words)
    ]
    return element("dl", *drawn, class_="glance") if drawn else EMPTY


def _is_next(name: str, first: Document) -> bool:
    return name == "What next" and text(first.get("command")) is not None


def _next(report: Document) -> Html:
    items = [
        element(
            "li", step.get("text"), command(step["command"]) if text(step.get("command")) else None
        )
        for step in mappings(report.get("next"))
    ]
    error = mapping(report.get("error"))
    told = element("p", "Error ", element("code", error.get("code")), ": ", error.get("message"))
    steps = element("ol", *items, class_="next") if items else None
    return joined([told if error else None, steps])


def _instructions(report: Document) -> Html:
    return joined(_instruction(each) for each in mappings(report.get("instructions")))


def _instruction(item: Document) -> Html:
    dangers = [element("li", f"Danger: {each}") for each in texts(item.get("danger"))]
    lines = texts(item.get("commands"))
    return element(
        "article",
        element("h3", item.get("title")),
        element("p", item.get("why")),
        element("ul", *dangers, class_="plain") if dangers else None,
        command("\n".join(lines)) if lines else None,
        class_="card",
    )


def _releases(report: Document) -> Html:
    picture = history_picture(report)
    legend = "Not to scale: a column for every moment at which a release changed, oldest first."
    if report.get("headline_after") is None:
        legend += " This is how the releases were before the run; they were not read again."
    drawn = element(
        "div",
        picture,
        element("p", legend, class_="soft"),
        class_="scroll picture",
        role="region",
        aria_label="Picture of the release history",
        tabindex="0",
    )
    return joined([drawn if picture else None, _versions(report), _revisions(report)])


def _versions(report: Document) -> Html:
    rows: list[list[Part]] = [
        [
            row.get("chart"),
            _version(row.get("expected"), None),
            _version(row.get("before"), row.get("before_status")),
            _after(row),
            _decision(row.get("decision_after")),
        ]
        for row in mappings(report.get("dependencies"))
        if row.get("expected")
    ]
    head = ("dependency", "the job expects", "before", "after", "Rancher would now")
    return table("Versions before and after", head, rows) if rows else EMPTY


def _version(version: object, status: object) -> Html:
    shown = element("span", str(version or "none"), class_="mono")
    if status in ("deployed", None):
        return shown
    return joined([shown, " ", element("span", str(status), class_="tag bad")])


def _after(row: Document) -> Html:
    if not row.get("after_status"):
        return element("span", "not read again", class_="soft")
    reached = row.get("after") == row.get("expected") and row.get("after_status") == "deployed"
    mark = element("span", "as expected", class_="tag good") if reached else None
    return joined([_version(row.get("after"), row.get("after_status")), " ", mark])


def _decision(decision: object) -> Part:
    action, reason = dig(decision, "action"), dig(decision, "reason")
    if action is None:
        return element("span", "not known", class_="soft")
    return "leave it" if action == "skip" else f"{action} ({reason})"


def _revisions(report: Document) -> Html:
    fates = {"added": "made by this run", "removed": "removed by this run"}
    rows: list[list[Part]] = [
        [
            f"{history.get('release')} {each.get('revision')}",
            element("span", each.get("chart_version") or "unknown", class_="mono"),
            each.get("status") or "unknown",
            _time(each.get("at")),
            "; ".join(
                part
                for part in (text(each.get("description")), fates.get(str(each.get("fate"))))
                if part
            ),
        ]
        for history in mappings(report.get("releases"))
        for each in mappings(history.get("revisions"))
    ]
    head = ("release and revision", "version", "status", "when (UTC)", "what Helm says of it")
    return table("Every revision that was seen", head, rows) if rows else EMPTY


def _plan(report: Document) -> Html:
    plan = mapping(report.get("plan"))
    steps = mappings(plan.get("steps"))
    if not steps:
        return EMPTY
    rows = [_step(number, step) for number, step in enumerate(steps, 1)]
    head = ("step", "object", "change", "risk", "undo", "what happened")
    return table(f"Plan {plan.get('fingerprint')}", head, rows, class_="plan")


def _step(number: int, step: Document) -> list[Part]:
    changes = [element("li", each) for each in texts(step.get("changes"))]
    outcome, risk = str(step.get("outcome")), str(step.get("risk"))
    tag = element("span", OUTCOME_OF_STEP.get(outcome, outcome), class_=_tag(_STEP_TONES, outcome))
    return [
        f"{number}. {step.get('title')}",
        label_of(step.get("object")),
        joined(
            [
                element("ul", *changes, class_="plain") if changes else None,
                (
                    element("p", f"Why: {step['reason']}", class_="soft")
                    if step.get("reason")
                    else None
                ),
            ],
            between=" ",
        ),
        element("span", risk, class_=_tag(_RISK_TONES, risk)),
        step.get("undo") or "",
        joined([tag, _took(step), _detail(step)], between=" "),
    ]


def _tag(tones: Mapping[str, str], key: str) -> str:
    return f"tag {tones.get(key, '')}".strip()


def _took(step: Document) -> Html | None:
    seconds = seconds_between(step.get("begun_at"), step.get("ended_at"))
    return None if seconds is None else element("p", f"took {duration(seconds)}", class_="soft")


def _detail(step: Document) -> Html | None:
    return element("p", step["detail"]) if step.get("detail") else None


def _findings(report: Document) -> Html:
    found = [each for each in mappings(report.get("findings")) if each.get("outcome") != "pass"]
    unseen = [
        element("li", f"{each.get('source')}: {each.get('state')}, {each.get('reason') or ''}")
        for each in mappings(report.get("not_seen"))
    ]
    hidden = (
        element(
            "article", element("h3", "Could not be read"), element("ul", *unseen), class_="card"
        )
        if unseen
        else None
    )
    return joined([*(_finding(each) for each in found), hidden])


def _finding(finding: Document) -> Html:
    outcome = str(finding.get("outcome"))
    tag = {"fail": "tag bad", "warn": "tag ask"}.get(outcome, "tag")
    holds = element("span", "holds the job", class_="tag bad") if finding.get("holds_job") else None
    proof = [
        f"{each.get('path')} = {_shown(each.get('value'))}"
        for each in mappings(finding.get("proof"))
        if each.get("value") not in (None, "", [], {})
    ]
    links = [element("li", link(url)) for url in texts(finding.get("references"))]
    must_not = [element("li", f"Never: {each}") for each in texts(finding.get("must_not"))]
    return element(
        "article",
        element("h3", finding.get("title")),
        element(
            "p",
            element("span", OUTCOME_OF_FINDING.get(outcome, outcome), class_=tag),
            " ",
            holds,
            f" {finding.get('subject')}",
        ),
        element("p", finding.get("message")),
        element("p", f"Next: {finding['what_next']}") if finding.get("what_next") else None,
        element("pre", "\n".join(proof), tabindex="0", aria_label="Proof") if proof else None,
        element("ul", *must_not, class_="plain") if must_not else None,
        element("ul", *links, class_="plain") if links else None,
        element(
            "p", f"Failure mode {finding.get('failure_mode')} {finding.get('id')}", class_="soft"
        ),
        class_=f"card finding {outcome}",
    )


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _times(report: Document) -> Html:
    items = [
        element(
            "li", _time(each.get("at")), element("span", each.get("text")), class_=each.get("kind")
        )
        for each in mappings(report.get("timeline"))
    ]
    return element("ol", *items, class_="times card") if items else EMPTY


def _time(value: object) -> Part:
    at = moment(value)
    if at is None:
        return text(value) or ""
    return element("time", shown_time(at), datetime=str(value))


def _facts(report: Document) -> Html:
    backup = mapping(report.get("backup"))
    seconds = seconds_between(report.get("started_at"), report.get("finished_at"))
    rows: list[tuple[str, Part]] = [
        ("Run", report.get("run_id")),
        ("From", _time(report.get("started_at"))),
        ("Until", _time(report.get("finished_at"))),
        ("Took", None if seconds is None else duration(seconds)),
        ("Mode", "check mode: nothing was changed" if report.get("check_mode") else None),
        ("Cluster", dig(report, "cluster", "server")),
        ("Cluster UID", dig(report, "cluster", "uid")),
        ("Plan", dig(report, "plan", "fingerprint")),
        ("Approved", APPROVED_HOW.get(str(dig(report, "approval", "how")))),
        ("Backup", backup.get("id")),
        ("Kept in", backup_places(backup)),
        ("Artifacts", report.get("artifacts_dir")),
    ]
    shown = [
        joined([element("dt", name), element("dd", value)])
        for name, value in rows
        if value not in (None, "")
    ]
    return element("div", element("dl", *shown, class_="facts"), class_="card")


def _foot(report: Document) -> Html:
    words = f"Made from report.json of run {report.get('run_id')}; times are UTC."
    return element("footer", element("p", words), class_="wide")
