# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of many clusters: which belong together is found out by looking into them, and is told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.load import (
    load_evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.bundle.sorting import (
    evidence_clusters,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._evidence.live.collector import (
    CollectOptions,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import support_bundle as kit
from ansible_collections.harvester_ops.remediation.tests.unit.builders.bundled_clusters import (
    cluster_of,
    live_evidence,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.upgrading_cluster import (
    UPGRADE,
)

LATER = "2026-11-23T18:00:00Z"
OTHER = "hvst-upgrade-q9w8z"


def files(
    uid: str, *, created_at: str = kit.CREATED_AT, upgrade: str = UPGRADE
) -> dict[str, bytes]:
    cluster = cluster_of("locked")
    cluster.objects["/api/v1/namespaces/kube-system"]["metadata"]["uid"] = uid
    found = kit.members(cluster.objects, cluster.logs, created_at=created_at)
    return {name: each.replace(UPGRADE.encode(), upgrade.encode()) for name, each in found.items()}


def bundle(path: Path, uid: str, **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return kit.write_zip(path, files(uid, **more))


def log(path: Path, upgrade: str = UPGRADE, pod: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f"logs/harvester-system.{upgrade}-apply-manifests-zz9xx.apply.20261123.log.gz"
    more = f"logs/cattle-system.{pod or 'rancher-9'}.rancher.20261123.log.gz"
    return kit.write_zip(
        path, {each: gzip.compress(b"Upgrading Rancher\n") for each in (name, more)}, top=""
    )


def sorted_out(*paths: Path) -> dict[str, list[str]]:
    """Cluster to the names of its files."""
    found = evidence_clusters([str(path) for path in paths])
    return {
        each["name"]: sorted(Path(path).name for path in each["paths"])
        for each in found["clusters"]
    }


def load(*paths: Path) -> dict[str, Any]:
    return load_evidence([str(path) for path in paths], CollectOptions(parallelism=1))


def test_a_folder_of_bundles_is_as_many_clusters(tmp_path: Path) -> None:
    for name, uid in (("north.zip", "a"), ("south", "b")):
        bundle(tmp_path / "tickets" / name, uid)
    kit.write_folder(tmp_path / "tickets" / "west", files("c"))
    kit.write_tar(tmp_path / "tickets" / "east.tar.gz", files("d"))
    assert sorted(sorted_out(tmp_path / "tickets")) == ["east", "north", "south", "west"]


def test_several_paths_are_as_a_folder_of_them(tmp_path: Path) -> None:
    paths = [bundle(tmp_path / name, uid) for name, uid in (("x", "a"), ("y", "b"))]
    assert sorted_out(*paths) == {"x": ["x"], "y": ["y"]}


def test_clusters_are_called_by_what_tells_their_paths_apart(tmp_path: Path) -> None:
    for uid, name in enumerate(("acme/north/bundle.zip", "acme/south/bundle.zip", "ibex.zip")):
        bundle(tmp_path / "t" / name, str(uid))
    kit.write_folder(tmp_path / "t" / "zebra", files("z"))
    assert set(sorted_out(tmp_path / "t")) == {"acme-north", "acme-south", "ibex", "zebra"}
    assert set(sorted_out(tmp_path / "t" / "acme")) == {"north", "south"}


def test_names_of_clusters_are_names_of_hosts(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "1" / "bundle.zip", "a")
    bundle(tmp_path / "t" / "2" / "bundle.zip", "b")
    bundle(tmp_path / "t" / "all", "c")
    bundle(tmp_path / "t" / "site a, (hall: 3).zip", "d")
    names = sorted_out(tmp_path / "t")
    assert len(names) == 4
    assert not {"all", "localhost"} & set(names)
    assert all(char.isalnum() or char in "._-" for name in names for char in name)


def test_the_log_of_an_upgrade_joins_the_bundle_that_has_the_upgrade(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "a.zip", "a")
    bundle(tmp_path / "t" / "b.zip", "b", upgrade=OTHER)
    log(tmp_path / "t" / "zzz.zip", OTHER)
    assert sorted_out(tmp_path / "t") == {"a": ["a.zip"], "b": ["b.zip", "zzz.zip"]}


def test_a_log_of_another_cluster_is_a_cluster_of_its_own(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "a.zip", "a")
    bundle(tmp_path / "t" / "b.zip", "b")
    log(tmp_path / "t" / "log.zip", OTHER)
    assert sorted_out(tmp_path / "t") == {"a": ["a.zip"], "b": ["b.zip"], "log": ["log.zip"]}


def test_bundle_and_log_say_why_they_go_together(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "a.zip", "a")
    log(tmp_path / "t" / "b.zip")
    evidence = load(tmp_path / "t")
    given = {Path(each["path"]).name: each for each in evidence["origins"]}
    assert f"Upgrade {UPGRADE}" in given["b.zip"]["note"]
    assert "a.zip" in given["b.zip"]["note"]


def test_a_log_that_nothing_ties_to_the_bundle_says_so(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "a.zip", "a")
    log(tmp_path / "t" / "b.zip", OTHER)
    _bundle, of_log = load(tmp_path / "t")["origins"]
    assert "might be of another cluster" in of_log["note"]


def test_of_several_bundles_of_one_cluster_the_newest_is_read(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "old.zip", "a")
    bundle(tmp_path / "t" / "new.zip", "a", created_at=LATER)
    evidence = load(tmp_path / "t")
    assert evidence["collected_at"] == LATER
    used = {Path(each["path"]).name: each["used"] for each in evidence["origins"]}
    assert used == {"new.zip": True, "old.zip": False}


def test_a_bundle_of_logs_only_does_not_hide_an_older_one_with_objects(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "old.zip", "a")
    kept = {
        name: each
        for name, each in files("a", created_at=LATER).items()
        if not name.startswith("yamls/")
    }
    kit.write_zip(tmp_path / "t" / "new.zip", kept)
    evidence = load(tmp_path / "t")
    assert evidence["collected_at"] == kit.CREATED_AT


def test_evidence_and_a_bundle_of_one_cluster_are_one_cluster(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "bundle.zip", "uid-kube-system", created_at=LATER)
    document = live_evidence(cluster_of("locked"))
    (tmp_path / "t" / "evidence.json").write_text(json.dumps(document))
    evidence = load(tmp_path / "t")
    assert evidence["collected_at"] == LATER
    (tmp_path / "t" / "bundle.zip").unlink()
    bundle(tmp_path / "t" / "bundle.zip", "uid-kube-system", created_at="2026-11-23T10:00:00Z")
    assert load(tmp_path / "t")["releases"] == document["releases"]


def test_files_of_several_clusters_are_refused_where_one_is_meant(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "a.zip", "a")
    bundle(tmp_path / "t" / "b.zip", "b")
    with pytest.raises(RemediationError) as caught:
        load(tmp_path / "t")
    assert "2 clusters" in caught.value.message
    assert "a.zip" in caught.value.message


def test_what_is_not_evidence_is_left_out_and_named(tmp_path: Path) -> None:
    bundle(tmp_path / "t" / "a.zip", "a")
    bundle(tmp_path / "t" / "b.zip", "b")
    (tmp_path / "t" / "notes.txt").write_text("call back at 9")
    (tmp_path / "t" / "findings.json").write_text('{"schema": "x"}')
    kit.write_zip(tmp_path / "t" / "photos.zip", {"holiday.jpg": b"1"}, top="")
    found = evidence_clusters([str(tmp_path / "t")])
    assert len(found["clusters"]) == 2
    left_out = "\n".join(found["left_out"])
    for name in ("photos.zip", "notes.txt", "findings.json"):
        assert name in left_out


@pytest.mark.parametrize("damage", ["cut", "unsafe", "not-a-tar"])
def test_an_archive_that_cannot_be_read_is_not_lost_from_the_table(
    damage: str, tmp_path: Path
) -> None:
    bundle(tmp_path / "t" / "a.zip", "a")
    bad = tmp_path / "t" / "bad.zip"
    if damage == "unsafe":
        kit.write_zip(bad, {"../x": b"1"}, top="")
    else:
        bad.write_bytes(b"PK\x03\x04" if damage == "cut" else b"\x1f\x8b\x08 no archive")
    found = evidence_clusters([str(tmp_path / "t")])
    assert [each["name"] for each in found["clusters"]] == ["a", "bad"]
    with pytest.raises(RemediationError):
        load(*map(Path, found["clusters"][1]["paths"]))
    assert load(tmp_path / "t")["origins"][0]["path"].endswith("a.zip")


def test_a_folder_with_nothing_to_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "notes.txt").write_text("call back at 9")
    with pytest.raises(RemediationError) as caught:
        load(tmp_path / "t")
    assert caught.value.code == "evidence-invalid"


def test_one_file_is_not_opened_to_sort_it(tmp_path: Path) -> None:
    found = evidence_clusters([str(tmp_path / "missing.zip")])
    assert [each["paths"] for each in found["clusters"]] == [[str(tmp_path / "missing.zip")]]
