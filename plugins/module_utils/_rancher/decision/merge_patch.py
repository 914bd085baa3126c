# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON merge patch Rancher lays its values over a release's with, quirks included.

Rancher uses evanphx/json-patch, which is not RFC 7396 to the letter (FM 2.7.9): where a value is
new or takes the place of something that is no map, null entries of maps *inside lists* are dropped
too; where a list or a scalar takes the place of a map, nothing is dropped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

# Beyond this a float64, which is all JSON numbers become in Go, cannot hold every integer.
_EXACT_INTEGERS = 2**53
# From here on Go writes integral floats with an exponent.
_FIXED_NOTATION = 1e21


def merge(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``document`` with ``patch`` laid over it; neither is changed.

    ``document`` is the release's config, ``patch`` Rancher's values. A null in the patch removes
    the key; nulls that are already in the document stay.
    """
    merged = dict(document)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
            continue
        current = merged.get(key)
        if not isinstance(current, dict):
            merged[key] = _without_nulls(value)
        elif isinstance(value, dict):
            merged[key] = merge(current, value)
        else:
            merged[key] = value
    return merged


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def canonical(value: Any) -> Any:
    """Return ``value`` as it leaves Go's JSON encoder: keys sorted, 1.0 is 1, huge integers round.

    Raises:
        ValueError: a value that JSON has no form for (NaN, a key that is no text, an object).
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key of the values is not a text")
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [canonical(item) for item in value]
    raise ValueError(f"the values hold a {type(value).__name__}")


def _number(value: float) -> float:
    if isinstance(value, int) and abs(value) <= _EXACT_INTEGERS:
        return value
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError("the values hold a number too large for JSON") from error
    if not math.isfinite(number):
        raise ValueError("the values hold a number JSON has no form for")
    if number == int(number) and abs(number) < _FIXED_NOTATION and not _is_negative_zero(number):
        return int(number)
    return number


def _is_negative_zero(number: float) -> bool:
    return number == 0 and str(number).startswith("-")


def same(left: Any, right: Any) -> bool:
    """Return whether two canonical values have the same JSON text (true is not 1)."""
    return text_of(left) == text_of(right)


def text_of(value: Any) -> str:
    """Return one text for equal values: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
