# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster and its support bundle: the same failure modes, or the bundle says what it cannot see."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.facts.derive import (
    derive,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import (
    load_evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.make import make_plan
from ansible_collections.harvester_ops.remediation.tests.unit.builders import (
    bundled_clusters as clusters,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UpgradingCluster,
    add_release,
)

Document = dict[str, Any]
Writer = Callable[..., Path]
SAMPLE = Path(
    os.environ.get("SUPPORT_BUNDLE_SAMPLE")
    or Path(__file__).resolve().parents[7] / "shared/bundles/harvester-1.0-sample.zip"
)
KITS = {"old": kit.OLD, "new": kit.NEW, "new-with-values": kit.Kit(app_values=True)}


def read(path: Path) -> Document:
    evidence = load_evidence([str(path)], CollectOptions(parallelism=1))
    again = Evidence.from_dict(json.loads(json.dumps(evidence)))
    assert (
        again.to_dict() == evidence
    ), "what is read from a bundle is in the schema of the evidence"
    return evidence


def bundled(
    cluster: UpgradingCluster,
    folder: Path,
    version: kit.Kit = kit.NEW,
    write: Writer = kit.write_zip,
    **more: Any,
) -> Document:
    files = kit.members(cluster.objects, cluster.logs, version)
    return read(write(folder / "given", files, **more))


def outcomes(findings: Document, outcome: str) -> set[str]:
    return {each["id"] for each in findings["findings"] if each["outcome"] == outcome}


@pytest.mark.parametrize("version", KITS)
@pytest.mark.parametrize("name", clusters.CHANGES)
def test_a_bundle_says_the_same_or_what_it_lacks(name: str, version: str, tmp_path: Path) -> None:
    cluster = clusters.cluster_of(name)
    live = diagnose(clusters.live_evidence(cluster))
    seen = diagnose(bundled(cluster, tmp_path, KITS[version]))
    known = {each["id"] for each in seen["rules"] if each["outcome"] != "unknown"}
    aside = {each["id"] for each in seen["set_aside"]}
    for outcome in ("fail", "warn"):
        # What explains a wait may be hidden in a bundle; that it lasts too long is then all there is to say.
        stands_in = {"pending-lock-of-unknown-history", "job-waits-too-long"}
        assert outcomes(seen, outcome) - stands_in <= outcomes(live, outcome), "nothing is invented"
        missed = outcomes(live, outcome) - outcomes(seen, outcome)
        assert missed & known <= aside, "what is missed is said to be unknown"


def test_the_values_in_an_app_decide_as_those_in_the_secret_do(tmp_path: Path) -> None:
    cluster = clusters.cluster_of("equal-precedence")
    live = diagnose(clusters.live_evidence(cluster))
    assert outcomes(live, "fail")
    seen = diagnose(bundled(cluster, tmp_path, KITS["new-with-values"]))
    assert outcomes(seen, "fail") == outcomes(live, "fail")


@pytest.mark.parametrize("version", KITS)
def test_what_the_leader_said_before_it_restarted_is_read(version: str, tmp_path: Path) -> None:
    """Older kits leave the log of the run before out, which is no failure of the source."""
    cluster = clusters.whole_cluster()
    leader = cluster.objects["/api/v1/namespaces/cattle-system/pods/rancher-1"]
    leader["status"]["containerStatuses"] = [{"name": "rancher", "restartCount": 1}]
    key = ("cattle-system", "rancher-1", "rancher")
    cluster.previous_logs[key] = cluster.logs[key]
    cluster.logs[key] = (
        "2026-11-23T14:59:58.1Z 2026/11/23 14:59:58 [INFO] Rancher version v2.11.0\n"
    )
    live = clusters.live_evidence(cluster)
    assert [each["kind"] for each in live["leader_log"]["matches"]] == ["find-failed"]
    assert live["leader_log"]["start"] < live["leader_log"]["end"]
    previous = cluster.previous_logs
    files = kit.members(cluster.objects, cluster.logs, KITS[version], previous_logs=previous)
    seen = read(kit.write_zip(tmp_path / "given", files))
    assert seen["sources"]["leader_log"]["state"] == "ok"
    matches = live["leader_log"]["matches"] if KITS[version].previous_logs else []
    assert seen["leader_log"]["matches"] == matches


def test_a_lock_is_found_and_no_way_out_is_invented(tmp_path: Path) -> None:
    evidence = bundled(clusters.cluster_of("locked"), tmp_path)
    findings = diagnose(evidence)
    (found,) = [each for each in findings["findings"] if each["outcome"] == "fail"]
    assert found["id"] == "pending-lock-of-unknown-history"
    assert "helm -n cattle-fleet-system history fleet" in findings["ask_for"][0]
    plan = make_plan(evidence, findings, derive(Evidence.from_dict(evidence)))
    assert plan.steps == ()
    (told,) = [each for each in plan.instructions if each.finding == found["id"]]
    assert any("helm -n cattle-fleet-system history fleet" in each for each in told.commands)


def test_no_step_is_planned_from_a_bundle(tmp_path: Path) -> None:
    evidence = bundled(clusters.cluster_of("fleet-config-lost"), tmp_path, KITS["new-with-values"])
    findings = diagnose(evidence)
    assert any((each["remedy"] or {}).get("steps") for each in findings["findings"])
    assert make_plan(evidence, findings, derive(Evidence.from_dict(evidence))).steps == ()


@pytest.mark.parametrize("write", [kit.write_zip, kit.write_tar, kit.write_folder])
@pytest.mark.parametrize("top", ["", f"{kit.NAME}/", f"ticket/{kit.NAME}/"])
def test_every_form_reads_alike(write: Writer, top: str, tmp_path: Path) -> None:
    cluster = clusters.whole_cluster()
    evidence = bundled(cluster, tmp_path, write=write, top=top)
    expected = bundled(cluster, _folder(tmp_path, "again"))
    for each in (evidence, expected):
        each.pop("origins")
        each["cluster"].pop("server")
    assert _without_tokens(evidence) == _without_tokens(expected)


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / f"{name}-of-it"
    folder.mkdir()
    return folder


def _without_tokens(document: Document) -> str:
    import re

    return re.sub(r"redacted:[0-9a-f]{12}", "redacted", json.dumps(document, sort_keys=True))


def test_secrets_and_uncovered_namespaces_are_forbidden_never_absent(tmp_path: Path) -> None:
    cluster = clusters.cluster_of("values-secret")
    evidence = bundled(cluster, tmp_path)
    assert evidence["sources"]["secrets"]["state"] == "forbidden"
    assert {each["present"] for each in evidence["secrets"]} == {None}
    assert [each["values_secret_missing"] for each in evidence["bundles"]] == [None, False]
    turtles = _release(evidence, "rancher-turtles")
    assert turtles["read"] == "forbidden"
    assert "cattle-turtles-system" in turtles["reason"]


def test_machine_plans_do_not_make_other_secrets_absent(tmp_path: Path) -> None:
    files = kit.members(clusters.cluster_of("values-secret").objects, {}, kit.NEW)
    files["yamls/namespaced/fleet-local/v1/secrets.yaml"] = (
        b"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: custom-1-machine-plan\n"
        b"    namespace: fleet-local\n  type: rke.cattle.io/machine-plan\nkind: List\n"
    )
    evidence = read(kit.write_zip(tmp_path / "given", files))
    assert [each["values_secret_missing"] for each in evidence["bundles"]] == [None, False]


def test_a_service_outside_the_covered_namespaces_is_unknown(tmp_path: Path) -> None:
    evidence = bundled(clusters.cluster_of("uncovered-service"), tmp_path)
    by_name = {each["name"]: each["webhooks"][0] for each in evidence["webhook_configurations"]}
    assert by_name["mutating-webhook-configuration"]["service_exists"] is None
    assert by_name["rancher.cattle.io"]["service_exists"] is True


@pytest.mark.parametrize("version", ["old", "new"])
def test_the_values_that_the_kit_changes_are_put_back(version: str, tmp_path: Path) -> None:
    cluster = clusters.whole_cluster()
    cluster.add(
        "/apis/management.cattle.io/v3/settings/chart-default-branch",
        value="",
        default="release-v2.11",
        source="default",
    )
    (path,) = [
        each
        for each in cluster.objects
        if each.endswith("/jobs/hvst-upgrade-x7k2p-apply-manifests")
    ]
    cluster.objects[path]["status"] = {"conditions": [
        {"type": "Failed", "status": "True", "message": 'cannot call "x"', "reason": None, "other": 1}
    ]}  # fmt: skip
    evidence = bundled(cluster, tmp_path, KITS[version])
    assert evidence["settings"]["chart-default-branch"]["effective"] == "release-v2.11"
    assert evidence["chart_index"]["state"] == "ok", "the last chunk of the index names no next one"
    (condition,) = evidence["job"]["conditions"]
    assert (condition["message"], condition["reason"]) == ('cannot call "x"', None)


def test_ages_count_to_the_making_of_the_bundle(tmp_path: Path) -> None:
    cluster = clusters.whole_cluster()
    files = kit.members(cluster.objects, cluster.logs, created_at="2026-11-23T14:00:00Z")
    evidence = read(kit.write_zip(tmp_path / "given", files))
    assert evidence["collected_at"] == "2026-11-23T14:00:00Z"
    assert evidence["wait"]["age_seconds"] == 3600
    del files["metadata.yaml"]
    unknown = read(kit.write_zip(tmp_path / "given", files))
    assert (unknown["collected_at"], unknown["wait"]["age_seconds"]) == ("", None)
    assert unknown["cluster"]["kubernetes_version"] is None
    assert diagnose(unknown)["origins"][0]["created_at"] is None


def test_without_objects_it_is_logs_only(tmp_path: Path) -> None:
    cluster = clusters.whole_cluster()
    pod = "hvst-upgrade-x7k2p-apply-manifests-"
    log = cluster.logs.pop(("harvester-system", "job-1", "apply"))
    cluster.logs["harvester-system", f"{pod}aaaaa", "apply"] = log
    earlier = log.replace("T13:", "T11:").replace("T12:", "T10:")
    cluster.logs["harvester-system", f"{pod}zzzzz", "apply"] = earlier
    files = {
        name: content
        for name, content in kit.members(cluster.objects, cluster.logs).items()
        if not name.startswith("yamls/")
    }
    evidence = read(kit.write_zip(tmp_path / "given", files))
    assert evidence["sources"]["upgrade"]["state"] == "forbidden"
    assert "logs only" in evidence["sources"]["upgrade"]["reason"]
    assert [each["name"] for each in evidence["job_pods"]] == [f"{pod}aaaaa", f"{pod}zzzzz"]
    assert (evidence["wait"]["release"], evidence["wait"]["age_seconds"]) == ("fleet", 7200)
    assert evidence["sources"]["job"]["state"] == "forbidden"
    findings = diagnose(evidence)
    assert findings["verdict"] == "unknown"
    assert findings["ask_for"][0].endswith("remediation.collect")


def test_what_the_kit_failed_to_list_is_an_error(tmp_path: Path) -> None:
    cluster = clusters.whole_cluster()
    files = kit.members(cluster.objects, cluster.logs)
    del files["yamls/namespaced/harvester-system/harvesterhci.io/v1beta1/upgrades.yaml"]
    files[
        "bundleGenerationError.log"
    ] += b"Failed to get /apis/harvesterhci.io/v1beta1/namespaces/harvester-system/upgrades: timed out\n"
    source = read(kit.write_zip(tmp_path / "given", files))["sources"]["upgrade"]
    assert source["state"] == "error"
    assert "timed out" in source["reason"]


@pytest.mark.parametrize(
    "resource", ["v1/nodes", "apiextensions.k8s.io/v1/customresourcedefinitions"]
)
def test_what_every_cluster_has_is_lost_when_it_is_missing(resource: str, tmp_path: Path) -> None:
    cluster = clusters.whole_cluster()
    files = kit.members(cluster.objects, cluster.logs)
    del files[f"yamls/cluster/{resource}.yaml"]
    states = {
        each["state"] for each in read(kit.write_zip(tmp_path / "given", files))["sources"].values()
    }
    assert "error" in states


def test_a_list_that_older_kits_write_even_when_empty_is_lost_when_it_is_missing(
    tmp_path: Path,
) -> None:
    cluster = clusters.whole_cluster()
    name = "yamls/namespaced/cattle-system/batch/v1/jobs.yaml"
    for version, state in ((kit.OLD, "error"), (kit.NEW, "absent")):
        files = kit.members(cluster.objects, cluster.logs, version)
        files.pop(name, None)
        files.pop("yamls/namespaced/harvester-system/harvesterhci.io/v1beta1/upgrades.yaml")
        if version is kit.OLD:
            assert "yamls/namespaced/local/harvesterhci.io/v1beta1/upgrades.yaml" in files
        source = read(kit.write_zip(tmp_path / "given", files))["sources"]["upgrade"]
        assert source["state"] == state


def test_a_release_without_an_app_is_absent_only_while_rancher_has_a_leader(tmp_path: Path) -> None:
    cluster = clusters.whole_cluster()
    assert _release(bundled(cluster, tmp_path), "remotedialer-proxy")["read"] == "absent"
    lease = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cattle-controllers"
    cluster.objects[lease]["spec"]["renewTime"] = "2026-11-23T12:00:00.000000Z"
    found = _release(bundled(cluster, tmp_path), "remotedialer-proxy")
    assert found["read"] == "forbidden"
    assert "no leader" in found["reason"]


def test_an_app_that_contradicts_its_owner_is_not_believed(tmp_path: Path) -> None:
    files = kit.members(clusters.whole_cluster().objects, {})
    name = "yamls/namespaced/cattle-fleet-system/catalog.cattle.io/v1/apps.yaml"
    files[name] = files[name].replace(
        b"sh.helm.release.v1.fleet.v1", b"sh.helm.release.v1.fleet.v9"
    )
    found = _release(read(kit.write_zip(tmp_path / "given", files)), "fleet")
    assert (found["read"], found["revisions"]) == ("error", [])


def test_each_release_says_where_it_is_from(tmp_path: Path) -> None:
    found = _release(bundled(clusters.whole_cluster(), tmp_path), "fleet")
    assert (found["read"], found["origin"]) == ("partial", "App/cattle-fleet-system/fleet")
    (revision,) = found["revisions"]
    assert revision["chart_version"] == "106.0.0+up0.12.0-rc.3"
    assert revision["last_deployed"] == "2026-11-23T14:30:00Z"
    assert found["config"] is None, "newer Ranchers keep no values in an App"


def test_no_secret_gets_out(tmp_path: Path) -> None:
    canary = "c4n4ry-do-not-show"
    cluster = clusters.whole_cluster()
    secrets = {"bootstrapPassword": canary, "auth": {"token": canary}}
    add_release(cluster, "cattle-system", "rancher", 2, "2.11.0", config=secrets)
    cluster.objects["/api/v1/namespaces/cattle-system/configmaps/rancher-config"]["data"][
        "fleet"
    ] = f"password: {canary}\n"
    deployment = cluster.objects["/apis/apps/v1/namespaces/cattle-system/deployments/rancher"]
    deployment["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "CATTLE_BOOTSTRAP_PASSWORD", "value": canary},
        {"name": "HTTPS_PROXY", "value": f"http://user:{canary}@proxy:3128"},
    ]
    key = ("harvester-system", "job-1", "apply")
    cluster.logs[key] += f"2026-11-23T13:00:01Z helm failed: password={canary}\n"
    for version in KITS.values():
        files = kit.members(cluster.objects, cluster.logs, version)
        packed = b"".join(files.values())
        assert canary.encode() in packed
        evidence = read(kit.write_zip(tmp_path / "given", files))
        assert canary not in json.dumps([evidence, diagnose(evidence)])


@pytest.mark.skipif(not SAMPLE.is_file(), reason="needs the sample of a real support bundle")
def test_the_real_sample() -> None:
    evidence = read(SAMPLE)
    assert evidence["collected_at"] == "2022-03-22T23:49:32Z"
    assert evidence["cluster"]["kubernetes_version"] == "v1.21.7+rke2r1"
    assert evidence["settings"]["server-version"]["effective"]
    assert evidence["chart_index"]["state"] == "ok", "the index ends where next is null"
    assert evidence["sources"]["fleet_crd"]["state"] == "error", "the file is missing in the sample"
    assert _release(evidence, "rancher")["revisions"][0]["chart_version"] == "2.6.3"
    findings = diagnose(evidence)
    # Two ManagedCharts really are Modified there, and no Upgrade is at work.
    refused = [each["subject"] for each in findings["findings"] if each["outcome"] == "fail"]
    names = ("harvester", "rancher-monitoring")
    assert refused == [f"ManagedChart/fleet-local/{name}" for name in names]
    assert outcomes(findings, "fail") == {"start-refused"}


def _release(evidence: Mapping[str, Any], name: str) -> Document:
    (found,) = [each for each in evidence["releases"] if each["release"] == name]
    return dict(found)
