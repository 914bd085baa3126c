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
        ("upgrade-repo", 1),
        ("upgrade-repo", 1),
        ("upgrade-repo-ready", 2),
        ("plan", 2),
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
        "managedchart.management.cattle.io/harvester patched",
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
