# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the pod of Rancher's leader by exec: its environment and the commit of its charts (FM 2.2, 3.4).

Exec is a permission of its own. Without it both are unknown, and the rest of the evidence stands as it is.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._core.lenient import Document, dig, mapping, text
from ..._documents.evidence import ABSENT, OK, Source
from ..._kube.reader import Reader
from ..._rancher.catalog.cluster_repo import CHARTS_REPO
from ..._rancher.charts.request import DEFAULT_GIT_URL
from ..._rancher.decision.settings import RancherEnvironment, container_environment
from ..._rancher.server.leader_process import read_bundled_head, read_environment
from ..._rancher.server.pods import rancher_container
from .chart_catalog import REPOS, charts_repo
from .objects import name_of
from .reading import Context, Found, Group, Parts, Reads

DEPLOYMENTS = "deployments:cattle-system"
LEASE = "leader_lease"


def deployment(found: Found) -> Document:
    """Deployment cattle-system/rancher, empty when it could not be read."""
    return next((each for each in found.objects(DEPLOYMENTS) if name_of(each) == "rancher"), {})


def leader_of(found: Found) -> str | None:
    """The pod that leads."""
    # Some releases of the library append a random part to the name of the pod.
    holder = text(dig(found.object(LEASE), "spec", "holderIdentity")) or ""
    return holder.partition("_")[0] or None


def of_leader(found: Found, name: str) -> Source:
    """The state of what was read from the leader's pod."""
    if leader_of(found) is None:
        lease = found.source(LEASE)
        return lease if lease.state != OK else Source(ABSENT, "The leader's Lease names no holder.")
    reading = found.reading(name)
    return Source(reading.state, reading.reason)


def process_environment(found: Found) -> dict[str, str] | None:
    """The wanted variables of the leader's process, unredacted; None when they were not read."""
    name = _environment_name(found)
    return mapping(found.value(name)) if found.ok(name) else None


def rancher_environment(found: Found) -> RancherEnvironment:
    """What is known of the environment that Rancher's controllers read."""
    process = process_environment(found)
    if process is not None:
        return RancherEnvironment(process, complete=True)
    return container_environment(rancher_container(deployment(found)))


def _environment_name(found: Found) -> str:
    return f"leader_environment:{leader_of(found)}"


def _head_name(found: Found) -> str:
    return f"bundled_head:{leader_of(found)}"


def _reads(context: Context, found: Found) -> Reads:
    leader = leader_of(found)
    if leader is None:
        return {}

    def environment(pod: str, client: Reader) -> Any:
        return read_environment(client, pod, context.exec_in)

    def head(pod: str, git_url: str, client: Reader) -> Any:
        return read_bundled_head(client, pod, CHARTS_REPO, git_url, context.exec_in)

    reads: Reads = {_environment_name(found): partial(environment, leader)}
    if REPOS in found:
        url = text(dig(charts_repo(found), "spec", "gitRepo")) or DEFAULT_GIT_URL
        reads[_head_name(found)] = partial(head, leader, url)
    return reads


def _parts(_context: Context, found: Found) -> Parts:
    head = found.value(_head_name(found))
    return Parts(
        {"bundled_head": text(head)},
        {
            "leader_environment": of_leader(found, _environment_name(found)),
            "bundled_charts": of_leader(found, _head_name(found)),
        },
    )


GROUP = Group(("leader_environment", "bundled_charts"), _reads, _parts)
