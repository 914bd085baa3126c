# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The index of a run over many clusters as an operator reads it on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text_layout import RULE, WIDTH, columns, wrap

Document = Mapping[str, Any]

_GAP = 2
_NARROWEST = 24
_MOST_HOSTS = 6


def clusters_index_text(index: Document) -> str:
    """Render an index (schema clusters-index/v1): those that need somebody first, a line of each."""
    mode = " (check mode: nothing was changed)" if index.get("check_mode") else ""
    parts = [
        RULE,
        f"{index.get('headline')}{mode}",
        ", ".join(f"{count} {verdict}" for verdict, count in _mapping(index, "verdicts").items()),
        "",
        *_table(index),
        *_same(index),
        RULE,
    ]
    return "\n".join(parts) + "\n"


def _table(index: Document) -> list[str]:
    rows = [
        (
            "!" if row.get("needs_attention") else " ",
            str(row.get("host")),
            str(row.get("verdict")),
            _what(row),
        )
        for row in index.get("clusters") or []
    ]
    rows.insert(0, ("", "cluster", "verdict", ""))
    mark, host, verdict = (max(len(row[column]) for row in rows) + _GAP for column in range(3))
    host = min(host, WIDTH - mark - verdict - _NARROWEST)
    room = WIDTH - mark - host - verdict
    return columns(
        [
            (row[0], _shortened(row[1], host - _GAP), row[2], _shortened(row[3], room))
            for row in rows
        ]
    )


def _what(row: Document) -> str:
    code = f"{row['error_code']}: " if row.get("error_code") else ""
    return code + " ".join(str(row.get("headline")).split())


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"


def _same(index: Document) -> list[str]:
    lines: list[str] = []
    for hosts in index.get("same_cluster") or []:
        more = f" and {len(hosts) - _MOST_HOSTS} more" if len(hosts) > _MOST_HOSTS else ""
        named = ", ".join(hosts[:_MOST_HOSTS])
        lines += wrap(f"WARNING: {named}{more} are one and the same cluster: check the inventory.")
    return ["", *lines] if lines else []


def _mapping(document: Document, key: str) -> Document:
    value = document.get(key)
    return value if isinstance(value, Mapping) else {}
