# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.change import (
    ReleaseChange,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.clean import (
    CleanRequest,
    clean,
    merge_base,
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
    list_revisions,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.upgrade import (
    UpgradeRequest,
    upgrade,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.fake_helm import FakeHelm
from ansible_collections.harvester_ops.remediation.tests.unit.builders.left_over import (
    MANIFEST,
    MORE,
    NAMESPACE,
    PATH,
    cluster_of,
)

REQUEST = CleanRequest(NAMESPACE, "fleet")
DEPLOYED: dict[str, Any] = {"revision": 4, "status": "deployed", "manifest": MANIFEST}
FIELD = ["spec.template.spec.nodeSelector"]


class Rendering(FakeHelm):
    """Renders and stores one manifest."""

    manifest = MANIFEST

    def _store(self, change: ReleaseChange, status: str, **parts: Any) -> None:
        super()._store(change, status, **{**parts, "manifest": self.manifest})

    async def render(self, *_arguments: Any) -> str:
        """Give the manifest."""
        self.operations.append(("render", {}))
        return self.manifest


def upgrading(cluster: Cluster, helm: FakeHelm, **changes: Any) -> Any:
    change = replace(ReleaseChange(NAMESPACE, "fleet"), **changes)
    request = UpgradeRequest(change, Path("fleet.tgz"), "fleet", "2.0.0", {})
    return upgrade(cluster, helm, request)


def has_selector(cluster: Cluster) -> bool:
    return "nodeSelector" in cluster.objects[PATH]["spec"]["template"]["spec"]


def test_cleaning_a_release() -> None:
    cluster = cluster_of(DEPLOYED)
    tried = clean(cluster, replace(REQUEST, dry_run=True))
    assert (tried.changed, has_selector(cluster)) == (True, True)
    outcome = clean(cluster, REQUEST)
    assert [each.field for each in outcome.leftovers] == FIELD
    assert "Removed field spec.template.spec.nodeSelector" in outcome.note
    assert outcome.to_dict()["leftovers"][0]["outcome"] == "removed"
    assert not has_selector(cluster)
    assert not clean(cluster, REQUEST).changed


def test_what_the_next_merge_removes_by_itself_is_left_to_it() -> None:
    failed = {"revision": 5, "status": "failed", "manifest": MANIFEST}
    cluster = cluster_of(failed, {**DEPLOYED, "manifest": MORE})
    assert not clean(cluster, REQUEST).changed


@pytest.mark.parametrize(
    ("status", "code"),
    [("pending-upgrade", "release-locked"), ("uninstalled", "refused"), ("superseded", "refused")],
)
def test_a_release_in_another_state_is_not_cleaned(status: str, code: str) -> None:
    with pytest.raises(RemediationError) as caught:
        clean(cluster_of({**DEPLOYED, "status": status}), REQUEST)
    assert caught.value.code == code


def test_another_revision_than_expected_is_not_cleaned() -> None:
    with pytest.raises(RemediationError) as caught:
        clean(cluster_of(DEPLOYED), replace(REQUEST, expected=Expectation(revision=3)))
    assert caught.value.code == "precondition-failed"


def test_the_base_of_the_next_merge() -> None:
    failed = {"revision": 5, "status": "failed", "manifest": "failed"}
    for revisions, base in (
        ((failed, {**DEPLOYED, "manifest": "deployed"}), "deployed"),
        ((failed,), "failed"),
        ((), ""),
    ):
        assert merge_base(list_revisions(cluster_of(*revisions), NAMESPACE, "fleet")) == base


def test_what_an_upgrade_would_leave_behind_is_removed_before_helm_waits_for_the_pods() -> None:
    cluster = cluster_of(DEPLOYED)
    helm = Rendering(cluster, "fleet", "2.0.0")
    gone: list[bool] = []
    store = helm._store
    helm._store = lambda *a, **k: (gone.append(not has_selector(cluster)), store(*a, **k))  # type: ignore[assignment,misc,return-value]
    outcome = upgrading(cluster, helm)
    assert gone == [True]
    assert [each.field for each in outcome.leftovers] == FIELD
    assert [name for name, _options in helm.operations] == ["render", "upgrade"]


def test_what_the_new_manifest_has_stays() -> None:
    cluster = cluster_of(DEPLOYED)
    helm = Rendering(cluster, "fleet", "2.0.0")
    helm.manifest = MORE
    assert upgrading(cluster, helm).leftovers == ()
    assert has_selector(cluster)


def test_without_leftovers_nothing_is_rendered() -> None:
    cluster = cluster_of({**DEPLOYED, "manifest": MORE})
    helm = Rendering(cluster, "fleet", "2.0.0")
    helm.manifest = MORE
    upgrading(cluster, helm)
    assert len(helm.operations) == 1


def test_check_mode_names_what_it_would_remove() -> None:
    cluster = cluster_of(DEPLOYED)
    outcome = upgrading(cluster, Rendering(cluster, "fleet", "2.0.0"), dry_run=True)
    assert [each.field for each in outcome.leftovers] == FIELD
    assert has_selector(cluster)


def test_what_helm_leaves_is_removed_after_it() -> None:
    """Its base had the field, so helm should have removed it; this one has not."""
    cluster = cluster_of({**DEPLOYED, "manifest": MORE})
    outcome = upgrading(cluster, Rendering(cluster, "fleet", "2.0.0"))
    assert [each.field for each in outcome.leftovers] == FIELD
    assert outcome.leftovers[0].revision == 4
    assert not has_selector(cluster)


def test_helms_failure_tells_what_was_removed_before_it() -> None:
    cluster = cluster_of(DEPLOYED)
    helm = Rendering(cluster, "fleet", "2.0.0")
    failure = HelmFailedError("upgrade", 1, "Error: UPGRADE FAILED: timed out")
    helm.failures = [failure]
    with pytest.raises(RemediationError, match="Before helm ran: Removed field") as caught:
        upgrading(cluster, helm)
    assert caught.value.details["leftovers"][0]["field"] == FIELD[0]


def test_a_search_that_fails_does_not_end_the_upgrade() -> None:
    cluster = cluster_of(DEPLOYED)
    cluster.failures["get", PATH] = RemediationError("server-unreachable", "No answer.")
    outcome = upgrading(cluster, Rendering(cluster, "fleet", "2.0.0"))
    assert outcome.changed
    assert "could not be removed: No answer." in outcome.note


def test_a_rollback_removes_what_the_last_revision_does_not_know_either() -> None:
    """Of two pending revisions helm compares with the last one only."""
    pending = {"revision": 6, "status": "pending-upgrade", "manifest": MANIFEST}
    first = {"revision": 5, "status": "pending-upgrade", "manifest": MORE}
    cluster = cluster_of(pending, first, DEPLOYED)
    helm = FakeHelm(cluster, "fleet", "unused")
    request = RollbackRequest(ReleaseChange(NAMESPACE, "fleet"), 4)
    outcome = roll_back(cluster, helm, request, lambda _revision: None)
    assert [(each.field, each.revision) for each in outcome.leftovers] == [(FIELD[0], 5)]
    assert not has_selector(cluster)
