# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.rancher_version import (
    RancherVersion,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.computed import (
    RancherValues,
    ValueInputs,
    merged_values,
    pinned_keys,
    rancher_values,
    tolerations_of,
    without_pinned_keys,
)


def rancher(text: str) -> RancherVersion:
    version = RancherVersion.parse(text)
    assert version is not None
    return version


HARVESTER = ValueInputs(
    rancher=rancher("v2.12.2"),
    settings={"cacerts": "PEM", "system-default-registry": "", "agent-tls-mode": "system-store"},
    features={"multi-cluster-management": False, "continuous-delivery": True},
    rancher_config={},
    environment={},
)
FLEET = {
    "agentTLSMode": "system-store",
    "apiServerURL": "",
    "apiServerCA": "PEM",
    "global": {"cattle": {"systemDefaultRegistry": ""}},
    "bootstrap": {"enabled": False, "agentNamespace": "cattle-fleet-local-system"},
    "gitops": {"enabled": True},
}
GLOBAL = {"cattle": {"systemDefaultRegistry": ""}}
CLASS = {"priorityClassName": "rancher-critical"}


def inputs(version: str = "v2.12.2", **changes: Any) -> ValueInputs:
    return replace(HARVESTER, rancher=rancher(version), **changes)


def values(chart: str, version: str = "v2.12.2", **changes: Any) -> dict[str, Any]:
    made = rancher_values(chart, inputs(version, **changes))
    assert (made.error, made.unreadable) == ("", ())
    assert made.values is not None
    return made.values


@pytest.mark.parametrize("version", ["v2.8.5", "v2.11.0", "v2.15.0"])
def test_fleet_crd_gets_nothing_and_ignores_rancher_config(version: str) -> None:
    made = rancher_values("fleet-crd", inputs(version, rancher_config={"fleet-crd": "a: ["}))
    assert made == RancherValues("fleet-crd")


@pytest.mark.parametrize("version", ["v2.9.3", "v2.10.1", "v2.11.0", "v2.12.2", "v2.15.0"])
def test_fleet(version: str) -> None:
    assert values("fleet", version) == FLEET


@pytest.mark.parametrize(("known", "passed"), [(True, True), (False, False)])
def test_fleet_of_2_8_has_the_tls_mode_only_where_the_setting_exists(
    known: bool, passed: bool
) -> None:
    settings = {"agent-tls-mode": "strict"} if known else {}
    assert ("agentTLSMode" in values("fleet", "v2.8.5", settings=settings)) is passed


@pytest.mark.parametrize(("version", "gitjob"), [("v2.11.3", True), ("v2.12.0", False)])
def test_proxy_and_priority_class_go_to_gitjob_until_2_11(version: str, gitjob: bool) -> None:
    shared = {"proxy": "http://p", "noProxy": "", **CLASS}
    made = values(
        "fleet",
        version,
        environment={"HTTP_PROXY": "http://p", "NO_PROXY": "", "HTTPS_PROXY": "x"},
        rancher_config=CLASS,
    )
    assert made == {**FLEET, **shared, **({"gitjob": shared} if gitjob else {})}


@pytest.mark.parametrize(
    ("version", "merged"), [("v2.8.2", False), ("v2.8.3", True), ("v2.12.2", True)]
)
def test_rancher_config_is_merged_into_fleet_since_2_8_3(version: str, merged: bool) -> None:
    made = values(
        "fleet", version, rancher_config={"fleet": "global: {own: 1}\nbootstrap: off\nnone: ~"}
    )
    if merged:
        assert made == {**FLEET, "global": {**GLOBAL, "own": 1}, "bootstrap": False, "none": None}
    else:
        assert made == FLEET


def test_a_malformed_document_keeps_rancher_from_touching_fleet() -> None:
    made = rancher_values("fleet", inputs(rancher_config={"fleet": "a: b: c"}))
    assert made.values is None
    assert made.error == (
        "failed to unmarshal 'fleet' value: line 1: mapping values are not allowed here"
    )


@pytest.mark.parametrize(
    ("chart", "own"),
    [
        ("rancher-webhook", {"capi": None, "mcm": {"enabled": False}}),
        ("rancher-provisioning-capi", {}),
        ("rancher-turtles", {"features": {"no-cert-manager": {"enabled": True}}}),
        ("system-upgrade-controller", {}),
        ("remotedialer-proxy", {}),
    ],
)
def test_system_charts(chart: str, own: dict[str, Any]) -> None:
    assert values(chart) == {"global": GLOBAL, **own}
    assert values(chart, rancher_config=CLASS) == {"global": GLOBAL, **own, **CLASS}


def test_rancher_config_of_a_system_chart_replaces_global_and_merges_the_rest() -> None:
    text = "mcm: {port: 1}\nglobal: {other: 1}\n"
    assert values("rancher-webhook", rancher_config={"rancher-webhook": text}) == {
        "global": {"other": 1},
        "capi": None,
        "mcm": {"enabled": False, "port": 1},
    }
    proxy = values("remotedialer-proxy", rancher_config={"remotedialer-proxy": text})
    assert proxy == {"global": GLOBAL}


def test_a_malformed_document_of_a_system_chart_is_only_warned_about() -> None:
    made = rancher_values("rancher-turtles", inputs(rancher_config={"rancher-turtles": "[]"}))
    assert made.values is not None
    assert made.error == ""
    assert made.warnings == (
        "[systemcharts] Failed to get chart values for rancher-turtles: failed to unmarshal "
        "'rancher-turtles' value: a mapping is wanted, not a list",
    )


