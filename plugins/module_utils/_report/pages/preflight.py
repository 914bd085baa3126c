# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pre-flight check: whether an upgrade would get stuck, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.lenient import mapping, mappings, text, texts
from ..blocks import (
    Block,
    Card,
    Labelled,
    Links,
    Page,
    Paragraph,
    Section,
    Table,
    Words,
    code,
    listed,
    tag,
)
from ..words import TONE_OF_VERDICT

Document = Mapping[str, Any]

MEANING = {
    "safe": "no stuck point is in sight",
    "risky": "it may hang, or not everything could be told",
    "blocked": "it will be refused, or hang",
}
_SIGNS = {
    "fail": tag("STOP", "bad"),
    "unknown": tag("????", "ask"),
    "warn": tag("WARN", "ask"),
}
_NO_CLUSTER = (
    "Told from versions alone. A release that an earlier upgrade left locked stops every path; "
    "only a look at the cluster can tell."
)
_SAME_RANCHER = "Both carry the same Rancher: the job skips the Rancher step and waits for none."


def preflight_page(document: Document) -> Page:
    """What a preflight document (schema preflight/v1) says."""
    verdict = str(document.get("verdict"))
    heading = f"Pre-flight verdict: {verdict}, {MEANING.get(verdict, '')}"
    cluster = mapping(document.get("cluster"))
    place = f"Cluster {cluster.get('server') or cluster.get('uid') or '?'}" if cluster else ""
    headline = text(document.get("headline")) or ""
    alone = () if cluster else (Paragraph(_NO_CLUSTER),)
    sections = (
        Section(
            "versions", "Versions", (*_versions(document), *_dependencies(document)), silent=True
        ),
        Section("checks", "What stands in the way", _serious(document), silent=True),
        Section("passed", "What is well", _passed(document), silent=True),
        Section("source", "What this rests on", alone, silent=True),
    )
    return Page(
        title=heading,
        heading=heading,
        headline=headline,
        about=place,
        tone=TONE_OF_VERDICT.get(verdict, "bad"),
        brief=(
            Paragraph(heading),
            *([Paragraph(place)] if place else []),
            Section("headline", "", (Paragraph(headline),), silent=True),
            *sections,
        ),
        sections=sections,
    )


def _versions(document: Document) -> tuple[Block, ...]:
    releases = {label: mapping(document.get(label)) for label in ("current", "target")}
    names = ("harvester", "rancher", "kubernetes")
    rows: list[tuple[Words, ...]] = [
        (label, *(code(release.get(name) or "?") for name in names))
        for label, release in releases.items()
    ]
    notes = (
        Paragraph(f"Note on {release.get('harvester')}: {release['note']}.")
        for release in releases.values()
        if release.get("note")
    )
    return (Table("Releases", ("", "Harvester", "Rancher", "Kubernetes"), tuple(rows)), *notes)


def _dependencies(document: Document) -> tuple[Block, ...]:
    rows: list[tuple[Words, ...]] = []
    for row in mappings(document.get("dependencies")):
        certainty = "" if row.get("certain") else " (?)"
        versions = (code(row.get(name) or "-") for name in ("installed", "desired", "expected"))
        rows.append((str(row.get("chart")), *versions, f"{row.get('outcome')}{certainty}"))
    if not rows:
        return ()
    head = ("", "installed", "Rancher wants", "job waits for", "prediction")
    note = () if document.get("rancher_step_runs") else (Paragraph(_SAME_RANCHER),)
    return (Table("Dependencies", head, tuple(rows)), *note)


def _serious(document: Document) -> tuple[Block, ...]:
    return tuple(
        _check(check)
        for check in mappings(document.get("checks"))
        if check.get("outcome") != "pass"
    )


def _check(check: Document) -> Card:
    following, links = text(check.get("what_next")), tuple(texts(check.get("references")))
    mode = text(check.get("failure_mode"))
    blocks: tuple[Block, ...] = (
        Paragraph(str(check.get("message"))),
        *([Labelled("Next", following)] if following else []),
        *([Links(f"Mode {mode}" if mode else "", links)] if mode or links else []),
    )
    sign = _SIGNS.get(str(check.get("outcome")), tag("?"))
    return Card(str(check.get("subject")), blocks, mark=sign)


def _passed(document: Document) -> tuple[Block, ...]:
    # The table of the charts says already which of them are well.
    return listed(
        (
            str(check.get("message"))
            for check in mappings(document.get("checks"))
            if check.get("outcome") == "pass" and check.get("id") != "dependency"
        ),
        lead="ok    ",
    )
