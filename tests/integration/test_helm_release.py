# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""helm_release with real Helm 3 and Helm 4 on a real control plane."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.tests.integration.harvester_objects import (
    install_kinds,
    new,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.unit.builders.charts import (
    CONFIG_MAP,
    write_chart,
)
from controlplane.handle import ControlPlane

RC, GA, NEXT = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0", "106.0.1+up0.12.1"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: fleet-controller
spec:
  selector:
    matchLabels: {app: {{ .Values.label }}}
  template:
    metadata:
      labels: {app: {{ .Values.label }}}
      annotations: {controlplane.test/not-ready: {{ .Values.notReady | quote }}}
    spec:
      containers:
        - {name: fleet-controller, image: "rancher/fleet:v{{ .Chart.AppVersion }}"}
"""
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: fleet-cleanup
  annotations:
    helm.sh/hook: post-upgrade
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {controlplane.test/exit-code: {{ .Values.hookExitCode | quote }}}
    spec:
      restartPolicy: Never
      containers:
        - {name: cleanup, image: "rancher/fleet:v{{ .Chart.AppVersion }}"}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: fleet-token}
stringData: {token: {{ .Values.token | default "none" | quote }}}
"""
DEFAULTS = 'greeting: hello\nlabel: fleet\nnotReady: "false"\nhookExitCode: 0\n'
TEMPLATES = {"notes.yaml": CONFIG_MAP, "controller.yaml": DEPLOYMENT, "secret.yaml": SECRET}

_DENY_DELETION = [
    new(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        "keep-release-secrets",
        spec={
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["DELETE"],
                        "resources": ["secrets"],
                    }
                ]
            },
            "validations": [{"expression": "false", "message": "no route match found for DELETE"}],
        },
    ),
    new(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        "keep-release-secrets",
        spec={
            "policyName": "keep-release-secrets",
            "validationActions": ["Deny"],
            "matchResources": {
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": "harvester-system"}
                }
            },
        },
    ),
]


@dataclass(frozen=True)
class Site:
    """A namespace with release fleet, charts for it, and one of the two helms."""

    control_plane: ControlPlane
    run: ModuleRun
    helm: Path
    namespace: str
    charts: Path

    def chart(self, version: str, **templates: str) -> Path:
        """A chart of fleet in a version, with more templates or others."""
        return write_chart(
            self.charts, "fleet", version, templates={**TEMPLATES, **templates}, values=DEFAULTS
        )

    def start_helm(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Run the real helm beside us, as a person or Rancher would."""
        return subprocess.Popen(
            [str(self.helm), "--namespace", self.namespace, *arguments],
            env=self.control_plane.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def run_helm(self, *arguments: str) -> None:
        """Run the real helm to its end."""
        process = self.start_helm(*arguments)
        _stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr

    def uninstalled(self) -> bool:
        """Have helm uninstall the release; whether it could."""
        process = self.start_helm("uninstall", "fleet")
        process.communicate(timeout=60)
        return process.returncode == 0

    def install(self, version: str = RC) -> None:
        """Install the release."""
        self.run_helm("install", "fleet", str(self.chart(version)))

    def upgrade(self, version: str = GA, **options: Any) -> dict[str, Any]:
        """The options of an upgrade to a version."""
        if "chart_path" not in options:
            options["chart_path"] = str(self.chart(version))
        return {
            "state": "upgraded",
            "chart_version": version,
            "values": {"greeting": "hi"},
            **options,
        }

    def read(self) -> dict[str, Any]:
        """The release as helm_release_info tells it."""
        release = {"namespace": self.namespace, "release": "fleet"}
        found = self.run("helm_release_info", releases=[release], decode="all", with_values=True)
        release_found: dict[str, Any] = found["releases"][f"{self.namespace}/fleet"]
        return release_found

    def status(self) -> str:
        """The status on the label of the last revision's Secret: quick to look at while waiting."""
        where = ("-n", self.namespace, "-l", "owner=helm,name=fleet")
        labels = [
            each["metadata"]["labels"] for each in self.control_plane.get("secret", *where)["items"]
        ]
        return str(max(labels, key=lambda each: int(each["version"]))["status"])

    def wait_for_status(self, status: str) -> None:
        """Wait until the last revision has a status."""
        self.control_plane.wait_for(status, lambda: self.status() == status, timeout=90)

    def secret(self, revision: int) -> dict[str, Any]:
        """The Secret of a revision."""
        name = f"sh.helm.release.v1.fleet.v{revision}"
        found: dict[str, Any] = self.control_plane.get("secret", name, "-n", self.namespace)
        return found

    def back_up(self, revision: int) -> dict[str, Any]:
        """Save a revision's Secret; the options that name the file."""
        content = json.dumps(self.secret(revision)).encode()
        path = self.charts / f"backup-{revision}.json"
        path.write_bytes(content)
        return {
            "backup_path": str(path),
            "backup_sha256": hashlib.sha256(content).hexdigest(),
        }

    def lock(self, version: str = GA) -> subprocess.Popen[bytes]:
        """Start an upgrade that waits for a pod that does not get ready: the release is pending."""
        chart = str(self.chart(version))
        slow = ("--set", "notReady=true", "--wait", "--timeout", "90s")
        process = self.start_helm("upgrade", "fleet", chart, *slow)
        self.wait_for_status("pending-upgrade")
        self.control_plane.wait_for("a pod", self.pods)
        return process

    def pods(self) -> list[str]:
        """Names of the pods of fleet-controller that are not ready on purpose."""
        found = self.control_plane.get("pods", "-n", self.namespace)["items"]
        slow = [each for each in found if _annotation(each) == "true"]
        return [each["metadata"]["name"] for each in slow]

    def release_pods(self) -> None:
        """Let the pods get ready."""
        for pod in self.pods():
            self.control_plane.kubectl(
                *("annotate", "pod", pod, "-n", self.namespace, "controlplane.test/not-ready-")
            )


def _annotation(pod: dict[str, Any]) -> str | None:
    annotations = pod["metadata"].get("annotations") or {}
    value: str | None = annotations.get("controlplane.test/not-ready")
    return value


@pytest.fixture(scope="module", autouse=True)
def _kinds(control_plane: ControlPlane) -> None:
    install_kinds(control_plane)


@pytest.fixture(params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest, control_plane: ControlPlane) -> Path:
    program: Path = getattr(control_plane, request.param)
    return program


@pytest.fixture
def site(
    control_plane: ControlPlane, helm: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Site]:
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]
    namespace = f"fleet-{digest}"
    control_plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    charts = tmp_path / "charts"
    charts.mkdir()
    yield Site(control_plane, ModuleRun(control_plane, tmp_path), helm, namespace, charts)
    control_plane.kubectl("delete", "namespace", namespace, "--wait=false")


