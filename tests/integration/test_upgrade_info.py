# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""upgrade_info against a real API server: a stuck upgrade, real RBAC, and everything that can be wrong with a connection."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    SOURCES,
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.auth import resolve
from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube.client import (
    KubeClient,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.server.stale_releases import (
    StaleReleases,
)
from ansible_collections.harvester_ops.remediation.tests.integration.module_run import ModuleRun
from ansible_collections.harvester_ops.remediation.tests.scenarios.audit import (
    AuditLog,
    Request,
)
from controlplane.handle import ControlPlane
from doubles.cluster import StuckCluster
from doubles.scenarios import SCENARIOS

RIGHTS = Path(__file__).parents[2] / "files" / "rbac" / "diagnose.yml"
# What needs pods/exec, which no other source does.
BY_EXEC = ("leader_environment", "bundled_charts")
ACCOUNT = "system:serviceaccount:harvester-system:harvester-ops-diagnose"


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StuckCluster]:
    """A cluster that waits for the release while the release candidate is installed (FM 6.1)."""
    directory = tmp_path_factory.mktemp("stuck")
    control_plane = ControlPlane.up(directory / "controlplane")
    try:
        cluster = SCENARIOS["rc-to-ga-skip-fleet"].create(control_plane, directory / "cluster")
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        control_plane.down()


@pytest.fixture
def run(stuck: StuckCluster, tmp_path: Path) -> ModuleRun:
    return ModuleRun(stuck.control_plane, tmp_path)


def as_user(control_plane: ControlPlane, scratch: Path, name: str, *groups: str) -> ModuleRun:
    """Modules run by a user of that name: without groups one that may do nothing."""
    return ModuleRun(control_plane, scratch, control_plane.user(name, *groups))


def requests_of(control_plane: ControlPlane, user: str) -> list[Request]:
    """What a user has asked so far; the log is written a moment later than the answer."""
    time.sleep(0.5)
    return AuditLog(control_plane.audit_log, user).requests()


def states(evidence: dict[str, Any]) -> dict[str, str]:
    return {name: source["state"] for name, source in evidence["sources"].items()}


def test_the_evidence_of_a_stuck_upgrade(run: ModuleRun) -> None:
    result = run("upgrade_info", expected_versions={"fleet": "106.0.0+up0.12.0"})
    evidence = result["evidence"]
    assert result["changed"] is False
    assert Evidence.from_dict(evidence).to_dict() == evidence
    assert evidence["problems"] == []
    assert set(evidence["sources"]) == set(SOURCES)
    assert set(states(evidence).values()) <= {"ok", "absent"}
    assert evidence["upgrade"]["target_rancher_version"] == "v2.11.0"
    assert (evidence["wait"]["kind"], evidence["wait"]["release"]) == ("helm-release", "fleet")
    assert evidence["wait"]["age_seconds"] >= 0
    assert evidence["options"]["expected_versions"] == {"fleet": "106.0.0+up0.12.0"}
    releases = {each["release"]: each for each in evidence["releases"]}
    assert releases["fleet"]["revisions"][0]["chart_version"] == "106.0.0+up0.12.0-rc.3"
    assert releases["fleet"]["config"]["bootstrap"]["agentNamespace"] == "cattle-fleet-local-system"
    assert evidence["chart_index"]["state"] == "ok"
    versions = [each["version"] for each in evidence["chart_index"]["charts"]["fleet"]]
    assert "106.0.0+up0.12.0" in versions
    assert evidence["rancher"]["leader"] == evidence["rancher"]["pods"][0]["name"]
    assert evidence["release_file"]["source"] == "job-log"
    assert evidence["fleet"]["config"]["api_server_ca_present"] is True
    assert evidence["webhook_configurations"] is not None
    assert evidence["rancher"]["process_env"]["CATTLE_FLEET_VERSION"] == "106.0.0+up0.12.0"
    assert evidence["bundled_head"] == evidence["cluster_repos"]["rancher-charts"]["commit"]


