# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was shown before an upgrade was called healthy, or what was not."""

from __future__ import annotations

from collections.abc import Iterable

from ..._documents.findings import Obligation
from ..._documents.vocabulary import Discharge
from ..blocks import Block, Card, listed

_OPEN: dict[str, str] = {
    Discharge.FAILED: "Not as it has to be:",
    Discharge.NOT_CHECKED: "Could not be checked:",
}


def obligations(of_a_diagnosis: Iterable[Obligation]) -> tuple[Block, ...]:
    """Everything that was shown where all of it was; else only what was not."""
    every = tuple(of_a_diagnosis)
    unmet = tuple(
        Card(
            title,
            listed(each.words or each.checked or "" for each in every if each.result == result),
        )
        for result, title in _OPEN.items()
        if any(each.result == result for each in every)
    )
    return unmet or _shown(every)


def _shown(every: Iterable[Obligation]) -> tuple[Block, ...]:
    lines = [
        f"{(each.checked or '').rstrip('.')}: {each.words}"
        for each in every
        if each.result == Discharge.MET
    ]
    return (Card("Checked, and as it has to be:", listed(lines)),) if lines else ()
