# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    Revision,
    decode_revision,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    Action,
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    InstalledRelease,
    Situation,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.computed import (
    rancher_values,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.release import (
    RancherState,
    ValuesRequest,
    make_values,
    own_values,
    read_rancher_state,
    without_key,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.cluster import Cluster
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)

MANAGEMENT = "/apis/management.cattle.io/v3"
CONFIG_MAP = "/api/v1/namespaces/cattle-system/configmaps/rancher-config"
GA = "106.0.0+up0.12.0"
TAINT = {"key": "node-role.kubernetes.io/control-plane", "value": "true", "effect": "NoSchedule"}


SETTINGS = {
    "server-url": {"value": "", "default": ""},
    "cacerts": {"value": "pem of the CA"},
    "system-default-registry": {"value": "", "default": "registry.example"},
    "agent-tls-mode": {"default": "system-store"},
}


def rancher_cluster(version: str = "v2.11.0", *, tainted: bool = False) -> Cluster:
    cluster = Cluster()
    settings = {"server-version": {"value": version}, **SETTINGS}
    for name, fields in settings.items():
        cluster.add(f"{MANAGEMENT}/settings/{name}", {"metadata": {"name": name}, **fields})
    features: dict[str, dict[str, Any]] = {
        "multi-cluster-management": {"spec": {"value": False}, "status": {"default": True}},
        "continuous-delivery": {"spec": {}, "status": {"default": True}},
        "locked": {"spec": {"value": True}, "status": {"lockedValue": False}},
    }
    for name, fields in features.items():
        cluster.add(f"{MANAGEMENT}/features/{name}", {"metadata": {"name": name}, **fields})
    cluster.add(
        CONFIG_MAP,
        {
            "metadata": {"name": "rancher-config"},
            "data": {"priorityClassName": "rancher-critical", "fleet": "extra:\n  key: 1\n"},
        },
    )
    container = {
        "name": "rancher",
        "env": [{"name": "HTTP_PROXY", "value": "http://proxy"}, {"name": "OTHER", "value": "x"}],
    }
    cluster.add(
        "/apis/apps/v1/namespaces/cattle-system/deployments/rancher",
        {
            "metadata": {"name": "rancher"},
            "spec": {"template": {"spec": {"containers": [{"name": "sidecar"}, container]}}},
        },
    )
    cluster.add(
        "/api/v1/nodes/node-1",
        {
            "metadata": {"labels": {"node-role.kubernetes.io/control-plane": "true"}},
            "spec": {"taints": [TAINT]} if tainted else {},
        },
    )
    return cluster


def state_of(version: str = "v2.11.0", *, tainted: bool = False) -> RancherState:
    return read_rancher_state(rancher_cluster(version, tainted=tainted))


def revision(number: int = 4, status: str = "deployed", **config: Any) -> Revision:
    return decode_revision(release_secret(revision=number, status=status, config=config))


def request(*revisions: Revision, chart: str = "fleet", **options: Any) -> ValuesRequest:
    return ValuesRequest(chart=chart, chart_version=GA, revisions=revisions, **options)


def test_what_the_values_depend_on_is_read() -> None:
    state = state_of(tainted=True)
    assert state.version == "v2.11.0"
    assert state.inputs.settings is not None
    assert state.inputs.settings["system-default-registry"] == "registry.example"
    assert state.inputs.settings["agent-tls-mode"] == "system-store"
    assert state.inputs.features == {
        "multi-cluster-management": False,
        "continuous-delivery": True,
        "locked": False,
    }
    assert state.inputs.environment == {"HTTP_PROXY": "http://proxy"}
    assert state.tolerations == (
        {
            "key": "node-role.kubernetes.io/control-plane",
            "operator": "Equal",
            "value": "true",
            "effect": "NoSchedule",
        },
    )


def test_the_priority_class_may_come_from_another_config_map_than_the_documents() -> None:
    cluster = rancher_cluster()
    cluster.add(
        f"{MANAGEMENT}/settings/config-map-name",
        {"metadata": {"name": "config-map-name"}, "value": "mine"},
    )
    documents = {"fleet": "extra:\n  key: 1\n"}
    assert read_rancher_state(cluster).inputs.rancher_config == documents
    cluster.add(
        CONFIG_MAP.replace("rancher-config", "mine"),
        {"metadata": {"name": "mine"}, "data": {"priorityClassName": "p", "fleet": "b: 2"}},
    )
    inputs = read_rancher_state(cluster).inputs
    assert inputs.rancher_config == {**documents, "priorityClassName": "p"}
    made = make_values(request(revision()), read_rancher_state(cluster))
    sources = {".".join(each.path): each.source for each in made.sources}
    assert sources["priorityClassName"] == "mine key priorityClassName"
    assert sources["extra.key"] == "rancher-config key fleet"


def test_the_environment_of_the_process_comes_before_the_settings() -> None:
    process = {
        "CATTLE_SYSTEM_DEFAULT_REGISTRY": "mirror",
        "HTTP_PROXY": "",
        "CATTLE_SERVER_URL": "",
    }
    inputs = read_rancher_state(rancher_cluster(), process).inputs
    assert inputs.settings is not None
    assert inputs.settings["system-default-registry"] == "mirror"
    assert inputs.environment == process


def test_a_setting_of_unknown_effect_is_never_guessed() -> None:
    cluster = rancher_cluster()
    written = [{"manager": "kubectl-edit", "fieldsV1": {"f:value": {}}}]
    metadata = {"name": "server-url", "managedFields": written}
    path = f"{MANAGEMENT}/settings/server-url"
    cluster.add(path, {"metadata": metadata, "value": "https://x", "source": "env"})
    with pytest.raises(RemediationError, match="kubectl-edit has changed its value"):
        read_rancher_state(cluster)
    assert read_rancher_state(cluster, {}).inputs.settings["server-url"] == "https://x"  # type: ignore[index]


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("list", f"{MANAGEMENT}/settings"),
        ("list", f"{MANAGEMENT}/features"),
        ("list", "/api/v1/nodes"),
        ("get", CONFIG_MAP),
        ("get", "/apis/apps/v1/namespaces/cattle-system/deployments/rancher"),
    ],
)
def test_what_cannot_be_read_is_never_guessed(verb: str, path: str) -> None:
    cluster = rancher_cluster()
    cluster.failures[verb, path] = RemediationError("forbidden", "no", "")
    with pytest.raises(RemediationError) as caught:
        read_rancher_state(cluster)
    assert caught.value.code == "forbidden"


