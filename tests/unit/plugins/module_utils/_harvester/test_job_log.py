# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester import job_log
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.log_lines import (
    ContainerLog,
    parse_lines,
)

RELEASE_FILE = """\
harvester: v1.5.0
harvesterChart: 1.5.0
os: Harvester v1.5.0
kubernetes: v1.32.3+rke2r1
rancher: v2.11.0
monitoringChart: 105.1.0+up61.3.2
minUpgradableVersion: 'v1.4.2'
rancherDependencies:
  fleet:
    chart: 106.0.0+up0.12.0
    app: 0.12.0
  fleet-crd:
    chart: 106.0.0+up0.12.0
    app: 0.12.0
  rancher-webhook:
    chart: 106.0.0+up0.7.0
    app: 0.7.0
"""
UP_TO_RANCHER = f"""\
Try to bring up the upgrade repo VM...
Wait for upgrade repo ready...
{RELEASE_FILE}Downloading the file from "http://upgrade-repo-x.harvester-system/harvester-iso/harvester-release.yaml" to "/tmp/a"...
managedchart.management.cattle.io/harvester patched
Creating plan hvst-upgrade-x-skip-restart-rancher-system-agent to make rancher-system-agent temporarily skip restarting RKE2 server...
Waiting for plan hvst-upgrade-x-skip-restart-rancher-system-agent to complete...
Waiting for plan hvst-upgrade-x-skip-restart-rancher-system-agent to complete...
Plan hvst-upgrade-x-skip-restart-rancher-system-agent completes.
Upgrading Rancher
CAPI cluster fleet-local/local is provisioned (current generation: 1).
"""
WAITS_FOR_FLEET = """\
Wait for Rancher to be upgraded to v2.11.0...
Wait for Rancher to be upgraded to v2.11.0...
Wait for Rancher dependencies helm releases...
wait helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed
"""


def events_of(text: str) -> list[dict[str, Any]]:
    """Events of a log with one line per second."""
    stamped = "".join(
        f"2026-11-23T15:{i // 60:02d}:{i % 60:02d}.000000001Z {line}\n"
        for i, line in enumerate(text.splitlines())
    )
    return job_log.events_of(ContainerLog(tuple(parse_lines(stamped))))


def wait_of(text: str) -> dict[str, Any] | None:
    return job_log.wait_of(events_of(text))


def test_the_way_to_the_wait_for_fleet() -> None:
    events = events_of(UP_TO_RANCHER + WAITS_FOR_FLEET)
    assert [(event["kind"], event["count"]) for event in events] == [
        ("upgrade-repo", 2),
        ("upgrade-repo-ready", 1),
        ("download", 1),
        ("step", 1),
        ("plan", 3),
        ("plan-completed", 1),
        ("upgrading-rancher", 1),
        ("capi-cluster-provisioned", 1),
        ("rancher-version", 2),
        ("rancher-dependencies", 1),
        ("helm-release", 1),
    ]
    wait = job_log.wait_of(events)
    assert wait is not None
    assert {
        key: wait[key] for key in ("kind", "namespace", "release", "chart", "chart_version")
    } == {
        "kind": "helm-release",
        "namespace": "cattle-fleet-system",
        "release": "fleet",
        "chart": "fleet-106.0.0+up0.12.0",
        "chart_version": "106.0.0+up0.12.0",
    }
    assert (wait["app_version"], wait["status"]) == ("0.12.0", "deployed")


def test_noise_does_not_end_a_wait() -> None:
    noise = "Error: release: not found\nError from server: etcdserver: leader changed\n"
    wait = wait_of(UP_TO_RANCHER + WAITS_FOR_FLEET + noise * 5)
    assert wait is not None
    assert wait["release"] == "fleet"


def test_the_next_wait_ends_the_one_before() -> None:
    wait = wait_of(
        WAITS_FOR_FLEET
        + "wait helm release cattle-fleet-system fleet-crd fleet-crd-106.0.0+up0.12.0 0.12.0 deployed\n"
    )
    assert wait is not None
    assert (wait["release"], wait["chart_version"]) == ("fleet-crd", "106.0.0+up0.12.0")


