# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an App says of a release, held against the other things in a bundle that know of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import (
    load_evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    cluster_of,
    live_evidence,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UpgradingCluster,
    pod,
)

# The App of fleet says: revision 1, deployed at 14:30, 106.0.0+up0.12.0-rc.3.
BEFORE, AFTER = "2026-11-23T14:20:00Z", "2026-11-23T14:40:00Z"
JOB = ("harvester-system", "job-1", "apply")
HELM_POD = "helm-operation-abcde"


def helm_log(
    revision: int, status: str = "deployed", release: str = "fleet", at: str = AFTER
) -> str:
    lines = (
        f'Release "{release}" has been upgraded. Happy Helming!',
        f"NAME: {release}",
        "LAST DEPLOYED: Mon Nov 23 14:40:00 2026",
        "NAMESPACE: cattle-fleet-system",
        f"STATUS: {status}",
        f"REVISION: {revision}",
        "TEST SUITE: None",
    )
    return "".join(f"{at} {line}\n" for line in lines)


def add_helm_pod(cluster: UpgradingCluster, log: str, at: str = AFTER) -> None:
    ended = {"name": "helm", "state": {"terminated": {"exitCode": 0}}}
    pod(
        cluster,
        f"/api/v1/namespaces/cattle-system/pods/{HELM_POD}",
        "Succeeded",
        metadata={"creationTimestamp": at},
        spec={"containers": [{"name": "helm"}, {"name": "proxy"}]},
        status={"phase": "Succeeded", "containerStatuses": [ended]},
    )
    cluster.logs["cattle-system", HELM_POD, "helm"] = log


def add_operation(cluster: UpgradingCluster, at: str, failed: str = "False") -> None:
    conditions = [{"type": "Reconciling", "status": "False"}, {"type": "Stalled", "status": failed}]
    cluster.add(
        "/apis/catalog.cattle.io/v1/namespaces/cattle-fleet-system/operations/helm-operation-x",
        metadata={"creationTimestamp": at},
        status={
            "releaseName": "fleet",
            "namespace": "cattle-fleet-system",
            "action": "upgrade",
            "podName": "helm-operation-x",
            "conditions": conditions,
        },
    )


def add_deployment(cluster: UpgradingCluster, tag: str) -> None:
    cluster.add(
        "/apis/apps/v1/namespaces/cattle-fleet-system/deployments/fleet-controller",
        spec={
            "replicas": 1,
            "template": {
                "spec": {"containers": [{"name": "fleet-controller", "image": f"r/fleet:{tag}"}]}
            },
        },
    )


