# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import os
from collections.abc import Callable

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup import (
    cluster as backup_cluster,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.names import (
    BACKUP_NAMESPACE,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.backup_sets import (
    a_set,
    identity,
    saved,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

NAMESPACE = BACKUP_NAMESPACE
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
PASSPHRASE = b"correct horse"
QUOTA = RemediationError("forbidden", "exceeded quota: requested secrets=1, limited: secrets=2.")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a size that makes tests quick."""
    monkeypatch.setattr(backup_cluster, "PIECE_BYTES", 4000)


def big_set(set_id: str = "backup-1") -> dict[str, bytes]:
    """One that takes three pieces."""
    noise = base64.b64encode(os.urandom(9_800)).decode()
    return a_set(saved("Secret", "big", "default", data={"x": noise}), set_id=set_id)


def secrets_of(cluster: Cluster) -> list[str]:
    return sorted(path.rpartition("/")[2] for path in cluster.objects if path.startswith(SECRETS))


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_what_was_stored_is_loaded(passphrase: bytes | None) -> None:
    cluster, files = Cluster(), big_set()
    names = backup_cluster.store(cluster, NAMESPACE, identity(), files, passphrase=passphrase)
    assert [name.rpartition("-")[2] for name in names][-1] == "seal"
    assert len(names) > 3
    assert backup_cluster.load(cluster, NAMESPACE, "backup-1", passphrase) == files
    for path, found in cluster.objects.items():
        if path.startswith(SECRETS):
            assert found["immutable"]
    found, broken = backup_cluster.covers(cluster, NAMESPACE)
    assert (found["backup-1"].identity, broken) == (identity(), [])
    assert found["backup-1"].encrypted is (passphrase is not None)


def test_encryption_costs_the_cluster_little() -> None:
    cluster, files = Cluster(), big_set()
    backup_cluster.store(cluster, NAMESPACE, identity(), files)
    plain = backup_cluster.covers(cluster, NAMESPACE)[0]["backup-1"].size
    backup_cluster.remove(cluster, NAMESPACE, "backup-1")
    backup_cluster.store(cluster, NAMESPACE, identity(), files, passphrase=PASSPHRASE)
    sealed = backup_cluster.covers(cluster, NAMESPACE)[0]["backup-1"].size
    assert sealed < 1.6 * plain


def test_the_namespace_is_made_once() -> None:
    cluster = Cluster()
    backup_cluster.store(cluster, NAMESPACE, identity(), a_set())
    backup_cluster.store(cluster, NAMESPACE, identity("backup-2"), a_set(set_id="backup-2"))
    made = [path for verb, path, _body, _dry in cluster.writes if path == "/api/v1/namespaces"]
    assert len(made) == 1


def test_a_dry_run_writes_nothing() -> None:
    cluster = Cluster()
    backup_cluster.store(cluster, NAMESPACE, identity(), a_set(), dry_run=True)
    assert cluster.objects == {}


def _fail_at(number: int, error: RemediationError) -> Callable[[Cluster, str, str], None]:
    """Fail the creation of the Secret of that number, as a quota, an account or a network would."""
    seen: list[str] = []

    def hook(_cluster: Cluster, verb: str, path: str) -> None:
        if verb == "create" and path == SECRETS:
            seen.append(path)
            if len(seen) == number:
                raise error

    return hook


@pytest.mark.parametrize("number", [1, 2, 4], ids=["first", "middle", "seal"])
@pytest.mark.parametrize(
    "error",
    [QUOTA, RemediationError("server-unreachable", "No connection.", retryable=True)],
    ids=["quota", "network"],
)
def test_what_breaks_off_leaves_nothing(number: int, error: RemediationError) -> None:
    cluster = Cluster()
    cluster.before.append(_fail_at(number, error))
    with pytest.raises(RemediationError) as raised:
        backup_cluster.store(cluster, NAMESPACE, identity(), big_set())
    assert raised.value.code == "backup-failed"
    assert error.message in raised.value.message
    assert secrets_of(cluster) == []


def test_what_cannot_even_be_removed_is_no_set() -> None:
    """The API is gone in the middle and stays gone: the pieces that are left do not look like a set."""
    cluster = Cluster()
    gone = RemediationError("server-unreachable", "No connection.", retryable=True)
    cluster.before.append(_fail_at(3, gone))

    def no_delete(_cluster: Cluster, verb: str, _path: str) -> None:
        if verb == "delete":
            raise gone

    cluster.before.append(no_delete)
    with pytest.raises(RemediationError):
        backup_cluster.store(cluster, NAMESPACE, identity(), big_set())
    assert secrets_of(cluster) == ["backup-1-0", "backup-1-1"]
    assert backup_cluster.covers(cluster, NAMESPACE) == ({}, ["backup-1"])
    with pytest.raises(RemediationError, match="half-written: it has no seal"):
        backup_cluster.load(cluster, NAMESPACE, "backup-1")


def test_leftovers_are_cleared_away_when_they_are_old() -> None:
    cluster = Cluster()
    backup_cluster.store(cluster, NAMESPACE, identity(), big_set())
    for path, found in cluster.objects.items():
        if path.startswith(SECRETS):
            found["metadata"]["creationTimestamp"] = "2026-11-23T13:00:00Z"
    assert backup_cluster.remove_leftovers(cluster, NAMESPACE) == []
    del cluster.objects[f"{SECRETS}/backup-1-seal"]
    cluster.objects[f"{SECRETS}/backup-1-2"]["metadata"][
        "creationTimestamp"
    ] = "2026-11-23T14:59:00Z"
    removed = backup_cluster.remove_leftovers(cluster, NAMESPACE)
    assert [name.rpartition("/")[2] for name in removed] == ["backup-1-0", "backup-1-1"]


def _lose(name: str) -> Callable[[Cluster], object]:
    return lambda cluster: cluster.objects.pop(f"{SECRETS}/{name}")


def _alter(name: str) -> Callable[[Cluster], object]:
    def alter(cluster: Cluster) -> None:
        data = cluster.objects[f"{SECRETS}/{name}"]["data"]
        content = bytearray(base64.b64decode(data["content"]))
        content[100] ^= 1
        data["content"] = base64.b64encode(bytes(content)).decode()

    return alter


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (_lose("backup-1-1"), "it has 2 of 3 pieces"),
        (_lose("backup-1-seal"), "half-written"),
        (_alter("backup-1-1"), "SHA-256 differs"),
        (lambda cluster: cluster.objects.clear(), "there is no such set"),
    ],
    ids=["piece", "seal", "altered", "none"],
)
def test_a_damaged_set_is_refused(damage: Callable[[Cluster], object], why: str) -> None:
    cluster = Cluster()
    backup_cluster.store(cluster, NAMESPACE, identity(), big_set())
    damage(cluster)
    with pytest.raises(RemediationError, match=why) as raised:
        backup_cluster.load(cluster, NAMESPACE, "backup-1")
    assert raised.value.code == "backup-invalid"


def test_a_set_too_large_for_secrets_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_cluster, "MAX_PIECES", 2)
    cluster = Cluster()
    with pytest.raises(RemediationError, match="more than a cluster should hold"):
        backup_cluster.store(cluster, NAMESPACE, identity(), big_set())
    assert cluster.objects == {}


def test_removing_begins_with_the_seal() -> None:
    cluster = Cluster()
    backup_cluster.store(cluster, NAMESPACE, identity(), big_set())
    backup_cluster.remove(cluster, NAMESPACE, "backup-1")
    deleted = [path for verb, path, _body, _dry in cluster.writes if verb == "delete"]
    assert deleted[0] == f"{SECRETS}/backup-1-seal"
    assert secrets_of(cluster) == []
