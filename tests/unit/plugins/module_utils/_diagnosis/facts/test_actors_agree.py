# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis and the check right before a write give the same answer about the same cluster."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.actors import (
    idleness,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
    collect,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    Revision,
    decode_revision,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.live_actor import (
    find_live_actor,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UpgradingCluster,
    pod,
    stuck_cluster,
)

FLEET = ("cattle-fleet-system", "fleet")
WEBHOOK = ("cattle-system", "rancher-webhook")
RANCHER = ("cattle-system", "rancher")
SYSTEM = "/api/v1/namespaces/cattle-system/pods"
RUNNING: dict[str, Any] = {"running": {}}
LATE = {"creationTimestamp": "2026-11-23T14:59:30Z"}


def nobody(_cluster: UpgradingCluster) -> None:
    """The job waits for a release, as it does in every stuck upgrade."""


def operation_pod(
    cluster: UpgradingCluster,
    name: str = "abc",
    *,
    phase: str = "Running",
    helm: dict[str, Any] | None = None,
    proxy: dict[str, Any] | None = None,
    init: dict[str, Any] | None = None,
) -> UpgradingCluster:
    """A pod of Rancher as it makes them: helm and a proxy, and one that prepares the kubeconfig."""
    states = {"helm": helm or RUNNING, "proxy": proxy or RUNNING}
    status: dict[str, Any] = {
        "phase": phase,
        "containerStatuses": [{"name": n, "state": s} for n, s in states.items()],
    }
    if init:
        status["initContainerStatuses"] = [{"name": "init-kubeconfig-volume", "state": init}]
    pod(
        cluster,
        f"{SYSTEM}/helm-operation-{name}",
        metadata=LATE,
        spec={"containers": [{"name": "helm", "image": "rancher/shell:v0.1.26"}]},
        status=status,
    )
    return cluster


def operation(
    cluster: UpgradingCluster, name: str = "abc", *, age: str = "14:59:30", **status: Any
) -> UpgradingCluster:
    cluster.add(
        f"/apis/catalog.cattle.io/v1/namespaces/{FLEET[0]}/operations/helm-operation-{name}",
        metadata={"creationTimestamp": f"2026-11-23T{age}Z"},
        status={"releaseName": "fleet", "namespace": FLEET[0], **status},
    )
    return cluster


def foreign_pod(
    cluster: UpgradingCluster, namespace: str = FLEET[0], phase: str = "Running", **container: Any
) -> None:
    spec = {"containers": [container or {"command": ["helm", "upgrade", "fleet", "x.tgz"]}]}
    pod(cluster, f"/api/v1/namespaces/{namespace}/pods/by-hand", phase, spec=spec)


def helm_chart_job(cluster: UpgradingCluster, release: str, namespace: str) -> None:
    names = {"NAME": release, "TARGET_NAMESPACE": namespace}
    container = {
        "image": "rancher/klipper-helm:v0.9",
        "env": [{"name": name, "value": value} for name, value in names.items()],
    }
    pod(
        cluster,
        f"{SYSTEM}/helm-install-{release}-x1",
        metadata={"ownerReferences": [{"kind": "Job", "name": f"helm-install-{release}"}]},
        spec={"containers": [container]},
    )


def job_says(cluster: UpgradingCluster, line: str) -> None:
    cluster.logs["harvester-system", "job-1", "apply"] += line + "\n"


def no_job_log(cluster: UpgradingCluster) -> None:
    def fail(_verb: str, path: str) -> RemediationError | None:
        if path.endswith("/pods/job-1/log"):
            return RemediationError("server-unreachable", "the node does not answer", "")
        return None

    cluster.fail = fail


def many_pods(cluster: UpgradingCluster) -> None:
    """More ended pods than evidence keeps, all newer than the one that still runs."""
    operation_pod(cluster, "old")
    path = f"{SYSTEM}/helm-operation-old"
    cluster.objects[path]["metadata"]["creationTimestamp"] = "2026-11-23T14:00:00Z"
    for number in range(60):
        ended = {"terminated": {"exitCode": 1}}
        operation_pod(cluster, f"n{number:02}", phase="Failed", helm=ended)


def waiting(reason: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason}}


