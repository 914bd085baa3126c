# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pytest fixture ``control_plane``: one control plane for the whole test session.

Import it in a conftest.py: ``from controlplane.fixture import control_plane``. With
``CONTROLPLANE_DIR=/path`` in the environment the one in that folder is used and left running,
which saves its start while tests are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.handle import ControlPlane

__all__ = ["ControlPlane", "control_plane"]


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane; stopped at the end of the session."""
    kept = os.environ.get("CONTROLPLANE_DIR")
    directory = Path(kept) if kept else tmp_path_factory.mktemp("controlplane")
    running = ControlPlane.up(directory)
    yield running
    if not kept:
        running.down()
