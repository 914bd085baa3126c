# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run as one self-contained web page, for a ticket or a hand-over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._remediation.backup_text import (
    backup_places,
)

Document = Mapping[str, Any]

STYLE = """
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { padding: .6rem; border: 1px solid var(--line); overflow-x: auto; white-space: pre-wrap; }
.verdict { display: inline-block; padding: .1rem .6rem; border-radius: .3rem; background: #a33; color: #fff; }
.healthy, .repaired { background: #287a3c; }
.needs_approval, .needs_human { background: #8a6100; }
"""


def report_html(report: Document) -> str:
    """Render a report document (schema report/v1) as an HTML page. Every value is escaped."""
    upgrade = report.get("upgrade") or {}
    title = f"Upgrade {upgrade.get('name') or 'unknown'}"
    body = "\n".join(
        part
        for part in (
            f"<h1>{escape(title)}</h1>",
            _verdict(report),
            _versions(report),
            _steps(report),
            _findings(report),
            _instructions(report),
            _next(report),
            _facts(report),
        )
        if part
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _verdict(report: Document) -> str:
    verdict = escape(str(report.get("verdict")))
    return (
        f'<p><span class="verdict {verdict}">{verdict}</span></p>'
        f"<p>{escape(str(report.get('headline') or ''))}</p>"
    )


def _versions(report: Document) -> str:
    rows = [row for row in report.get("dependencies") or [] if row.get("expected")]
    if not rows:
        return ""
    cells = (
        (
            row.get("chart"),
            row.get("expected"),
            f"{row.get('before')} {row.get('before_status') or ''}",
            f"{row.get('after') or ''} {row.get('after_status') or ''}",
        )
        for row in rows
    )
    return "<h2>Versions</h2>" + _table(("dependency", "expected", "before", "after"), cells)


def _steps(report: Document) -> str:
    steps = (report.get("plan") or {}).get("steps") or []
    if not steps:
        return ""
    cells = (
        (step.get("id"), step.get("title"), step.get("risk"), step.get("outcome"), step.get("undo"))
        for step in steps
    )
    return "<h2>Plan and what was done</h2>" + _table(
        ("step", "what", "risk", "outcome", "undo"), cells
    )


def _findings(report: Document) -> str:
    parts = []
    for finding in report.get("findings") or []:
        if finding.get("outcome") == "pass":
            continue
        proof = "\n".join(
            f"{item.get('path')} = {item.get('value')}" for item in finding.get("proof") or []
        )
        links = " ".join(_link(str(url)) for url in finding.get("references") or [])
        parts.append(
            f"<h3>{escape(str(finding.get('title')))}</h3>"
            f"<p>{escape(str(finding.get('message')))}</p>"
            f"<pre>{escape(proof)}</pre><p>{links}</p>"
        )
    return "<h2>Findings</h2>" + "".join(parts) if parts else ""


def _instructions(report: Document) -> str:
    parts = []
    for item in report.get("instructions") or []:
        commands = "\n".join(str(command) for command in item.get("commands") or [])
        dangers = "".join(f"<li>{escape(str(danger))}</li>" for danger in item.get("danger") or [])
        parts.append(
            f"<h3>{escape(str(item.get('title')))}</h3><p>{escape(str(item.get('why') or ''))}</p>"
            f"<ul>{dangers}</ul><pre>{escape(commands)}</pre>"
        )
    return "<h2>To do by hand</h2>" + "".join(parts) if parts else ""


def _next(report: Document) -> str:
    items = "".join(
        f"<li>{escape(str(step.get('text')))} <code>{escape(step.get('command') or '')}</code></li>"
        for step in report.get("next") or []
    )
    return f"<h2>What next</h2><ul>{items}</ul>" if items else ""


def _facts(report: Document) -> str:
    keys = ("run_id", "started_at", "finished_at", "check_mode", "artifacts_dir")
    rows = [(key, report.get(key)) for key in keys]
    rows.append(("plan fingerprint", (report.get("plan") or {}).get("fingerprint")))
    rows.append(("backup", backup_places(report.get("backup") or {})))
    return "<h2>This run</h2>" + _table(("", ""), rows)


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    top = "".join(f"<th>{escape(str(cell))}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_shown(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _link(url: str) -> str:
    if not url.startswith("https://"):
        return escape(url)
    return f'<a href="{escape(url, quote=True)}">{escape(url)}</a>'
