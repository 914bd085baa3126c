# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of blocks that every document is made of, before it takes a form.

``pages/`` says once what a document says, in these blocks; ``render/`` has one backend for each form (text,
Markdown, HTML) that knows every kind. Whatever is in a block is text: a backend escapes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, Union
from urllib.parse import quote

from .._documents.report import Report


@dataclass(frozen=True)
class Span:
    """A piece of a line.

    look is ``plain``, ``code``, ``strong``, ``soft`` (of less weight), ``tag`` (a word of a closed vocabulary),
    ``aside`` (a tag behind what it belongs to, in brackets), ``time`` (RFC 3339) or ``link`` (see folder_link). tone is
    ``good``, ``ask`` or ``bad`` and colours tags.
    """

    text: str
    look: str = "plain"
    tone: str = ""
    target: str = ""


Words: TypeAlias = Union[str, Span, "tuple[str | Span, ...]"]


def spans(words: Words) -> list[Span]:
    """The pieces of a line, those without text left out."""
    pieces = words if isinstance(words, tuple) else (words,)
    found = [each if isinstance(each, Span) else Span(each) for each in pieces]
    return [each for each in found if each.text]


def code(value: object) -> Span:
    """A version, a name or an identifier; nothing for None."""
    return Span("" if value is None else str(value), "code")


def folder_link(words: str, path: str) -> Span:
    """A link to a file of the artifacts folder, by its path below it; nothing else becomes one."""
    return Span(words, "link", target=quote(path)) if path and path[0] != "/" else Span(words)


def tag(word: object, tone: str = "") -> Span:
    """A word of a closed vocabulary."""
    return Span(str(word), "tag", tone)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. On the terminal its lines after the first are indented by hanging."""

    words: Words
    hanging: int = 0


@dataclass(frozen=True)
class Labelled:
    """A paragraph with a word in front that says what it is about."""

    label: str
    words: Words


@dataclass(frozen=True)
class Facts:
    """Names and values. width is the least width of the names on the terminal."""

    rows: tuple[tuple[str, Words], ...]
    width: int = 0


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first cell of a row names it.

    widths are the columns on the terminal, whose cells are wrapped. Without them each column is as wide as its cells,
    and a table that fits is shortened to the width of the terminal.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    widths: tuple[int, ...] = ()
    fits: bool = False


@dataclass(frozen=True)
class Item:
    """An entry of a list, with what belongs to it. lead stands before it on the terminal."""

    words: Words
    blocks: tuple[Block, ...] = ()
    lead: str = "- "


@dataclass(frozen=True)
class Items:
    """A list. A spaced one has an empty line before each entry."""

    items: tuple[Item, ...]
    numbered: bool = False
    spaced: bool = False


@dataclass(frozen=True)
class Commands:
    """Commands to copy, never wrapped."""

    lines: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True)
class Quote:
    """Lines of evidence, each with its depth (0 or 1)."""

    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Links:
    """A line about where more is written, and the addresses."""

    words: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Timeline:
    """What happened when: time, kind (report.TimelineEntry) and words."""

    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Picture:
    """The release history of a report as a picture, on a page only."""

    report: Report


@dataclass(frozen=True)
class Card:
    """Something with a heading of its own. mark says what kind of thing, flag what is special about it."""

    title: str
    blocks: tuple[Block, ...] = ()
    mark: Span = Span("")
    subject: str = ""
    flag: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a document. A silent one has no heading on the terminal."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    silent: bool = False


Block: TypeAlias = (
    Paragraph
    | Labelled
    | Facts
    | Table
    | Items
    | Commands
    | Quote
    | Links
    | Timeline
    | Picture
    | Card
    | Section
)


@dataclass(frozen=True)
class GlanceCard:
    """One of the few sentences on top of a page."""

    title: str
    words: str
    command: str | None = None


@dataclass(frozen=True)
class Page:
    """A document. brief is what the terminal shows of it, in the order that suits a terminal: what to do comes last.

    title names it among other windows or tickets, heading is its verdict, about what it is about.
    """

    title: str
    heading: str
    headline: str = ""
    about: str = ""
    tone: str = ""
    glance: tuple[GlanceCard, ...] = ()
    brief: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    foot: str = ""


def listed(words: Iterable[Words], lead: str = "- ") -> tuple[Items, ...]:
    """A list without anything below its entries; nothing for none."""
    items = tuple(Item(each, lead=lead) for each in words)
    return (Items(items),) if items else ()


def plain(words: Words) -> str:
    """A line without any look, as the terminal shows it; an aside is in brackets."""
    return "".join(f"({each.text})" if each.look == "aside" else each.text for each in spans(words))
