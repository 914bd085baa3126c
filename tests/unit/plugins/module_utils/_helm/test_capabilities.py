# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.capabilities import (
    Capabilities,
)


@pytest.mark.parametrize(
    ("text", "major", "minor"),
    [
        ("v3.22.0", 3, 22),
        ("v4.3.1\n", 4, 3),
        ("3.10.0", 3, 10),
        ("v3.18.4+k3s1", 3, 18),
        ("v4.0.0-rc.1", 4, 0),
    ],
)
def test_versions_are_read(text: str, major: int, minor: int) -> None:
    able = Capabilities.of_version(text)
    assert (able.major, able.minor) == (major, minor)


@pytest.mark.parametrize("text", ["v2.17.0", "v3.9.4", "v5.0.0", "", "dev", "v3", "3.x.0"])
def test_other_versions_are_refused(text: str) -> None:
    with pytest.raises(RemediationError) as caught:
        Capabilities.of_version(text)
    assert caught.value.code == "helm-unsupported"


@pytest.mark.parametrize(
    ("text", "upgrade", "rollback"),
    [
        ("v3.12.3", ["--dry-run"], ["--dry-run"]),
        ("v3.13.0", ["--dry-run=server"], ["--dry-run"]),
        ("v3.15.0", ["--dry-run=server"], ["--dry-run"]),
        ("v4.0.0", ["--dry-run=server"], ["--dry-run=server"]),
    ],
)
def test_a_dry_run_asks_the_server_where_helm_can(
    text: str, upgrade: list[str], rollback: list[str]
) -> None:
    able = Capabilities.of_version(text)
    assert able.upgrade_dry_run_flags() == upgrade
    assert able.rollback_dry_run_flags() == rollback


@pytest.mark.parametrize(("text", "can"), [("v3.16.4", False), ("v3.17.0", True), ("v4.0.0", True)])
def test_ownership_needs_3_17(text: str, can: bool) -> None:
    able = Capabilities.of_version(text)
    if can:
        assert able.take_ownership_flags() == ["--take-ownership"]
    else:
        with pytest.raises(RemediationError, match="cannot take ownership"):
            able.take_ownership_flags()
