# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    Revision,
    decode_revision,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server import (
    live_actor,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

FLEET = decode_revision(release_secret(status="pending-upgrade"))
RANCHER = decode_revision(release_secret("rancher", namespace="cattle-system"))
RUNNING: dict[str, Any] = {"running": {}}
ENDED = {"terminated": {"exitCode": 1}}


def add_pod(
    cluster: Cluster,
    name: str = "helm-operation-x7k2p",
    *,
    phase: str = "Running",
    helm: dict[str, Any] | None = None,
    namespace: str = "cattle-system",
    created: str = "2026-11-23T14:29:00Z",
    **labels: str,
) -> None:
    states = [("helm", RUNNING if helm is None else helm), ("proxy", RUNNING)]
    cluster.add(
        f"/api/v1/namespaces/{namespace}/pods/{name}",
        {
            "metadata": {
                "name": name,
                "namespace": namespace,
                "creationTimestamp": created,
                "labels": {key.replace("_", "/"): value for key, value in labels.items()},
            },
            "status": {
                "phase": phase,
                "containerStatuses": [{"name": n, "state": state} for n, state in states],
            },
        },
    )


def add_operation(cluster: Cluster, release: str, **status: Any) -> None:
    name = status.pop("name", "helm-operation-x7k2p")
    cluster.add(
        f"/apis/catalog.cattle.io/v1/operations/{name}",
        {
            "metadata": {"name": name, "namespace": "cattle-fleet-system"},
            "status": {"releaseName": release, "namespace": "cattle-fleet-system", **status},
        },
    )


def actor_of(cluster: Cluster, revision: Revision = FLEET) -> str | None:
    actor = live_actor.find_live_actor(cluster, revision)
    return actor.subject if actor else None


def test_nobody_works_on_an_idle_cluster() -> None:
    assert actor_of(Cluster()) is None


@pytest.mark.parametrize("phase", ["Running", "Pending", "Unknown"])
def test_an_operation_on_the_release_is_seen(phase: str) -> None:
    cluster = Cluster()
    add_pod(cluster, phase=phase)
    add_operation(cluster, "fleet", podName="helm-operation-x7k2p")
    assert actor_of(cluster) == "Pod/cattle-system/helm-operation-x7k2p"


def test_an_operation_on_another_release_does_not_matter() -> None:
    cluster = Cluster()
    add_pod(cluster)
    add_operation(cluster, "rancher-webhook")
    assert actor_of(cluster) is None
    add_operation(cluster, "fleet", namespace="elsewhere")
    assert actor_of(cluster) is None


def test_an_operation_that_does_not_name_its_release_yet_may_be_ours() -> None:
    cluster = Cluster()
    add_pod(cluster)
    assert actor_of(cluster) == "Pod/cattle-system/helm-operation-x7k2p"


@pytest.mark.parametrize(
    ("reason", "works"),
    [("ImagePullBackOff", False), ("InvalidImageName", False), ("ContainerCreating", True)],
)
def test_an_operation_whose_image_cannot_be_had_holds_nothing(reason: str, works: bool) -> None:
    """It would keep the very release locked that its repair, another shell image, is to free (FM 6.13)."""
    cluster = Cluster()
    add_pod(cluster, phase="Pending", helm={"waiting": {"reason": reason}})
    add_operation(cluster, "fleet", podName="helm-operation-x7k2p")
    assert (actor_of(cluster) is not None) == works


@pytest.mark.parametrize(
    ("phase", "helm"), [("Succeeded", RUNNING), ("Failed", RUNNING), ("Running", ENDED)]
)
def test_an_operation_whose_helm_has_ended_is_over(phase: str, helm: dict[str, Any]) -> None:
    cluster = Cluster()
    add_pod(cluster, phase=phase, helm=helm)
    add_operation(cluster, "fleet")
    assert actor_of(cluster) is None


@pytest.mark.parametrize(
    ("reason", "seen"), [("ImagePullBackOff", False), ("ContainerCreating", True)]
)
def test_an_operation_whose_image_does_not_come_holds_nothing(reason: str, seen: bool) -> None:
    """The lock beside it is an older one's: helm has not begun in this pod (FM 6.13)."""
    cluster = Cluster()
    add_pod(cluster, phase="Pending", helm={"waiting": {"reason": reason}})
    add_operation(cluster, "fleet")
    assert (actor_of(cluster) is not None) is seen


def test_other_pods_do_not_matter() -> None:
    cluster = Cluster()
    add_pod(cluster, "rancher-7d9c6b5f4-x2x8k")
    assert actor_of(cluster) is None


JOB: dict[str, Any] = {"harvesterhci.io_upgradeComponent": "manifest"}


HELM_STARTS = "2026-11-23T14:59:00Z Rancher patch file to be run via helm upgrade\n"
BEFORE_HELM = (
    "2026-11-23T14:58:00Z Upgrading Rancher\n"
    "2026-11-23T14:59:01Z CAPI cluster fleet-local/local is provisioned (current generation: 4).\n"
)
HELM_STARTED_LONG_AGO = HELM_STARTS.replace("14:59", "14:29")


@pytest.mark.parametrize(
    ("log", "phase", "seen"),
    [
        (HELM_STARTS, "Running", True),
        (HELM_STARTED_LONG_AGO, "Running", False),
        ("2026-11-23T14:59:00Z Upgrading Rancher\n", "Running", False),
        (BEFORE_HELM, "Running", True),
        (
            BEFORE_HELM + '2026-11-23T14:59:02Z clusterrepo.catalog.cattle.io "x" deleted\n',
            "Running",
            True,
        ),
        (None, "Running", True),
        (None, "Unknown", True),
        (None, "Failed", False),
    ],
)
def test_the_upgrade_job_itself_works_on_rancher(log: str | None, phase: str, seen: bool) -> None:
    cluster = Cluster()
    add_pod(cluster, "job-1", namespace="harvester-system", phase=phase, **JOB)
    if log is not None:
        cluster.logs["harvester-system", "job-1", "apply"] = log
    assert (actor_of(cluster, RANCHER) is not None) == seen
    assert actor_of(cluster, FLEET) is None


@pytest.mark.parametrize(
    "path", ["/api/v1/namespaces/cattle-system/pods", "/apis/catalog.cattle.io/v1/operations"]
)
def test_what_cannot_be_seen_is_not_taken_for_absent(path: str) -> None:
    cluster = Cluster()
    add_pod(cluster)
    cluster.failures["list", path] = RemediationError("forbidden", "no", "")
    with pytest.raises(RemediationError) as caught:
        actor_of(cluster)
    assert caught.value.code == "forbidden"


def test_without_ranchers_api_only_pods_count() -> None:
    cluster = Cluster()
    add_pod(cluster, phase="Succeeded")
    cluster.failures["list", live_actor.OPERATIONS] = RemediationError("not-found", "no", "")
    assert actor_of(cluster) is None
