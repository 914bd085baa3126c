# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.backup_set import (
    files_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.read import (
    Content,
    SavedObject,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._backup.scope import (
    Changes,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._restore.selection import (
    Chosen,
    Selection,
    choose,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.backup_sets import (
    CONFIG_LABEL,
    a_set,
    config,
    identity,
    saved,
    saved_secret,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

HISTORY = [saved_secret(release_secret(revision=number)) for number in (9, 10, 11)]
SETTINGS = [
    saved("Setting", name, api_version="management.cattle.io/v3", value="x")
    for name in ("fleet-version", "server-version")
]
INDEX = saved(
    "ConfigMap",
    "rancher-charts-0-abc",
    "cattle-system",
    ownerReferences=[{"kind": "ClusterRepo", "name": "rancher-charts"}],
)
CLUSTERS = [
    saved("Cluster", "local", "fleet-local", api_version=each)
    for each in ("fleet.cattle.io/v1alpha1", "cluster.x-k8s.io/v1beta1")
]


def chosen(**selection: list[str]) -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    files = a_set(config(), INDEX, *HISTORY, *SETTINGS, *CLUSTERS)
    found = choose(json.loads(files["manifest.json"]), Selection(**selection))
    return sorted(found.objects), {key: list(each) for key, each in found.histories.items()}


@pytest.mark.parametrize(
    ("parts", "objects"),
    [
        (["config_maps"], [CONFIG_LABEL]),
        (["settings"], ["Setting/fleet-version"]),
        (["fleet"], ["Cluster.fleet.cattle.io/fleet-local/local"]),
        (["settings", "config_maps"], [CONFIG_LABEL, "Setting/fleet-version"]),
    ],
)
def test_a_part_is_what_may_come_back_of_its_kinds(parts: list[str], objects: list[str]) -> None:
    """Not the index, which belongs to its ClusterRepo; not what Rancher says of itself; not CAPI's Cluster."""
    assert chosen(parts=parts) == (objects, {})


@pytest.mark.parametrize(
    "selection", [{"releases": ["cattle-fleet-system/fleet"]}, {"parts": ["releases"]}]
)
def test_a_history_is_in_the_order_of_its_revisions(selection: dict[str, list[str]]) -> None:
    names = [f"Secret/cattle-fleet-system/sh.helm.release.v1.fleet.v{n}" for n in (9, 10, 11)]
    assert chosen(**selection) == ([], {("cattle-fleet-system", "fleet"): names})


OF_FLEET = {
    "meta.helm.sh/release-name": "fleet",
    "meta.helm.sh/release-namespace": "cattle-fleet-system",
}
CHANGES = Changes(("cattle-fleet-system/fleet",), ("Setting/fleet-version",))


def undone(*objects: SavedObject, changes: Changes = CHANGES) -> Chosen:
    content = Content(objects=[*HISTORY, *SETTINGS, *objects])
    return choose(
        json.loads(files_of(identity(), content, changes)["manifest.json"]),
        Selection(parts=["plan"]),
    )


def test_a_plan_is_undone_whole() -> None:
    """Its releases with what helm has made for them, and its other objects; no definition, and nothing of others."""
    made = [
        saved(
            "Deployment",
            "gitjob",
            "cattle-fleet-system",
            api_version="apps/v1",
            annotations=OF_FLEET,
        ),
        saved(
            "CustomResourceDefinition",
            "bundles.fleet.cattle.io",
            api_version="apiextensions.k8s.io/v1",
            annotations=OF_FLEET,
        ),
        saved("Deployment", "other", "cattle-fleet-system", api_version="apps/v1"),
    ]
    found = undone(*made)
    assert sorted(found.objects) == [
        "Deployment/cattle-fleet-system/gitjob",
        "Setting/fleet-version",
    ]
    assert list(found.histories) == [("cattle-fleet-system", "fleet")]


def test_a_set_of_no_plan_cannot_undo_one() -> None:
    with pytest.raises(RemediationError, match="does not say what its plan changes"):
        undone(changes=Changes())


def test_an_object_by_its_name_or_its_full_name() -> None:
    full = "Cluster.fleet.cattle.io/fleet-local/local"
    assert chosen(objects=[CONFIG_LABEL])[0] == [CONFIG_LABEL]
    assert chosen(objects=[full])[0] == [full]
    assert chosen(objects=["Setting.management.cattle.io/fleet-version"])[0] == [
        "Setting/fleet-version"
    ]


@pytest.mark.parametrize(
    "selection",
    [
        {"objects": ["Cluster/fleet-local/local"]},
        {"objects": ["ConfigMap/default/none"]},
        {"releases": ["cattle-system/fleet"]},
        {"releases": ["fleet"]},
    ],
    ids=["ambiguous", "absent", "other namespace", "no namespace"],
)
def test_what_the_set_does_not_hold(selection: dict[str, list[str]]) -> None:
    with pytest.raises(RemediationError) as raised:
        chosen(**selection)
    assert raised.value.code == "not-found"
    assert next(iter(selection.values()))[0] in raised.value.message
    assert raised.value.details["releases"] == ["cattle-fleet-system/fleet"]