def call(site: Site, **options: Any) -> dict[str, Any]:
    return site.run("helm_release", **_options(site, options))


def fail(site: Site, **options: Any) -> dict[str, Any]:
    return site.run.error("helm_release", **_options(site, options))


def _options(site: Site, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "namespace": site.namespace,
        "release": "fleet",
        "helm_binary": str(site.helm),
        "timeout": 30,
        **options,
    }


def test_a_release_candidate_becomes_the_release(site: Site) -> None:
    site.install()
    options = site.upgrade(expected_revision=1, expected_uid=site.secret(1)["metadata"]["uid"])
    result = call(site, **options)
    assert result["changed"]
    assert result["before"]["chart_version"] == RC
    assert (result["after"]["revision"], result["after"]["chart_version"]) == (2, GA)
    # Rendered and applied; for a release that the server applies helm is asked for conflicts between.
    assert result["helm"]["runs"] == (3 if result["before"]["apply_method"] == "ssa" else 2)
    assert site.read()["last"]["config"] == {"greeting": "hi"}
    deployment = site.control_plane.get("deployment", "fleet-controller", "-n", site.namespace)
    assert deployment["status"]["readyReplicas"] == 1

    second = call(site, **options)
    assert not second["changed"]
    assert second["helm"]["runs"] == 0
    assert len(site.read()["revisions"]) == 2


def test_check_mode_shows_the_change_and_writes_nothing(site: Site) -> None:
    site.install()
    before = site.control_plane.get("all,secret,configmap", "-n", site.namespace)["items"]
    options = site.upgrade(values={"greeting": "hi", "adminPassword": "hunter2"})
    result = call(site, check=True, diff=True, **options)
    assert result["changed"]
    assert result["after"]["chart_version"] == result["diff"]["after"]["chart_version"] == GA
    assert result["diff"]["before"]["chart_version"] == RC
    assert result["diff"]["after"]["values"]["greeting"] == "hi"
    objects = [result["diff"][side]["objects"] for side in ("before", "after")]
    assert objects[1]
    assert objects[0] != objects[1]
    assert "hunter2" not in json.dumps(result)
    after = site.control_plane.get("all,secret,configmap", "-n", site.namespace)["items"]
    versions = [
        {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] for each in objects}
        for objects in (before, after)
    ]
    assert versions[0] == versions[1]


