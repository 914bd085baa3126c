# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test: a known environment, and property tests that say the same each run."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# The machine is shared by several runs: no deadline per example, and the same examples every time.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_ambient_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's own cluster, helm and Ansible settings: no test may ever touch them."""
    for name in list(os.environ):
        if name.startswith(("ANSIBLE_", "HELM_", "K8S_AUTH_", "KUBE")):
            monkeypatch.delenv(name)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: gzip writes the time into them, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None
