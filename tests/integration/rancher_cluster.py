# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster with a Rancher that is played by the doubles, for tests of single modules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from controlplane.handle import ControlPlane
from doubles.cluster import Illness, StuckCluster
from doubles.rancher_lines import candidates_of

__all__ = ["rancher_cluster"]

RANCHER = "v2.12.2"


@pytest.fixture(scope="session")
def rancher_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StuckCluster]:
    """Two Rancher pods, whose chart repositories are not checked out (FM 3.4), and nothing that waits."""
    directory = tmp_path_factory.mktemp("rancher")
    control_plane = ControlPlane.up(directory / "controlplane")
    try:
        candidates = {name: (version,) for name, version in candidates_of(RANCHER).items()}
        illness = Illness(
            RANCHER, installed=candidates, replicas=2, play_job=False, play_fleet=False
        )
        stuck = StuckCluster.create(control_plane, directory / "cluster", illness)
        try:
            yield stuck
        finally:
            stuck.stop()
    finally:
        control_plane.down()
