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
        built = _build(yaml.parse(text, Loader=loader))
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
        if line.startswith("- ") or not line.startswith((" ", "-")) and line:
            if item:
                yield "\n".join(item)
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
        yield "\n".join(item)


def _build(events: Iterable[Any]) -> Any:
    """The value that a stream of parser events describes, without recursion, within limits and without aliases."""
    import yaml

    stack: list[Any] = []
    keys: list[Any] = []
    result: Any = None
    for count, event in enumerate(events):
        kind = type(event)
        if kind is yaml.ScalarEvent:
            value = _scalar(event)
        elif kind is yaml.MappingStartEvent:
            value = {}
        elif kind is yaml.SequenceStartEvent:
            value = []
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            stack.pop()
            keys.pop()
            continue
        elif kind is yaml.AliasEvent:
            raise ValueError("it has an alias, which no export of an API has")
        else:
            continue
        if not stack:
            result = value
        elif isinstance(stack[-1], list):
            stack[-1].append(value)
        elif keys[-1] is None:
            if kind is not yaml.ScalarEvent:
                raise ValueError("a key is not a text")
            keys[-1] = event.value
            continue
        else:
            stack[-1][keys[-1]] = value
            keys[-1] = None
        if kind is not yaml.ScalarEvent:
            stack.append(value)
            keys.append(None)
            if len(stack) > _MAX_DEPTH:
                raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
        if count > _MAX_NODES:
            raise ValueError(f"it has more than {_MAX_NODES} parts")
    return result


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


