# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the collection lays out text for a terminal: width, wrapping, columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

WIDTH = 80
RULE = "─" * WIDTH


def wrap(text: str, indent: int = 0, hanging: int = 0) -> list[str]:
    """Wrap prose to WIDTH; words (URLs, versions, names) stay whole so that they can be copied.

    indent is the number of blanks before each line, hanging what lines after the first get on top.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += textwrap.wrap(
            paragraph,
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hanging),
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return lines


def grid(rows: Sequence[Sequence[str]], widths: Sequence[int], indent: int = 0) -> list[str]:
    """Lay rows out in columns of fixed widths, cells wrapped, two blanks apart; the first row is the head.

    A word longer than its column is cut into pieces, because a table that is wider than the terminal
    is no table.
    """
    lines: list[str] = []
    for number, row in enumerate(rows):
        cells = [
            [
                piece
                for line in cell.split("\n")
                for piece in textwrap.wrap(line, width, break_on_hyphens=False) or [""]
            ]
            for cell, width in zip(row, widths, strict=True)
        ]
        for index in range(max(map(len, cells))):
            parts = (
                (cell[index] if index < len(cell) else "").ljust(width)
                for cell, width in zip(cells, widths, strict=True)
            )
            lines.append(" " * indent + "  ".join(parts).rstrip())
        if number == 0:
            lines.append(" " * indent + "  ".join("-" * width for width in widths))
    return lines


def columns(rows: Sequence[Sequence[str]], indent: int = 0) -> list[str]:
    """Lay rows of equal length out in left-aligned columns, two blanks apart."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        " " * indent
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