REGISTRY = {
    "system-default-registry": "registry.example.com",
    "system-default-registry-pull-secrets": "one, ,two",
}


@pytest.mark.parametrize(
    ("settings", "names"),
    [(REGISTRY, ["one", "two"]), ({**REGISTRY, "system-default-registry": ""}, None)],
)
def test_2_15_passes_repositories_and_pull_secrets(
    settings: dict[str, str], names: list[str] | None
) -> None:
    registry = {"systemDefaultRegistry": settings["system-default-registry"]}
    inside = {"cattle": {**registry, "imagePullSecrets": names}}
    made = {
        chart: values(chart, "v2.15.0", settings=settings)
        for chart in (
            "rancher-webhook",
            "rancher-turtles",
            "remotedialer-proxy",
            "system-upgrade-controller",
        )
    }
    assert made["rancher-webhook"]["global"] == inside
    assert made["rancher-webhook"]["image"] == {"repository": "rancher/rancher-webhook"}
    assert made["rancher-turtles"]["global"] == {"cattle": registry}
    assert made["rancher-turtles"]["imagePullSecrets"] == names
    assert made["remotedialer-proxy"]["imagePullSecrets"] == (
        [{"name": name} for name in names] if names else None
    )
    assert made["system-upgrade-controller"]["global"] == inside
    assert made["system-upgrade-controller"]["kubectl"] == {
        "image": {"repository": "rancher/kuberlr-kubectl"}
    }


def test_2_15_pull_secrets_of_fleet_cannot_be_told() -> None:
    made = rancher_values("fleet", inputs("v2.15.0", settings={**REGISTRY}))
    assert "pull secrets" in made.warnings[0]
    assert rancher_values("fleet", inputs("v2.14.2", settings={**REGISTRY})).warnings == ()


@pytest.mark.parametrize(
    ("chart", "missing", "unreadable"),
    [
        ("fleet", {"settings": None}, ("settings",)),
        ("fleet", {"features": None, "environment": None}, ("environment", "features")),
        ("rancher-webhook", {"features": None}, ("features",)),
        ("rancher-webhook", {"environment": None}, ()),
        ("rancher-turtles", {"features": None}, ()),
        ("rancher-turtles", {"rancher_config": None}, ("rancher_config",)),
        ("fleet-crd", {"settings": None, "rancher_config": None}, ()),
    ],
)
def test_what_could_not_be_read_is_told(
    chart: str, missing: dict[str, None], unreadable: tuple[str, ...]
) -> None:
    made = rancher_values(chart, inputs(**missing))
    assert made.unreadable == unreadable
    assert (made.values is None) == (bool(unreadable) or chart == "fleet-crd")


@pytest.mark.parametrize(
    ("nodes", "tolerations"),
    [
        ([], ()),
        ([{"control_plane": False, "taints": [{"key": "a", "effect": "NoSchedule"}]}], ()),
        ([{"control_plane": True, "taints": None}], ()),
        (
            [{"control_plane": True, "taints": [{"key": "a", "value": "", "effect": "NoSchedule"}]}]
            * 2,
            ({"key": "a", "operator": "Equal", "effect": "NoSchedule"},),
        ),
        (
            [
                {
                    "control_plane": True,
                    "taints": [
                        {"key": "a", "value": "x", "effect": "NoExecute"},
                        {"key": "a", "value": "x", "effect": "NoSchedule"},
                    ],
                }
            ],
            (
                {"key": "a", "operator": "Equal", "value": "x", "effect": "NoExecute"},
                {"key": "a", "operator": "Equal", "value": "x", "effect": "NoSchedule"},
            ),
        ),
    ],
)
def test_tolerations_of_nodes(
    nodes: list[dict[str, Any]], tolerations: tuple[dict[str, str], ...]
) -> None:
    assert tolerations_of(nodes) == tolerations


def test_ranchers_values_lie_over_those_of_the_release() -> None:
    config = {
        "capi": {"old": True},
        "mcm": {"enabled": True, "own": 1},
        "list": [1],
        "empty": {},
        "global": {"cattle": {"x": None}},
    }
    made = rancher_values(
        "rancher-webhook", inputs(rancher_config={"rancher-webhook": "port: 9443\nmcm: {p: 2}"})
    )
    assert merged_values(config, made) == {
        "mcm": {"enabled": False, "own": 1, "p": 2},
        "list": [1],
        "empty": {},
        "port": 9443,
        "global": {"cattle": {"systemDefaultRegistry": "", "x": None}},
    }


@pytest.mark.parametrize(
    ("config", "pinned", "cleaned"),
    [
        (None, (), {}),
        ({"image": {"repository": "r"}}, (), {"image": {"repository": "r"}}),
        ({"image": "text", "agentImage": None}, (), {"image": "text", "agentImage": None}),
        ({"image": {"tag": "v0.12.0"}}, ("image.tag",), {}),
        (
            {"image": {"tag": "v1", "repository": "r"}, "agentImage": {"tag": "v1"}, "a": {}},
            ("image.tag", "agentImage.tag"),
            {"image": {"repository": "r"}, "a": {}},
        ),
        ({"version": "1", "chartVersion": "2", "x": 1}, ("version", "chartVersion"), {"x": 1}),
        ({"version": "", "image": {"tag": ""}}, (), {}),
    ],
)
def test_pinned_keys(
    config: dict[str, Any] | None, pinned: tuple[str, ...], cleaned: dict[str, Any]
) -> None:
    before = repr(config)
    assert pinned_keys(config) == pinned
    assert without_pinned_keys(config) == cleaned
    assert repr(config) == before