def test_the_environment_beats_a_patched_setting_for_rancher_and_for_the_diagnosis(
    stuck: StuckCluster, run: ModuleRun, tmp_path: Path
) -> None:
    """FM 2.2: the double does not follow the patch either; without exec nothing is believed."""
    kind, name = "settings.management.cattle.io", "fleet-version"
    before = len(stuck.rancher_log())
    patch = '{"value": "106.9.9+up0.99.9"}'
    stuck.control_plane.kubectl("patch", kind, name, "--type", "merge", "-p", patch)
    try:
        setting = run("upgrade_info")["evidence"]["settings"][name]
        assert (setting["value"], setting["effective"]) == ("106.9.9+up0.99.9", "106.0.0+up0.12.0")
        blind = as_user(stuck.control_plane, tmp_path, "blind")
        stuck.control_plane.kubectl(
            "create", "clusterrole", "lists-settings", "--verb=list,get",
            "--resource=settings.management.cattle.io", "--resource=leases", "--resource=deployments",
        )  # fmt: skip
        stuck.control_plane.kubectl(
            "create", "clusterrolebinding", "blind", "--clusterrole=lists-settings", "--user=blind"
        )
        evidence = blind("upgrade_info")["evidence"]
        assert evidence["sources"]["leader_environment"]["state"] == "forbidden"
        assert "kubectl-patch has changed its value" in evidence["settings"][name]["doubt"]
        assert evidence["settings"]["rancher-webhook-version"]["doubt"] is None
    finally:
        stuck.cluster.patch(kind, name, {"value": "106.0.0+up0.12.0"})
    assert not [line for line in stuck.rancher_log()[before:] if "106.9.9" in line]


def test_it_changes_nothing_and_says_how_much_it_asked(stuck: StuckCluster, tmp_path: Path) -> None:
    run = as_user(stuck.control_plane, tmp_path, "counted", "system:masters")
    result = run("upgrade_info")
    asked = requests_of(stuck.control_plane, "counted")
    assert {request.verb for request in asked} <= {"get", "list"}
    assert len(asked) == result["api_requests"] == result["evidence"]["api_requests"]
    assert result["api_requests"] <= 65


def test_check_mode_is_the_same(run: ModuleRun) -> None:
    result = run("upgrade_info", check=True, diff=True)
    assert result["changed"] is False
    assert result["evidence"]["wait"]["release"] == "fleet"


@pytest.fixture
def shipped_rights(stuck: StuckCluster, tmp_path: Path) -> Iterator[ModuleRun]:
    """Modules run with the ServiceAccount and the rights of files/rbac/diagnose.yml."""
    kubectl = stuck.control_plane.kubectl
    kubectl("apply", "-f", str(RIGHTS))
    token = kubectl("create", "token", "harvester-ops-diagnose", "-n", "harvester-system")
    kubeconfig = yaml.safe_load(stuck.control_plane.kubeconfig.read_text())
    for user in kubeconfig["users"]:
        user["user"] = {"token": token.stdout.decode().strip()}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    yield ModuleRun(stuck.control_plane, tmp_path, path)
    kubectl("delete", "--ignore-not-found", "-f", str(RIGHTS))


def test_with_the_optional_role_the_leader_is_asked_too(
    stuck: StuckCluster, shipped_rights: ModuleRun
) -> None:
    path = str(RIGHTS.with_name("diagnose-exec.yml"))
    stuck.control_plane.kubectl("apply", "-f", path)
    try:
        evidence = shipped_rights("upgrade_info")["evidence"]
    finally:
        stuck.control_plane.kubectl("delete", "-f", path)
    assert set(states(evidence).values()) <= {"ok", "absent"}


