# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup sets: a list of them, or what is in one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.lenient import mapping, mappings, text, texts
from ..blocks import Block, Card, Commands, Facts, Page, Paragraph, Section, Words, code, listed

Document = Mapping[str, Any]

_NAMES = 6  # the width of the names of facts on the terminal


def backup_sets_page(document: Document) -> Page:
    """What remediation_backup_info returns: the one set it has opened, else the list of sets."""
    one, in_job = mapping(document.get("set")), document.get("in_job") is True
    if not one:
        heading, sections = _list(mappings(document.get("sets")), in_job)
        brief: tuple[Block, ...] = (Paragraph(heading), *sections)
    else:
        heading, sections = f"Backup set {one.get('id')}", _one(one, in_job)
        brief = (Card(heading, sections[0].blocks), *sections[1:])
    return Page(title=heading, heading=heading, brief=brief, sections=sections)


def _list(sets: Sequence[Document], in_job: bool) -> tuple[str, tuple[Section, ...]]:
    if not sets:
        return "No backup sets were found.", ()
    heading = f"{len(sets)} backup set{'s' if len(sets) > 1 else ''}, the newest of a place first"
    cards = tuple(Card(str(each.get("id")), tuple(_identity(each))) for each in sets)
    return heading, (
        Section("sets", "Backup sets", cards, silent=True),
        Section("open", "How to open one", _how(sets, in_job), silent=True),
    )


def _how(sets: Sequence[Document], in_job: bool) -> tuple[Block, ...]:
    """In a job only a set in the cluster can be opened again: its own folder is gone when it has ended."""
    usable = next(
        (each for each in sets if not (each.get("problem") or (in_job and each.get("path")))), None
    )
    if usable is None:
        return (Paragraph("None of them can be used."),)
    if in_job:
        words = "To see what is in one and whether it is whole, launch this job again with its name in the survey,"
        return (Paragraph(f"{words} for example {usable.get('id')}."),)
    words = "To see what is in one and whether it is whole, name it, for example"
    return (Paragraph(words), Commands((f"-e '{json.dumps(_choice(usable))}'",)))


def _choice(each: Document) -> dict[str, Any]:
    if each.get("path"):
        return {"remediation_restore_path": each["path"]}
    return {"remediation_restore_id": each.get("id")}


def _identity(each: Document, state: str = "") -> list[Block]:
    place = str(each.get("path") or f"the cluster, namespace {each.get('namespace')}")
    rows: list[tuple[str, Words]] = [("in", code(place))]
    if each.get("problem"):
        problem = Paragraph(f"CANNOT BE USED: {each['problem']}", hanging=2)
        return [Facts(tuple(rows), _NAMES), problem]
    encrypted = ", encrypted" if each.get("encrypted") else ""
    rows += [
        ("made", f"{each.get('created_at')} by version {each.get('tool_version')}{encrypted}"),
        ("of", f"cluster {each.get('cluster_uid')} ({each.get('server')})"),
        ("why", text(each.get("reason")) or ""),
        ("state", state),
    ]
    return [Facts(tuple(row for row in rows if row[1]), _NAMES)]


def _one(each: Document, in_job: bool) -> tuple[Section, ...]:
    state = (
        f"whole: all {each.get('files')} files ({each.get('bytes')} bytes) are as they were written"
    )
    if not each.get("opened"):
        state = (
            "its archive is as it was written; what is in it was not looked at, for lack of its"
            " passphrase"
        )
    identity = Section("set", "The set", tuple(_identity(each, state)), silent=True)
    if not each.get("opened"):
        return (identity,)
    releases = [
        f"{name}: revisions {', '.join(texts(revisions))}"
        for name, revisions in mapping(each.get("releases")).items()
    ]
    only_to_read = set(texts(each.get("only_to_read")))
    objects = [
        f"{name}{' (only to be read)' if name in only_to_read else ''}"
        for name in texts(each.get("objects"))
        if "/sh.helm.release.v1." not in name
    ]
    missing = [
        f"{item.get('what')}: {item.get('reason')}" for item in mappings(each.get("missing"))
    ]
    return (
        identity,
        Section("releases", "Releases", listed(releases, lead="")),
        Section("objects", "Objects", listed(objects, lead="")),
        *([Section("missing", "Not saved", listed(missing))] if missing else []),
        Section("restore", "How to restore", _how_to_restore(each, in_job), silent=True),
    )


def _how_to_restore(each: Document, in_job: bool) -> tuple[Block, ...]:
    release = next(iter(mapping(each.get("releases"))), None)
    example: dict[str, Any] = {"remediation_restore_objects": texts(each.get("objects"))[:1]}
    if release:
        example = {"remediation_restore_releases": [release]}
    if in_job:
        words = "To bring something back, launch this job again with this name and what to bring back in the survey,"
        (chosen,) = example.values()
        return (Paragraph(f"{words} for example {', '.join(chosen)}."),)
    return (
        Paragraph("To bring something back, say what, for example"),
        Commands((f"-e '{json.dumps({**_choice(each), **example})}'",)),
    )