def test_values_and_tokens_are_on_no_command_line(site: Site) -> None:
    """The processes are looked at while helm runs: everybody on the machine can see them."""
    site.install()
    options = site.upgrade(values={"notReady": "true", "token": "hunter2"}, timeout=20)
    process = site.run.start("helm_release", **_options(site, options))
    site.wait_for_status("pending-upgrade")
    lines = [
        path.read_bytes()
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if os.access(path, os.R_OK)
    ]
    assert any(b"upgrade\0fleet\0" in line for line in lines)
    assert not any(b"hunter2" in line for line in lines)
    site.control_plane.wait_for("a pod", site.pods)
    site.release_pods()
    stdout, _stderr = process.communicate(timeout=60)
    result = json.loads(stdout)
    assert result["changed"], result
    assert "hunter2" not in stdout


def test_another_revision_than_expected_is_refused(site: Site) -> None:
    site.install()
    error = fail(site, **site.upgrade(expected_revision=7))
    assert error["code"] == "precondition-failed"
    assert error["details"]["seen"]["revision"] == 1
    assert len(site.read()["revisions"]) == 1


def test_another_chart_is_refused_before_helm_starts(site: Site) -> None:
    site.install()
    error = fail(site, **site.upgrade(GA, chart_path=str(site.chart(NEXT))))
    assert error["code"] == "chart-mismatch"
    wrong = fail(site, **site.upgrade(GA, chart_digest="0" * 64))
    assert wrong["code"] == "chart-digest-mismatch"
    assert len(site.read()["revisions"]) == 1


STRANGER = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: fleet-config}
"""


def test_ownership_is_taken_after_helm_complained(site: Site) -> None:
    site.install()
    site.control_plane.apply(new("v1", "ConfigMap", "fleet-config", site.namespace))
    path = str(site.chart(GA, **{"config.yaml": STRANGER}))
    refused = fail(site, **site.upgrade(chart_path=path, take_ownership="never"))
    assert refused["details"]["reason"] == "ownership"
    assert "fleet-config" in refused["message"]
    assert len(site.read()["revisions"]) == 1
    result = call(site, **site.upgrade(chart_path=path))
    assert result["took_ownership"]
    assert result["helm"]["runs"] == (4 if result["before"]["apply_method"] == "ssa" else 3)
    assert result["after"]["chart_version"] == GA


def test_a_timeout_leaves_a_failed_release_that_can_be_upgraded(site: Site) -> None:
    site.install()
    options = site.upgrade(values={"notReady": "true"}, timeout=3)
    error = fail(site, **options)
    assert error["code"] == "helm-failed"
    assert error["details"]["reason"] == "timed-out"
    assert f"Release/{site.namespace}/fleet" in error["message"]
    assert "is now failed" in error["message"]
    assert call(site, **site.upgrade())["after"]["status"] == "deployed"


def test_a_failing_hook_is_named(site: Site) -> None:
    site.install()
    path = str(site.chart(GA, **{"hook.yaml": HOOK}))
    error = fail(site, **site.upgrade(chart_path=path, values={"hookExitCode": 1}))
    assert error["details"]["reason"] == "hook-failed"
    assert error["details"]["after"]["status"] == "failed"


@pytest.mark.parametrize("force", [False, True])
def test_an_immutable_field_is_named_and_force_is_no_way_out(site: Site, force: bool) -> None:
    site.install()
    error = fail(site, **site.upgrade(values={"label": "other"}, force=force))
    assert "also not with force" in error["remedy"]
    assert error["details"]["reason"] == "immutable"
    assert "fleet-controller" in error["message"]


@pytest.mark.parametrize("server_side", [False, True])
def test_force_is_spelled_as_the_helm_at_hand_wants_it(site: Site, server_side: bool) -> None:
    if server_side and site.helm != site.control_plane.helm4:
        site.install()
        assert site.read()["last"]["apply_method"] == "csa"
    else:
        flag = (
            []
            if site.helm == site.control_plane.helm3
            else [f"--server-side={server_side}".lower()]
        )
        site.run_helm("install", "fleet", str(site.chart(RC)), *flag)
    method = site.read()["last"]["apply_method"]
    result = call(site, **site.upgrade(force=True))
    assert result["after"]["chart_version"] == GA
    assert result["after"]["apply_method"] == method


def test_a_release_that_a_running_helm_holds_is_not_touched(site: Site) -> None:
    site.install()
    with site.lock() as process:
        locked = site.secret(2)
        refusals = {
            "upgraded": fail(site, **site.upgrade(NEXT)),
            "unlocked": fail(site, state="unlocked", expected_revision=2, **site.back_up(2)),
            "rolled_back": fail(site, state="rolled_back", revision=1, expected_revision=2),
        }
        assert {state: error["code"] for state, error in refusals.items()} == {
            "upgraded": "release-locked",
            "unlocked": "release-busy",
            "rolled_back": "release-busy",
        }
        assert site.secret(2) == locked
        assert process.poll() is None
        site.release_pods()
        _stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
    last = site.read()["last"]
    assert (last["revision"], last["status"], last["chart_version"]) == (2, "deployed", GA)


def test_an_old_lock_of_a_live_helm_operation_is_not_touched(site: Site) -> None:
    """Age proves nothing while Rancher's pod still runs helm on the release (FM P-IDLE)."""
    site.install()
    with site.lock() as process:
        name = f"helm-operation-{site.namespace[-5:]}"
        pod = new(
            "v1",
            "Pod",
            name,
            "cattle-system",
            annotations={"controlplane.test/not-ready": "true"},
            spec={"containers": [{"name": "helm", "image": "rancher/shell:v0.4.0"}]},
        )
        operation = new(
            "catalog.cattle.io/v1",
            "Operation",
            name,
            site.namespace,
            status={"releaseName": "fleet", "namespace": site.namespace, "podName": name},
        )
        site.control_plane.apply(pod, operation)
        site.control_plane.kubectl(
            *("patch", "operations.catalog.cattle.io", name, "-n", site.namespace, "--type=merge"),
            *("--subresource=status", "-p", json.dumps({"status": operation["status"]})),
            check=False,
        )
        options = {"state": "unlocked", "expected_revision": 2, "stale_after": 0}
        error = fail(site, **options, **site.back_up(2))
        assert error["code"] == "release-busy"
        assert f"Pod/cattle-system/{name} is running" in error["message"]
        site.release_pods()
        process.communicate(timeout=60)
    site.control_plane.kubectl("delete", "pod", name, "-n", "cattle-system", "--wait=false")


