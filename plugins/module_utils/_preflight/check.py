# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One thing looked at before an upgrade, and the verdict of many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .._documents.vocabulary import Outcome

FAIL, WARN, UNKNOWN, PASS = (each.value for each in Outcome)
#: The worst first; of equal ones the order of the checks stays.
_RANKED = (FAIL, UNKNOWN, WARN, PASS)

SAFE, RISKY, BLOCKED = "safe", "risky", "blocked"

_HARVESTER = "https://github.com/harvester/harvester/issues/"
_RANCHER = "https://github.com/rancher/rancher/issues/"
_TROUBLESHOOTING = "https://docs.harvesterhci.io/latest/upgrade/troubleshooting"
#: Failure mode -> where it was seen (FM 9).
REFERENCES: dict[str, tuple[str, ...]] = {
    "6.1": (f"{_HARVESTER}8001", f"{_HARVESTER}9680", f"{_RANCHER}49853", f"{_RANCHER}52986"),
    "6.2": (f"{_HARVESTER}8001",),
    "6.3": (f"{_HARVESTER}9738", f"{_HARVESTER}7246", f"{_RANCHER}53134"),
    "6.10": (f"{_HARVESTER}10312", f"{_HARVESTER}8750"),
    "6.10b": (f"{_HARVESTER}10043",),
    "6.12": (f"{_HARVESTER}7200", f"{_RANCHER}53134"),
    "6.13": (f"{_RANCHER}48737",),
    "6.17": (f"{_HARVESTER}3616", f"{_HARVESTER}4804"),
    "6.18": (f"{_HARVESTER}8163", f"{_HARVESTER}7560", _TROUBLESHOOTING),
    "6.22": (f"{_RANCHER}51427",),
    "6.23": (f"{_RANCHER}55453",),
    "6.25": (f"{_HARVESTER}10312",),
    "6.36": ("https://docs.harvesterhci.io/latest/upgrade/automatic",),
}


@dataclass(frozen=True)
class Check:
    """What was looked at and what it means for the upgrade.

    ``outcome``: ``fail`` (the upgrade will be refused, or hang), ``warn`` (it may), ``unknown`` (it could not be told),
    ``pass``. ``message`` says what was seen, ``what_next`` what to do about it.
    """

    id: str
    outcome: str
    subject: str
    message: str
    what_next: str = ""
    failure_mode: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with the references of its failure mode."""
        return {**self.__dict__, "references": list(REFERENCES.get(self.failure_mode or "", ()))}


def ranked(checks: Iterable[Check]) -> list[Check]:
    """The worst first."""
    return sorted(checks, key=lambda check: _RANKED.index(check.outcome))


def verdict(checks: Iterable[Check]) -> str:
    """``blocked``: it will be refused or hang; ``risky``: it may, or not all could be told; ``safe``: neither is in
    sight."""
    outcomes = {check.outcome for check in checks}
    if FAIL in outcomes:
        return BLOCKED
    return RISKY if outcomes & {WARN, UNKNOWN} else SAFE
