# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a field is in an object: path, the same path as text, and the object without it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

_PART = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<key>\w+)=\"(?P<value>[^\"]*)\"\]")

MISSING: Any = object()
"""What C(find) answers where there is nothing; a field can hold null."""


@dataclass(frozen=True)
class Item:
    """An item of a list, by the fields that identify it (C(name=fleet)), or by its value in a set."""

    keys: tuple[tuple[str, Any], ...] = ()
    value: Any = None

    def position(self, items: list[Any]) -> int | None:
        """Its place in a list. A manifest leaves out keys that have a default (a port's protocol), so one that has
        only some of the keys counts when no other has them all."""
        if not self.keys:
            return items.index(self.value) if self.value in items else None
        partial = None
        for number, each in enumerate(items):
            if not isinstance(each, Mapping):
                continue
            here = [(key, value) for key, value in self.keys if key in each]
            if here and all(each[key] == value for key, value in here):
                if len(here) == len(self.keys):
                    return number
                partial = number if partial is None else partial
        return partial

    def __str__(self) -> str:
        if not self.keys:
            return f"[{self.value}]"
        return "[" + ",".join(f"{key}={value}" for key, value in self.keys) + "]"


Path: TypeAlias = "tuple[str | Item, ...]"


def text_of(path: Path) -> str:
    """The path as kubectl users write it: C(spec.template.spec.containers[name=fleet].env[name=DEBUG])."""
    text = ""
    for part in path:
        if isinstance(part, Item):
            text += str(part)
        elif "." in part or "/" in part:
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def parsed(text: str) -> Path:
    """A path as the API server writes it in a conflict: C(.spec.containers[name="fleet"].image)."""
    return tuple(
        part["field"] or Item(((part["key"], part["value"]),)) for part in _PART.finditer(text)
    )


def child(value: Any, part: str | Item) -> Any:
    """What is at one part of a path below a value."""
    if isinstance(part, Item):
        position = part.position(value) if isinstance(value, list) else None
        return MISSING if position is None else value[position]
    return value.get(part, MISSING) if isinstance(value, Mapping) else MISSING


def find(value: Any, path: Path) -> Any:
    """What is at a path, C(MISSING) where there is nothing."""
    for part in path:
        value = child(value, part)
        if value is MISSING:
            return MISSING
    return value


def without(value: Any, path: Path) -> Any:
    """The value without what is at the path; all else is shared with it."""
    head, rest = path[0], path[1:]
    inner = child(value, head)
    if inner is MISSING:
        return value
    if isinstance(head, Item):
        position = head.position(value)
        kept = [without(inner, rest)] if rest else []
        return [*value[:position], *kept, *value[(position or 0) + 1 :]]
    if rest:
        return {**value, head: without(inner, rest)}
    return {key: each for key, each in value.items() if key != head}


def with_value(value: Any, path: Path, wanted: Any) -> Any:
    """The value with the wanted one at the path; all else is shared with it. A list item on the way must be there."""
    if not path:
        return wanted
    head, rest = path[0], path[1:]
    inner = child(value, head)
    if not isinstance(head, Item):
        return {**value, head: with_value({} if inner is MISSING else inner, rest, wanted)}
    position = head.position(value)
    if position is None:
        return value
    return [*value[:position], with_value(inner, rest, wanted), *value[position + 1 :]]


def merge_patch(before: Any, after: Any) -> dict[str, Any]:
    """The JSON merge patch (RFC 7386) from one object to another."""
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key, MISSING)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            inner = merge_patch(old, value)
            if inner:
                patch[key] = inner
        elif old is MISSING or old != value:
            patch[key] = value
    return patch
