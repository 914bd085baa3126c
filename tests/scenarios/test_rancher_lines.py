# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main scenario, harvester #8001, on every Rancher line and with both Helms."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.scenarios.cases import UPGRADE_ALL, Case
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import sick_cluster
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import (
    become_old,
    is_repaired,
    stays_so,
)
from doubles.scenarios import scenario

MAIN = "rc-to-ga-skip-fleet"
STEPS = (*UPGRADE_ALL, "restore-fleet-config")
# Ranchers that compare the metadata of exact charts upgrade rancher-webhook themselves (FM 2.5).
STEPS_OF_FIXED = ("upgrade-fleet-crd", "upgrade-fleet", "restore-fleet-config")
LINES = {
    "v2.10.1": STEPS,
    "v2.11.0": STEPS,
    "v2.12.2": STEPS_OF_FIXED,
    "v2.13.0": STEPS_OF_FIXED,
    "v2.14.2": STEPS_OF_FIXED,
}
# Every line with every Helm once; whether Rancher runs meanwhile takes turns.
PAIRS = [
    Case(MAIN, steps=steps, rancher=line, helm=helm, rancher_rests=(number + helm) % 2 == 0)
    for number, (line, steps) in enumerate(LINES.items())
    for helm in (3, 4)
]


@pytest.mark.parametrize("case", PAIRS, ids=str)
def test_main_scenario(case: Case, tmp_path: Path) -> None:
    with sick_cluster(scenario(case.scenario, case.rancher), tmp_path, case.helm) as sick:
        become_old(sick)
        is_repaired(case, sick)
        stays_so(case, sick)
