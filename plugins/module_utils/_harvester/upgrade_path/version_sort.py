# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``sort -V`` of GNU coreutils, by which a Harvester build chooses the chart versions it will wait for (FM 1.6).

It ranks ``109.0.0+up0.15.0-rc.6`` above ``109.0.0+up0.15.0``: a bundled index that still holds a candidate makes the
job wait for one that Rancher never installs (FM 6.10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cmp_to_key

_SUFFIX = re.compile(r"(?:\.[A-Za-z~][A-Za-z0-9~]*)*\Z")
_DIGITS = "0123456789"


def highest(versions: Iterable[str]) -> str | None:
    """What ``sort -V -r | head -1`` prints; None when there are no versions.

    For texts that do not begin with a dot, in the C locale.
    """
    return max(versions, key=cmp_to_key(_compare), default=None)


def _compare(left: str, right: str) -> int:
    order = _compare_runs(_stem(left), _stem(right)) or _compare_runs(left, right)
    return order or (left > right) - (left < right)


def _stem(text: str) -> str:
    """The text without what looks like file name extensions."""
    match = _SUFFIX.search(text)
    return text[: match.start()] if match else text


def _compare_runs(left: str, right: str) -> int:
    """By turns a run of other characters, one by one, and a number."""
    while left or right:
        while _is_other(left) or _is_other(right):
            order = _rank(left) - _rank(right)
            if order:
                return order
            left, right = left[1:], right[1:]
        left_number, left = _number(left)
        right_number, right = _number(right)
        if left_number != right_number:
            return -1 if left_number < right_number else 1
    return 0


def _is_other(text: str) -> bool:
    return bool(text) and text[0] not in _DIGITS


def _rank(text: str) -> int:
    """The place of the first character: a tilde, the end, a digit, a letter, anything else."""
    if not text:
        return -1
    first = text[0]
    if first in _DIGITS:
        return 0
    if first == "~":
        return -2
    return ord(first) if first.isascii() and first.isalpha() else ord(first) + 256


def _number(text: str) -> tuple[tuple[int, str], str]:
    """The number at the beginning, as a key, and the rest."""
    rest = text.lstrip(_DIGITS)
    significant = text[: len(text) - len(rest)].lstrip("0")
    return (len(significant), significant), rest
