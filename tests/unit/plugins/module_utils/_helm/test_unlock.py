# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    HelmActor,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.expectation import (
    Expectation,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.unlock import (
    Backup,
    SealedBackup,
    UnlockRequest,
    secret_digest,
    unlock,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

NAMESPACE = "cattle-fleet-system"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
PENDING = f"{SECRETS}/sh.helm.release.v1.fleet.v5"


def pending_secret(**changes: Any) -> dict[str, Any]:
    changes.setdefault("info", {"last_deployed": "2026-11-23T14:00:00Z"})
    secret = release_secret(revision=5, status="pending-upgrade", **changes)
    secret["metadata"]["creationTimestamp"] = "2026-11-23T14:00:00Z"
    return secret


def locked_cluster(**changes: Any) -> Cluster:
    cluster = Cluster()
    cluster.add_secret(release_secret(revision=4))
    cluster.add_secret(pending_secret(**changes))
    return cluster


def backup_of(directory: Path, *objects: Any, form: Callable[..., str] = json.dumps) -> Backup:
    content = form(*objects).encode()
    path = directory / "backup"
    path.write_bytes(content)
    return Backup(path, hashlib.sha256(content).hexdigest())


@pytest.fixture
def request_(tmp_path: Path) -> UnlockRequest:
    return UnlockRequest(
        NAMESPACE, "fleet", Expectation(revision=5), backup_of(tmp_path, pending_secret())
    )


def failing(cluster: Cluster, request: UnlockRequest) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        unlock(cluster, request)
    assert cluster.writes == []
    return caught.value


def test_the_pending_revision_is_removed_and_nothing_else(request_: UnlockRequest) -> None:
    cluster = locked_cluster()
    outcome = unlock(cluster, request_)
    assert outcome.changed
    assert outcome.before is not None
    assert outcome.after is not None
    assert (outcome.before.revision, outcome.before.status) == (5, "pending-upgrade")
    assert (outcome.after.revision, outcome.after.status) == (4, "deployed")
    assert cluster.writes == [("delete", PENDING, None, False)]


def test_a_second_unlock_changes_nothing(request_: UnlockRequest) -> None:
    cluster = locked_cluster()
    unlock(cluster, request_)
    assert not unlock(cluster, request_).changed
    assert len(cluster.writes) == 1


def test_an_unlocked_or_absent_release_needs_nothing(request_: UnlockRequest) -> None:
    cluster = Cluster()
    assert not unlock(cluster, request_).changed
    # A pending revision that is not the last one locks nothing (FM 4).
    cluster.add_secret(pending_secret())
    cluster.add_secret(release_secret(revision=6))
    assert not unlock(cluster, request_).changed
    assert cluster.writes == []


def test_the_only_revision_can_be_removed(request_: UnlockRequest) -> None:
    cluster = Cluster()
    cluster.add_secret(pending_secret())
    outcome = unlock(cluster, request_)
    assert outcome.changed
    assert outcome.after is None


def test_check_mode_asks_the_server_and_deletes_nothing(request_: UnlockRequest) -> None:
    cluster = locked_cluster()
    outcome = unlock(cluster, replace(request_, dry_run=True, backup=None))
    assert outcome.changed
    assert outcome.after is not None
    assert outcome.after.revision == 4
    assert cluster.writes == [("delete", PENDING, None, True)]
    assert PENDING in cluster.objects


@pytest.mark.parametrize(
    "expected", [Expectation(revision=4), Expectation(5, uid="x"), Expectation(5, None, "1")]
)
def test_another_revision_than_expected_stays(
    request_: UnlockRequest, expected: Expectation
) -> None:
    error = failing(locked_cluster(), replace(request_, expected=expected))
    assert error.code == "precondition-failed"


def test_a_revision_that_changes_between_look_and_deletion_stays(request_: UnlockRequest) -> None:
    cluster = locked_cluster()

    def helm_is_done(server: Cluster, verb: str, _path: str) -> None:
        if verb == "delete":
            server.objects[PENDING]["metadata"]["resourceVersion"] = "9999"

    cluster.before.append(helm_is_done)
    assert failing(cluster, request_).code == "precondition-failed"
    assert PENDING in cluster.objects


@pytest.mark.parametrize(
    ("created", "deployed"),
    [
        ("2026-11-23T14:58:00Z", None),
        ("2026-11-23T14:58:00Z", "2026-11-23T14:00:00Z"),
        ("2026-11-23T14:00:00Z", "2026-11-23T14:58:00Z"),
    ],
)
def test_a_young_revision_stays(
    request_: UnlockRequest, created: str, deployed: str | None
) -> None:
    cluster = locked_cluster(info={"last_deployed": deployed})
    cluster.objects[PENDING]["metadata"]["creationTimestamp"] = created
    error = failing(cluster, request_)
    assert error.code == "release-busy"
    assert "only 120 s old" in error.message
    assert error.retryable


def test_a_revision_of_unknown_age_stays(request_: UnlockRequest) -> None:
    cluster = locked_cluster(info={"last_deployed": None})
    del cluster.objects[PENDING]["metadata"]["creationTimestamp"]
    assert "of unknown age" in failing(cluster, request_).message


def test_a_live_actor_keeps_us_away(request_: UnlockRequest) -> None:
    actor = HelmActor("Pod", "cattle-system", "helm-operation-x", since="2026-11-23T14:00:00Z")
    error = failing(locked_cluster(), replace(request_, find_actor=lambda _revision: actor))
    assert error.code == "release-busy"
    assert "Pod/cattle-system/helm-operation-x" in error.message


def test_an_undecodable_last_revision_stays(request_: UnlockRequest) -> None:
    assert failing(locked_cluster(stored="%%%"), request_).code == "release-undecodable"


def test_nothing_is_deleted_without_a_backup(request_: UnlockRequest) -> None:
    assert failing(locked_cluster(), replace(request_, backup=None)).code == "backup-invalid"


@pytest.mark.parametrize(
    "form",
    [
        json.dumps,
        yaml.safe_dump,
        lambda obj: json.dumps({"kind": "List", "items": [release_secret(revision=4), obj]}),
        lambda obj: yaml.safe_dump_all([release_secret(revision=4), obj]),
    ],
)
def test_a_backup_may_have_any_usual_form(
    tmp_path: Path, request_: UnlockRequest, form: Callable[..., str]
) -> None:
    backup = backup_of(tmp_path, pending_secret(), form=form)
    assert unlock(locked_cluster(), replace(request_, backup=backup)).changed


def other_data(secret: dict[str, Any]) -> None:
    secret["data"]["release"] = "b3RoZXI="


def other_uid(secret: dict[str, Any]) -> None:
    secret["metadata"]["uid"] = "of-an-earlier-one"


def no_labels(secret: dict[str, Any]) -> None:
    del secret["metadata"]["labels"]


@pytest.mark.parametrize("change", [other_data, other_uid, no_labels])
def test_a_backup_of_something_else_is_none(
    tmp_path: Path, request_: UnlockRequest, change: Callable[[dict[str, Any]], None]
) -> None:
    secret = pending_secret()
    change(secret)
    error = failing(locked_cluster(), replace(request_, backup=backup_of(tmp_path, secret)))
    assert error.code == "backup-invalid"
    assert f"does not hold Secret/{NAMESPACE}/sh.helm.release.v1.fleet.v5" in error.message


@pytest.mark.parametrize("content", [b"", b"a: [", b"\xff\xfe", b"- 1\n- 2\n", b"text"])
def test_a_damaged_backup_is_none_and_is_not_quoted(
    tmp_path: Path, request_: UnlockRequest, content: bytes
) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(content)
    backup = Backup(path, hashlib.sha256(content).hexdigest())
    assert failing(locked_cluster(), replace(request_, backup=backup)).code == "backup-invalid"


def test_a_backup_that_changed_since_it_was_written_is_none(request_: UnlockRequest) -> None:
    assert request_.backup is not None
    with request_.backup.path.open("a") as stream:
        stream.write("\n")
    assert "another SHA-256" in failing(locked_cluster(), request_).message


def test_an_absent_backup_is_none(tmp_path: Path, request_: UnlockRequest) -> None:
    backup = Backup(tmp_path / "nowhere", "00")
    assert "cannot be read" in failing(locked_cluster(), replace(request_, backup=backup)).message


def test_a_webhook_that_forbids_deletion_is_told_with_the_way_out(request_: UnlockRequest) -> None:
    cluster = locked_cluster()
    cluster.failures["delete", PENDING] = RemediationError(
        "api-error",
        'admission webhook "validator.harvesterhci.io" denied the request: no route.',
        "",
    )
    error = failing(cluster, request_)
    assert error.code == "refused"
    assert "rolled_back" in error.remedy


def test_a_secret_that_does_not_go_is_no_success(request_: UnlockRequest) -> None:
    cluster = locked_cluster()
    cluster.delete = lambda *_args, **_options: {}  # type: ignore[method-assign]
    assert failing(cluster, request_).code == "stalled"


def test_a_digest_of_a_sealed_backup_is_as_good_as_a_file(request_: UnlockRequest) -> None:
    """Of an encrypted set, or one in the cluster, there is no file to read."""
    cluster = locked_cluster()
    sealed = SealedBackup(secret_digest(cluster.objects[PENDING]))
    assert unlock(cluster, replace(request_, backup=sealed)).changed
    assert PENDING not in cluster.objects


@pytest.mark.parametrize("change", [other_data, other_uid, no_labels])
def test_a_sealed_backup_of_something_else_is_none(
    request_: UnlockRequest, change: Callable[[dict[str, Any]], None]
) -> None:
    cluster = locked_cluster()
    saved = pending_secret()
    change(saved)
    error = failing(cluster, replace(request_, backup=SealedBackup(secret_digest(saved))))
    assert error.code == "backup-invalid"
    assert PENDING in cluster.objects