def test_a_locked_release_as_v1_8_tells_it() -> None:
    pending = "fleet-107.0.0+up0.13.0:0.13.0 in pending-upgrade state for {} minutes\n"
    rollback = "deadline exceeded. rolling back fleet to revision null (rollback attempt #1)\n"
    wait = wait_of(WAITS_FOR_FLEET + pending.format(0) * 12 + pending.format(6) * 3 + rollback)
    assert wait is not None
    assert (wait["kind"], wait["release"]) == ("helm-release", "fleet")
    assert (wait["pending_status"], wait["pending_minutes"], wait["rolled_back"]) == (
        "pending-upgrade",
        6,
        True,
    )
    events = events_of(WAITS_FOR_FLEET + pending.format(6) + rollback)
    assert {(event["kind"], event["release"]) for event in events[-2:]} == {
        ("helm-release-pending", "fleet"),
        ("helm-rollback", "fleet"),
    }


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("rollback succeeded, resume wait...", "succeeded"),
        (
            "failed to rollback fleet-107.0.0+up0.13.0:0.13.0 to revision 7, resume wait...",
            "failed",
        ),
        ("no deployed revision found, cannot rollback, resume wait...", "impossible"),
    ],
)
def test_the_rollback_of_v1_8_is_over(line: str, result: str) -> None:
    pending = "fleet-107.0.0+up0.13.0:0.13.0 in pending-upgrade state for 6 minutes\n"
    rollback = "deadline exceeded. rolling back fleet to revision 7 (rollback attempt #1)\n"
    wait = wait_of(WAITS_FOR_FLEET + pending + rollback + line + "\n" + pending * 3)
    assert wait is not None
    assert (wait["release"], wait["rollback"]) == ("fleet", result)


