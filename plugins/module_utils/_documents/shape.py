# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses as the shape of a JSON document, and reading documents into them without ever failing.

A field that is missing, of another type, or absurdly large becomes null (or empty), with one line that says where and
why. Documents come from files people send, so nothing about them may be taken for granted.
"""

from __future__ import annotations

import dataclasses
import functools
import keyword
import math
import types
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

MAX_TEXT = 200_000
MAX_ITEMS = 20_000
MAX_DEPTH = 40
MAX_PROBLEMS = 100
_MAX_INTEGER = 2**63

#: A part of a document with no fixed shape: any JSON value.
Json = Any


class Problems:
    """Collects what was wrong, up to a limit: a hostile file must not grow when it is read."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, path: str, what: str) -> None:
        """Add one line, for example ``upgrade.name: a text was expected, not a number``."""
        if len(self.lines) < MAX_PROBLEMS:
            self.lines.append(f"{path[:200] or 'document'}: {what}")
        elif len(self.lines) == MAX_PROBLEMS:
            self.lines.append("more problems than are listed here")


def read(cls: type[T], document: object, problems: Problems, path: str = "") -> T | None:
    """An instance of the dataclass `cls`, or None when `document` is no mapping.

    A field whose name is a keyword of Python is written with an underscore at its end.
    """
    if not isinstance(document, Mapping):
        problems.note(path, f"an object was expected, not {_kind(document)}")
        return None
    readers = _readers(cls)
    values = {}
    for name, reader in readers.items():
        if document.get(name) is not None:
            values[name] = reader(document[name], problems, _join(path, name))
    for name in document:
        if name not in readers:
            problems.note(_join(path, str(name)), "unknown, left out")
    return cls(**{_field(name): value for name, value in values.items() if value is not None})


def write(value: Any) -> Any:
    """The JSON value of a dataclass instance, or of what its fields hold."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: write(getattr(value, field)) for name, field in _names(type(value))}
    if isinstance(value, Mapping):
        return {str(key): write(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [write(item) for item in value]
    return value


Reader = Callable[[Any, Problems, str], Any]


_known_readers: dict[Any, dict[str, Reader]] = {}


def _readers(cls: type[Any]) -> dict[str, Reader]:
    """How to read each field of a dataclass; found out once, because looking up type hints is slow."""
    if cls not in _known_readers:
        hints = get_type_hints(cls)
        _known_readers[cls] = {
            _name(item): _reader(hints[item.name]) for item in dataclasses.fields(cls)
        }
    return _known_readers[cls]


def _reader(hint: Any) -> Reader:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (option for option in get_args(hint) if option is not type(None))
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _list_reader(_reader(arguments[0]))
    if origin is not None and issubclass(origin, Mapping):
        nullable = type(None) in get_args(arguments[1])
        return _mapping_reader(_reader(arguments[1]), nullable)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        shape: type[Any] = hint
        return lambda value, problems, path: read(shape, value, problems, path)
    return {str: _text, int: _integer, bool: _boolean}.get(hint, _json)


@functools.cache
def _names(cls: type[Any]) -> tuple[tuple[str, str], ...]:
    """How each field of a dataclass is named in a document, and in Python."""
    return tuple((_name(item), item.name) for item in dataclasses.fields(cls))


def _name(item: dataclasses.Field[Any]) -> str:
    return item.name.rstrip("_")


def _field(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _list_reader(item_reader: Reader) -> Reader:
    def read_list(value: Any, problems: Problems, path: str) -> tuple[Any, ...] | None:
        if not isinstance(value, (list, tuple)):
            problems.note(path, f"a list was expected, not {_kind(value)}")
            return None
        items = (
            item_reader(item, problems, f"{path}[{index}]")
            for index, item in enumerate(_limited(value, problems, path))
        )
        return tuple(item for item in items if item is not None)

    return read_list


def _mapping_reader(item_reader: Reader, nullable: bool) -> Reader:
    def read_mapping(value: Any, problems: Problems, path: str) -> dict[str, Any] | None:
        if not isinstance(value, Mapping):
            problems.note(path, f"an object was expected, not {_kind(value)}")
            return None
        result = {}
        for key in _limited(list(value), problems, path):
            item = value[key]
            if isinstance(key, str) and len(key) <= MAX_TEXT:
                read_item = (
                    item_reader(item, problems, _join(path, key)) if item is not None else None
                )
                if read_item is not None or nullable:
                    result[key] = read_item
            else:
                problems.note(path, "a key is no text or too long, left out")
        return result

    return read_mapping


def _text(value: Any, problems: Problems, path: str) -> str | None:
    if not isinstance(value, str):
        problems.note(path, f"a text was expected, not {_kind(value)}")
        return None
    if len(value) > MAX_TEXT:
        problems.note(path, f"cut off at {MAX_TEXT} characters")
        return value[:MAX_TEXT]
    return value


def _integer(value: Any, problems: Problems, path: str) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _MAX_INTEGER:
        problems.note(path, f"a whole number was expected, not {_kind(value)}")
        return None
    return value


def _boolean(value: Any, problems: Problems, path: str) -> bool | None:
    if not isinstance(value, bool):
        problems.note(path, f"true or false was expected, not {_kind(value)}")
        return None
    return value


def _json(value: Any, problems: Problems, path: str, depth: int = 0) -> Any:
    """Any JSON value, within the limits; whatever is none becomes null."""
    if depth > MAX_DEPTH:
        problems.note(path, f"nested deeper than {MAX_DEPTH} levels")
        return None
    if isinstance(value, str):
        return _text(value, problems, path)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _integer(value, problems, path)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        keys = _limited(list(value), problems, path)
        return {
            str(key)[:MAX_TEXT]: _json(value[key], problems, _join(path, str(key)), depth + 1)
            for key in keys
        }
    if isinstance(value, (list, tuple)):
        items = enumerate(_limited(value, problems, path))
        return [_json(item, problems, f"{path}[{index}]", depth + 1) for index, item in items]
    problems.note(path, f"{_kind(value)} is no JSON value")
    return None


def _limited(value: Any, problems: Problems, path: str) -> Any:
    if len(value) <= MAX_ITEMS:
        return value
    problems.note(path, f"cut off at {MAX_ITEMS} entries")
    return value[:MAX_ITEMS]


def _join(path: str, name: str) -> str:
    return f"{path[:180]}.{name[:80]}" if path else name[:80]


def _kind(value: Any) -> str:
    names = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        tuple: "a list",
        dict: "an object",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
