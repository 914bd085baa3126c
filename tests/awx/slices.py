# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX makes of a sliced job: which hosts each slice gets, and what of their artifacts reaches the next node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Hosts = Mapping[str, Mapping[str, Any]]


def sliced(hosts: Hosts, count: int) -> list[dict[str, Mapping[str, Any]]]:
    """As get_effective_slice_ct in awx/main/models/jobs.py and get_sliced_hosts in awx/main/models/inventory.py."""
    names, jobs = sorted(hosts), min(count, len(hosts))
    return [{name: hosts[name] for name in names[number::jobs]} for number in range(jobs)]


def effective_artifacts(finished: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Those of all slices in the order in which they end, the last value of a name wins.

    As WorkflowJob.get_effective_artifacts in awx/main/models/workflow.py; slices that failed count.
    """
    artifacts: dict[str, Any] = {}
    for each in finished:
        artifacts.update(each)
    return artifacts
