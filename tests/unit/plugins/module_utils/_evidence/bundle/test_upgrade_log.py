# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log archive of an upgrade: it fills what a support bundle's pods no longer have, and invents no times."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import (
    load_evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    live_evidence,
    whole_cluster,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    JOB_LOG,
    UPGRADE,
    UpgradingCluster,
)

BARE = "".join(line.split(" ", 1)[1] for line in JOB_LOG.splitlines(keepends=True))
FIRST = f"harvester-system.{UPGRADE}-apply-manifests-zzzzz.apply.20261122.log.gz"
SECOND = f"harvester-system.{UPGRADE}-apply-manifests-aaaaa.apply.20261123.log.gz"
RANCHER = "cattle-system.rancher-1.rancher.20261123.log.gz"
POD = "/api/v1/namespaces/harvester-system/pods/job-1"


def archive(path: Path, files: dict[str, str] | None = None, top: str = "logs/") -> Path:
    given = {FIRST: "Upgrading Rancher\n", SECOND: BARE} if files is None else files
    packed = {
        name: gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
        for name, text in given.items()
    }
    return kit.write_zip(path, packed, top=top)


def bundle(path: Path, cluster: UpgradingCluster) -> Path:
    return kit.write_zip(path, kit.members(cluster.objects, cluster.logs))


def load(*paths: Path) -> dict[str, Any]:
    return load_evidence([str(path) for path in paths], CollectOptions(parallelism=1))


@pytest.mark.parametrize("top", ["logs/", "", "ticket/logs/"])
def test_the_log_alone_says_what_the_job_waited_for(top: str, tmp_path: Path) -> None:
    evidence = load(archive(tmp_path / "given", top=top))
    newest, oldest = evidence["job_pods"]
    assert newest["name"].endswith("aaaaa")
    assert oldest["name"].endswith("zzzzz")
    assert newest["phase"] is None
    assert evidence["wait"]["release"] == "fleet"
    assert (evidence["wait"]["since"], evidence["wait"]["age_seconds"]) == (None, None)
    assert evidence["release_file"]["rancher_dependencies"]["fleet"]["chart"] == "106.0.0+up0.12.0"
    assert evidence["sources"]["upgrade"]["state"] == "forbidden"
    found = diagnose(evidence)
    assert found["verdict"] == "unknown"
    assert "fleet" in found["waits_for"]


def test_plain_logs_of_older_releases_are_read(tmp_path: Path) -> None:
    name = SECOND.removesuffix(".gz")
    assert load(archive(tmp_path / "given", {name: BARE}))["wait"]["release"] == "fleet"


def test_what_is_appended_to_a_gzip_file_is_read(tmp_path: Path) -> None:
    head, tail = BARE[:200].encode(), BARE[200:].encode()
    content = {f"logs/{SECOND}": gzip.compress(head) + gzip.compress(tail)}
    path = kit.write_zip(tmp_path / "given", content, top="")
    assert load(path)["wait"]["release"] == "fleet"


def test_a_pod_that_the_bundle_no_longer_has_waits_for_nothing(tmp_path: Path) -> None:
    cluster = whole_cluster()
    del cluster.objects[POD]
    cluster.add(POD.replace("job-1", "harvester-1"), status={})
    evidence = load(bundle(tmp_path / "a", cluster), archive(tmp_path / "b"))
    assert [pod["name"][-5:] for pod in evidence["job_pods"]] == ["aaaaa", "zzzzz"]
    assert evidence["wait"] is None
    assert evidence["release_file"]["source"] == "job-log"
    assert "no times" in evidence["sources"]["job_logs"]["reason"]
    assert [each["kind"] for each in evidence["origins"]] == ["support-bundle", "upgrade-log"]


def test_the_bundle_comes_first_where_both_have_a_log(tmp_path: Path) -> None:
    cluster = whole_cluster()
    evidence = load(bundle(tmp_path / "a", cluster), archive(tmp_path / "b"))
    assert evidence["job_pods"][0]["name"] == "job-1"
    assert evidence["wait"] == live_evidence(cluster)["wait"]


def test_a_log_that_the_bundle_lacks_is_taken_from_the_upgrade(tmp_path: Path) -> None:
    cluster = whole_cluster()
    text = cluster.logs.pop(("cattle-system", "rancher-1", "rancher")).split(" ", 1)[1]
    path = bundle(tmp_path / "a", cluster)
    assert load(path)["leader_log"] is None
    evidence = load(path, archive(tmp_path / "b", {RANCHER: text}))
    _bundle, of_log = evidence["origins"]
    assert "Logs taken from it: cattle-system/rancher-1 (rancher)." in of_log["note"]
    # The time is Rancher's own, in front of its line.
    assert evidence["leader_log"]["start"] == "2026-11-23T14:59:00Z"


def test_it_is_no_log_of_the_run_before_a_restart(tmp_path: Path) -> None:
    """It has the lines of all runs, so what the present one has said would be there twice."""
    cluster = whole_cluster()
    leader = cluster.objects["/api/v1/namespaces/cattle-system/pods/rancher-1"]
    leader["status"]["containerStatuses"] = [{"name": "rancher", "restartCount": 1}]
    line = cluster.logs["cattle-system", "rancher-1", "rancher"].partition(" ")[2]
    evidence = load(
        bundle(tmp_path / "a", cluster), archive(tmp_path / "b", {RANCHER: f"{line}{line}"})
    )
    assert [each["count"] for each in evidence["leader_log"]["matches"]] == [1]


def test_the_log_of_another_upgrade_is_not_taken_for_this_one(tmp_path: Path) -> None:
    cluster = whole_cluster()
    del cluster.objects[POD]
    cluster.add(POD.replace("job-1", "harvester-1"), status={})
    name = SECOND.replace(UPGRADE, "hvst-upgrade-other")
    evidence = load(bundle(tmp_path / "a", cluster), archive(tmp_path / "b", {name: BARE}))
    assert evidence["job_pods"] == []


def test_a_damaged_log_is_an_error_of_its_pod(tmp_path: Path) -> None:
    content = {f"logs/{SECOND}": b"\x1f\x8b\x08damaged"}
    evidence = load(kit.write_zip(tmp_path / "given", content, top=""))
    assert evidence["sources"]["job_logs"]["state"] == "error"


def test_a_bomb_in_a_log_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.limits import (
        LIMITS,
    )

    path = archive(tmp_path / "given", {SECOND: "x\n" * 5_000_000})
    with pytest.raises(RemediationError) as caught:
        load_evidence(
            [str(path)], CollectOptions(parallelism=1), replace(LIMITS, unpacked=1_000_000)
        )
    assert caught.value.code == "archive-unsafe"
