# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job where nothing but the API server can be reached: an air gap, kept by the kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration import closed_network
from ansible_collections.harvester_ops.remediation.tests.scenarios.sick_cluster import sick_cluster
from ansible_collections.harvester_ops.remediation.tests.scenarios.walk import become_old
from doubles.scenarios import scenario


@pytest.mark.skipif(
    not closed_network.is_possible(), reason="no network namespaces on this machine"
)
def test_the_main_job_needs_no_other_address(tmp_path: Path) -> None:
    with sick_cluster(scenario("rc-to-ga-skip-fleet", "v2.12.2"), tmp_path, 3) as sick:
        become_old(sick)
        with closed_network.ClosedNetwork(sick.control_plane.server, tmp_path) as network:
            operator = replace(sick.operator, prefix=tuple(network.prefix))
            done = operator.remediate(auto_approve=["low", "medium"])
            assert done.report["verdict"] == "repaired", done
            assert network.passed_on > 0
        assert sick.is_as_wanted()