def test_the_shipped_rights_suffice(stuck: StuckCluster, shipped_rights: ModuleRun) -> None:
    evidence = shipped_rights("upgrade_info")["evidence"]
    assert {states(evidence)[name] for name in BY_EXEC} == {"forbidden"}
    others = {state for name, state in states(evidence).items() if name not in BY_EXEC}
    assert others <= {"ok", "absent"}
    assert evidence["wait"]["release"] == "fleet"
    assert "not looked for" in evidence["sources"]["releases"]["reason"]
    refused = [each for each in requests_of(stuck.control_plane, ACCOUNT) if each.status == 403]
    assert {(each.verb, each.resource) for each in refused} == {
        ("list", "secrets"),
        ("get", "pods/exec"),
    }


def test_the_shipped_rights_suffice_to_watch_for_events(shipped_rights: ModuleRun) -> None:
    client = KubeClient(resolve({"kubeconfig": str(shipped_rights.kubeconfig)}))
    watched = StaleReleases(client, 600)
    assert watched.look() == []
    assert watched.unread == frozenset()


def test_the_shipped_rights_are_no_more_than_what_is_read(
    stuck: StuckCluster, shipped_rights: ModuleRun
) -> None:
    shipped_rights("upgrade_info")
    asked = {(each.verb, each.resource) for each in requests_of(stuck.control_plane, ACCOUNT)}
    granted = set()
    for document in yaml.safe_load_all(RIGHTS.read_text()):
        for rule in document.get("rules", ()):
            granted |= {
                (verb, resource) for verb in rule["verbs"] for resource in rule["resources"]
            }
    assert granted - asked == set()


def test_each_right_that_is_missing_is_named(
    stuck: StuckCluster, shipped_rights: ModuleRun
) -> None:
    role = "harvester-ops-diagnose-namespace"
    rules = stuck.control_plane.get("clusterrole", role)["rules"]
    kept = [
        rule
        for rule in rules
        if "upgrades" not in rule["resources"] and "secrets" not in rule["resources"]
    ]
    patch = json.dumps([{"op": "replace", "path": "/rules", "value": kept}])
    stuck.control_plane.kubectl("patch", "clusterrole", role, "--type=json", "-p", patch)
    evidence = stuck.control_plane.wait_for(
        "the authorizer to see the smaller role",
        lambda: _when(shipped_rights("upgrade_info")["evidence"], "upgrade", "forbidden"),
    )
    refused = {name for name, state in states(evidence).items() if state == "forbidden"}
    assert refused == {
        "upgrade",
        "upgrade_repo",
        "releases",
        "secrets",
        "webhook_certificate",
        *BY_EXEC,
    }
    assert evidence["upgrade"] is None
    assert {each["read"] for each in evidence["releases"]} == {"forbidden"}
    for name in refused:
        assert "is forbidden" in evidence["sources"][name]["reason"]


def _when(evidence: dict[str, Any], source: str, state: str) -> dict[str, Any] | None:
    return evidence if evidence["sources"][source]["state"] == state else None


def test_an_account_without_any_right_gets_holes_not_a_failure(
    stuck: StuckCluster, tmp_path: Path
) -> None:
    evidence = as_user(stuck.control_plane, tmp_path, "nobody")("upgrade_info")["evidence"]
    assert set(states(evidence).values()) == {"forbidden"}
    assert evidence["upgrade"] is None
    assert evidence["cluster"]["uid"] is None
    assert evidence["cluster"]["kubernetes_version"].startswith("v1.")


def test_two_latest_upgrades_are_both_named(stuck: StuckCluster, run: ModuleRun) -> None:
    upgrade = {
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Upgrade",
        "metadata": {
            "name": "hvst-upgrade-zzzzz",
            "namespace": "harvester-system",
            "labels": {"harvesterhci.io/latestUpgrade": "true"},
        },
        "spec": {"version": "v1.5.0"},
    }
    stuck.control_plane.apply(upgrade)
    try:
        names = run("upgrade_info")["evidence"]["upgrade"]["latest_names"]
    finally:
        stuck.control_plane.kubectl(
            "delete", "upgrades.harvesterhci.io", "hvst-upgrade-zzzzz", "-n", "harvester-system"
        )
    assert len(names) == 2
    assert "hvst-upgrade-zzzzz" in names


