# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of an upgrade that leaves Rancher nothing to do, read from the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._helm.storage import list_revisions
from ..values.release import ValuesRequest, make_values, read_rancher_state
from .leader_process import leader_environment

if TYPE_CHECKING:
    from ..._kube.client import KubeClient


def upgrade_values(client: KubeClient, chart: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a chart at ``chart_version``, for the release and with the choices that the options name."""
    revisions = list_revisions(client, params["namespace"], params["release"], decode="relevant")
    request = ValuesRequest(
        chart=chart,
        chart_version=params["chart_version"],
        revisions=revisions,
        drop_pinned=params["drop_pinned_values"],
        drop_keys=params["drop_keys"],
    )
    return dict(make_values(request, read_rancher_state(client, leader_environment(client))).values)
