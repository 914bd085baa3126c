# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._kube import paths


@pytest.mark.parametrize(
    ("path", "described"),
    [
        (paths.core("v1", "secrets", "cattle-system", "x"), "Secret/cattle-system/x"),
        (paths.core("v1", "secrets", "cattle-system"), "Secret/cattle-system"),
        (paths.core("v1", "namespaces", None, "kube-system"), "Namespace/kube-system"),
        (paths.core("v1", "configmaps", "a", "b"), "ConfigMap/a/b"),
        (paths.api("catalog.cattle.io/v1", "clusterrepos", None, "r"), "ClusterRepo/r"),
        (paths.api("apps/v1", "deployments", "a", "b"), "Deployment/a/b"),
        (paths.subresource(paths.core("v1", "pods", "a", "b"), "log"), "Pod/a/b (log)"),
        ("/version", "/version"),
    ],
)
def test_what_messages_call_an_object(path: str, described: str) -> None:
    assert paths.describe(path) == described


def test_names_are_quoted_so_that_they_stay_one_segment() -> None:
    path = paths.core("v1", "secrets", "a", "b/../c?x=1")
    assert path == "/api/v1/namespaces/a/secrets/b%2F..%2Fc%3Fx%3D1"
    assert paths.describe(path) == "Secret/a/b/../c?x=1"


def test_cluster_scoped_and_namespaced_paths() -> None:
    assert paths.core("v1", "nodes") == "/api/v1/nodes"
    assert paths.api("fleet.cattle.io/v1alpha1", "bundles", "fleet-local", "b") == (
        "/apis/fleet.cattle.io/v1alpha1/namespaces/fleet-local/bundles/b"
    )


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("GET", paths.core("v1", "secrets"), "list"),
        ("GET", paths.core("v1", "secrets", "a"), "list"),
        ("GET", paths.core("v1", "secrets", "a", "b"), "get"),
        ("GET", "/version", "get"),
        ("POST", paths.core("v1", "secrets", "a"), "create"),
        ("PUT", paths.core("v1", "secrets", "a", "b"), "update"),
        ("PATCH", paths.core("v1", "secrets", "a", "b"), "patch"),
        ("DELETE", paths.core("v1", "secrets", "a", "b"), "delete"),
    ],
)
def test_the_verbs_of_rbac(method: str, path: str, verb: str) -> None:
    assert paths.verb(method, path) == verb