def test_a_cluster_that_is_no_harvester(control_plane: ControlPlane, tmp_path: Path) -> None:
    evidence = ModuleRun(control_plane, tmp_path)("upgrade_info")["evidence"]
    assert evidence["upgrade"] is None
    assert evidence["sources"]["upgrade"]["state"] == "absent"
    assert set(states(evidence).values()) <= {"ok", "absent"}


def test_a_kubeconfig_that_is_not_there(run: ModuleRun) -> None:
    error = run.error("upgrade_info", kubeconfig="/nowhere/kubeconfig")
    assert error["code"] == "kubeconfig-unreadable"
    assert "/nowhere/kubeconfig" in error["message"]
    assert error["remedy"]


def test_a_kubeconfig_that_is_no_yaml(run: ModuleRun, tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_text("clusters: [\n")
    error = run.error("upgrade_info", kubeconfig=str(path))
    assert error["code"] == "kubeconfig-invalid"
    assert str(path) in error["message"]


def test_a_context_that_does_not_exist(run: ModuleRun) -> None:
    error = run.error("upgrade_info", context="production")
    assert error["code"] == "context-unknown"
    assert "production" in error["message"]
    assert "controlplane" in error["remedy"]


def changed_kubeconfig(control_plane: ControlPlane, path: Path, **cluster: Any) -> str:
    content = yaml.safe_load(control_plane.kubeconfig.read_text())
    content["clusters"][0]["cluster"].update(cluster)
    path.write_text(yaml.safe_dump(content))
    return str(path)


def test_a_server_that_does_not_answer(run: ModuleRun, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{unused.getsockname()[1]}"
        kubeconfig = changed_kubeconfig(run.control_plane, tmp_path / "moved", server=server)
        error = run.error("upgrade_info", kubeconfig=kubeconfig)
    assert error["code"] == "server-unreachable"
    assert server in error["message"]
    assert error["retryable"] is True


def test_a_server_whose_certificate_is_not_trusted(
    run: ModuleRun, control_plane: ControlPlane, tmp_path: Path
) -> None:
    other = yaml.safe_load(control_plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    authority = {
        key: value for key, value in other.items() if key.startswith("certificate-authority")
    }
    kubeconfig = changed_kubeconfig(run.control_plane, tmp_path / "other", **authority)
    error = run.error("upgrade_info", kubeconfig=kubeconfig)
    assert error["code"] == "server-unreachable"
    assert "CERTIFICATE_VERIFY_FAILED" in error["message"]
    assert "ca_cert" in error["remedy"]


def test_credentials_that_are_not_known(run: ModuleRun, tmp_path: Path) -> None:
    content = yaml.safe_load(run.control_plane.kubeconfig.read_text())
    for user in content["users"]:
        user["user"] = {"token": "no-such-token"}
    path = tmp_path / "unknown"
    path.write_text(yaml.safe_dump(content))
    result = run.attempt("upgrade_info", kubeconfig=str(path))
    assert result["error"]["code"] == "unauthorized"
    assert str(path) in result["error"]["message"]
    assert "no-such-token" not in json.dumps(result)


def test_host_and_token_without_any_kubeconfig(stuck: StuckCluster, tmp_path: Path) -> None:
    kubectl = stuck.control_plane.kubectl
    kubectl("create", "serviceaccount", "by-token", "-n", "kube-system")
    token = kubectl("create", "token", "by-token", "-n", "kube-system").stdout.decode().strip()
    run = ModuleRun(stuck.control_plane, tmp_path)
    cluster = yaml.safe_load(stuck.control_plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    evidence = run(
        "upgrade_info", kubeconfig=None, host=cluster["server"], api_key=token, validate_certs=False
    )["evidence"]
    assert set(states(evidence).values()) == {"forbidden"}
