# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands in pods, through a real API server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import auth
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.exec import (
    ExecResult,
    exec_in_pod,
)
from controlplane.handle import ControlPlane

NAMESPACE, POD = "default", "for-exec"


@pytest.fixture(scope="module")
def work(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which commands of the pod run."""
    folder = tmp_path_factory.mktemp("work")
    control_plane.wait_for(
        "the default service account",
        lambda: control_plane.kubectl("get", "serviceaccount", "default", check=False).returncode
        == 0,
    )
    control_plane.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": POD, "namespace": NAMESPACE},
            "spec": {"containers": [{"name": "main", "image": "registry.test/app:1"}]},
        }
    )
    control_plane.kubectl("wait", "--for=condition=Ready", f"pod/{POD}", "--timeout=120s")
    control_plane.set_exec(NAMESPACE, POD, work_dir=folder)
    yield folder
    control_plane.kubectl("delete", "pod", POD, "--wait=false")


@pytest.fixture
def client(control_plane: ControlPlane) -> KubeClient:
    return KubeClient(auth.resolve({"kubeconfig": str(control_plane.kubeconfig)}))


def run(client: KubeClient, *argv: str, timeout: float = 30) -> ExecResult:
    return exec_in_pod(client, NAMESPACE, POD, "main", argv, timeout=timeout)


def test_three_megabytes_come_back_byte_for_byte(client: KubeClient, work: Path) -> None:
    content = hashlib.shake_256(b"seed").digest(3_000_000)
    (work / "blob").write_bytes(content)
    result = run(client, "cat", "blob")
    assert result.ok
    assert hashlib.sha256(result.stdout).digest() == hashlib.sha256(content).digest()


def test_arguments_reach_the_program_as_they_are(client: KubeClient, work: Path) -> None:
    del work
    result = run(client, "printf", "%s|", "a b", "$HOME", "c&d+e", "ü")
    assert result.stdout.decode() == "a b|$HOME|c&d+e|ü|"


def test_the_two_outputs_are_apart(client: KubeClient, work: Path) -> None:
    del work
    result = run(client, "sh", "-c", "echo out; echo err >&2")
    assert (result.stdout, result.stderr) == (b"out\n", b"err\n")


def test_a_command_that_fails_is_a_result(client: KubeClient, work: Path) -> None:
    del work
    result = run(client, "sh", "-c", "echo partial; exit 3")
    assert not result.ok
    # A kubelet names the code; the kubelet of the test bed does not.
    assert result.exit_code in (3, None)
    assert result.error
    assert result.stdout == b"partial\n"


def test_a_command_that_does_not_end_is_left_at_the_deadline(
    client: KubeClient, work: Path
) -> None:
    del work
    with pytest.raises(RemediationError) as caught:
        run(client, "sleep", "20", timeout=1)
    assert caught.value.code == "timeout"
    assert f"Pod/{NAMESPACE}/{POD}" in caught.value.message


def test_a_pod_that_is_not_there(client: KubeClient) -> None:
    with pytest.raises(RemediationError) as caught:
        exec_in_pod(client, NAMESPACE, "nobody", "main", ["true"], timeout=5)
    assert caught.value.code == "not-found"


def test_a_user_who_may_not(control_plane: ControlPlane, work: Path) -> None:
    del work
    client = KubeClient(auth.resolve({"kubeconfig": str(control_plane.user("no-exec"))}))
    with pytest.raises(RemediationError) as caught:
        run(client, "true")
    assert caught.value.code == "forbidden"
    assert "pods/exec" in caught.value.remedy


def test_impersonation_holds_for_streams_too(control_plane: ControlPlane, work: Path) -> None:
    del work
    params = {"kubeconfig": str(control_plane.kubeconfig), "impersonate_user": "no-exec"}
    with pytest.raises(RemediationError) as caught:
        run(KubeClient(auth.resolve(params)), "true")
    assert caught.value.code == "forbidden"
