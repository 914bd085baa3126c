# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.version import (
    COLLECTION_VERSION,
)


def test_the_version_is_that_of_the_collection() -> None:
    galaxy = Path(__file__).parents[5] / "galaxy.yml"
    assert yaml.safe_load(galaxy.read_text())["version"] == COLLECTION_VERSION
