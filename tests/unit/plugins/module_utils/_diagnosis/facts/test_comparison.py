# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.comparison import (
    compare,
    is_prerelease,
)


@pytest.mark.parametrize(
    ("left", "right", "relation"),
    [
        ("106.0.0+up0.12.0", "106.0.0+up0.12.0", "equal"),
        ("106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0", "equal-precedence"),
        ("v106.0.0", "106.0.0", "equal-precedence"),
        ("105.0.2+up0.11.2", "106.0.0+up0.12.0", "lower"),
        ("106.0.1", "106.0.0+up0.12.0", "higher"),
        ("106.0.0-rc.1", "106.0.0", "lower"),
        (None, "106.0.0", "unknown"),
        ("106.0.0", None, "unknown"),
        ("", "", "unknown"),
        ("latest", "106.0.0", "unknown"),
        ("latest", "latest", "equal"),
    ],
)
def test_compare(left: str | None, right: str | None, relation: str) -> None:
    assert compare(left, right) == relation


@pytest.mark.parametrize(
    ("version", "candidate"),
    [
        ("106.0.0+up0.12.0-rc.3", True),
        ("106.0.0-rc.3", True),
        ("106.0.0+up0.12.0", False),
        ("latest", None),
        (None, None),
    ],
)
def test_is_prerelease(version: str | None, candidate: bool | None) -> None:
    assert is_prerelease(version) is candidate
