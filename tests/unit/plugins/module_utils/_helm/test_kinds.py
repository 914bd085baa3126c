# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.kinds import Kinds
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.left_over import kinds


def test_where_objects_are_is_asked_once_for_each_version() -> None:
    cluster = Cluster()
    kinds(cluster)
    cluster.add(
        "/apis/rbac.authorization.k8s.io/v1",
        {"resources": [{"kind": "ClusterRole", "name": "clusterroles", "namespaced": False}]},
    )
    known = Kinds(cluster)
    asked = (
        ("v1", "ConfigMap", "/api/v1/namespaces/n/configmaps/x"),
        ("v1", "Secret", "/api/v1/namespaces/n/secrets/x"),
        ("apps/v1", "Deployment", "/apis/apps/v1/namespaces/n/deployments/x"),
        (
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/x",
        ),
        ("apps/v1", "Unheard", None),
        ("gone.io/v1", "Thing", None),
    )
    for version, kind, path in asked:
        assert known.path(version, kind, "n", "x") == path
    assert known.path("v1", "ConfigMap", "n", None) == "/api/v1/namespaces/n/configmaps"
    assert len(cluster.requests) == 4


def test_a_version_that_may_not_be_read_has_no_kinds() -> None:
    cluster = Cluster()
    cluster.failures["get", "/apis/a.io/v1"] = RemediationError("forbidden", "No permission.")
    assert Kinds(cluster).path("a.io/v1", "Thing", "n", "x") is None