ENDED = {"terminated": {"exitCode": 0}}
HELM_STARTS = "2026-11-23T14:59:00Z Rancher patch file to be run via helm upgrade"
STATES: dict[str, tuple[Any, tuple[tuple[str, str], ...]]] = {
    "nobody": (nobody, ()),
    "operation": (lambda c: (operation_pod(c), operation(c)), (FLEET,)),
    "operation-by-pod-name": (
        lambda c: (operation_pod(c, "p"), operation(c, "o", podName="helm-operation-p")),
        (FLEET,),
    ),
    "operation-unnamed": (operation_pod, (FLEET, WEBHOOK, RANCHER)),
    "operation-unknown-phase": (
        lambda c: (operation_pod(c, phase="Unknown"), operation(c)),
        (FLEET,),
    ),
    "operation-starting": (
        lambda c: (
            operation_pod(c, phase="Pending", helm=waiting("ContainerCreating")),
            operation(c),
        ),
        (FLEET,),
    ),
    "operation-over": (lambda c: (operation_pod(c, helm=ENDED), operation(c)), ()),
    "operation-killed": (lambda c: (operation_pod(c, phase="Failed"), operation(c)), ()),
    "operation-never-starts": (
        lambda c: (operation_pod(c, phase="Pending", helm=waiting("ErrImagePull")), operation(c)),
        (),
    ),
    "operation-is-never-prepared": (
        lambda c: operation_pod(
            c,
            phase="Pending",
            helm=waiting("PodInitializing"),
            proxy=waiting("PodInitializing"),
            init=waiting("ImagePullBackOff"),
        ),
        (),
    ),
    "operation-runs-without-its-proxy": (
        lambda c: (operation_pod(c, proxy=waiting("ImagePullBackOff")), operation(c)),
        (FLEET,),
    ),
    "operation-behind-many": (many_pods, (FLEET, WEBHOOK, RANCHER)),
    "operation-without-a-pod": (operation, (FLEET,)),
    "old-operation-without-a-pod": (lambda c: operation(c, age="14:50:00"), ()),
    "finished-operation": (
        lambda c: operation(c, conditions=[{"type": "Reconciling", "status": "False"}]),
        (),
    ),
    "foreign-pod": (foreign_pod, (FLEET, WEBHOOK, RANCHER)),
    "foreign-pod-in-the-agents-namespace": (
        lambda c: foreign_pod(c, "cattle-fleet-local-system"),
        (FLEET, WEBHOOK, RANCHER),
    ),
    "foreign-pod-that-never-starts": (
        lambda c: foreign_pod(c, phase="Pending"),
        (FLEET, WEBHOOK, RANCHER),
    ),
    "foreign-pod-has-ended": (lambda c: foreign_pod(c, phase="Succeeded"), ()),
    "pod-that-runs-no-helm": (lambda c: foreign_pod(c, command=["helmops"]), ()),
    "helm-elsewhere-is-not-seen": (lambda c: foreign_pod(c, "default"), ()),
    "helm-chart": (lambda c: helm_chart_job(c, "fleet", FLEET[0]), (FLEET,)),
    "helm-chart-of-another": (lambda c: helm_chart_job(c, "x", "y"), ()),
    "job-runs-helm": (lambda c: job_says(c, HELM_STARTS), (RANCHER,)),
    "job-ran-helm": (lambda c: job_says(c, HELM_STARTS.replace("14:59", "13:01")), ()),
    "job-rolls-back": (
        lambda c: job_says(c, "2026-11-23T14:59:00Z deadline exceeded. rolling back fleet"),
        (FLEET,),
    ),
    **{
        f"job-has-rolled-back-{number}": (
            lambda c, line=line: job_says(
                c,
                "2026-11-23T14:59:00Z deadline exceeded. rolling back fleet\n"
                f"2026-11-23T14:59:10Z {line}\n"
                "2026-11-23T14:59:30Z fleet-106.0.0:0.12.0 in pending-rollback state for 0 minutes",
            ),
            (),
        )
        for number, line in enumerate(
            (
                "rollback succeeded, resume wait...",
                "failed to rollback fleet-106.0.0:0.12.0 to revision 7, resume wait...",
                "no deployed revision found, cannot rollback, resume wait...",
            )
        )
    },
    "job-rolls-back-and-helm-speaks": (
        lambda c: job_says(
            c,
            "2026-11-23T14:59:00Z deadline exceeded. rolling back fleet\n"
            "2026-11-23T14:59:10Z Error from server: etcdserver: leader changed",
        ),
        (FLEET,),
    ),
    "job-without-its-log": (no_job_log, (RANCHER,)),
}


def revision_of(release: tuple[str, str]) -> Revision:
    return decode_revision(
        release_secret(release[1], namespace=release[0], status="pending-upgrade")
    )


@pytest.mark.parametrize("state", STATES)
def test_same_answer(state: str) -> None:
    make, busy = STATES[state]
    cluster = stuck_cluster()
    make(cluster)
    client = cast(KubeClient, cluster)
    evidence = Evidence.from_dict(collect(client, CollectOptions()))
    for release in (FLEET, WEBHOOK, RANCHER):
        diagnosed = idleness(evidence, *release)
        found = find_live_actor(client, revision_of(release))
        assert diagnosed.idle is (release not in busy), release
        told = diagnosed.actor
        assert found == told, release


def test_the_check_before_a_write_costs_few_requests() -> None:
    cluster = stuck_cluster()
    find_live_actor(cast(KubeClient, cluster), revision_of(FLEET))
    assert [verb for verb, _path in cluster.requests] == ["list"] * 6 + ["get"]


@pytest.mark.parametrize(
    "path",
    [
        SYSTEM,
        "/api/v1/namespaces/cattle-fleet-system/pods",
        "/api/v1/namespaces/cattle-fleet-local-system/pods",
        "/api/v1/namespaces/harvester-system/pods",
        "/apis/catalog.cattle.io/v1/operations",
    ],
)
def test_what_cannot_be_seen_stops_the_write(path: str) -> None:
    cluster = stuck_cluster()
    error = RemediationError("forbidden", "no", "")
    cluster.fail = lambda _verb, requested: error if requested == path else None
    with pytest.raises(RemediationError, match="no"):
        find_live_actor(cast(KubeClient, cluster), revision_of(FLEET))