def kill_in_the_middle(site: Site) -> None:
    with site.lock() as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
    assert site.read()["locked"]


def test_a_release_whose_helm_was_killed_is_unlocked_and_upgraded(site: Site) -> None:
    site.install()
    kill_in_the_middle(site)
    backup = site.back_up(2)
    before = site.control_plane.get("deployment,configmap", "-n", site.namespace)["items"]
    too_young = fail(site, state="unlocked", expected_revision=2, **backup)
    assert too_young["code"] == "release-busy"
    options = {"state": "unlocked", "expected_revision": 2, "stale_after": 1}
    site.control_plane.wait_for("the age", lambda: site.read()["age_seconds"] >= 1)

    dry = call(site, check=True, **options)
    assert dry["changed"]
    assert site.read()["locked"]
    result = call(site, **options, **backup)
    assert result["changed"]
    assert (result["before"]["revision"], result["before"]["status"]) == (2, "pending-upgrade")
    assert (result["after"]["revision"], result["after"]["status"]) == (1, "deployed")
    assert result["helm"] is None
    after = site.control_plane.get("deployment,configmap", "-n", site.namespace)["items"]
    assert [each["spec"] for each in before if "spec" in each] == [
        each["spec"] for each in after if "spec" in each
    ]
    assert not call(site, **options, **backup)["changed"]

    assert call(site, **site.upgrade(expected_revision=1))["after"]["chart_version"] == GA


def test_a_release_whose_helm_was_killed_is_rolled_back(site: Site) -> None:
    site.install()
    kill_in_the_middle(site)
    site.control_plane.wait_for("the age", lambda: site.read()["age_seconds"] >= 1)
    options = {"state": "rolled_back", "revision": 1, "expected_revision": 2, "stale_after": 1}
    assert call(site, check=True, **options)["changed"]
    assert site.read()["locked"]
    result = call(site, **options)
    assert result["changed"]
    assert (result["after"]["revision"], result["after"]["status"]) == (3, "deployed")
    assert result["after"]["chart_version"] == RC
    assert not call(site, **options)["changed"]


def test_a_backup_of_another_revision_unlocks_nothing(site: Site) -> None:
    site.install()
    kill_in_the_middle(site)
    site.control_plane.wait_for("the age", lambda: site.read()["age_seconds"] >= 1)
    options = {"state": "unlocked", "expected_revision": 2, "stale_after": 1}
    assert fail(site, **options, **site.back_up(1))["code"] == "backup-invalid"
    assert fail(site, **options)["code"] == "backup-invalid"
    assert site.read()["locked"]