def test_a_loop_that_does_not_sleep_stays_one_event_per_kind() -> None:
    pending = "fleet-107.0.0+up0.13.0:0.13.0 in pending-install state for {} minutes\n"
    loop = "".join(
        pending.format(6 + i // 500)
        + "no deployed revision found, cannot rollback, resume wait...\n"
        for i in range(1500)
    )
    events = events_of(WAITS_FOR_FLEET + loop)
    assert [event["kind"] for event in events[-3:]] == [
        "helm-release",
        "helm-release-pending",
        "helm-rollback-ended",
    ]
    assert (job_log.wait_of(events) or {})["pending_minutes"] == 8


CAPI = "Waiting for CAPI cluster fleet-local/local to be provisioned (phase={}, observed={}, metadata=8)...\n"


def test_a_wait_counts_from_its_first_line_whatever_its_fields_do() -> None:
    """The CAPI wait of v1.8.1 changes between four lines, and kubectl speaks in between."""
    loop = (
        CAPI.format("Provisioning", 7)
        + "CAPI cluster fleet-local/local appears ready (phase=Provisioned, generation=8), stability 5s/30s...\n"
        + "Error from server: etcdserver: leader changed\n"
        + "failed to get CAPI cluster fleet-local/local, retry...\n"
        + "CAPI cluster fleet-local/local reconcile in progress (phase=Provisioned, observed=7, metadata=8),"
        " resetting stability timer.\n"
    )
    wait = wait_of("Upgrading Rancher\n" + loop * 200 + CAPI.format("Failed", 8))
    assert wait is not None
    assert wait["at"] == "2026-11-23T15:00:01Z"
    assert (wait["phase"], wait["generation"], wait["wanted_generation"]) == ("Failed", "8", "8")
    assert len(events_of("Upgrading Rancher\n" + loop * 200)) == 2


@pytest.mark.parametrize(
    ("log", "kind", "fields"),
    [
        (
            "Upgrading...\nmanagedchart.management.cattle.io/harvester patched\n"
            "Waiting for ManagedChart fleet-local/harvester from generation 7\n"
            "Target version: 1.8.1, Target state: ready\n"
            + "Current version: 1.8.1, Current ready clusters: 0/1, Current state: ErrApplied,"
            " Current generation: 8, Current unavailable: 1\nSleep for 5 seconds to retry\n" * 3,
            "managed-chart",
            {"name": "harvester", "state": "ErrApplied", "at": "2026-11-23T15:00:02Z"},
        ),
        (
            "Waiting for upgrade repo resource (Deployment or VM) to be created...\n"
            "Upgrade repo resource not found yet, waiting...\nDetected upgrade repo type: deployment\n"
            "Waiting for upgrade repo deployment to be ready...\n"
            + "Upgrade repo deployment is not ready yet, waiting...\n" * 3,
            "upgrade-repo",
            {"at": "2026-11-23T15:00:00Z", "count": 7},
        ),
        (
            "Upgrade repo deployment is ready.\n"
            + "Wait for upgrade repo HTTP endpoint ready...\n" * 3,
            "upgrade-repo",
            {"at": "2026-11-23T15:00:00Z"},
        ),
        (
            "wait rollout -n cattle-system deployment rancher\n"
            'Waiting for deployment "rancher" rollout to finish: 1 out of 3 new replicas have been updated...\n'
            'error: deployment "rancher" exceeded its progress deadline\n',
            "rollout",
            {"namespace": "cattle-system", "name": "rancher", "at": "2026-11-23T15:00:00Z"},
        ),
        (
            "Force refreshing clusterrepo harvester-charts catalog index...\n"
            "clusterrepo.catalog.cattle.io/harvester-charts patched\n"
            + "Current clusterrepo harvester-charts catalog index download time: 1  force update time: 2\n"
            "Waiting for clusterrepo harvester-charts catalog index update...\n" * 3,
            "cluster-repo",
            {"name": "harvester-charts", "at": "2026-11-23T15:00:00Z"},
        ),
        (
            "Creating plan p-skip to make rancher-system-agent temporarily skip restarting RKE2 server...\n"
            "plan.upgrade.cattle.io/p-skip created\n",
            "plan",
            {"name": "p-skip", "at": "2026-11-23T15:00:00Z"},
        ),
        (
            "patch cluster.fleet local to new generation 3\ncluster.fleet.cattle.io/local patched\n",
            "fleet-agent-old",
            {"at": "2026-11-23T15:00:00Z"},
        ),
        (
            "Waiting for LH settling down...\nWaiting for longhorn-manager to be upgraded...\n"
            "Waiting for longhorn-manager to be upgraded (1/3)...\n",
            "longhorn-manager",
            {"ready": "1", "nodes": "3", "at": "2026-11-23T15:00:00Z"},
        ),
        (
            "Wait for Rancher dependencies rollout...\nWait for cluster settling down...\n",
            "capi-cluster",
            {"namespace": "fleet-local", "name": "local"},
        ),
    ],
)
def test_a_wait_told_in_several_lines_is_one(log: str, kind: str, fields: dict[str, Any]) -> None:
    events = events_of(log)
    wait = job_log.wait_of(events)
    assert wait is not None
    assert wait["kind"] == kind
    assert fields.items() <= wait.items()
    assert [event["kind"] for event in events].count(kind) == 1


@pytest.mark.parametrize(
    "line",
    [
        "Upgrading Managedchart rancher-logging-crd to 105.1.0",
        "managedchart.management.cattle.io/harvester patched",
        "Clusterrepo rancher-charts catalog index updated.",
        "KubeVirt workloadUpdateMethods is already empty. No patching needed.",
        "[ERROR] Fail to get OS version from upgrade repo.",
    ],
)
def test_a_line_from_outside_of_the_loop_ends_the_wait(line: str) -> None:
    waits = "Waiting for ManagedChart fleet-local/harvester from generation 7\n"
    assert wait_of(waits) is not None
    assert wait_of(waits + line) is None


def test_lines_of_no_release_neither_end_a_wait_nor_count_as_progress() -> None:
    log = WAITS_FOR_FLEET + "something new\n" * 5
    lines = ContainerLog(
        tuple(
            parse_lines(
                "".join(
                    f"2026-11-23T15:00:{i:02d}Z {line}\n" for i, line in enumerate(log.splitlines())
                )
            )
        )
    )
    assert (wait_of(log) or {})["release"] == "fleet"
    assert job_log.last_words(lines) == {
        "text": "something new",
        "since": "2026-11-23T15:00:04Z",
        "known": False,
    }


def test_a_step_that_is_printed_for_ever_is_no_sign_of_life() -> None:
    events = events_of("Upgrading...\n" * 50)
    assert [(event["count"], event["last_at"]) for event in events] == [
        (50, "2026-11-23T15:00:00Z")
    ]


def test_a_completed_release_is_no_wait() -> None:
    line = (
        "completed helm release cattle-fleet-system fleet fleet-106.0.0+up0.12.0 0.12.0 deployed\n"
    )
    assert wait_of(WAITS_FOR_FLEET + line) is None


def test_the_silent_job_of_old_harvester_waits_at_its_headline() -> None:
    wait = wait_of("Upgrading Rancher\nWait for Rancher dependencies helm releases...\n")
    assert wait is not None
    assert wait["kind"] == "rancher-dependencies"


@pytest.mark.parametrize(
    ("line", "kind", "fields"),
    [
        ("Wait for Rancher to be upgraded to v2.11.0...", "rancher-version", {"version": "v2.11.0"}),
        (
            "Waiting for CAPI cluster fleet-local/local to be provisioned (current phase: Provisioned, current generation: 3)...",
            "capi-cluster",
            {"phase": "Provisioned", "generation": "3"},
        ),
        (
            "Waiting for CAPI cluster fleet-local/local to be provisioned (current phase: , current generation: ).",
            "capi-cluster",
            {"phase": "", "generation": ""},
        ),
        ("resource was not created, continue", "fleet-agent-missing", {}),
        ('Error from server (NotFound): deployments.apps "fleet-agent" not found', "fleet-agent-missing", {}),
        ('Error from server (NotFound): statefulsets.apps "fleet-agent" not found', "fleet-agent-missing", {}),
        ("waiting for statefulset fleet-agent to be created in namespace x, sleeping", "fleet-agent-missing", {}),
        ("waiting for fleet-agent creation timestamp to be updated", "fleet-agent-old", {}),
        ("fleet-agent is old, 1729774674 < 1729774999, continue", "fleet-agent-old", {}),
        ("wait for new field agentTLSMode in clusters.fleet.cattle.io crd", "field-agent-tls-mode", {"where": "crd"}),
        (
            "wait for new field agentTLSMode in cattle-fleet-system/fleet-controller configmap",
            "field-agent-tls-mode",
            {"where": "configmap"},
        ),
        (
            "cluster.fleet -n fleet-local local condition Imported is not updated, 1 < 2, status is True, continue",
            "not-imported",
            {"detail": "not updated"},
        ),
        (
            "cluster.fleet -n fleet-local local condition Imported is not found, continue",
            "not-imported",
            {"detail": "not found"},
        ),
        ("Waiting for plan p-skip-restart-rancher-system-agent to complete...", "plan", {"name": "p-skip-restart-rancher-system-agent"}),
        ("Wait for upgrade repo ready...", "upgrade-repo", {"detail": "Wait for upgrade repo ready"}),
        ('Failed to download the requested file from "http://x" to "y" with error code: 22, retrying (1)...', "upgrade-repo", {}),
        ("Waiting for ManagedChart fleet-local/harvester from generation 7", "managed-chart", {"name": "harvester"}),
        (
            "wait rollout -n cattle-fleet-system deployment fleet-controller",
            "rollout",
            {"namespace": "cattle-fleet-system", "workload": "deployment", "name": "fleet-controller"},
        ),
    ],
)  # fmt: skip
def test_every_line_that_can_hold_the_job(line: str, kind: str, fields: dict[str, str]) -> None:
    wait = wait_of("Upgrading Rancher\n" + line)
    assert wait is not None
    assert wait["kind"] == kind
    assert fields.items() <= wait.items()
    assert kind in job_log.WAITS


@pytest.mark.parametrize(
    ("line", "kind", "fields"),
    [
        ("Skip update Rancher. The version is already v2.11.0", "rancher-skipped", {"version": "v2.11.0"}),
        (
            'Error from server (NotFound): clusterrepos.catalog.cattle.io "rancher-charts" not found',
            "cluster-repo-not-found",
            {"name": "rancher-charts"},
        ),
        (
            'Error from server (NotFound): settings.management.cattle.io "chart-default-branch" not found',
            "setting-not-found",
            {"name": "chart-default-branch"},
        ),
        (
            "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
            "upgrade-failed",
            {"detail": "another operation (install/upgrade/rollback) is in progress"},
        ),
        ("both apiServerURL and apiServerCA saved values are empty, skip restoring", "fleet-config-not-restored", {}),
        ("Version checking failed. Abort.", "version-guard", {"detail": "Version checking failed. Abort"}),
        ("Upgrading Harvester Cluster Repo", "next-phase", {"phase": "Upgrading Harvester Cluster Repo"}),
        ("CAPI cluster fleet-local/local is provisioned (current generation: 4).", "capi-cluster-provisioned", {}),
        ('deployment "rancher" successfully rolled out', "rollout-finished", {}),
        ("fleet-agent is new, 2 >= 1", "fleet-agent-redeployed", {}),
        ("cluster.fleet -n fleet-local local condition Imported is updated, 2 >= 1, status is True", "imported", {}),
        ("new field agentTLSMode is found in clusters.fleet.cattle.io crd", "field-agent-tls-mode-found", {}),
    ],
)  # fmt: skip
def test_lines_that_end_a_wait_or_report(line: str, kind: str, fields: dict[str, str]) -> None:
    events = events_of(WAITS_FOR_FLEET + line)
    assert events[-1]["kind"] == kind
    assert fields.items() <= events[-1].items()
    assert job_log.wait_of(events) is None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "echo wait helm release a b c d e",
        "x" * 5000,
    ],
)
def test_other_lines_mean_nothing(line: str) -> None:
    assert events_of(line) == []


