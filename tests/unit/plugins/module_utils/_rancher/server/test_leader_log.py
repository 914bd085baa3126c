# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.log_lines import (
    LogLine,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.leader_log import (
    matches_of,
)

SKIP = (
    "Skipping installing/upgrading desired version 106.0.0+up0.12.0 for release fleet, since current version "
    "106.0.0+up0.12.0-rc.3 is greater or equal to minimal required version 106.0.0+up0.12.0"
)


def only(text: str) -> dict[str, Any]:
    (match,) = matches_of([LogLine("2026-11-23T15:00:00Z", text)])
    return match


@pytest.mark.parametrize(
    ("message", "kind", "fields"),
    [
        (
            SKIP,
            "skip-min",
            {
                "desired": "106.0.0+up0.12.0",
                "release": "fleet",
                "current": "106.0.0+up0.12.0-rc.3",
                "min": "106.0.0+up0.12.0",
            },
        ),
        (
            'Failed to find system chart fleet will try again in 5 seconds: configmaps "" not found',
            "find-failed",
            {"chart": "fleet", "detail": 'configmaps "" not found'},
        ),
        (
            "Failed to install system chart fleet: no chart version found for fleet-106.0.0+up0.12.0",
            "install-failed",
            {"chart": "fleet", "detail": "no chart version found for fleet-106.0.0+up0.12.0"},
        ),
        (
            "Failed to install system chart fleet (release name: fleet): specified version 1.0.0 doesn't exist in the index",
            "install-failed",
            {"chart": "fleet", "release": "fleet", "detail": "specified version 1.0.0 doesn't exist in the index"},
        ),
        (
            "Failed to install system chart fleet: failed to install fleet, pod cattle-system/helm-operation-abc exited 1",
            "pod-exited",
            {"chart": "fleet", "pod": "cattle-system/helm-operation-abc", "exit_code": 1},
        ),
        # What Rancher really prints: the chart's name is left out in the second half.
        (
            "Failed to install system chart fleet: failed to install , pod cattle-system/helm-operation-x exited 123",
            "pod-exited",
            {"chart": "fleet", "pod": "cattle-system/helm-operation-x", "exit_code": 123},
        ),
        (
            "[ERROR] failed to install , pod cattle-system/helm-operation-x exited 1",
            "pod-exited",
            {"pod": "cattle-system/helm-operation-x", "exit_code": 1},
        ),
        (
            "Failed to install system chart fleet: failed to install , pod cattle-system/helm-operation-abc exited 1",
            "pod-exited",
            {"chart": "fleet", "pod": "cattle-system/helm-operation-abc", "exit_code": 1},
        ),
        (
            "Failed to install system chart fleet (release name: f): failed to install , pod a/b exited 123",
            "pod-exited",
            {"chart": "fleet", "release": "f", "pod": "a/b", "exit_code": 123},
        ),
        (
            "Failed to install system chart fleet: pod cattle-system/helm-operation-abc failed, watch closed",
            "pod-failed",
            {"chart": "fleet", "pod": "cattle-system/helm-operation-abc"},
        ),
        (
            "available chart version (1.0.0) for fleet is less than the min version (2.0.0)",
            "available-below-minimum",
            {"chart": "fleet", "available": "1.0.0", "min": "2.0.0"},
        ),
        ("failed to unmarshal 'fleet' value", "config-invalid", {"key": "fleet"}),
        ("[systemcharts] Failed to get chart values for rancher-webhook: x", "config-invalid", {"chart": "rancher-webhook"}),
        (
            'failed calling webhook "rancher.cattle.io.clusters": Post "https://x": service "rancher-webhook" not found',
            "webhook-call-failed",
            {"webhook": "rancher.cattle.io.clusters", "service": "rancher-webhook"},
        ),
        (
            'failed calling webhook "rancher.cattle.io.clusters": connection refused',
            "webhook-call-failed",
            {"webhook": "rancher.cattle.io.clusters"},
        ),
        (
            "Skipping handler for clusterrepo rancher-charts. NumberOfRetries is 0, ClusterRepo Generation is 2, "
            "ObservedGeneration is 2, LastUpdated plus interval is T, now is N",
            "repo-handler-skipped",
            {"name": "rancher-charts"},
        ),
        ("Rancher version v2.11.0 (abcdef) is starting", "starting", {"version": "v2.11.0"}),
        ("Rancher version v2.11.0 is starting", "starting", {"version": "v2.11.0"}),
        ("[systemcharts] install system-upgrade-controller: true (x)", "system-upgrade-controller", {"wanted": "true"}),
        (
            'Charts URL for "rancher-charts" set to https://x/y, which is not the default',
            "charts-url",
            {"name": "rancher-charts", "url": "https://x/y"},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("layout", ["2026/11/23 15:00:00 [ERROR] {}", 'level=error msg="{}"', "{}"])
def test_every_telling_line(message: str, kind: str, fields: dict[str, Any], layout: str) -> None:
    match = only(layout.format(message))
    assert match["kind"] == kind
    assert fields.items() <= match.items()
    if layout != "{}" and not message.startswith("[systemcharts]"):
        assert match["level"] == "error"


def test_without_the_name_of_a_chart_the_pod_still_tells() -> None:
    match = only("failed to install , pod a/b exited 1")
    assert (match["kind"], match["pod"], match.get("chart")) == ("pod-exited", "a/b", None)
    assert only("failed to install fleet, pod a/b exited 1")["chart"] == "fleet"


def test_quotes_escaped_by_the_logger() -> None:
    match = only(r'level=error msg="failed calling webhook \"a.b\": x service \"s\" not found"')
    assert (match["webhook"], match["service"]) == ("a.b", "s")


def test_a_line_every_five_seconds_is_one_match() -> None:
    loop = [
        LogLine(f"2026-11-23T15:{minute:02d}:00Z", line)
        for minute in range(10)
        for line in (
            f"[DEBUG] {SKIP}",
            "[INFO] something else",
            "[ERROR] failed to unmarshal 'x' value",
        )
    ]
    first, second = matches_of(loop)
    assert (first["count"], first["at"], first["last_at"]) == (
        10,
        "2026-11-23T15:00:00Z",
        "2026-11-23T15:09:00Z",
    )
    assert (first["level"], second["level"]) == ("debug", "error")
