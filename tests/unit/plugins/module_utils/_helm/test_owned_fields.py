# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.field_path import (
    text_of,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.owned_fields import (
    has_owners,
    made_by_others,
    unlisted,
)

LIVE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "labels": {"app.kubernetes.io/managed-by": "Helm", "a": "b"},
        "annotations": {"meta.helm.sh/release-name": "web", "note": "x"},
        "finalizers": ["x"],
    },
    "spec": {
        "nodeSelector": {"disk": "none", "zone": "a"},
        "containers": [
            {"name": "web", "args": ["x"], "env": [{"name": "A", "value": "1"}]},
            {"name": "side", "image": "side:1"},
        ],
        "paused": True,
    },
    "status": {"replicas": 1},
}
FIELDS: dict[str, Any] = {
    "f:metadata": {
        "f:labels": {".": {}, "f:app.kubernetes.io/managed-by": {}, "f:a": {}},
        "f:annotations": {".": {}, "f:meta.helm.sh/release-name": {}, "f:note": {}},
        "f:finalizers": {'v:"x"': {}},
    },
    "f:spec": {
        "f:nodeSelector": {},
        "f:containers": {
            'k:{"name":"web"}': {
                ".": {},
                "f:name": {},
                "f:args": {},
                "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
            },
            'k:{"name":"side"}': {".": {}, "f:name": {}, "f:image": {}},
            "i:0": {},
            "k:{": {},
        },
        "f:paused": {},
        "f:gone": {},
    },
    "f:status": {"f:replicas": {}},
}
MANIFEST: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"a": "b"}},
    "spec": {"nodeSelector": {"zone": "a"}, "containers": [{"name": "web"}], "paused": None},
}
ALL = {
    "metadata.annotations.note",
    "spec.nodeSelector.disk",
    "spec.containers[name=web].args",
    "spec.containers[name=web].env",
    "spec.containers[name=side]",
    "spec.paused",
}


def entry(fields: dict[str, Any], manager: str = "helm", **more: Any) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "apps/v1",
        "fieldsV1": fields,
        **more,
    }


def found(*entries: dict[str, Any], manifest: dict[str, Any] | None = None) -> set[str]:
    live = {**LIVE, "metadata": {**LIVE["metadata"], "managedFields": list(entries)}}
    return {text_of(path) for path in unlisted(live, manifest or MANIFEST)}


@pytest.mark.parametrize("operation", ["Update", "Apply"])
def test_fields_of_helm_that_the_manifest_does_not_have(operation: str) -> None:
    """Not helm's own marks, not the status, and of metadata only labels and annotations."""
    assert found(entry(FIELDS, operation=operation)) == ALL


def test_both_ways_of_applying_count() -> None:
    half = {"f:spec": {"f:paused": {}}}
    rest = {"f:spec": {key: value for key, value in FIELDS["f:spec"].items() if key != "f:paused"}}
    assert found(entry(half, operation="Apply"), entry(rest)) == {
        each for each in ALL if each.startswith("spec")
    }


@pytest.mark.parametrize(
    ("theirs", "stay"),
    [
        ({"f:spec": {"f:paused": {}}}, {"spec.paused"}),
        ({"f:spec": {"f:nodeSelector": {}}}, {"spec.nodeSelector.disk"}),
        # An owner of the whole owns what is in it.
        ({"f:spec": {}}, {each for each in ALL if each.startswith("spec")}),
        # Part of an item: the item stays whole.
        (
            {"f:spec": {"f:containers": {'k:{"name":"side"}': {"f:image": {}}}}},
            {"spec.containers[name=side]"},
        ),
        (
            {
                "f:spec": {
                    "f:containers": {
                        'k:{"name":"web"}': {"f:env": {'k:{"name":"A"}': {"f:value": {}}}}
                    }
                }
            },
            {"spec.containers[name=web].env"},
        ),
        ({"f:metadata": {"f:annotations": {"f:other": {}}}}, set()),
    ],
)
def test_what_others_have_set_stays(theirs: dict[str, Any], stay: set[str]) -> None:
    assert found(entry(FIELDS), entry(theirs, "kubectl-edit", operation="Update")) == ALL - stay


def test_fields_written_in_another_version_or_by_a_subresource_are_left_alone() -> None:
    assert found(entry(FIELDS, apiVersion="apps/v1beta2")) == set()
    assert found(entry(FIELDS, subresource="status")) == set()


def test_a_manifest_that_has_all_leaves_nothing() -> None:
    assert found(entry(FIELDS), manifest=LIVE) == set()


def test_objects_without_owners_say_nothing() -> None:
    assert not has_owners(LIVE)
    assert not made_by_others(LIVE)
    assert found() == set()
    assert found({}, {"manager": "helm", "apiVersion": "apps/v1", "fieldsV1": None}) == set()
    copied = {"metadata": {"managedFields": [entry(FIELDS, "a-controller")]}}
    assert made_by_others(copied)
