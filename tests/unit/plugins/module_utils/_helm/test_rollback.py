# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    HelmActor,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.change import (
    ReleaseChange,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.cli import (
    HelmFailedError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.expectation import (
    Expectation,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.rollback import (
    RollbackRequest,
    roll_back,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    Revision,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.fake_helm import FakeHelm
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

NAMESPACE = "cattle-fleet-system"
OLD: dict[str, Any] = {"info": {"last_deployed": "2026-11-20T10:00:00Z"}}
REQUEST = RollbackRequest(
    change=ReleaseChange(NAMESPACE, "fleet"), revision=3, expected=Expectation(revision=4)
)


def nobody(_revision: Revision) -> HelmActor | None:
    return None


def version(text: str) -> dict[str, Any]:
    return {"chart": {"metadata": {"name": "fleet", "version": text}}}


def cluster_of(*secrets: dict[str, Any]) -> tuple[Cluster, FakeHelm]:
    cluster = Cluster()
    for secret in secrets:
        secret["metadata"]["creationTimestamp"] = "2026-11-20T10:00:00Z"
        cluster.add_secret(secret)
    return cluster, FakeHelm(cluster, "fleet", "unused")


def locked_release() -> tuple[Cluster, FakeHelm]:
    return cluster_of(
        release_secret(revision=3, **version("1.0.0")),
        release_secret(revision=4, status="pending-upgrade", **version("2.0.0"), **OLD),
    )


def failing(cluster: Cluster, helm: FakeHelm, **changes: Any) -> RemediationError:
    with pytest.raises(RemediationError) as caught:
        roll_back(cluster, helm, replace(REQUEST, **changes), nobody)
    return caught.value


def test_a_locked_release_goes_back_to_the_revision_named() -> None:
    cluster, helm = locked_release()
    outcome = roll_back(cluster, helm, REQUEST, nobody)
    assert outcome.changed
    assert outcome.after is not None
    assert (outcome.after.revision, outcome.after.status) == (5, "deployed")
    assert outcome.after.chart_version == "1.0.0"
    assert helm.operations == [("rollback", {"revision": 3})]


def test_a_second_rollback_changes_nothing() -> None:
    cluster, helm = locked_release()
    roll_back(cluster, helm, REQUEST, nobody)
    assert not roll_back(cluster, helm, REQUEST, nobody).changed
    assert len(helm.operations) == 1


def test_a_release_that_is_at_the_revision_stays() -> None:
    cluster, helm = cluster_of(release_secret(revision=3))
    assert not roll_back(cluster, helm, REQUEST, nobody).changed


def test_check_mode_changes_nothing() -> None:
    cluster, helm = locked_release()
    before = dict(cluster.objects)
    request = replace(REQUEST, change=replace(REQUEST.change, dry_run=True))
    assert roll_back(cluster, helm, request, nobody).changed
    assert cluster.objects == before
    assert len(helm.operations) == 1


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ({"revision": 2}, "revision 3 does not exist"),
        ({"revision": 3, "stored": "%%%"}, "revision 3 cannot be read"),
        ({"revision": 3, "status": "failed"}, "is failed and never was a working state"),
        ({"revision": 3, "status": "pending-install"}, "is pending-install and never was"),
        (
            {"revision": 3, "chart": {"metadata": {"name": "other", "version": "1.0.0"}}},
            "is of chart other",
        ),
    ],
)
def test_an_unfit_target_is_refused(secret: dict[str, Any], reason: str) -> None:
    cluster, helm = cluster_of(
        release_secret(**secret), release_secret(revision=4, status="failed", **version("2.0.0"))
    )
    error = failing(cluster, helm)
    assert error.code == "refused"
    assert reason in error.message
    assert "4 (failed)" in error.remedy
    assert helm.operations == []


def test_a_superseded_revision_is_a_target() -> None:
    cluster, helm = cluster_of(
        release_secret(revision=3, status="superseded", **version("1.0.0")),
        release_secret(revision=4, status="failed", **version("2.0.0")),
    )
    assert roll_back(cluster, helm, REQUEST, nobody).changed


@pytest.mark.parametrize("status", ["uninstalled", "uninstalling"])
def test_an_uninstalled_release_is_not_brought_back(status: str) -> None:
    cluster, helm = cluster_of(
        release_secret(revision=3, status="superseded", **version("1.0.0")),
        release_secret(revision=4, status=status, **version("2.0.0")),
    )
    assert failing(cluster, helm).code == "refused"


def test_another_last_revision_than_expected_is_refused() -> None:
    cluster, helm = locked_release()
    assert failing(cluster, helm, expected=Expectation(revision=9)).code == "precondition-failed"


def test_another_secret_under_the_number_of_the_target_is_refused() -> None:
    cluster, helm = locked_release()
    error = failing(cluster, helm, revision_uid="of-an-earlier-one")
    assert error.code == "precondition-failed"
    assert "fleet.v3" in error.message
    assert helm.operations == []


def test_a_young_lock_is_left_alone() -> None:
    cluster, helm = cluster_of(
        release_secret(revision=3, **version("1.0.0")),
        release_secret(
            revision=4,
            status="pending-upgrade",
            info={"last_deployed": "2026-11-23T14:59:00Z"},
            **version("2.0.0"),
        ),
    )
    error = failing(cluster, helm)
    assert error.code == "release-busy"
    assert "only 60 s old" in error.message
    assert helm.operations == []


def test_a_live_actor_keeps_us_away_also_from_an_old_lock() -> None:
    cluster, helm = locked_release()
    actor = HelmActor("Pod", "cattle-system", "helm-operation-x7k2p")
    with pytest.raises(RemediationError, match="Pod/cattle-system/helm-operation-x7k2p") as caught:
        roll_back(cluster, helm, REQUEST, lambda _revision: actor)
    assert caught.value.code == "release-busy"
    assert helm.operations == []


def test_a_failure_tells_the_state_left() -> None:
    cluster, helm = locked_release()
    helm.failures = [HelmFailedError("rollback", 1, "Error: timed out waiting for the condition\n")]
    helm.leaves = "failed"
    error = failing(cluster, helm)
    assert error.details["reason"] == "timed-out"
    assert "last revision 5 is now failed" in error.message


def test_success_that_cannot_be_seen_is_no_success() -> None:
    cluster, helm = locked_release()

    def interfere(server: Cluster, verb: str, _path: str) -> None:
        if verb == "list" and helm.operations:
            server.add_secret(release_secret(revision=6, status="failed", **version("3.0.0")))

    cluster.before.append(interfere)
    assert failing(cluster, helm).code == "stalled"
