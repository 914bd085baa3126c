# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.later_objects import (
    later_objects,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.backup_sets import (
    a_set,
    saved,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster

NS = "cattle-fleet-system"
PATH = f"/apis/apps/v1/namespaces/{NS}/deployments"
FLEET = f"{NS}/fleet"
BEFORE, AFTER = "2026-11-23T13:00:00Z", "2026-11-23T14:10:00Z"
KNOWN = saved("Deployment", "gitjob", NS, api_version="apps/v1")
MANIFEST = json.loads(a_set(KNOWN)["manifest.json"])


def deployment(name: str, *, release: str = "fleet", at: str = AFTER, **more: Any) -> Cluster:
    """A cluster with one Deployment that helm has made."""
    cluster = Cluster()
    cluster.add(
        f"{PATH}/{name}",
        {
            "metadata": {
                "name": name,
                "namespace": NS,
                "creationTimestamp": at,
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {
                    "meta.helm.sh/release-name": release,
                    "meta.helm.sh/release-namespace": NS,
                },
                **more,
            }
        },
    )
    return cluster


def test_what_a_release_has_got_since_is_deleted() -> None:
    (found,) = later_objects(deployment("helmops"), [FLEET], MANIFEST)
    assert (found.label, found.action) == (f"Deployment/{NS}/helmops", "deleted")
    assert found.api_path == f"{PATH}/helmops"
    assert found.one["kind"] == "Deployment"


@pytest.mark.parametrize(
    "cluster",
    [
        deployment("gitjob"),
        deployment("helmops", at=BEFORE),
        deployment("helmops", release="somebody-else"),
        deployment("helmops", ownerReferences=[{"kind": "Deployment", "name": "x"}]),
    ],
    ids=["saved", "older than the set", "of another release", "owned"],
)
def test_everything_else_stays(cluster: Cluster) -> None:
    assert later_objects(cluster, [FLEET], MANIFEST) == []


def test_nothing_is_looked_for_where_no_plan_is_undone() -> None:
    cluster = deployment("helmops")
    assert later_objects(cluster, [], MANIFEST) == []
    assert cluster.requests == []
