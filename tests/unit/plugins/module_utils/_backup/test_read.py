# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.read import (
    read_content,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.scope import (
    BUNDLE,
    CONFIG_MAP,
    SECRET,
    Wanted,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

HISTORY = Wanted(
    SECRET,
    "cattle-fleet-system",
    label_selector="owner=helm,name=fleet",
    required=True,
    with_content=True,
)


def history(*statuses: str) -> Cluster:
    cluster = Cluster()
    for number, status in enumerate(statuses, 1):
        cluster.add_secret(release_secret(revision=number, status=status))
    return cluster


def test_every_revision_is_saved_and_the_telling_ones_in_plain_text() -> None:
    cluster = history("superseded", "deployed", "failed", "pending-upgrade")
    content = read_content(cluster, [HISTORY])
    assert len(content.objects) == 4
    names = {each.file_name.split("/")[2] for each in content.texts}
    assert names == {"sh.helm.release.v1.fleet.v4", "sh.helm.release.v1.fleet.v2"}


def test_a_blob_that_cannot_be_decoded_is_saved_all_the_same() -> None:
    cluster = Cluster()
    cluster.add_secret(release_secret(stored="bm9uc2Vuc2U="))
    content = read_content(cluster, [HISTORY])
    assert content.objects[0].content["data"]["release"] == "bm9uc2Vuc2U="
    assert "sh.helm.release.v1.fleet.v1" in content.missing[0]["what"]


def test_a_kind_that_is_not_there_is_no_failure() -> None:
    cluster = history("deployed")
    path = "/apis/fleet.cattle.io/v1alpha1/bundles"
    cluster.failures["list", path] = RemediationError(
        "not-found", "The API server does not know it."
    )
    content = read_content(cluster, [Wanted(BUNDLE), HISTORY])
    assert len(content.objects) == 1
    assert content.missing == []


@pytest.mark.parametrize("code", ["forbidden", "api-error", "server-unreachable"])
def test_unreadable_is_not_absent(code: str) -> None:
    cluster = history("deployed")
    path = "/api/v1/namespaces/cattle-system/configmaps/rancher-config"
    cluster.failures["get", path] = RemediationError(code, "It cannot be read.")
    wanted = Wanted(CONFIG_MAP, "cattle-system", "rancher-config")
    content = read_content(cluster, [wanted])
    assert content.missing == [
        {"what": "ConfigMap/cattle-system/rancher-config", "reason": "It cannot be read."}
    ]
    required = Wanted(CONFIG_MAP, "cattle-system", "rancher-config", required=True)
    with pytest.raises(
        RemediationError, match="is going to be changed and cannot be saved"
    ) as raised:
        read_content(cluster, [required])
    assert raised.value.code == "backup-failed"