def test_the_release_file_at_the_top() -> None:
    lines = parse_lines(UP_TO_RANCHER + WAITS_FOR_FLEET)
    assert job_log.release_file_of(lines) == {
        "harvester": "v1.5.0",
        "rancher": "v2.11.0",
        "kubernetes": "v1.32.3+rke2r1",
        "min_upgradable_version": "v1.4.2",
        "rancher_dependencies": {
            "fleet": {"chart": "106.0.0+up0.12.0", "app": "0.12.0"},
            "fleet-crd": {"chart": "106.0.0+up0.12.0", "app": "0.12.0"},
            "rancher-webhook": {"chart": "106.0.0+up0.7.0", "app": "0.7.0"},
        },
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RELEASE_FILE.rstrip("\n") + 'Downloading the file from "x"...\n', True),
        ("harvester: v1\nrancher: v2.11.0\n", True),
        ("", False),
        ("harvester: [\n", False),
        ("harvester: &a [*a]\n", False),
        ("  harvester: v1\n", False),
    ],
)
def test_release_files_found_and_not(text: str, found: bool) -> None:
    assert (job_log.release_file_of(parse_lines(text)) is not None) is found


@given(st.lists(st.sampled_from((UP_TO_RANCHER + WAITS_FOR_FLEET).splitlines()) | st.text()))
def test_no_log_makes_it_raise(lines: list[str]) -> None:
    parsed = parse_lines("\n".join(lines))
    events = job_log.events_of(ContainerLog(tuple(parsed)))
    job_log.wait_of(events)
    job_log.release_file_of(parsed)
    numbers = [event["line"] for event in events]
    assert numbers == sorted(numbers)
