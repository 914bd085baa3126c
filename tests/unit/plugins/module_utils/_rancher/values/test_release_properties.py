# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After an upgrade with the values computed, Rancher has nothing to do: on generated releases and Settings."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._helm.storage import (
    decode_revision,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.decide import (
    Action,
    decide,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.rancher_version import (
    RancherVersion,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    InstalledRelease,
    Situation,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.system_charts import (
    CHART_NAMES,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.computed import (
    ValueInputs,
    rancher_values,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.values.release import (
    RancherState,
    ReleaseValues,
    ValuesRequest,
    make_values,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.helm_storage import (
    release_secret,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.situations import (
    RANCHERS,
)

GA = "106.0.0+up0.12.0"
TOLERATION = {"key": "node-role.kubernetes.io/control-plane", "operator": "Equal"}

# Keys that Rancher sets too, so that both sides meet, and some that only a person would set.
KEYS = [
    *("apiServerURL", "agentTLSMode", "global", "cattle", "systemDefaultRegistry", "bootstrap"),
    *(
        "enabled",
        "gitops",
        "capi",
        "mcm",
        "tolerations",
        "priorityClassName",
        "image",
        "tag",
        "mine",
    ),
]
scalars = st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "system-store"])


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.recursive(
        leaves,
        lambda child: st.lists(child, max_size=2)
        | st.dictionaries(st.sampled_from(KEYS), child, max_size=3),
        max_leaves=8,
    )
    return st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)


texts = st.sampled_from(["", "strict", "system-store", "registry.example", "https://rancher"])
settings_maps = st.fixed_dictionaries(
    {
        "server-url": texts,
        "cacerts": texts,
        "system-default-registry": texts,
        "agent-tls-mode": texts,
        "system-default-registry-pull-secrets": st.sampled_from(["", "one", "one,two"]),
    }
)
features = st.fixed_dictionaries(
    {"multi-cluster-management": st.booleans(), "continuous-delivery": st.booleans()}
)
environments = st.dictionaries(
    st.sampled_from(["HTTP_PROXY", "NO_PROXY"]), st.sampled_from(["http://p", "x"])
)


@st.composite
def states(draw: st.DrawFn, chart: str) -> RancherState:
    """Everything Rancher's values depend on; rancher-config is YAML by way of JSON."""
    text = draw(st.sampled_from(RANCHERS))
    version = RancherVersion.parse(text)
    assert version is not None
    config = {"priorityClassName": "rancher-critical"} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        config[chart] = json.dumps(draw(trees(scalars | st.none())))
    inputs = ValueInputs(
        rancher=version,
        settings=draw(settings_maps),
        features=draw(features),
        rancher_config=config,
        environment=draw(environments),
    )
    return RancherState(text, inputs, (TOLERATION,) if draw(st.booleans()) else ())


@st.composite
def upgrades(draw: st.DrawFn) -> tuple[str, RancherState, dict[str, Any], ReleaseValues]:
    chart = draw(st.sampled_from(CHART_NAMES))
    state, config = draw(states(chart)), draw(trees(scalars | st.none()))
    revision = decode_revision(release_secret(revision=4, status="deployed", config=config))
    try:
        made = make_values(ValuesRequest(chart, GA, [revision]), state)
    except RemediationError:
        assume(False)
        raise
    return chart, state, dict(revision.config), made


def after(chart: str, state: RancherState, made: ReleaseValues) -> Situation:
    wanted: dict[str, Any] = {"min": GA} if chart.startswith("fleet") else {"exact": GA}
    return Situation(
        rancher=state.version,
        chart=chart,
        index=(GA,),
        last_revision=InstalledRelease("deployed", GA, made.values, chart),
        values=rancher_values(chart, state.inputs).values,
        control_plane_tolerations=state.tolerations,
        **wanted,
    )


@settings(max_examples=250, deadline=None)
@given(upgrades())
def test_rancher_rests_after_an_upgrade_with_the_values_computed(
    upgrade: tuple[str, RancherState, dict[str, Any], ReleaseValues],
) -> None:
    chart, state, _config, made = upgrade
    decision = decide(after(chart, state, made))
    assert decision.action is Action.SKIP, decision.trace
    assert made.rests


@settings(max_examples=120, deadline=None)
@given(upgrades())
def test_what_only_a_person_sets_is_kept_and_every_leaf_is_accounted_for(
    upgrade: tuple[str, RancherState, dict[str, Any], ReleaseValues],
) -> None:
    chart, state, config, made = upgrade
    passed = rancher_values(chart, state.inputs).values or {}
    for key, value in config.items():
        if key not in passed and key != "tolerations":
            assert made.values[key] == value
    for each in made.sources:
        current: Any = made.values
        for key in each.path:
            current = current.get(key, ...) if isinstance(current, dict) else ...
        present = current is not ... and not (isinstance(current, dict) and current)
        assert present != (each.change == "removed" or each.source == "dropped because null")
