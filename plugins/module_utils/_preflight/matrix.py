# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every known upgrade path at once: for people who plan upgrades or test releases (FM 7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._harvester.upgrade_path.guard import GuardRule, ask_guard
from .._harvester.upgrade_path.release_table import HarvesterRelease, ReleaseTable
from .check import PASS, ranked, verdict
from .path_checks import path_checks
from .prediction import Prediction
from .preflight import headline, predictions_of
from .questions import rancher_step_runs

SCHEMA = "harvester_ops.remediation/upgrade-matrix/v1"

_NO_PATH = (GuardRule.SAME_VERSION, GuardRule.DOWNGRADE)


def upgrade_matrix(table: ReleaseTable, *, current: str = "", target: str = "") -> dict[str, Any]:
    """The matrix document: every pair of the table's Harvester releases that goes up, in the table's order.

    ``current`` and ``target`` keep only the paths from or to one version. ``pairs`` have ``verdict``, ``headline``,
    the guard's answer, what becomes of each chart and why, and all checks that did not pass.
    """
    known: dict[Any, list[Prediction]] = {}
    pairs = []
    for before, after in _paths(table):
        if current in ("", before.version) and target in ("", after.version):
            # Releases with the same Rancher share their fate.
            key = (before.rancher or before.version, str(before.expected), after.version)
            if key not in known:
                known[key] = predictions_of(table, before, after)
            pairs.append(_pair(table, before, after, known[key]))
    return {"schema": SCHEMA, "pairs": pairs}


def _paths(table: ReleaseTable) -> Iterator[tuple[HarvesterRelease, HarvesterRelease]]:
    for after in table.harvesters.values():
        for before in table.harvesters.values():
            if ask_guard(before.version, after.version).rule not in _NO_PATH:
                yield before, after


def _pair(
    table: ReleaseTable,
    before: HarvesterRelease,
    after: HarvesterRelease,
    predictions: list[Prediction],
) -> dict[str, Any]:
    checks = ranked(path_checks(table, before, after, predictions))
    guard = ask_guard(before.version, after.version, after.min_upgradable_version or "")
    return {
        "current": before.version,
        "target": after.version,
        "verdict": verdict(checks),
        "headline": headline(before.version, after.version, checks),
        "guard": {"allowed": guard.allowed, "rule": guard.rule.value, "message": guard.message},
        "current_rancher": before.rancher,
        "target_rancher": after.rancher,
        "rancher_step_runs": rancher_step_runs(before.rancher, after),
        "dependencies": [prediction.to_dict() for prediction in predictions],
        "checks": [check.to_dict() for check in checks if check.outcome != PASS],
    }
