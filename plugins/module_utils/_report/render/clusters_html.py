# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The index of a run over many clusters as one self-contained web page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

Document = Mapping[str, Any]

STYLE = """
:root { color-scheme: light dark; --line: #8886; --bad: #a32a2a; --wait: #7a5600; --good: #1f6b33; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
tbody th, .versions { white-space: nowrap; }
code { font: 14px/1.4 ui-monospace, monospace; }
.verdict { display: inline-block; padding: .05rem .5rem; border-radius: .3rem; background: var(--bad); color: #fff; }
.needs_approval, .needs_human, .unknown, .risky { background: var(--wait); }
.healthy, .moving, .repaired, .safe, .saved { background: var(--good); }
.warning { border-left: .4rem solid var(--bad); padding-left: .8rem; }
@media print { body { max-width: none; margin: 0; } .verdict { border: 1px solid; background: none; color: inherit; } }
"""


def clusters_index_html(index: Document) -> str:
    """Render an index (schema clusters-index/v1). Every value is escaped; links stay inside the folder."""
    title = f"{index.get('work') or 'Run'}: all clusters"
    body = "\n".join(
        (f"<h1>{escape(title)}</h1>", *_head(index), *_warnings(index), *_table(index))
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _head(index: Document) -> Iterator[str]:
    yield f"<p><strong>{escape(str(index.get('headline')))}</strong></p>"
    counts = index.get("verdicts") or {}
    yield "<ul>"
    for verdict, count in counts.items():
        yield f"<li>{escape(str(count))} {_badge(verdict)}</li>"
    yield "</ul>"
    when = escape(str(index.get("finished_at") or ""))
    mode = " Check mode: nothing was changed." if index.get("check_mode") else ""
    yield f'<p>Finished <time datetime="{when}">{when}</time>.{mode}</p>'


def _warnings(index: Document) -> Iterator[str]:
    for hosts in index.get("same_cluster") or []:
        named = escape(", ".join(str(host) for host in hosts))
        yield f'<p class="warning">One and the same cluster: {named}. Check the inventory.</p>'
    if index.get("plans_to_approve"):
        yield (
            "<p>Plans wait for approval. Read the reports, take what you do not approve out of "
            '<a href="plans-to-approve.json">plans-to-approve.json</a>, and run the same command again with '
            "<code>-e @plans-to-approve.json</code>.</p>"
        )


def _table(index: Document) -> Iterator[str]:
    yield '<div class="scroll" tabindex="0" role="region" aria-labelledby="clusters"><table>'
    yield '<caption id="clusters">Clusters; those that need attention come first</caption>'
    heads = ("cluster", "attention", "verdict", "what", "upgrade", "plan")
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    yield f"<thead><tr>{cells}</tr></thead><tbody>"
    for row in index.get("clusters") or []:
        yield _row(row)
    yield "</tbody></table></div>"


def _row(row: Document) -> str:
    before, after = (*(row.get("versions") or ()), None, None)[:2]
    versions = f"{before or '?'} → {after or '?'}" if before or after else ""
    headline, code = str(row.get("headline") or ""), row.get("error_code")
    plan = row.get("plan_fingerprint")
    cells = (
        "needed" if row.get("needs_attention") else "none",
        _badge(str(row.get("verdict"))),
        escape(f"{code}: {headline}" if code else headline),
        f'<span class="versions">{escape(versions)}</span>',
        f"<code>{escape(str(plan))}</code>" if plan else "",
    )
    host = escape(str(row.get("host")))
    report = row.get("report")
    name = f'<a href="{escape(quote(str(report)), quote=True)}">{host}</a>' if report else host
    return (
        f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    )


def _badge(verdict: str) -> str:
    word = escape(str(verdict), quote=True)
    return f'<span class="verdict {word}">{word}</span>'
