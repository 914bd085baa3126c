# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.later_objects import (
    later_objects,
    made_by_steps,
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


STV = "Secret/cattle-system/stv-aggregation"
STV_PATH = "/api/v1/namespaces/cattle-system/secrets/stv-aggregation"
REPO = "ClusterRepo/rancher-charts"
REPO_PATH = "/apis/catalog.cattle.io/v1/clusterrepos/rancher-charts"
AGENT = "Cluster/fleet-local/local"
AGENT_PATH = "/apis/fleet.cattle.io/v1alpha1/namespaces/fleet-local/clusters/local"


def made(at: str = AFTER) -> Cluster:
    """A cluster that has them all."""
    cluster = Cluster()
    for path in (STV_PATH, REPO_PATH, AGENT_PATH):
        name = path.rpartition("/")[2]
        cluster.add(path, {"metadata": {"name": name, "uid": "u", "creationTimestamp": at}})
    return cluster


def manifest(**paths: str) -> dict[str, Any]:
    """Of a set with the same name in two groups, and a plan that changes these objects."""
    twins = [
        saved("Cluster", "local", "fleet-local", api_version=f"{group}/v1alpha1")
        for group in ("fleet.cattle.io", "provisioning.cattle.io")
    ]
    return {**json.loads(a_set(*twins)["manifest.json"]), "changes": {"paths": paths}}


def test_what_a_step_has_made_is_deleted_but_for_what_rancher_needs() -> None:
    found, stays = made_by_steps(made(), manifest(**{STV: STV_PATH, REPO: REPO_PATH}))
    assert [(each.label, each.action) for each in found] == [(STV, "deleted")]
    assert len(stays) == 1
    assert stays[0].startswith(f"{REPO} was made by the plan and stays: without it Rancher finds")


def test_what_was_there_before_is_not_taken_for_made() -> None:
    """Whatever it is called in the set, and however old it is."""
    assert made_by_steps(made(), manifest(**{AGENT: AGENT_PATH})) == ([], [])
    assert made_by_steps(made(BEFORE), manifest(**{STV: STV_PATH})) == ([], [])
    assert made_by_steps(Cluster(), manifest(**{STV: STV_PATH})) == ([], [])
    assert made_by_steps(made(), MANIFEST) == ([], [])
