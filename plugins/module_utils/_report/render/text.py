# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks as text for a terminal: 80 columns, no colour, nothing that a terminal would take for a command."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..blocks import (
    Block,
    Card,
    Commands,
    Facts,
    Items,
    Labelled,
    Links,
    Page,
    Paragraph,
    Picture,
    Quote,
    Section,
    Table,
    Timeline,
    plain,
)

WIDTH = 80
RULE = "─" * WIDTH
# Long enough for a version, a message of Helm or a line of a log; the whole is in the document.
LONGEST_QUOTE = 300
_NARROWEST = 24  # of the last column of a table that fits
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def render_text(page: Page) -> str:
    """A document for the terminal."""
    return "\n".join([RULE, *block_lines(page.brief), RULE]) + "\n"


def block_lines(blocks: Iterable[Block], indent: int = 0) -> list[str]:
    """The lines of some blocks. Two empty lines never follow one another, and none comes first."""
    lines: list[str] = []
    for block in blocks:
        made = _LINES[type(block)](block, indent)
        lines += made[1:] if made[:1] == [""] and (lines or [""])[-1] == "" else made
    return lines


def wrap(text: str, indent: int = 0, hanging: int = 0) -> list[str]:
    """Wrap prose to WIDTH; words (URLs, versions, names) stay whole so that they can be copied.

    indent is the number of blanks before each line, hanging what lines after the first get on top.
    """
    lines: list[str] = []
    for paragraph in _safe(text).split("\n"):
        lines += textwrap.wrap(
            paragraph,
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hanging),
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return lines


def grid(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    """Lay rows out in columns of fixed widths, cells wrapped, two blanks apart; the first row is the head.

    A word longer than its column is cut into pieces, behind its slashes if it has any, because a table that is wider
    than the terminal is no table.
    """
    lines: list[str] = []
    for number, row in enumerate(rows):
        cells = [
            [
                piece
                for line in _broken(_safe(cell), width).split("\n")
                for piece in textwrap.wrap(line, width, break_on_hyphens=False) or [""]
            ]
            for cell, width in zip(row, widths, strict=True)
        ]
        for index in range(max(map(len, cells))):
            parts = (
                (cell[index] if index < len(cell) else "").ljust(width)
                for cell, width in zip(cells, widths, strict=True)
            )
            lines.append("  ".join(parts).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return lines


def _broken(cell: str, width: int) -> str:
    return re.sub(rf"\S{{{width + 1},}}", lambda word: word[0].replace("/", "/\n"), cell)


def columns(rows: Sequence[Sequence[str]], fits: bool = False) -> list[str]:
    """Lay rows of equal length out in left-aligned columns, two blanks apart; shortened to WIDTH if it has to fit."""
    cells = [[" ".join(_safe(cell).split()) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in cells) for index in range(len(cells[0]))]
    if fits:
        gaps = 2 * (len(widths) - 1)
        widest = widths.index(max(widths[:-1]))
        widths[widest] = min(
            widths[widest], WIDTH - _NARROWEST - gaps - sum(widths[:-1]) + widths[widest]
        )
        widths[-1] = min(widths[-1], WIDTH - gaps - sum(widths[:-1]))
    return [
        "  ".join(
            _cut(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]


def _safe(text: str) -> str:
    """A text without control characters: they could move the cursor, colour or hide what follows."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _paragraph(block: Paragraph, indent: int) -> list[str]:
    return wrap(plain(block.words), indent, block.hanging)


def _labelled(block: Labelled, indent: int) -> list[str]:
    return wrap(f"{block.label}: {plain(block.words)}", indent, len(block.label) + 2)


def _facts(block: Facts, indent: int) -> list[str]:
    width = max(block.width, *(len(name) for name, _value in block.rows))
    return [f"{' ' * indent}{name:<{width}}  {_safe(plain(value))}" for name, value in block.rows]


def _table(block: Table, _indent: int) -> list[str]:
    rows = [block.head, *([plain(cell) for cell in row] for row in block.rows)]
    return ["", *(grid(rows, block.widths) if block.widths else columns(rows, block.fits))]


def _items(block: Items, indent: int) -> list[str]:
    lines: list[str] = []
    for number, item in enumerate(block.items, start=1):
        lead = f"{number:>2}. " if block.numbered else item.lead
        lines += [""] if block.spaced else []
        lines += wrap(lead + plain(item.words), indent, len(lead))
        lines += block_lines(item.blocks, indent + len(lead))
    return lines


def _commands(block: Commands, indent: int) -> list[str]:
    return [f"{' ' * (indent + 2)}{_safe(line)}" for line in block.lines]


def _quote(block: Quote, indent: int) -> list[str]:
    lines: list[str] = []
    for depth, line in block.lines:
        words = _cut(line, LONGEST_QUOTE)
        lines += wrap(words, indent + 4, 2) if depth else wrap(f"- {words}", indent, 4)
    return lines


def _links(block: Links, indent: int) -> list[str]:
    parts = (block.words, " ".join(block.addresses))
    return wrap("; ".join(part for part in parts if part), indent, 2)


def _timeline(block: Timeline, indent: int) -> list[str]:
    return [line for at, _kind, words in block.rows for line in wrap(f"{at}  {words}", indent, 22)]


def _card(block: Card, indent: int) -> list[str]:
    heading = block.subject or block.title
    flag = f"  <- {block.flag}" if block.flag else ""
    mark = f"{block.mark.text}: " if block.mark.text else ""
    head = " " * indent + _safe(f"{mark}{heading}{flag}").replace("\n", " ")
    return ["", head, *block_lines(block.blocks, indent + 2)]


def _section(block: Section, indent: int) -> list[str]:
    heading, deeper = ([], 0) if block.silent else (wrap(block.title, indent), 2)
    content = block_lines(block.blocks, indent + deeper)
    return ["", *heading, *content] if content else []


def _picture(_block: Picture, _indent: int) -> list[str]:
    return []


_LINES: dict[type[Any], Callable[[Any, int], list[str]]] = {
    Paragraph: _paragraph,
    Labelled: _labelled,
    Facts: _facts,
    Table: _table,
    Items: _items,
    Commands: _commands,
    Quote: _quote,
    Links: _links,
    Timeline: _timeline,
    Picture: _picture,
    Card: _card,
    Section: _section,
}
