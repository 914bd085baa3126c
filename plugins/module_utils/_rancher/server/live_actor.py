# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who runs helm on a release right now, looked up right before something is written (FM P-IDLE, 2.4).

What is read is what the diagnosis reads, and it is judged by the same functions (helm_actors.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..._core.errors import RemediationError
from ..._core.lenient import Document, stamp
from ..._core.names import HELM_NAMESPACES
from ..._documents.evidence import HelmActor
from ..._harvester import job_log, upgrade, upgrade_plan
from ..._helm.storage import Revision
from ..._kube.log_lines import read_log
from ..._kube.paths import api, core
from . import helm_actors

if TYPE_CHECKING:
    from ..._kube.client import KubeClient

OPERATIONS = api("catalog.cattle.io/v1", "operations")


def find_live_actor(client: KubeClient, revision: Revision) -> HelmActor | None:
    """Something in the cluster that runs helm on the release of a revision; null when nothing does.

    Six requests, one more while the upgrade's job lives. Raises RemediationError when it cannot be looked up: not
    seen is not the same as not there.
    """
    return helm_actors.actor_on(_look(client), revision.namespace, revision.release)


def actor_finder(client: KubeClient) -> Callable[[Revision], HelmActor | None]:
    """C(find_live_actor) for one cluster."""
    return lambda revision: find_live_actor(client, revision)


def _look(client: KubeClient) -> helm_actors.Sight:
    pods = [
        pod for namespace in HELM_NAMESPACES for pod in client.list(core("v1", "pods", namespace))
    ]
    operations = [helm_actors.operation_of(each) for each in _operations(client)]
    jobs = [
        pod
        for selector in (upgrade.MANIFEST_SELECTOR, upgrade_plan.JOB_SELECTOR)
        for pod in client.list(core("v1", "pods", upgrade.NAMESPACE), label_selector=selector)
    ]
    now = stamp(client.now())
    others = [
        *helm_actors.foreign_actors(pods),
        *helm_actors.job_actors(jobs, lambda pod: _events_of(client, pod), now),
    ]
    return helm_actors.Sight(
        pods=[
            helm_actors.operation_pod(each) for each in pods if helm_actors.is_operation_pod(each)
        ],
        operations=operations,
        others=others,
        now=now,
    )


def _operations(client: KubeClient) -> list[Document]:
    """Rancher's operations; empty where its API does not exist."""
    try:
        return client.list(OPERATIONS)
    except RemediationError as error:
        if error.code == "not-found":
            return []
        raise


def _events_of(client: KubeClient, pod: Document) -> list[Document] | None:
    """The telling lines of the log of a job's pod; None when it cannot be read, which its node can prevent."""
    try:
        log = read_log(client, upgrade.NAMESPACE, pod["metadata"]["name"], upgrade.JOB_CONTAINER)
    except RemediationError:
        return None
    return job_log.events_of(log)
