# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks as one self-contained web page, for a ticket or a hand-over.

It loads nothing: style and picture are in it, and its policy forbids everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..._core.lenient import moment
from ..blocks import (
    Block,
    Card,
    Commands,
    Facts,
    GlanceCard,
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
from .history_svg import history_picture, shown_time
from .html_parts import EMPTY, Html, Part, command, element, joined, link, raw, table
from .html_style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_SIGNS = {"good": "✓", "ask": "?", "bad": "✗"}
_LEGEND = "Not to scale: a column for every moment at which a release changed, oldest first."
_BEFORE_ONLY = " This is how the releases were before the run; they were not read again."


def render_html(page: Page) -> str:
    """A document as an HTML page. Every value is escaped."""
    sections = [each for each in page.sections if each.blocks]
    whole = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", http_equiv="Content-Security-Policy", content=POLICY),
            element("title", page.title),
            element("style", raw(STYLE)),
        ),
        element(
            "body",
            element("a", "Skip to the details", href="#details", class_="skip"),
            _head(page),
            element(
                "main",
                _contents(sections) if len(sections) > 1 else None,
                *(_top_section(each) for each in sections),
                id="details",
                class_="wide",
            ),
            element("footer", element("p", page.foot), class_="wide") if page.foot else None,
        ),
        lang="en",
    )
    return f"<!doctype html>\n{whole}\n"


def _contents(sections: Iterable[Section]) -> Html:
    links = (element("li", element("a", each.title, href=f"#{each.name}")) for each in sections)
    return element("nav", element("ul", *links), aria_label="Sections of this page")


def _top_section(section: Section) -> Html:
    name = f"{section.name}-heading"
    title = element("h2", section.title, id=name)
    content = _content(section.blocks)
    return element("section", title, content, id=section.name, aria_labelledby=name)


def _head(page: Page) -> Html:
    sign = _SIGNS.get(page.tone)
    inner = element(
        "div",
        element("p", page.about, class_="which") if page.about else None,
        element(
            "h1",
            element("span", sign, class_="sign", aria_hidden="true") if sign else None,
            element("span", page.heading),
        ),
        element("p", page.headline, class_="headline") if page.headline else None,
        element("dl", *map(_glance, page.glance), class_="glance") if page.glance else None,
        class_="wide",
    )
    return element("header", inner, class_=f"verdict {page.tone}".strip())


def _glance(card: GlanceCard) -> Html:
    to_copy = command(card.command) if card.command else None
    return element("div", element("dt", card.title), element("dd", card.words, to_copy))


def inline(words: Words) -> Html:
    """A line."""
    return joined(_piece(each) for each in spans(words))


def _piece(span: Span) -> Part:
    if span.look in ("tag", "aside"):
        return element("span", span.text, class_=f"tag {span.tone}".strip())
    if span.look == "code":
        return element("span", span.text, class_="mono")
    if span.look == "strong":
        return element("strong", span.text)
    if span.look == "soft":
        return element("span", span.text, class_="soft")
    if span.look == "time" and (at := moment(span.text)) is not None:
        return element("time", shown_time(at), datetime=span.text)
    if span.look == "link":
        return element("a", span.text, href=span.target)
    return span.text


def _content(blocks: Iterable[Block]) -> Html:
    return joined(_ELEMENTS[type(each)](each) for each in blocks)


def _paragraph(block: Paragraph) -> Html:
    return element("p", inline(block.words))


def _labelled(block: Labelled) -> Html:
    label = block.label[:1].upper() + block.label[1:]
    return element("p", element("strong", f"{label}:"), " ", inline(block.words))


def _facts(block: Facts) -> Html:
    rows = (
        joined([element("dt", name), element("dd", inline(value))]) for name, value in block.rows
    )
    return element("div", element("dl", *rows, class_="facts"), class_="card")


def _table(block: Table) -> Html:
    return table(block.caption, block.head, [[inline(cell) for cell in row] for row in block.rows])


def _items(block: Items) -> Html:
    items = (
        element("li", _title(item.words, block.spaced), _content(item.blocks))
        for item in block.items
    )
    numbered = block.numbered or any(item.blocks for item in block.items)
    look = "steps" if block.spaced else "plain"
    return element("ol" if numbered else "ul", *items, class_=look)


def _title(words: Words, is_heading: bool) -> Html:
    return element("span", inline(words), class_="title") if is_heading else inline(words)


def _commands(block: Commands) -> Html:
    return command("\n".join(block.lines))


def _quote(block: Quote) -> Html:
    lines = "\n".join(f"{'    ' * depth}{line}" for depth, line in block.lines)
    return element("pre", lines, tabindex="0", aria_label="Proof")


def _links(block: Links) -> Html:
    links = [element("li", link(url)) for url in block.addresses]
    written = element("ul", *links, class_="plain") if links else None
    return joined([written, element("p", block.words, class_="soft") if block.words else None])


def _timeline(block: Timeline) -> Html:
    items = (
        element("li", inline(Span(at, "time")), element("span", words), class_=kind)
        for at, kind, words in block.rows
    )
    return element("ol", *items, class_="times card")


def _picture(block: Picture) -> Html:
    picture = history_picture(block.report)
    if not picture:
        return EMPTY
    legend = _LEGEND if block.report.headline_after is not None else _LEGEND + _BEFORE_ONLY
    return element(
        "div",
        picture,
        element("p", legend, class_="soft"),
        class_="scroll picture",
        role="region",
        aria_label="Picture of the release history",
        tabindex="0",
    )


def _card(block: Card) -> Html:
    about = [
        element("span", word, class_=f"tag {tone}".strip())
        for word, tone in ((block.mark.text, block.mark.tone), (block.flag, "bad"))
        if word
    ]
    line = joined([*about, block.subject or None], between=" ")
    return element(
        "article",
        element("h3", block.title),
        element("p", line) if line else None,
        _content(block.blocks),
        class_=f"card {block.mark.tone}".strip(),
    )


def _section(block: Section) -> Html:
    """A section within a section is told by its content alone."""
    return _content(block.blocks)


_ELEMENTS: dict[type[Any], Callable[[Any], Html]] = {
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
