# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.charts.nearest import (
    nearest_versions,
)


def test_the_nearest_versions_come_first() -> None:
    available = [
        *("104.1.0+up0.10.4", "106.1.0+up0.12.3", "106.0.1+up0.12.1", "latest"),
        *("106.0.0+up0.12.0-rc.3", "107.0.0+up0.13.0", "106.0.1+up0.12.1"),
    ]
    assert nearest_versions("106.0.0+up0.12.0", available, count=9) == [
        "106.0.0+up0.12.0-rc.3",
        "106.0.1+up0.12.1",
        "106.1.0+up0.12.3",
        "107.0.0+up0.13.0",
        "104.1.0+up0.10.4",
        "latest",
    ]
    assert nearest_versions("106.0.0", available, count=1) == ["106.0.0+up0.12.0-rc.3"]
    assert nearest_versions("106.0.0", []) == []