def seen(cluster: UpgradingCluster, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Release fleet as the bundle shows it, and the diagnosis."""
    path = kit.write_zip(folder / "given", kit.members(cluster.objects, cluster.logs))
    evidence = load_evidence([str(path)], CollectOptions(parallelism=1))
    (fleet,) = [each for each in evidence["releases"] if each["release"] == "fleet"]
    return fleet, diagnose(evidence)


def results(release: dict[str, Any]) -> dict[str, str]:
    return {each["source"]: each["result"] for each in release["checks"]}


def test_what_helm_printed_confirms_the_app(tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    add_helm_pod(cluster, helm_log(1))
    fleet, found = seen(cluster, tmp_path)
    assert fleet["read"] == "partial"
    assert results(fleet) == {f"Pod/cattle-system/{HELM_POD}": "agrees"}
    assert found["contradictions"] == []


@pytest.mark.parametrize(
    ("log", "said"),
    [(helm_log(2), "revision 2"), (helm_log(1, "pending-upgrade"), "pending-upgrade")],
)
def test_an_app_that_lags_behind_helm_is_not_believed(log: str, said: str, tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    add_helm_pod(cluster, log)
    fleet, found = seen(cluster, tmp_path)
    assert (fleet["read"], fleet["revisions"]) == ("error", [])
    assert f"Pod/cattle-system/{HELM_POD}" in fleet["reason"]
    assert any(said in line for line in found["contradictions"])
    assert found["ask_for"][0] == "helm -n cattle-fleet-system history fleet --max 20"
    assert not [each for each in found["findings"] if each["outcome"] == "fail"]


def test_an_older_revision_in_a_log_of_helm_says_nothing(tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    add_helm_pod(cluster, helm_log(0) + helm_log(7, release="gitjob"), BEFORE)
    fleet, _found = seen(cluster, tmp_path)
    assert (fleet["read"], fleet["checks"]) == ("partial", [])


@pytest.mark.parametrize(
    ("at", "failed", "read"),
    [(AFTER, "False", "error"), (BEFORE, "False", "partial"), (AFTER, "True", "partial")],
)
def test_a_later_operation_that_ended_well_contradicts(
    at: str, failed: str, read: str, tmp_path: Path
) -> None:
    cluster = cluster_of("equal-precedence")
    add_operation(cluster, at, failed)
    fleet, found = seen(cluster, tmp_path)
    assert fleet["read"] == read
    told = "Operation/cattle-fleet-system/helm-operation-x" in json.dumps(found["contradictions"])
    assert told is (read == "error")


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (
            "completed helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed",
            "error",
        ),
        ("fleet-106.0.0+up0.12.0-rc.3:0.12.0-rc.3 in pending-upgrade state for 3 minutes", "error"),
    ],
)
def test_what_the_job_saw_later_contradicts(line: str, read: str, tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    cluster.logs[JOB] += f"{AFTER} {line}\n"
    fleet, found = seen(cluster, tmp_path)
    assert fleet["read"] == read
    assert "Pod/harvester-system/job-1" in json.dumps(found["contradictions"])


def test_what_the_job_saw_before_the_last_revision_says_nothing(tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    line = "fleet-106.0.0+up0.12.0-rc.3:0.12.0-rc.3 in pending-upgrade state for 3 minutes"
    cluster.logs[JOB] += f"{BEFORE} {line}\n"
    fleet, _found = seen(cluster, tmp_path)
    assert (fleet["read"], fleet["checks"]) == ("partial", [])


def test_the_image_of_the_deployment_is_told_and_decides_nothing(tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    add_deployment(cluster, "v0.12.0-rc.3")
    fleet, found = seen(cluster, tmp_path)
    where = "Deployment/cattle-fleet-system/fleet-controller"
    assert results(fleet) == {where: "agrees"}
    add_deployment(cluster, "v0.12.0")
    fleet, found = seen(cluster, tmp_path)
    assert (fleet["read"], results(fleet)) == ("partial", {where: "doubtful"})
    assert any("v0.12.0" in line and where in line for line in found["contradictions"])


def test_a_release_without_an_app_that_helm_has_installed_is_not_absent(tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    log = helm_log(1, release="fleet-crd")
    for path in [each for each in cluster.objects if "release.v1.fleet-crd." in each]:
        del cluster.objects[path]
    add_helm_pod(cluster, log)
    path = kit.write_zip(tmp_path / "given", kit.members(cluster.objects, cluster.logs))
    evidence = load_evidence([str(path)], CollectOptions(parallelism=1))
    (found,) = [each for each in evidence["releases"] if each["release"] == "fleet-crd"]
    assert found["read"] == "error"


def test_a_release_that_was_removed_and_installed_again_starts_at_one(tmp_path: Path) -> None:
    cluster = cluster_of("equal-precedence")
    add_helm_pod(cluster, helm_log(7, at=BEFORE), BEFORE)
    fleet, _found = seen(cluster, tmp_path)
    assert (fleet["read"], fleet["checks"]) == ("partial", [])


def test_a_live_cluster_needs_no_checks_of_this_kind() -> None:
    found = diagnose(live_evidence(cluster_of("locked")))
    assert "contradictions" not in found
