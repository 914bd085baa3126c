# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts as Go prints them: quoted strings and formats that were given no arguments.

Rancher's messages are compared with what a log holds, so they must be the same to the letter.
"""

from __future__ import annotations

_SIMPLE_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_FLAGS = "#0+- "
# fmt gives up on widths and precisions above this.
_LARGEST_NUMBER = 1_000_000


def quote(text: str) -> str:
    """Return ``text`` in double quotes as Go's ``%q`` does."""
    return '"' + "".join(_quoted(char) for char in text) + '"'


def _quoted(char: str) -> str:
    if char in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[char]
    if char == " " or char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def format_without_arguments(text: str) -> str:
    """Return what Go's ``fmt.Errorf(text)`` says when ``text`` was never meant as a format.

    Rancher up to 2.11 passes an error's text as a format (FM 2.7.7): every ``%`` in a chart's
    version is then taken for a verb whose argument is missing.
    """
    if "%" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        percent = text.find("%", at)
        if percent < 0:
            out.append(text[at:])
            break
        out.append(text[at:percent])
        piece, at = _Verb(text, percent + 1).render()
        out.append(piece)
    return "".join(out)


class _Verb:
    """One ``%...`` of a format without arguments, read from left to right."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._at = start
        self._index_bad = False
        self._after_index = False
        self._out = ""

    def render(self) -> tuple[str, int]:
        """Return the text that replaces the verb and the position after it."""
        while self._peek() and self._peek() in _FLAGS:
            self._at += 1
        self._argument_index()
        self._width()
        if self._peek() == "." and self._at + 1 < len(self._text):
            self._precision()
        if not self._after_index:
            self._argument_index()
        verb = self._peek()
        if not verb:
            return self._out + "%!(NOVERB)", self._at
        self._at += 1
        if verb == "%":
            return self._out + "%", self._at
        reason = "(BADINDEX)" if self._index_bad else "(MISSING)"
        return f"{self._out}%!{verb}{reason}", self._at

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _argument_index(self) -> None:
        """Read ``[n]``: with no arguments every index is a bad one."""
        self._after_index = False
        if self._peek() != "[":
            return
        self._index_bad = True
        rest = self._text[self._at :]
        close = rest.find("]", 1) if len(rest) >= 3 else -1
        if close < 0:
            self._at += 1
            return
        self._at += close + 1
        number, end = _number(rest, 1, close)
        self._after_index = number is not None and end == close

    def _width(self) -> None:
        if self._peek() == "*":
            self._at += 1
            self._out += "%!(BADWIDTH)"
            self._after_index = False
            return
        number, self._at = _number(self._text, self._at, len(self._text))
        if self._after_index and number is not None:
            self._index_bad = True

    def _precision(self) -> None:
        self._at += 1
        if self._after_index:
            self._index_bad = True
        self._argument_index()
        if self._peek() == "*":
            self._at += 1
            self._out += "%!(BADPREC)"
            self._after_index = False
            return
        _number_read, self._at = _number(self._text, self._at, len(self._text))


def _number(text: str, start: int, end: int) -> tuple[int | None, int]:
    """Read digits; a number too large for fmt swallows the rest of the format."""
    at, value = start, None
    while at < end and text[at] in "0123456789":
        if value is not None and value > _LARGEST_NUMBER:
            return None, end
        value = (value or 0) * 10 + int(text[at])
        at += 1
    return value, at