def test_a_rancher_of_unknown_version_is_told() -> None:
    with pytest.raises(RemediationError, match="Setting/server-version is 'dev'"):
        state_of("dev")


def test_ranchers_values_lie_over_the_releases_own_and_each_has_a_source() -> None:
    made = make_values(request(revision(mine="kept", agentTLSMode="strict")), state_of())
    assert made.values["mine"] == "kept"
    assert made.values["agentTLSMode"] == "system-store"
    assert made.values["apiServerCA"] == "pem of the CA"
    assert made.values["extra"] == {"key": 1}
    sources = {".".join(each.path): each.source for each in made.sources}
    assert sources["mine"] == "release"
    assert sources["agentTLSMode"] == "Setting/agent-tls-mode"
    assert sources["extra.key"] == "rancher-config key fleet"
    assert made.rests
    assert made.base_revision == 4


def test_fleet_crd_and_foreign_charts_keep_their_own_values() -> None:
    for chart in ("fleet-crd", "harvester"):
        made = make_values(request(revision(a=1), chart=chart), state_of())
        assert made.values == {"a": 1}
    assert make_values(request(chart="fleet-crd"), state_of()).values == {}


@pytest.mark.parametrize(
    "version", ["v2.10.1", "v2.11.0", "v2.11.3", "v2.12.2", "v2.13.0", "v2.14.2"]
)
@pytest.mark.parametrize("chart", ["fleet", "rancher-webhook"])
@pytest.mark.parametrize("tainted", [False, True])
@pytest.mark.parametrize(
    "config", [{}, {"tolerations": [{"key": "mine"}]}, {"capi": {"on": True}, "tolerations": None}]
)
def test_rancher_finds_nothing_to_do_afterwards(
    version: str, chart: str, tainted: bool, config: dict[str, Any]
) -> None:
    state = state_of(version, tainted=tainted)
    made = make_values(request(revision(**config), chart=chart), state)
    minimum: dict[str, Any] = {"min": GA} if chart == "fleet" else {"exact": GA}
    decision = decide(
        Situation(
            rancher=version,
            chart=chart,
            index=(GA,),
            last_revision=InstalledRelease("deployed", GA, made.values, chart),
            values=rancher_values(chart, state.inputs).values,
            control_plane_tolerations=state.tolerations,
            **minimum,
        )
    )
    assert decision.action is Action.SKIP, decision.trace


