# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.pods import (
    DEPLOYMENT,
    LEADER_LEASE,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._steps.setting import (
    set_value,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

SHELL = "/apis/management.cattle.io/v3/settings/shell-image"
PIN = "rancher/shell:v0.1.26"


def cluster_with(source: str = "", env: tuple[dict[str, Any], ...] = ()) -> Cluster:
    cluster = Cluster()
    metadata = {"name": "shell-image", "uid": "u", "resourceVersion": "7"}
    cluster.add(SHELL, {"metadata": metadata, "value": PIN, "source": source})
    template = {"spec": {"containers": [{"name": "rancher", "env": list(env)}]}}
    cluster.add(DEPLOYMENT, {"metadata": {"name": "rancher"}, "spec": {"template": template}})
    cluster.add(LEADER_LEASE, {"metadata": {"name": "l"}, "spec": {"holderIdentity": "r-1_x"}})
    return cluster


def process(*variables: str) -> Any:
    """Exec in the leader's pod, which finds these variables."""

    def exec_in(*arguments: Any, on_stdout: Any, **_options: Any) -> ExecResult:
        assert arguments[2] == "r-1"
        on_stdout("".join(f"{each}\0" for each in variables).encode())
        return ExecResult(b"", b"", 0, "")

    return exec_in


def refused(*_arguments: Any, **_options: Any) -> ExecResult:
    raise RemediationError("forbidden", "no exec")


SERVER = "CATTLE_SERVER_VERSION=v2.11.0"


@pytest.mark.parametrize("source", ["", "env"])
def test_it_is_written_where_the_process_does_not_have_the_variable(source: str) -> None:
    cluster = cluster_with(source)
    change = set_value(cluster, "shell-image", "", PIN, exec_in=process(SERVER))
    assert change.changed
    assert cluster.objects[SHELL]["value"] == ""


@pytest.mark.parametrize(
    ("cluster", "exec_in"),
    [
        (cluster_with(), process(SERVER, "CATTLE_SHELL_IMAGE=x")),
        (cluster_with("env"), refused),
        (cluster_with(env=({"name": "CATTLE_SHELL_IMAGE", "value": "x"},)), refused),
        (cluster_with(env=({"name": "CATTLE_SHELL_IMAGE", "valueFrom": {}},)), refused),
    ],
    ids=["process", "source", "deployment", "elsewhere"],
)
def test_it_is_refused_where_the_environment_overrules_it(cluster: Cluster, exec_in: Any) -> None:
    with pytest.raises(RemediationError, match="CATTLE_SHELL_IMAGE") as caught:
        set_value(cluster, "shell-image", "", PIN, exec_in=exec_in)
    assert caught.value.code == "refused"
    assert cluster.objects[SHELL]["value"] == PIN


def test_without_exec_a_setting_that_no_environment_claims_is_written() -> None:
    assert set_value(cluster_with(), "shell-image", "", PIN, exec_in=refused).changed


def test_without_a_rancher_nothing_overrules_it() -> None:
    cluster = cluster_with()
    del cluster.objects[DEPLOYMENT]
    assert set_value(cluster, "shell-image", "", PIN, exec_in=refused).changed
