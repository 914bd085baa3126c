# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of one cluster: which are read together, which stand back, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..._core.listing import first_of
from .identity import GivenFile
from .recognition import UPGRADE_LOG

_MOST_NAMED = 3


@dataclass(frozen=True)
class Combination:
    """Files of one cluster. Those that are not in `said` are `used`; `said` has a sentence on files by their path."""

    files: tuple[GivenFile, ...]
    used: tuple[GivenFile, ...]
    said: dict[str, str]

    @property
    def first(self) -> str:
        """The path that the cluster is called by."""
        return self.used[0].path

    @property
    def words(self) -> str:
        """What is read with what, in a line for people."""
        shown = " with ".join(Path(each.path).name for each in self.used)
        back = [Path(each.path).name for each in self.files if each not in self.used]
        return f"{shown}; not used: {first_of(back, _MOST_NAMED)}" if back else shown


def combine(files: Sequence[GivenFile]) -> Combination:
    """Choose among files of one cluster: the newest with objects, and for a support bundle the log of its upgrade."""
    logs = [each for each in files if each.kind == UPGRADE_LOG]
    others = [each for each in files if each.kind != UPGRADE_LOG]
    main = max(others, key=lambda each: (each.has_objects, each.written), default=None)
    log = max(logs, key=lambda each: (_fits(each, main), each.written), default=None)
    said = {each.path: _stands_back(each, main) for each in others if each is not main}
    said |= {
        each.path: "The other upgrade log of the cluster is newer, or of the newer Upgrade."
        for each in logs
        if each is not log
    }
    if log is not None and main is not None and main.kind in ("evidence", "support-archive"):
        said[log.path] = f"{Path(main.path).name} is complete in itself."
        log = None
    used = tuple(each for each in (main, log) if each is not None)
    if log is not None and main is not None:
        said[log.path] = _together(log, main)
    return Combination(tuple(files), used, said)


def _fits(log: GivenFile, main: GivenFile | None) -> bool:
    return main is not None and bool(log.upgrades & main.upgrades)


def _stands_back(file: GivenFile, main: GivenFile | None) -> str:
    name = Path(main.path).name if main else ""
    if main is not None and main.has_objects and not file.has_objects:
        return f"It has logs only, and {name} of the same cluster has objects."
    return f"{name} of the same cluster is newer."


def _together(log: GivenFile, main: GivenFile) -> str:
    """Why a log is read with a support bundle."""
    name, shared = Path(main.path).name, sorted(log.upgrades & main.upgrades)
    if shared:
        return f"Read with {name}: both are of Upgrade {', '.join(shared)}."
    pods = sorted(log.pods & main.pods)
    if pods:
        more = f" and {len(pods) - 1} more" if len(pods) > 1 else ""
        return f"Read with {name}: both have logs of Pod {pods[0]}{more}."
    of = (
        f"Upgrade {', '.join(sorted(log.upgrades))}"
        if log.upgrades
        else "an Upgrade it does not name"
    )
    return (
        f"Read with {name}, but nothing ties the two together: it is of {of}, which the support bundle does not have."
        " It might be of another cluster, or of an earlier upgrade."
    )
