# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at the evidence has found for one obligation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Seen:
    """One object: what is wrong with it, or what of it is not known, in words; neither when it is as it is to be."""

    object: str
    wrong: str = ""
    open: str = ""


@dataclass(frozen=True)
class Looked:
    """Everything that was found. ``reason`` says why there was nothing to look at."""

    good: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    reason: str = ""


def looked_at(seen: Iterable[Seen], what: str, *, reason: str = "") -> Looked:
    """What was found on a list of objects: those at fault by name, or how many there are when all is well."""
    found = list(seen)
    wrong = [each for each in found if each.wrong]
    unsure = [each for each in found if each.open]
    named = wrong or unsure or found
    return Looked(
        good=(f"{len(found)} {what}{'' if len(found) == 1 else 's'}",) if found else (),
        wrong=tuple(f"{each.object} {each.wrong}" for each in wrong),
        open=tuple(f"{each.object} {each.open}" for each in unsure),
        objects=tuple(each.object for each in named),
        reason=reason,
    )


def not_known(what: str) -> Looked:
    """Nothing was read that could be looked at."""
    return Looked(open=(what,))
