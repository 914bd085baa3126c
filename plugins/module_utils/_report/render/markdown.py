# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks as GitHub flavoured Markdown, to be pasted into a ticket.

Nothing that comes from the cluster becomes markup, a mention of somebody or a reference to an issue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..._core.lenient import moment
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
    Span,
    Table,
    Timeline,
    Words,
    spans,
)

_MARKUP = re.compile(r"([\\`*_\[\]#|~$])")
# What only begins a list, a rule or a heading at the very beginning of a line.
_BEGINNING = re.compile(r"^(\d*)([-+=.)])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# It has no width, and ends what would be a mention or a reference.
_WORD_JOINER = "\u2060"
_ADDRESS = re.compile(r"https://[^\s<>]+")


def render_markdown(page: Page) -> str:
    """A document as Markdown."""
    head = [f"# {plain(page.heading)}"]
    head += [f"**{plain(page.about)}**"] if page.about else []
    head += [plain(page.headline)] if page.headline else []
    # What is next follows right below.
    glance = tuple((card.title, card.words) for card in page.glance if card.command is None)
    return (
        "\n\n".join([*head, *blocks_of([Facts(glance)] if glance else []), sections(page)]) + "\n"
    )


def sections(page: Page) -> str:
    """Only the sections of a document, for a page that has a head of its own."""
    return "\n\n".join(blocks_of(page.sections))


def plain(value: object, inside: bool = False) -> str:
    """A text that stays a text: on one line, its markup escaped, nobody called by it. inside: it begins no line."""
    words = " ".join(str(value).split())
    words = _MARKUP.sub(r"\\\1", "".join(_ENTITIES.get(letter, letter) for letter in words))
    words = words if inside else _BEGINNING.sub(r"\1\\\2", words)
    return words.replace("@", f"@{_WORD_JOINER}").replace("\\#", f"\\#{_WORD_JOINER}")


def code(value: object) -> str:
    """A text as code within a line, whatever backticks are in it."""
    words = " ".join(str(value).split()).replace("|", "\\|")
    fence = "`" * (_longest_run(words) + 1)
    padding = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{padding}{words}{padding}{fence}" if words else ""


def block(lines: Iterable[object], language: str = "") -> str:
    """Lines as a block of code, whatever backticks are in them."""
    content = "\n".join(str(line) for line in lines)
    fence = "`" * max(3, _longest_run(content) + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def blocks_of(blocks: Iterable[Block], level: int = 2) -> Iterator[str]:
    """The Markdown of some blocks; a section or card among them has a heading of that level."""
    for each in blocks:
        yield from (made for made in _MARKDOWN[type(each)](each, level) if made)


def _longest_run(words: str) -> int:
    return max((len(run) for run in re.findall("`+", words)), default=0)


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def inline(words: Words, inside: bool = False) -> str:
    """A line, or what is inside of one; blanks around its pieces stay."""
    pieces = enumerate(spans(words))
    return "".join(_piece(each, inside or number > 0) for number, each in pieces).strip()


def _piece(span: Span, inside: bool) -> str:
    body = span.text.strip()
    before, after = (" " if part.isspace() else "" for part in (span.text[:1], span.text[-1:]))
    if not body:
        return " "
    return f"{before}{_shown(span, body, inside)}{after}"


def _shown(span: Span, body: str, inside: bool) -> str:
    if span.look == "code":
        return code(body)
    if span.look in ("strong", "aside"):
        return f"**{plain(body)}**"
    if span.look == "time" and (at := moment(body)) is not None:
        return at.strftime("%Y-%m-%d %H:%M:%S")
    if span.look == "link":
        return f"[{plain(body)}]({span.target})"
    return plain(body, inside)


def _paragraph(each: Paragraph, _level: int) -> list[str]:
    return [inline(each.words)]


def _labelled(each: Labelled, _level: int) -> list[str]:
    label = each.label[:1].upper() + each.label[1:]
    return [f"**{plain(label)}:** {inline(each.words, True)}"]


def _facts(each: Facts, _level: int) -> list[str]:
    return [
        _grid(("", ""), [(plain(name, True), inline(value, True)) for name, value in each.rows])
    ]


def _table(each: Table, _level: int) -> list[str]:
    rows = ([inline(cell, True) for cell in row] for row in each.rows)
    return [_grid([plain(cell, True) for cell in each.head], rows)]


def _items(each: Items, level: int) -> Iterator[str]:
    """Entries that have something below them are blocks of their own, so that commands can be copied whole."""
    lines = []
    for number, item in enumerate(each.items, start=1):
        lead = f"{number}." if each.numbered else "-"
        lines.append(f"{lead} {inline(item.words)}")
        if item.blocks:
            yield "\n".join(lines)
            yield from blocks_of(item.blocks, level)
            lines = []
    yield "\n".join(lines)


def _commands(each: Commands, _level: int) -> list[str]:
    return [block(each.lines, each.language)]


def _quote(each: Quote, _level: int) -> list[str]:
    return [block(f"{'    ' * depth}{line}" for depth, line in each.lines)]


def _links(each: Links, _level: int) -> list[str]:
    addresses = (f"<{url}>" for url in each.addresses if _ADDRESS.fullmatch(url))
    return [" ".join((plain(each.words), *addresses))]


def _timeline(each: Timeline, _level: int) -> list[str]:
    rows = ((inline(Span(at, "time")), plain(words, True)) for at, _kind, words in each.rows)
    return [_grid(("when (UTC)", "what"), rows)]


def _picture(_each: Picture, _level: int) -> list[str]:
    return []


def _card(each: Card, level: int) -> Iterator[str]:
    yield f"{'#' * level} {plain(each.title)}"
    about = [f"**{plain(part)}**" for part in (each.mark.text, each.flag) if part]
    if about or each.subject:
        yield " ".join([*about, code(each.subject)]).strip()
    yield from blocks_of(each.blocks, level + 1)


def _section(each: Section, level: int) -> Iterator[str]:
    content = list(blocks_of(each.blocks, level + 1))
    if content and each.title:
        yield f"{'#' * level} {plain(each.title)}"
    yield from content


_MARKDOWN: dict[type[Any], Callable[[Any, int], Iterable[str]]] = {
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