def test_the_cluster_lock_is_held_for_as_long_as_helm_can_live(site: Site) -> None:
    where = ("lease", "harvester-ops-remediation", "-n", "harvester-system")
    site.install()
    site.run("remediation_lock", holder="somebody else")
    try:
        refused = fail(site, **site.upgrade(lock_holder="this run"))
        assert (refused["code"], "somebody else" in refused["message"]) == ("lock-lost", True)
        assert site.read()["last"]["revision"] == 1
        site.run("remediation_lock", holder="somebody else", state="released")
        site.run("remediation_lock", holder="this run")
        call(site, **site.upgrade(lock_holder="this run", timeout=40))
        lease = json.loads(site.control_plane.kubectl("get", *where, "-o", "json").stdout)
        # The patience of twice the timeout, for hooks and for waiting each, and a minute; its time to
        # stop, and a minute for the clocks.
        assert lease["spec"]["holderIdentity"] == "this run"
        assert lease["spec"]["leaseDurationSeconds"] == 2 * (2 * 40) + 60 + 20 + 60
    finally:
        site.control_plane.kubectl("delete", *where, "--ignore-not-found")


def test_helm_goes_on_when_the_module_is_killed(site: Site) -> None:
    site.install()
    options = site.upgrade(values={"notReady": "true"}, timeout=60)
    process = site.run.start("helm_release", **_options(site, options))
    site.wait_for_status("pending-upgrade")
    process.kill()
    process.communicate(timeout=10)
    site.control_plane.wait_for("a pod", site.pods)
    site.release_pods()
    site.wait_for_status("deployed")
    assert not call(site, **options)["changed"]


def test_helm_is_stopped_at_its_deadline_and_leaves_a_clean_release(site: Site) -> None:
    """The outer deadline is what is left when helm's own timeout does not end it."""
    site.install()
    process = site.start_helm("upgrade", "fleet", str(site.chart(GA)), "--set", "notReady=true",
                              "--wait", "--timeout", "90s")  # fmt: skip
    site.wait_for_status("pending-upgrade")
    process.terminate()
    process.communicate(timeout=30)
    assert site.read()["state"] == "failed"


def test_deletion_refused_by_admission_control_is_told_with_the_way_out(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    charts = tmp_path / "charts"
    charts.mkdir()
    assert control_plane.helm3 is not None
    site = Site(
        control_plane,
        ModuleRun(control_plane, tmp_path),
        control_plane.helm3,
        "harvester-system",
        charts,
    )
    site.install()
    kill_in_the_middle(site)
    control_plane.apply(*_DENY_DELETION)
    try:
        control_plane.wait_for("the age", lambda: site.read()["age_seconds"] >= 1)
        options = {"state": "unlocked", "expected_revision": 2, "stale_after": 1}
        backup = site.back_up(2)
        error = control_plane.wait_for(
            "the policy", lambda: _refused(site, {**options, **backup}), timeout=90
        )
        assert "rolled_back" in error["remedy"]
        assert site.read()["locked"]
        result = call(
            site, state="rolled_back", revision=1, expected_revision=2, stale_after=1, history_max=1
        )
        assert result["after"]["revision"] == 3
        assert len(site.read()["revisions"]) == 3
    finally:
        for each in _DENY_DELETION:
            control_plane.kubectl("delete", each["kind"], each["metadata"]["name"])
        # The API server goes on refusing for a moment.
        control_plane.wait_for("the release to go", site.uninstalled)


def _refused(site: Site, options: dict[str, Any]) -> dict[str, Any] | None:
    """The refusal, once the policy is in force; asked in check mode, so that nothing is lost before."""
    found = site.run.attempt("helm_release", check=True, **_options(site, options))
    error: dict[str, Any] | None = found.get("error")
    if error is not None:
        assert error["code"] == "refused", error
    return error


def test_a_user_without_rights_gets_one_clear_error(site: Site, tmp_path: Path) -> None:
    site.install()
    alice = ModuleRun(site.control_plane, tmp_path, kubeconfig=site.control_plane.user("alice"))
    error = alice.error("helm_release", **_options(site, site.upgrade()))
    assert error["code"] == "forbidden"
    assert site.namespace in error["message"]


def test_a_missing_helm_is_told_before_anything_else_happens(site: Site) -> None:
    site.install()
    error = fail(site, **site.upgrade(helm_binary="/nowhere/helm"))
    assert error["code"] == "helm-missing"
    assert "/nowhere/helm" in error["message"]
