# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.rancher_version import (
    RancherVersion,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.system_charts import (
    CHART_NAMES,
    Requirement,
    SystemChart,
    Wanted,
    default_shell_images,
    system_chart,
    system_charts,
)


def rancher(text: str) -> RancherVersion:
    version = RancherVersion.parse(text)
    assert version is not None
    return version


def chart(version: str, name: str) -> SystemChart:
    row = system_chart(rancher(version), name)
    assert row is not None
    return row


CRD, FLEET, WEBHOOK = "fleet-crd", "fleet", "rancher-webhook"
CAPI, TURTLES = "rancher-provisioning-capi", "rancher-turtles"
CONTROLLER, PROXY = "system-upgrade-controller", "remotedialer-proxy"


@pytest.mark.parametrize(
    ("version", "charts"),
    [
        ("v2.8.5", [CRD, FLEET, WEBHOOK]),
        ("v2.9.3", [CRD, FLEET, WEBHOOK, CAPI]),
        ("v2.10.1", [CRD, FLEET, WEBHOOK, CAPI, CONTROLLER]),
        ("v2.11.0", [CRD, FLEET, WEBHOOK, CAPI, CONTROLLER, PROXY]),
        ("v2.12.2", [CRD, FLEET, WEBHOOK, CAPI, CONTROLLER, PROXY]),
        ("v2.13.0", [CRD, FLEET, WEBHOOK, CAPI, TURTLES, CONTROLLER, PROXY]),
        ("v2.14.2", [CRD, FLEET, WEBHOOK, TURTLES, CONTROLLER, PROXY]),
        ("v2.15.0", [CRD, FLEET, WEBHOOK, TURTLES, CONTROLLER, PROXY]),
        ("v2.99.0", [CRD, FLEET, WEBHOOK, TURTLES, CONTROLLER, PROXY]),
    ],
)
def test_charts_of_each_line_in_repair_order(version: str, charts: list[str]) -> None:
    assert [row.chart for row in system_charts(rancher(version))] == charts
    assert system_chart(rancher(version), "rancher-operator") is None
    assert set(charts) <= set(CHART_NAMES)


@pytest.mark.parametrize(
    ("name", "namespace", "requirement", "take_ownership"),
    [
        (CRD, "cattle-fleet-system", Requirement.MINIMUM, True),
        (FLEET, "cattle-fleet-system", Requirement.MINIMUM, True),
        (WEBHOOK, "cattle-system", Requirement.EXACT, True),
        (CAPI, "cattle-provisioning-capi-system", Requirement.EXACT, True),
        (TURTLES, "cattle-turtles-system", Requirement.EXACT, False),
        (CONTROLLER, "cattle-system", Requirement.EXACT, False),
        (PROXY, "cattle-system", Requirement.EXACT, False),
    ],
)
def test_rows(name: str, namespace: str, requirement: Requirement, take_ownership: bool) -> None:
    row = chart("v2.13.0", name)
    assert (row.namespace, row.requirement, row.take_ownership) == (
        namespace,
        requirement,
        take_ownership,
    )


@pytest.mark.parametrize(
    ("version", "name", "settings", "wanted"),
    [
        ("v2.11.0", FLEET, {"fleet-version": "1"}, Wanted("fleet-version", "1", "1", "")),
        (
            "v2.11.0",
            CRD,
            {"fleet-version": "1", "fleet-min-version": "2"},
            Wanted("fleet-min-version", "2", "2", ""),
        ),
        (
            "v2.11.0",
            FLEET,
            {"fleet-version": "1", "fleet-min-version": ""},
            Wanted("fleet-version", "1", "1", ""),
        ),
        ("v2.11.0", FLEET, {}, Wanted("fleet-version", "", "", "")),
        (
            "v2.11.0",
            WEBHOOK,
            {"rancher-webhook-version": "1"},
            Wanted("rancher-webhook-version", "1", "", "1"),
        ),
        (
            "v2.11.0",
            PROXY,
            {"remotedialer-proxy-version": "1"},
            Wanted("remodialer-proxy-version", "", "", ""),
        ),
        (
            "v2.12.0",
            PROXY,
            {"remotedialer-proxy-version": "1"},
            Wanted("remotedialer-proxy-version", "1", "", "1"),
        ),
    ],
)
def test_what_is_wanted(version: str, name: str, settings: dict[str, str], wanted: Wanted) -> None:
    assert chart(version, name).wanted(settings) == wanted


@pytest.mark.parametrize(
    ("version", "name", "override", "release"),
    [
        ("v2.11.3", CONTROLLER, "mine", CONTROLLER),
        ("v2.12.0", CONTROLLER, "", "mcc-local-managed-system-upgrade-controller"),
        ("v2.12.0", CONTROLLER, "mine", "mine"),
        ("v2.12.0", FLEET, "mine", FLEET),
    ],
)
def test_release_names_on_harvester(version: str, name: str, override: str, release: str) -> None:
    assert chart(version, name).release_name(rancher(version), override) == release


@pytest.mark.parametrize(
    ("name", "features", "enabled"),
    [
        (FLEET, {}, True),
        (CAPI, {"embedded-cluster-api": False}, False),
        (CAPI, {"embedded-cluster-api": True}, True),
        (TURTLES, {"turtles": False}, False),
        (TURTLES, {}, None),
        (CONTROLLER, {}, None),
    ],
)
def test_enabled(name: str, features: dict[str, bool], enabled: bool | None) -> None:
    assert chart("v2.13.0", name).enabled(features) is enabled


@pytest.mark.parametrize(
    ("version", "images"),
    [
        ("v2.8.5", ("rancher/shell:v0.1.24",)),
        ("v2.10.1", ("rancher/shell:v0.3.0",)),
        ("v2.11.0", ("rancher/shell:v0.4.0",)),
        ("v2.11.2", ("rancher/shell:v0.4.0", "rancher/shell:v0.4.1")),
        ("v2.13.3", ("rancher/shell:v0.6.2",)),
        ("v2.15.0", ("rancher/shell:v0.8.1",)),
        ("v2.7.5", ()),
    ],
)
def test_shell_images(version: str, images: tuple[str, ...]) -> None:
    assert default_shell_images(rancher(version)) == images
