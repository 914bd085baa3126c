# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading documents that may be damaged.

Evidence comes from files and from clusters in every state: a field may be missing, of another type, or absurdly
large. These accessors answer the wanted type or an empty value and never raise, so that a damaged part of the
evidence is unknown instead of the end of the diagnosis.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

Document = dict[str, Any]

_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<second>\d\d:\d\d:\d\d)(?:\.\d+)?"
    r" ?(?P<zone>Z|z|[+-]\d\d:?\d\d)(?: [A-Z]{2,5})?",
    re.ASCII,
)


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
    """An RFC 3339 time, or one as Go prints it, as an aware UTC datetime, to whole seconds; None for everything else."""
    match = _TIME.fullmatch(value) if isinstance(value, str) and len(value) <= 60 else None
    if match is None:
        return None
    zone = match["zone"]
    offset = "+00:00" if zone in "Zz" else f"{zone[:3]}:{zone[-2:]}"
    try:
        # Python 3.10 reads neither ``Z`` nor nanoseconds.
        parsed = datetime.fromisoformat(f"{match['day']}T{match['second']}{offset}")
        return parsed.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def stamp(when: datetime) -> str:
    """A time as documents have it, ``2026-11-23T15:00:00Z``, to whole seconds."""
    whole = when.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None)
    return f"{whole.isoformat()}Z"  # strftime writes years before 1000 without their zeros


def in_utc(value: object) -> str | None:
    """An RFC 3339 time of any zone as ``2026-11-23T15:00:00Z``, to whole seconds; None for everything else."""
    found = moment(value)
    return None if found is None else stamp(found)


def seconds_between(earlier: object, later: object) -> int | None:
    """Whole seconds from one RFC 3339 time to another; negative clock skew counts as 0; None if either is no time."""
    start, end = moment(earlier), moment(later)
    if start is None or end is None:
        return None
    return max(0, int((end - start).total_seconds()))
