# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.owners import (
    with_sane_owners,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

OWNER = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rancher", "uid": "old"}
PATH = "/apis/apps/v1/namespaces/cattle-system/deployments/rancher"


def owned(*references: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "ConfigMap",
        "metadata": {
            "name": "x",
            "namespace": "cattle-system",
            "ownerReferences": list(references),
        },
    }


def cluster(uid: str | None) -> Cluster:
    made = Cluster()
    resources = [
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
        {"name": "deployments", "kind": "Deployment", "namespaced": True},
    ]
    made.add("/apis/apps/v1", {"metadata": {}, "resources": resources})
    if uid:
        made.add(PATH, {"metadata": {"name": "rancher", "uid": uid}})
    return made


def test_an_owner_that_is_still_there_is_referred_to() -> None:
    assert with_sane_owners(cluster("old"), owned(OWNER)) == (owned(OWNER), [])


def test_an_owner_made_anew_is_referred_to_by_its_present_uid() -> None:
    found, notes = with_sane_owners(cluster("new"), owned(OWNER))
    assert found == owned({**OWNER, "uid": "new"})
    assert notes == [
        "Its owner Deployment/rancher was made anew: the reference gets the present UID."
    ]


@pytest.mark.parametrize(
    "reference", [OWNER, {**OWNER, "apiVersion": "gone.io/v1"}, {**OWNER, "kind": "Unknown"}]
)
def test_the_garbage_collector_finds_no_reason(reference: dict[str, Any]) -> None:
    found, notes = with_sane_owners(cluster(None), owned(reference))
    assert "ownerReferences" not in found["metadata"]
    assert "is left out" in notes[0]


def test_an_owner_that_cannot_be_read_is_not_gone() -> None:
    api = cluster("old")
    api.failures["get", PATH] = RemediationError("forbidden", "No permission.")
    with pytest.raises(RemediationError, match="No permission"):
        with_sane_owners(api, owned(OWNER))


def test_nothing_to_own() -> None:
    plain = {"kind": "ConfigMap", "metadata": {"name": "x"}}
    assert with_sane_owners(Cluster(), plain) == (plain, [])
