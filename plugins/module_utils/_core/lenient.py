# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading documents that may be damaged.

Evidence comes from files and from clusters in every state: a field may be missing, of another type, or absurdly
large. These accessors answer the wanted type or an empty value and never raise, so that a damaged part of the
evidence is unknown instead of the end of the diagnosis.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

Document = dict[str, Any]


def mapping(value: object) -> Document:
    """The value when it is a mapping, with its string keys only; else an empty mapping."""
    if not isinstance(value, Mapping):
        return {}
    return {key: item for key, item in value.items() if isinstance(key, str)}


def mappings(value: object) -> list[Document]:
    """The mappings of a list, in order; items of other types are left out."""
    return (
        [mapping(item) for item in value if isinstance(item, Mapping)]
        if isinstance(value, list)
        else []
    )


def text(value: object) -> str | None:
    """The value when it is a string that is not empty; else None."""
    return value if isinstance(value, str) and value else None


def texts(value: object) -> list[str]:
    """The strings of a list, in order."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def integer(value: object) -> int | None:
    """The value when it is a whole number (a boolean is none); else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def boolean(value: object) -> bool | None:
    """The value when it is true or false; else None."""
    return value if isinstance(value, bool) else None


def dig(value: object, *keys: str) -> Any:
    """The item below nested mappings, or None where the way ends early."""
    for key in keys:
        value = mapping(value).get(key)
    return value


def moment(value: object) -> datetime | None:
    """An RFC 3339 time as an aware UTC datetime, to whole seconds; None for everything else."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        parsed = datetime.fromisoformat(_without_fraction(value))
        if parsed.tzinfo is None:
            return None
        return parsed.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def seconds_between(earlier: object, later: object) -> int | None:
    """Whole seconds from one RFC 3339 time to another; negative clock skew counts as 0; None if either is no time."""
    start, end = moment(earlier), moment(later)
    if start is None or end is None:
        return None
    return max(0, int((end - start).total_seconds()))


def _without_fraction(value: str) -> str:
    """Python 3.10 reads neither ``Z`` nor nanoseconds; whole seconds are all that is needed."""
    head, separator, tail = value.partition(".")
    if separator:
        tail = tail.lstrip("0123456789")
        value = head + tail
    return value[:-1] + "+00:00" if value.endswith(("Z", "z")) else value
