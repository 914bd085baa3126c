# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.computed import (
    RancherValues,
    merged_values,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.sources import (
    Layers,
    sourced_values,
)

PASSED = RancherValues(
    "rancher-webhook",
    values={
        "capi": None,
        "mcm": {"enabled": False, "p": 2},
        "global": {"cattle": {"systemDefaultRegistry": "", "imagePullSecrets": None}},
        "priorityClassName": "rancher-critical",
        "port": 9443,
        "image": {"repository": "rancher/rancher-webhook"},
    },
    from_config={"port": 9443, "mcm": {"p": 2}},
)


def told(
    own: dict[str, Any], passed: RancherValues, kept: dict[str, Any] | None = None, **more: Any
) -> dict[str, tuple[str, str]]:
    kept = own if kept is None else kept
    settled = {**merged_values(kept, passed), **more}
    found = sourced_values(Layers(own, kept, passed, settled, "mine"))
    assert [each.path for each in found] == sorted(each.path for each in found)
    return {".".join(each.path): (each.source, each.change) for each in found}


def test_every_value_has_a_source_and_says_what_becomes_of_it() -> None:
    own = {
        "capi": {"old": True},
        "mcm": {"enabled": True, "own": 1},
        "list": [1],
        "empty": {},
        "global": {"cattle": {"x": None}},
        "port": 9443,
    }
    assert told(own, PASSED, tolerations=[{"key": "a"}]) == {
        "capi.old": ("dropped because null", "removed"),
        "empty": ("release", "same"),
        "global.cattle.imagePullSecrets": ("dropped because null", "same"),
        "global.cattle.systemDefaultRegistry": ("Setting/system-default-registry", "added"),
        "global.cattle.x": ("release", "same"),
        "image.repository": ("computed", "added"),
        "list": ("release", "same"),
        "mcm.enabled": ("Feature/multi-cluster-management", "changed"),
        "mcm.own": ("release", "same"),
        "mcm.p": ("rancher-config key rancher-webhook", "added"),
        "port": ("rancher-config key rancher-webhook", "same"),
        "priorityClassName": ("mine key priorityClassName", "added"),
        "tolerations": ("computed", "added"),
    }


def test_settings_features_and_the_environment_are_named() -> None:
    passed = RancherValues(
        "fleet",
        values={
            "agentTLSMode": "strict",
            "apiServerCA": "pem",
            "apiServerURL": "",
            "bootstrap": {"enabled": False},
            "gitops": {"enabled": True},
            "proxy": "http://p",
            "noProxy": "x",
            "gitjob": {"proxy": "http://p", "priorityClassName": "c"},
        },
    )
    assert {path: source for path, (source, _change) in told({}, passed).items()} == {
        "agentTLSMode": "Setting/agent-tls-mode",
        "apiServerCA": "Setting/cacerts",
        "apiServerURL": "Setting/server-url",
        "bootstrap.enabled": "computed",
        "gitjob.priorityClassName": "mine key priorityClassName",
        "gitjob.proxy": "Deployment/cattle-system/rancher env HTTP_PROXY",
        "gitops.enabled": "Feature/continuous-delivery",
        "noProxy": "Deployment/cattle-system/rancher env NO_PROXY",
        "proxy": "Deployment/cattle-system/rancher env HTTP_PROXY",
    }


def test_a_map_that_gives_way_to_a_scalar_is_told() -> None:
    passed = RancherValues("fleet", values={"a": 1}, from_config={"a": 1})
    assert told({"a": {"b": 2}}, passed) == {
        "a": ("rancher-config key fleet", "added"),
        "a.b": ("rancher-config key fleet", "removed"),
    }


def test_what_was_dropped_as_asked_is_told_and_a_grown_map_is_not_gone() -> None:
    passed = RancherValues("fleet", values={"grown": {"x": 1}})
    own = {"image": {"tag": "v1"}, "grown": {}}
    assert told(own, passed, kept={"grown": {}}) == {
        "grown.x": ("computed", "added"),
        "image.tag": ("dropped as asked", "removed"),
    }


def test_a_leaf_shows_no_value() -> None:
    layers = Layers({"a": "s3cret"}, {"a": "s3cret"}, RancherValues("fleet-crd"), {"a": "s3cret"})
    (leaf,) = sourced_values(layers)
    assert leaf.value == "s3cret"
    assert "s3cret" not in repr(leaf) + repr(leaf.without_value())
