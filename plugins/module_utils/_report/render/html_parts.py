# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML that is safe by the way it is made: whatever is not made here is text, and text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeAlias

# Elements without content and end tag.
_VOID = frozenset({"meta", "rect", "line", "circle", "path"})


class Html(str):
    """A piece of a page. Only the functions of this file make it from parts that they have escaped."""

    __slots__ = ()


Part: TypeAlias = "Html | str | int | None"
EMPTY = Html("")


def element(tag: str, *content: Part, **attributes: str | int | None) -> Html:
    """An element; attributes of value None are left out, ``class_`` and ``aria_label`` name class and aria-label."""
    written = "".join(
        f' {name.strip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{written}>" if tag == "meta" else f"<{tag}{written}/>")
    return Html(f"<{tag}{written}>{joined(content)}</{tag}>")


def joined(parts: Iterable[Part], between: str = "") -> Html:
    """The parts one after the other, text escaped, None left out."""
    return Html(between.join(_piece(part) for part in parts if part is not None))


def raw(text: str) -> Html:
    """A text of this collection's own, like a style sheet, that must not be escaped."""
    return Html(text)


def _piece(part: Part) -> str:
    return part if isinstance(part, Html) else escape(str(part))


def link(url: object) -> Html:
    """A link to a page; what is no https address is shown as text, because it could be a script."""
    address = str(url)
    if not address.startswith("https://"):
        return element("span", address)
    return element("a", address.removeprefix("https://"), href=address, rel="noreferrer")


def command(line: object) -> Html:
    """A command to copy: one click selects the whole of it, and the keyboard can scroll it."""
    return element("pre", element("code", str(line)), tabindex="0", class_="command")


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[Part]], class_: str | None = None
) -> Html:
    """A table whose first cell of every row is the heading of that row; it scrolls sideways by itself.

    Each cell carries the heading of its column, for narrow screens where a row becomes a card.
    """
    top = element("tr", *(element("th", cell, scope="col") for cell in head))
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(
                element("td", cell, data_label=label)
                for label, cell in zip(head[1:], row[1:], strict=True)
            ),
        )
        for row in rows
    ]
    whole = element(
        "table",
        element("caption", caption),
        element("thead", top),
        element("tbody", *body),
        class_=class_,
    )
    return element("div", whole, class_="scroll", role="region", aria_label=caption, tabindex="0")
