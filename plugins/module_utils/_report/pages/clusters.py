# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of a run over many clusters: those that need attention first, a row of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.lenient import mapping, mappings, texts
from ..._core.listing import first_of
from ..blocks import Block, Card, Page, Paragraph, Section, Table, Words, code, folder_link, tag
from ..words import CHECK_MODE, TONE_OF_VERDICT

Document = Mapping[str, Any]

_MOST_HOSTS = 6


def clusters_page(index: Document) -> Page:
    """What an index (schema clusters-index/v1) says; its links stay inside the folder."""
    heading = f"{index.get('work') or 'Run'}: all clusters"
    mode = f" ({CHECK_MODE})" if index.get("check_mode") else ""
    headline = f"{index.get('headline')}{mode}"
    counts = ", ".join(f"{count} {word}" for word, count in mapping(index.get("verdicts")).items())
    rows = mappings(index.get("clusters"))
    warnings = tuple(_same(mapping(index).get("same_cluster")))
    return Page(
        title=heading,
        heading=heading,
        headline=headline,
        tone="ask" if index.get("needs_attention") else "good",
        brief=(Paragraph(headline), Paragraph(counts), _short_table(rows), *warnings),
        sections=(
            Section(
                "clusters",
                "Clusters",
                (Paragraph(counts), *warnings, *_to_approve(index), _table(rows)),
            ),
        ),
        foot=f"Finished {index.get('finished_at') or ''}; times are UTC.",
    )


def _what(row: Document) -> str:
    code_of = f"{row['error_code']}: " if row.get("error_code") else ""
    return code_of + " ".join(str(row.get("headline")).split())


def _short_table(rows: list[dict[str, Any]]) -> Table:
    return Table(
        "Clusters",
        ("", "cluster", "verdict", ""),
        tuple(
            (
                "!" if row.get("needs_attention") else " ",
                str(row.get("host")),
                str(row.get("verdict")),
                _what(row),
            )
            for row in rows
        ),
        fits=True,
    )


def _table(rows: list[dict[str, Any]]) -> Table:
    head = ("cluster", "attention", "verdict", "what", "upgrade", "plan")
    caption = "Clusters; those that need attention come first"
    return Table(caption, head, tuple(_row(row) for row in rows))


def _row(row: Document) -> tuple[Words, ...]:
    before, after = (*(row.get("versions") or ()), None, None)[:2]
    verdict, host = str(row.get("verdict")), str(row.get("host"))
    return (
        folder_link(host, str(row.get("report") or "")),
        "needed" if row.get("needs_attention") else "none",
        tag(verdict, TONE_OF_VERDICT.get(verdict, "bad")),
        _what(row),
        code(f"{before or '?'} → {after or '?'}" if before or after else ""),
        code(row.get("plan_fingerprint")),
    )


def _same(groups: object) -> list[Block]:
    blocks: list[Block] = []
    for hosts in groups if isinstance(groups, list) else []:
        names = texts(hosts)
        words = f"{first_of(names, _MOST_HOSTS)} are one and the same cluster: check the inventory."
        blocks.append(Section("same", "", (Paragraph(f"WARNING: {words}"),), silent=True))
    return blocks


def _to_approve(index: Document) -> tuple[Block, ...]:
    if not index.get("plans_to_approve"):
        return ()
    words = (
        "Read the reports, take what you do not approve out of ",
        folder_link("plans-to-approve.json", "plans-to-approve.json"),
        ", and run the same command again with ",
        code("-e @plans-to-approve.json"),
        ".",
    )
    return (Card("Plans wait for approval", (Paragraph(words),)),)
