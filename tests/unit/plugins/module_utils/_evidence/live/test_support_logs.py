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
    assert list(logs.files) == ["cattle-system/rancher-1/main.log"]
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