def test_a_list_with_nulls_in_the_place_of_a_map_takes_a_second_merge() -> None:
    cluster = rancher_cluster("v2.12.2")
    cluster.objects[CONFIG_MAP]["data"] = {"fleet": "mine: [{a: ~, b: 1}]"}
    made = make_values(request(revision(mine={"x": 1})), read_rancher_state(cluster))
    assert made.values["mine"] == [{"b": 1}]
    assert made.rests


def test_a_rancher_too_old_to_be_computed_is_told() -> None:
    made = make_values(request(revision(mine=1)), state_of("v2.7.9"))
    assert not made.rests
    assert "cannot be told" in made.warnings[0]


def test_pinned_values_are_pointed_out_and_dropped_when_asked() -> None:
    pinned = revision(image={"tag": "v0.9", "repository": "r"}, agentImage={"tag": "v0.9"}, mine=1)
    kept = make_values(request(pinned), state_of())
    assert kept.pinned_keys == ("image.tag", "agentImage.tag")
    assert kept.dropped == ()
    dropped = make_values(request(pinned, drop_pinned=True), state_of())
    assert dropped.pinned_keys == ()
    assert dropped.dropped == ("agentImage.tag", "image.tag")
    assert dropped.values["image"] == {"repository": "r"}
    assert dropped.values["mine"] == 1


def test_further_keys_can_be_dropped_from_the_releases_own_only() -> None:
    made = make_values(
        request(revision(a={"b": 1, "c": 2}), drop_keys=["a.b", "absent.x", "agentTLSMode"]),
        state_of(),
    )
    assert made.values["a"] == {"c": 2}
    assert made.values["agentTLSMode"] == "system-store"
    assert made.dropped == ("a.b",)


@pytest.mark.parametrize(
    ("dotted", "left"),
    [
        ("a", {"d": 3}),
        ("a.b", {"a": {"c": {}}, "d": 3}),
        ("a.c.x", {"a": {"b": 1, "c": {}}, "d": 3}),
        ("d.x", {"a": {"b": 1, "c": {}}, "d": 3}),
        ("", {"a": {"b": 1, "c": {}}, "d": 3}),
    ],
)
def test_one_leaf_is_left_out(dotted: str, left: dict[str, Any]) -> None:
    values = {"a": {"b": 1, "c": {}}, "d": 3}
    assert without_key(values, dotted) == left
    assert values == {"a": {"b": 1, "c": {}}, "d": 3}


def test_values_come_from_the_revision_that_worked() -> None:
    failed, good, old = revision(5, "failed", a=1), revision(4, a=2), revision(3, "superseded", a=3)
    assert own_values([failed, good, old]) is good
    assert own_values([failed, old]) is old
    assert own_values([failed]) is failed
    assert own_values([good, old]) is good
    assert own_values([]) is None
    undecodable = decode_revision(release_secret(revision=6, stored="%"))
    assert own_values([undecodable, old]) is old


def test_an_upgrade_of_rancher_that_got_stuck_goes_on_with_its_own_values() -> None:
    pending, deployed = revision(5, "pending-upgrade", tag="new"), revision(4, tag="old")
    assert own_values([pending, deployed], "rancher") is pending
    assert own_values([pending, deployed], "fleet") is deployed
    made = make_values(request(pending, deployed, chart="rancher"), state_of())
    assert (made.values, made.base_revision) == ({"tag": "new"}, 5)


def test_a_malformed_rancher_config_stops_fleet_and_only_warns_elsewhere() -> None:
    cluster = rancher_cluster()
    cluster.objects[CONFIG_MAP]["data"] = {"fleet": "a: [", "rancher-webhook": "a: ["}
    state = read_rancher_state(cluster)
    with pytest.raises(RemediationError) as caught:
        make_values(request(revision()), state)
    assert caught.value.code == "values-invalid"
    assert "ConfigMap/cattle-system/rancher-config key fleet" in caught.value.message
    assert "line 1: " in caught.value.message
    assert make_values(request(revision(), chart="rancher-webhook"), state).warnings


def test_values_that_json_cannot_hold_are_told() -> None:
    odd = replace(revision(), config={"a": float("nan")})
    with pytest.raises(RemediationError) as caught:
        make_values(request(odd), state_of())
    assert caught.value.code == "values-invalid"
