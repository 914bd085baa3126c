# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a chart index to list charts at exact versions (FM 6.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._kube.client import KubeClient
from .._rancher.catalog.cluster_repo import read_cluster_repo, read_index
from .observation import Observation


def index_has(
    client: KubeClient, params: Mapping[str, Any], _baseline: Mapping[str, Any]
) -> Observation:
    """Done when every chart is listed at its version, byte for byte."""
    repo = read_cluster_repo(client, params["name"])
    if repo is None:
        return Observation(False, "the ClusterRepo does not exist")
    reading = read_index(client, repo)
    if reading.index is None:
        return Observation(False, f"its index is {reading.state}: {reading.reason}".rstrip(": "))
    missing = [
        f"{each['chart']} {each['version']}"
        for each in params["charts"]
        if reading.index.find(each["chart"], each["version"]) is None
    ]
    if missing:
        return Observation(False, f"its index lacks {', '.join(missing)}")
    return Observation(True, "its index lists all of them")
