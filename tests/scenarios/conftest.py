# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scenarios run side by side: every test by itself, but those that share a cluster together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent

# What `make test` runs of the scenarios: the main job from diagnosis to proof. All of them take longer than
# an hour on two cores; `make scenarios` runs them.
MAIN_JOB = (
    "test_failure_mode[healthy-helm3]",
    "test_failure_mode[rc-to-ga-skip-fleet-helm3]",
    "test_failure_mode[wrong-version-expected-helm3]",
)
IN_MAKE_TEST = ("test_approval.py", "test_many_clusters.py", "test_refusals.py")

# Modules whose tests share one cluster, which is too dear to be made for each worker.
SHARED = (
    "test_approval.py",
    "test_many_clusters.py",
    "test_read_only_account.py",
    "test_refusals.py",
)


class BySharedCluster(LoadScopeScheduling):
    """Keeps such a module on one worker."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if module.endswith(SHARED) else nodeid


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySharedCluster:
    """Called when pytest-xdist begins to hand out tests."""
    return BySharedCluster(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what only `make scenarios` runs."""
    for item in items:
        is_scenario = item.path.parent == HERE and item.path.name not in IN_MAKE_TEST
        if is_scenario and item.name not in MAIN_JOB:
            item.add_marker("slow")
