# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    InstalledRelease,
)


@pytest.mark.parametrize(
    ("status", "is_deployed", "is_pending"),
    [
        ("deployed", True, False),
        ("pending-install", False, True),
        ("pending-upgrade", False, True),
        ("pending-rollback", False, True),
        ("failed", False, False),
        ("pending", False, False),
        ("", False, False),
    ],
)
def test_statuses(status: str, is_deployed: bool, is_pending: bool) -> None:
    release = InstalledRelease(status, "1.0.0")
    assert (release.is_deployed, release.is_pending) == (is_deployed, is_pending)
