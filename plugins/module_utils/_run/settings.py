# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a run, each in the type of its option, whatever it was given as.

A survey of AWX answers with texts, and an empty answer is a text, too. ansible-core 2.19 drops the quotes of the texts
that AWX marks as unsafe: it reads an empty one as null, ``1.6`` as a number, ``false`` as a boolean and ``2026-01-01`` as
a date (``construct_yaml_unsafe`` resolves the type of the bare text). Here each becomes what was typed into the form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from .._core.errors import RemediationError

_TRUE = frozenset({"true", "yes", "on", "1", "y", "t"})
_FALSE = frozenset({"false", "no", "off", "0", "n", "f"})


def read_settings(
    options: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Every option with its value: what was given, else its default, else None.

    `options` are those of a role's argument specification. An empty text, a text of blanks and null count as not given.
    Raises setting-invalid that names every setting with a value it cannot have.
    """
    settings: dict[str, Any] = {}
    problems: list[str] = []
    for name, option in options.items():
        settings[name] = option.get("default")
        if _is_empty(given.get(name)):
            continue
        try:
            settings[name] = _as_asked(given[name], option)
        except ValueError as problem:
            problems.append(f"{name} is {_shown(given[name])}, {problem}")
    if problems:
        raise RemediationError(
            "setting-invalid",
            f"{'; '.join(problems)}.",
            "Correct the setting, in a job of AWX the answer in its survey, and run again. Nothing was changed.",
        )
    return settings


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _as_asked(value: Any, option: Mapping[str, Any]) -> Any:
    read = _READERS[option.get("type", "str")](value, option)
    choices = option.get("choices")
    if choices:
        wrong = [
            each for each in (read if isinstance(read, list) else [read]) if each not in choices
        ]
        if wrong:
            raise ValueError(f"and {', '.join(map(str, wrong))} is not one of {', '.join(choices)}")
    return read


def _text(value: Any, _option: Mapping[str, Any]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (str, int, float)):
        return str(value).strip()
    raise ValueError("which is not a text")


def _number(value: Any, _option: Mapping[str, Any]) -> int:
    text = str(value).strip()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not text.isdecimal():
        raise ValueError("which is not a whole number")
    return int(text)


def _yes_or_no(value: Any, _option: Mapping[str, Any]) -> bool:
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise ValueError("which is neither true nor false")
    return text in _TRUE


def _list(value: Any, option: Mapping[str, Any]) -> list[Any]:
    """A list, or a text with an item in each line or between commas."""
    return [_text(each, option) for each in _items(value, ",") if not _is_empty(each)]


def _lines(value: Any, option: Mapping[str, Any]) -> Any:
    """Of an option that takes a list or a text: a list where its default is one, else the value itself."""
    if not isinstance(option.get("default"), list):
        return value
    return [_text(each, option) for each in _items(value, "") if not _is_empty(each)]


def _items(value: Any, separator: str) -> Iterator[Any]:
    if isinstance(value, Mapping):
        raise ValueError("which is not a list")
    if isinstance(value, str):
        listed = _json(value) if value.lstrip().startswith("[") else None
        if isinstance(listed, list):
            yield from listed
            return
        for line in value.splitlines():
            yield from line.split(separator) if separator else [line]
    elif isinstance(value, (list, tuple)):
        yield from value
    else:
        yield value


def _mapping(value: Any, _option: Mapping[str, Any]) -> dict[str, Any]:
    read = _json(value) if isinstance(value, str) else value
    if not isinstance(read, Mapping):
        raise ValueError("which is not a mapping")
    return dict(read)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shown(value: Any) -> str:
    """The value in a message, shortened: what is in the wrong place can be a whole document."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


_READERS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "str": _text,
    "path": _text,
    "int": _number,
    "bool": _yes_or_no,
    "list": _list,
    "dict": _mapping,
    "raw": _lines,
}
