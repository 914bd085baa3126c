# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of objects as the support bundle kit writes them: one item at a time, and what it has changed put back.

The kit replaces every empty text and most nulls by the text ``null`` (pkg/manager/collectors/common.go). Whether it was
empty, null, or the word itself cannot be told any more: it is read as an empty text, because that is what it almost
always was. Nothing in Kubernetes has the word as its value; a Helm value or an argument that does is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from .limits import LIMITS, Limits, incomplete

Object = dict[str, Any]

_NULL = "null"
_EMBEDDED_NULL = re.compile(r'("[A-Za-z]+":)"null",')
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d{0,30})")
_FLOAT = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, _NULL: None, "true": True, "false": False}
_MAX_DEPTH = 100
_MAX_NODES = 3_000_000
#: Nobody reads who wrote a field when, and it is a third of every list.
_MANAGED_FIELDS = "managedFields"


def items(
    lines: Iterable[str], *, skip: Iterable[str] = (), contains: str = "", limits: Limits = LIMITS
) -> Iterator[Object]:
    """The objects of a list, in order. `skip` are keys of the second level to leave out (of metadata, spec, status).

    With `contains` only those are built whose text contains it. Raises `evidence-incomplete` for what is no list.
    """
    for text in _item_texts(lines, (_MANAGED_FIELDS, *skip), limits):
        if contains in text:
            yield parse(text)


def parse(text: str) -> Object:
    """One object. Raises `evidence-incomplete` for what is no YAML, or uses what no export of an API has."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        built = _Builder().build(yaml.parse(text, Loader=loader))
    except (yaml.YAMLError, ValueError) as error:
        raise incomplete(f"It is not valid YAML: {str(error)[:200]}.") from error
    if not isinstance(built, dict):
        raise incomplete("An item is not an object.")
    return built


def restored(text: str) -> str:
    """A text before the kit has changed it."""
    if text == _NULL:
        return ""
    if text.endswith('"null'):
        return text[:-4]
    if text[:1] in ("{", "[") and '"null",' in text:
        return _EMBEDDED_NULL.sub(r"\1null,", text)
    return text


def _item_texts(lines: Iterable[str], skip: tuple[str, ...], limits: Limits) -> Iterator[str]:
    """The text of each item. In what Go writes an item starts at the margin, and the keys below it are indented by two."""
    starts = tuple(f"    {key}:" for key in skip)
    item: list[str] = []
    size, skipping, inside = 0, False, False
    for line in lines:
        if not inside:
            inside = line.rstrip() == "items:"
            if line.startswith("- "):
                raise incomplete("It is not a list as the kit writes it.")
            continue
        if line.startswith("- ") or (not line.startswith((" ", "-")) and line):
            if item:
                yield "\n".join([*item, ""])
            item, size, skipping = ["  " + line[2:]], len(line), False
            if not line.startswith("- "):
                return
            continue
        if skipping and (line.startswith(("     ", "    -")) or not line):
            continue
        skipping = line.startswith(starts)
        if not skipping:
            item.append(line)
            size += len(line)
        if size > limits.item:
            raise incomplete(f"An item is longer than {limits.item} characters.")
    if item:
        yield "\n".join([*item, ""])


class _Builder:
    """Builds the value that parser events describe, without recursion, within limits and without aliases."""

    def __init__(self) -> None:
        self._result: Any = None
        self._open: list[tuple[Any, list[str]]] = (
            []
        )  # what is being filled, and the key that waits for its value

    def build(self, events: Iterable[Any]) -> Any:
        """The value; raises ValueError for what no export of an API has."""
        import yaml

        starts: dict[type, type] = {yaml.MappingStartEvent: dict, yaml.SequenceStartEvent: list}
        ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        for count, event in enumerate(events):
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._take_scalar(event)
            elif kind in starts:
                self._take_container(starts[kind]())
            elif kind in ends:
                self._open.pop()
            elif kind is yaml.AliasEvent:
                raise ValueError("it has an alias, which no export of an API has")
            if count > _MAX_NODES:
                raise ValueError(f"it has more than {_MAX_NODES} parts")
        return self._result

    def _take_scalar(self, event: Any) -> None:
        if self._open:
            container, key = self._open[-1]
            if isinstance(container, dict) and not key:
                key.append(event.value)
                return
        self._put(_scalar(event))

    def _take_container(self, value: Any) -> None:
        self._put(value)
        self._open.append((value, []))
        if len(self._open) > _MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")

    def _put(self, value: Any) -> None:
        if not self._open:
            self._result = value
            return
        container, key = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif key:
            container[key.pop()] = value
        else:
            raise ValueError("a key is not a text")


def _scalar(event: Any) -> Any:
    value: str = event.value
    if not event.implicit[0]:
        return restored(value)
    if value in _WORDS:
        return _WORDS[value]
    if value[0] in "-+.0123456789":
        if _INTEGER.fullmatch(value):
            return int(value)
        if _FLOAT.fullmatch(value):
            return float(value)
    return restored(value)
