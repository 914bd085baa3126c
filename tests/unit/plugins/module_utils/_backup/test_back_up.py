# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup import (
    cluster as backup_cluster,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.back_up import (
    BackupRequest,
    back_up,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.retention import (
    Retention,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.names import (
    BACKUP_NAMESPACE,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.unlock import (
    secret_digest,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

SECRET = "cattle-fleet-system/sh.helm.release.v1.fleet.v1"
NAMESPACE = BACKUP_NAMESPACE


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.add_secret(release_secret())
    return made


def request(folder: Path, location: str = "directory", **options: Any) -> BackupRequest:
    return BackupRequest(folder, "backup-1", location, **options)


@pytest.mark.parametrize(
    ("location", "in_folder", "in_cluster"),
    [("directory", True, False), ("cluster", False, True), ("both", True, True)],
)
def test_the_set_is_where_it_was_wanted(
    cluster: Cluster, tmp_path: Path, location: str, in_folder: bool, in_cluster: bool
) -> None:
    result = back_up(cluster, {}, request(tmp_path, location))
    assert (tmp_path / "backup-1" / "manifest.json").is_file() is in_folder
    assert ("backup-1" in backup_cluster.covers(cluster, NAMESPACE)[0]) is in_cluster
    assert (result["backup"]["path"] is not None) is in_folder
    assert (result["backup"]["namespace"] is not None) is in_cluster
    assert ("path" in result["secrets"][SECRET]) is in_folder
    assert result["secrets"][SECRET]["content_sha256"] == secret_digest(release_secret())
    assert not back_up(cluster, {}, request(tmp_path, location))["changed"]


@pytest.mark.parametrize("location", ["directory", "cluster", "both"])
def test_check_mode_names_no_place_that_does_not_exist(
    cluster: Cluster, tmp_path: Path, location: str
) -> None:
    result = back_up(cluster, {}, request(tmp_path / "new", location, dry_run=True))
    assert (result["changed"], list(tmp_path.iterdir())) == (True, [])
    assert (result["backup"]["path"], result["backup"]["namespace"]) == (None, None)
    assert result["secrets"][SECRET] == {
        "sha256": result["secrets"][SECRET]["sha256"],
        "content_sha256": secret_digest(release_secret()),
    }


def test_check_mode_names_the_set_that_is_there(cluster: Cluster, tmp_path: Path) -> None:
    back_up(cluster, {}, request(tmp_path))
    result = back_up(cluster, {}, request(tmp_path, "both", dry_run=True))
    assert result["backup"]["path"] == str(tmp_path / "backup-1")
    assert result["backup"]["namespace"] is None
    assert Path(result["secrets"][SECRET]["path"]).is_file()


def test_a_copy_that_is_lost_is_made_again_from_the_folder(
    cluster: Cluster, tmp_path: Path
) -> None:
    back_up(cluster, {}, request(tmp_path, "both"))
    backup_cluster.remove(cluster, NAMESPACE, "backup-1")
    cluster.add_secret(release_secret(revision=2))
    again = back_up(cluster, {}, request(tmp_path, "both"))
    assert again["changed"]
    assert list(again["secrets"]) == [SECRET]


def test_of_an_encrypted_set_no_file_is_named(cluster: Cluster, tmp_path: Path) -> None:
    result = back_up(cluster, {}, request(tmp_path, passphrase=b"correct horse"))
    assert result["backup"]["encrypted"]
    assert "path" not in result["secrets"][SECRET]


def test_a_plan_of_another_cluster_saves_nothing(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(RemediationError, match="The plan is for cluster x"):
        back_up(cluster, {"cluster_uid": "x"}, request(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_that_old_sets_stay_is_told_and_fails_nothing(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RemediationError("forbidden", "No permission to list.")

    monkeypatch.setattr(backup_cluster, "remove_leftovers", fail)
    result = back_up(cluster, {}, request(tmp_path, "cluster", retention=Retention()))
    assert "No permission to list" in result["backup"]["retention_note"]


def test_old_sets_of_a_folder_go(cluster: Cluster, tmp_path: Path) -> None:
    for days, name in ((40, "backup-old"), (30, "backup-older")):
        cluster.time = cluster.time.replace(month=11 - days // 30)
        back_up(cluster, {}, BackupRequest(tmp_path, name))
    cluster.time = cluster.time.replace(month=11)
    done = back_up(cluster, {}, request(tmp_path, retention=Retention(keep=1)))["backup"]
    assert len(done["removed"]) == 2
    assert [each.name for each in tmp_path.iterdir()] == ["backup-1"]
