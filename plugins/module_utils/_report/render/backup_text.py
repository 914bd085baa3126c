# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup sets as an operator reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.lenient import mapping, mappings, text, texts
from .text_layout import RULE, wrap

Document = Mapping[str, Any]

SETS_SCHEMA = "harvester_ops.remediation/backup-sets/v1"


def backup_text(document: Document) -> str:
    """Render what remediation_backup_info returns: the one set it has opened, else the list of sets."""
    one = mapping(document.get("set"))
    lines = _one(one) if one else _list(mappings(document.get("sets")))
    return "\n".join([RULE, *lines, RULE]) + "\n"


def backup_places(backup: Document) -> str:
    """Where a set is that remediation_backup has written; "" for none."""
    places = [str(backup["path"])] if backup.get("path") else []
    if backup.get("namespace"):
        places.append(f"in the cluster, namespace {backup['namespace']}, as {backup.get('id')}")
    return "; ".join(places)


def _list(sets: Sequence[Document]) -> list[str]:
    if not sets:
        return ["No backup sets were found."]
    lines = [f"{len(sets)} backup set{'s' if len(sets) > 1 else ''}, the newest of a place first"]
    for each in sets:
        lines += ["", f"  {each.get('id')}", f"     in      {_place(each)}"]
        if each.get("problem"):
            lines += wrap(f"CANNOT BE USED: {each['problem']}", 5, 2)
            continue
        lines += _identity(each, 5)
    return [*lines, "", *_how(sets)]


def _how(sets: Sequence[Document]) -> list[str]:
    usable = next((each for each in sets if not each.get("problem")), None)
    if usable is None:
        return ["None of them can be used."]
    chosen = json.dumps(_choice(usable))
    return [
        "To see what is in one and whether it is whole, name it, for example",
        f"  -e '{chosen}'",
    ]


def _choice(each: Document) -> dict[str, Any]:
    if each.get("path"):
        return {"remediation_restore_path": each["path"]}
    return {"remediation_restore_id": each.get("id")}


def _place(each: Document) -> str:
    return str(each.get("path") or f"the cluster, namespace {each.get('namespace')}")


def _identity(each: Document, indent: int) -> list[str]:
    why = text(each.get("reason"))
    encrypted = ", encrypted" if each.get("encrypted") else ""
    return [
        " " * indent + line
        for line in (
            f"made    {each.get('created_at')} by version {each.get('tool_version')}{encrypted}",
            f"of      cluster {each.get('cluster_uid')} ({each.get('server')})",
            *([f"why     {why}"] if why else []),
        )
    ]


def _one(each: Document) -> list[str]:
    lines = [f"Backup set {each.get('id')}", f"  in      {_place(each)}", *_identity(each, 2)]
    if not each.get("opened"):
        return [
            *lines,
            "  state   its archive is as it was written; what is in it was not looked at, for lack of its"
            " passphrase",
        ]
    lines.append(
        f"  state   whole: all {each.get('files')} files ({each.get('bytes')} bytes) are as they were written"
    )
    lines += ["", "Releases"]
    for name, revisions in mapping(each.get("releases")).items():
        lines.append(f"  {name}: revisions {', '.join(texts(revisions))}")
    lines += ["", "Objects"]
    only_to_read = set(texts(each.get("only_to_read")))
    for name in texts(each.get("objects")):
        if "/sh.helm.release.v1." not in name:
            lines.append(f"  {name}{' (only to be read)' if name in only_to_read else ''}")
    missing = mappings(each.get("missing"))
    if missing:
        lines += ["", "Not saved"]
        lines += [
            line
            for item in missing
            for line in wrap(f"{item.get('what')}: {item.get('reason')}", 2, 2)
        ]
    return [*lines, "", *_how_to_restore(each)]


def _how_to_restore(each: Document) -> list[str]:
    release = next(iter(mapping(each.get("releases"))), None)
    example: dict[str, Any] = {"remediation_restore_objects": texts(each.get("objects"))[:1]}
    if release:
        example = {"remediation_restore_releases": [release]}
    return [
        "To bring something back, say what, for example",
        f"  -e '{json.dumps({**_choice(each), **example})}'",
    ]
