# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every failure mode on real parts: said what it is, repaired where that is safe, else left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.cases import (
    CASES,
    LOOKALIKES,
    OTHER_PAIRS,
    RANCHER_RESTS,
    Case,
)
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import sick_cluster
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    become_old,
    is_diagnosed,
    is_foreseen,
    is_judged,
    is_left_alone,
    is_repaired,
    is_repaired_in_part,
    stays_so,
)
from doubles.scenarios import scenario

# Diagnosed by the playbook that only looks, and tried in check mode, on the way to their repair: an upgrade, an
# unlock, an index, a person's work, nothing to do. All others are tried by themselves, by `make scenarios`.
FORESEEN = (
    "healthy",
    "rc-to-ga-skip-fleet",
    "pending-upgrade-lock",
    "clusterrepo-or-index-missing",
    "pending-install-no-deployed",
)
OTHERS = tuple(case for case in (*CASES, *LOOKALIKES) if case.scenario not in FORESEEN)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_failure_mode(case: Case, tmp_path: Path) -> None:
    _walk(case, tmp_path)


@pytest.mark.parametrize("case", LOOKALIKES, ids=str)
def test_lookalike(case: Case, tmp_path: Path) -> None:
    _walk(case, tmp_path)


@pytest.mark.parametrize("case", OTHER_PAIRS, ids=str)
def test_other_pair_of_helms(case: Case, tmp_path: Path) -> None:
    """What made the releases and what repairs them need not be the same Helm."""
    _walk(case, tmp_path)


def _walk(case: Case, tmp_path: Path) -> None:
    with sick_cluster(
        scenario(case.scenario, case.rancher), tmp_path, case.helm, case.made_by
    ) as sick:
        become_old(sick, *case.aged)
        if case.scenario in FORESEEN:
            is_diagnosed(case, sick)
            is_foreseen(case, sick)
        if case.verdict == "repaired":
            is_judged(case, is_repaired(case, sick))
            stays_so(case, sick)
        elif case.steps:
            is_judged(case, is_repaired_in_part(case, sick))
        else:
            is_judged(case, is_left_alone(case, sick))


@pytest.mark.parametrize("case", OTHERS, ids=str)
def test_check_mode_foresees(case: Case, tmp_path: Path) -> None:
    with sick_cluster(scenario(case.scenario, case.rancher), tmp_path, case.helm) as sick:
        become_old(sick, *case.aged)
        is_foreseen(case, sick)


@pytest.mark.parametrize("case", RANCHER_RESTS, ids=str)
def test_repair_without_rancher(case: Case, tmp_path: Path) -> None:
    """Rancher does nothing during the repair, and comes back to find nothing to do."""
    with sick_cluster(
        scenario(case.scenario, case.rancher), tmp_path, case.helm, case.made_by
    ) as sick:
        become_old(sick)
        is_repaired(case, sick)
        stays_so(case, sick)
