# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.support_logs import (
    read_support_logs,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)


class Pods:
    """An API with pods by namespace; one log fails, one namespace is forbidden."""

    def __init__(self, forbidden: str = "", code: str = "forbidden") -> None:
        self.forbidden, self.code = forbidden, code

    def list(self, path: str, **_options: Any) -> list[dict[str, Any]]:
        if self.forbidden and self.forbidden in path:
            raise RemediationError(self.code, f"Pods in {self.forbidden} may not be listed.")
        if "cattle-system" not in path:
            return []
        names = ("rancher-1", "rancher-webhook-1", "helm-operation-a")
        return [
            {"metadata": {"name": name}, "spec": {"containers": [{"name": "main"}]}}
            for name in names
        ]

    def pod_log(self, _namespace: str, pod: str, _container: str, **_options: Any) -> str:
        if pod == "helm-operation-a":
            raise RemediationError("not-found", "The pod is gone.")
        return "level=info Authorization: Bearer abcdef0123456789abcdef\n"


def read(pods: Pods) -> Any:
    return read_support_logs(cast(KubeClient, pods), limit_bytes=1000)


def test_logs_come_without_credentials_and_each_pod_once() -> None:
    logs = read(Pods())
    assert list(logs.files) == [
        "cattle-system/rancher-1/main.log",
        "cattle-system/rancher-webhook-1/main.log",
    ]
    assert "abcdef0123456789" not in logs.files["cattle-system/rancher-1/main.log"]


def test_a_log_that_cannot_be_read_is_named_and_stops_nothing() -> None:
    missing = {each["what"]: each["reason"] for each in read(Pods("cattle-fleet-system")).missing}
    assert missing == {
        "cattle-system/helm-operation-a/main.log": "The pod is gone.",
        "Pods in cattle-fleet-system": "Pods in cattle-fleet-system may not be listed.",
    }


def test_an_upgrade_plan_has_its_job_and_its_controller_there() -> None:
    asked: list[str | None] = []

    class Selected(Pods):
        def list(self, path: str, **options: Any) -> list[dict[str, Any]]:
            asked.append(options.get("label_selector"))
            return super().list(path, **options)

    read(Selected())
    assert "management.harvesterhci.io/upgrade-component=cluster-upgrade" in asked
    assert "app.kubernetes.io/name in (upgrade-toolkit, harvester-upgrade)" in asked


def test_without_a_connection_there_is_no_archive() -> None:
    with pytest.raises(RemediationError, match="may not be listed"):
        read(Pods("harvester-system", "server-unreachable"))


class LongLogs(Pods):
    """Logs as the API server cuts them: the end by lines, then the beginning by bytes."""

    def __init__(self, lines: int = 1000, restarts: int = 0) -> None:
        super().__init__()
        self.lines, self.restarts = lines, restarts
        self.asked: list[tuple[str, bool]] = []

    def list(self, path: str, **_options: Any) -> list[dict[str, Any]]:
        if "/namespaces/cattle-system/" not in path:
            return []
        statuses = [{"name": "main", "restartCount": self.restarts}]
        pod = {"spec": {"containers": [{"name": "main"}]}, "metadata": {"name": "rancher-1"}}
        return [{**pod, "status": {"containerStatuses": statuses}}]

    def pod_log(self, _namespace: str, pod: str, _container: str, **options: Any) -> str:
        self.asked.append((pod, bool(options.get("previous"))))
        what = "before" if options.get("previous") else "now"
        lines = [f"2026-11-23T15:00:00.{number:09}Z {what}\n" for number in range(self.lines)]
        text = "".join(lines[-options["tail_lines"] :] if options.get("tail_lines") else lines)
        return text[: options.get("limit_bytes") or len(text)]


def test_of_a_long_log_the_newest_lines_are_kept() -> None:
    logs = read_support_logs(cast(KubeClient, LongLogs()), limit_bytes=500)
    lines = logs.files["cattle-system/rancher-1/main.log"].splitlines()
    assert lines[-1] == "2026-11-23T15:00:00.000000999Z now"
    assert lines[0].startswith("2026-11-23T15:00:00.0000009"), "it starts with a whole line"
    assert sum(len(line) + 1 for line in lines) <= 500
    (cut,) = logs.missing
    assert cut["what"] == "cattle-system/rancher-1/main.log"
    assert "500 bytes" in cut["reason"]


def test_a_log_that_fits_is_kept_whole() -> None:
    logs = read_support_logs(cast(KubeClient, LongLogs(lines=3)), limit_bytes=1000)
    assert logs.files["cattle-system/rancher-1/main.log"].count("\n") == 3
    assert logs.missing == []


def test_a_line_longer_than_the_limit_is_kept_in_part() -> None:
    class OneLine(LongLogs):
        def pod_log(self, *_arguments: str, **_options: Any) -> str:
            return "x" * 5000

    logs = read_support_logs(cast(KubeClient, OneLine()), limit_bytes=500)
    assert logs.files["cattle-system/rancher-1/main.log"] == "x" * 500


def test_of_a_container_that_has_restarted_the_previous_log_is_read_too() -> None:
    pods = LongLogs(lines=2, restarts=3)
    files = read_support_logs(cast(KubeClient, pods), limit_bytes=1000).files
    assert list(files) == [
        "cattle-system/rancher-1/main.log",
        "cattle-system/rancher-1/main.log.1",
    ]
    assert "before" in files["cattle-system/rancher-1/main.log.1"]
    once = LongLogs(lines=2)
    read_support_logs(cast(KubeClient, once), limit_bytes=1000)
    assert not [each for each in once.asked if each[1]], "one that never restarted has none"


def test_all_logs_together_have_a_limit_and_the_job_comes_first() -> None:
    class Many(LongLogs):
        def list(self, path: str, **options: Any) -> list[dict[str, Any]]:
            if "/namespaces/harvester-system/" in path:
                job = "upgradeComponent=manifest" in str(options.get("label_selector"))
                names = ["job-1"] if job else []
            else:
                names = [f"rancher-{number}" for number in range(40)]
            containers = {"spec": {"containers": [{"name": "main"}]}}
            return [{**containers, "metadata": {"name": name}} for name in names]

    logs = read_support_logs(
        cast(KubeClient, Many(lines=10)), limit_bytes=1000, total_bytes=5 * 350 + 10
    )
    assert next(iter(logs.files)) == "harvester-system/job-1/main.log"
    assert sum(map(len, logs.files.values())) <= 5 * 350 + 10
    left_out = [each for each in logs.missing if "limit" in each["reason"]]
    assert left_out
    assert {each["what"] for each in left_out}.isdisjoint(logs.files)


def test_a_container_that_has_not_started_has_no_log_to_miss() -> None:
    class Starting(LongLogs):
        def list(self, path: str, **options: Any) -> list[dict[str, Any]]:
            pods = super().list(path, **options)
            for pod in pods:
                pod["spec"]["initContainers"] = [{"name": "early"}, {"name": "late"}]
                ended = {"name": "early", "state": {"terminated": {"exitCode": 1}}}
                waits = {"name": "late", "state": {"waiting": {"reason": "PodInitializing"}}}
                pod["status"]["initContainerStatuses"] = [ended, waits]
            return pods

    logs = read_support_logs(cast(KubeClient, Starting(lines=1)), limit_bytes=1000)
    assert [name.rpartition("/")[2] for name in logs.files] == ["early.log", "main.log"]
    assert logs.missing == []
