# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup import (
    cluster as backup_cluster,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.backup_set import (
    read_set,
    write_set,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.names import (
    BACKUP_NAMESPACE,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.run import (
    RunBackup,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.backup_sets import (
    backup_sets_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    render_text,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.catalog import (
    checked_cover,
    opened,
    sets_in_cluster,
    sets_in_folder,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.backup_sets import (
    CONFIG_LABEL,
    a_set,
    config,
    identity,
    saved,
    saved_secret,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

NAMESPACE = BACKUP_NAMESPACE


def backup_text(document: dict[str, Any]) -> str:
    return render_text(backup_sets_page(document))


def test_a_list_says_which_can_be_used_and_why_not(tmp_path: Path) -> None:
    write_set(tmp_path, identity(), a_set())
    write_set(
        tmp_path,
        identity("backup-2", created_at="2026-11-23T15:00:00Z"),
        a_set(set_id="backup-2", created_at="2026-11-23T15:00:00Z"),
        b"correct horse",
    )
    (tmp_path / ".backup-3.partial").mkdir()
    (write_set(tmp_path, identity("backup-4"), a_set(set_id="backup-4")) / "extra").write_text("x")
    (tmp_path / "charts").mkdir()
    found = sets_in_folder(tmp_path)
    assert [(each["id"], bool(each["problem"]), each["encrypted"]) for each in found[:2]] == [
        ("backup-2", False, True),
        ("backup-1", False, False),
    ]
    assert {each["id"] for each in found[2:]} == {".backup-3.partial", "backup-4"}
    text = backup_text({"sets": found})
    assert "4 backup sets" in text
    assert "CANNOT BE USED: half-written" in text
    assert "extra does not belong to it" in " ".join(text.split())
    assert "remediation_restore_path" in text


def test_sets_in_the_cluster_are_listed_by_their_seals() -> None:
    cluster = Cluster()
    backup_cluster.store(cluster, NAMESPACE, identity(), a_set())
    backup_cluster.store(cluster, NAMESPACE, identity("backup-2"), a_set(set_id="backup-2"))
    del cluster.objects[f"/api/v1/namespaces/{NAMESPACE}/secrets/backup-2-seal"]
    text = backup_text({"sets": sets_in_cluster(cluster, NAMESPACE)})
    assert "why     plan 3f9c2a71d0b84e56" in text
    assert text.count("CANNOT BE USED") == 1
    assert "remediation_restore_id" in text


def test_nothing_to_list() -> None:
    assert "No backup sets were found." in backup_text({"sets": []})


def test_one_set_says_what_is_in_it_and_how_to_go_back(tmp_path: Path) -> None:
    upgrade = saved("Upgrade", "u", "harvester-system", api_version="harvesterhci.io/v1beta1")
    files = a_set(config(), upgrade, *(saved_secret(release_secret(revision=n)) for n in (9, 10)))
    path = write_set(tmp_path, identity(), files)
    text = backup_text({"set": opened(read_set(path), str(path), path=str(path), encrypted=False)})
    assert "state   whole: all 4 files" in text
    assert "cattle-fleet-system/fleet: revisions 9, 10" in text
    assert f"  {CONFIG_LABEL}\n" in text
    assert "Upgrade/harvester-system/u (only to be read)" in text
    assert '"remediation_restore_releases": ["cattle-fleet-system/fleet"]' in text


def test_without_the_passphrase_no_more_is_claimed_than_was_checked(tmp_path: Path) -> None:
    path = write_set(tmp_path, identity(), a_set(), b"correct horse")
    text = backup_text({"set": checked_cover(path)})
    assert "what is in it was not looked at" in text
    assert "whole" not in text


def test_where_a_set_is() -> None:
    assert RunBackup().places == ""
    assert RunBackup(path="/x", namespace="n", id="b").places == (
        "/x; in the cluster, namespace n, as b"
    )
