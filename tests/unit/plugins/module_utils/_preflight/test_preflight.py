# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.canonical import (
    canonical_json,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._harvester.upgrade_path.release_table import (
    HarvesterRelease,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.preflight import (
    SCHEMA,
    installed_version,
    preflight,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.pages.preflight import (
    preflight_page,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.render.text import (
    render_text,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    base,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.resting_cluster import (
    TABLE,
    resting_cluster,
)

READY = {"ready": True, "paused": False, "summary": {"ready": 1}, "conditions": []}
UNPAUSED = {"managed_charts": [{"name": "harvester", **READY}]}
LOCK = {"releases": {"fleet": [[10, "pending-upgrade", "106.0.0+up0.12.0", 864_000]]}}


def at_rest(overlay: dict[str, Any] | None = None) -> dict[str, Any]:
    overlay = overlay or {}
    return resting_cluster({**overlay, "set": {**UNPAUSED, **overlay.get("set", {})}})


def test_versions_alone() -> None:
    document = preflight(TABLE, current="v1.4.2", target="v1.5.0")
    assert document["schema"] == SCHEMA
    assert (document["verdict"], document["cluster"]) == ("safe", None)
    assert document["headline"] == "v1.4.2 -> v1.5.0: no stuck point is in sight."
    assert document["guard"] == {"allowed": True, "rule": "allowed", "message": ""}
    assert document["current"]["rancher"] == "v2.10.1"


def test_a_candidate_is_flagged_with_the_charts_and_why() -> None:
    document = preflight(TABLE, current="v1.5.0-rc2", target="v1.5.0")
    assert document["verdict"] == "blocked"
    assert document["headline"].startswith(
        "v1.5.0-rc2 -> v1.5.0 will be refused or hang: fleet-crd: Rancher v2.11.0 takes the installed"
    )
    assert {row["chart"]: row["outcome"] for row in document["dependencies"]} == {
        "fleet-crd": "skipped",
        "fleet": "skipped",
        "rancher-webhook": "skipped",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": "v1.5.0"}, "current Harvester version is not given"),
        ({"target": ""}, "target Harvester version is not given"),
        ({"target": "", "evidence": {}}, "target Harvester version is not given"),
    ],
)
def test_a_version_too_few(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RemediationError, match=said) as caught:
        preflight(TABLE, **given)
    assert caught.value.code == "versions-missing"


def test_a_cluster_at_rest_without_any_upgrade_object() -> None:
    evidence = at_rest()
    assert evidence["upgrade"] is None
    document = preflight(TABLE, target="v1.6.1", evidence=evidence)
    assert (document["verdict"], document["current"]["harvester"]) == ("safe", "v1.5.0")
    assert document["cluster"]["uid"] == evidence["cluster"]["uid"]


def test_a_locked_release_blocks_a_path_that_is_safe_otherwise() -> None:
    document = preflight(TABLE, target="v1.6.1", evidence=at_rest(LOCK))
    assert document["verdict"] == "blocked"
    worst = [check for check in document["checks"] if check["outcome"] == "fail"]
    assert {check["id"] for check in worst} == {"release-lock", "dependency"}
    assert {check["subject"] for check in worst} == {"Release/cattle-fleet-system/fleet"}
    assert "https://github.com/harvester/harvester/issues/9738" in worst[0]["references"]


def test_what_could_not_be_seen_is_never_safe() -> None:
    for source in ("releases", "cluster_repos", "managed_charts", "nodes", "settings"):
        document = preflight(
            TABLE, target="v1.6.1", evidence=at_rest({"sources": {source: "forbidden"}})
        )
        assert document["verdict"] == "risky", source
        assert f"Source/{source}" in {check["subject"] for check in document["checks"]}


def test_the_leaders_log_is_not_needed_before_an_upgrade() -> None:
    evidence = at_rest({"sources": {"leader_log": "forbidden", "fleet_config": "error"}})
    assert preflight(TABLE, target="v1.6.1", evidence=evidence)["verdict"] == "safe"


def test_what_really_runs_wins_over_the_table() -> None:
    evidence = at_rest()
    evidence["cluster"]["kubernetes_version"] = "v1.34.1+rke2r1"
    document = preflight(TABLE, target="v1.6.1", evidence=evidence)
    assert document["current"]["kubernetes"] == "v1.34.1+rke2r1"
    assert document["checks"][0]["id"] == "kubernetes-too-new"


def test_the_given_version_wins_over_the_clusters() -> None:
    document = preflight(TABLE, current="v1.4.1", target="v1.6.1", evidence=at_rest())
    assert document["guard"]["rule"] == "below-minimum"


def test_a_cluster_that_does_not_say_its_version() -> None:
    evidence = at_rest({"set": {"harvester_version": None}})
    document = preflight(TABLE, target="v1.6.1", evidence=evidence)
    assert (document["verdict"], document["guard"]["allowed"]) == ("risky", None)
    assert document["headline"].startswith("the installed version -> v1.6.1 is risky")


@pytest.mark.parametrize(
    ("completed", "version"), [("True", "v1.5.0"), ("False", "v1.4.2"), ("Unknown", "v1.4.2")]
)
def test_else_the_latest_upgrade_tells_the_version(completed: str, version: str) -> None:
    evidence = base()
    evidence["upgrade"]["conditions"] = [{"type": "Completed", "status": completed}]
    assert installed_version(Evidence.from_dict(evidence)) == version


def test_a_release_file_wins_and_is_completed_from_the_table() -> None:
    file = HarvesterRelease(
        "v1.6.1",
        rancher="v2.12.2",
        min_upgradable_version="v1.5.1",
        expected={"fleet": "107.0.2+up0.13.2"},
        source="release-file",
    )
    document = preflight(TABLE, current="v1.5.0", target=file)
    assert document["guard"]["rule"] == "below-minimum"
    assert document["target"]["source"] == "release-file"


def test_the_same_input_gives_the_same_bytes_and_stays_as_it_is() -> None:
    evidence = at_rest(LOCK)
    before = copy.deepcopy(evidence)
    texts = {
        canonical_json(preflight(TABLE, target="v1.6.1", evidence=evidence)) for _time in range(2)
    }
    assert len(texts) == 1
    assert evidence == before


def test_the_terminal_text() -> None:
    text = render_text(preflight_page(preflight(TABLE, target="v1.6.1", evidence=at_rest(LOCK))))
    assert "Pre-flight verdict: blocked, it will be refused, or hang" in text
    assert "STOP: Release/cattle-fleet-system/fleet\n" in text
    assert "Mode 6.3; https://github.com/harvester/harvester/issues/9738" in text
    assert "helm" in text
    assert "versions alone" not in text
    offline = render_text(preflight_page(preflight(TABLE, current="v1.4.2", target="v1.4.3")))
    assert "Told from versions alone." in offline
    assert "Both carry the same Rancher" in offline
    assert max(len(line) for line in offline.splitlines()) <= 96


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["name", "release", "namespace", "revisions", "status", "state", "phase", "charts",
             "rancher-charts", "version", "conditions", "type", "effective", "value", "config"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
PARTS = st.sampled_from(sorted(at_rest()))


@settings(max_examples=150)
@given(
    st.dictionaries(PARTS, JSON, max_size=4), st.sampled_from(["v1.6.1", "v1.5.0", "x", "v1.8.2"])
)
def test_damaged_evidence_never_ends_it_and_is_never_safe_for_free(
    damage: dict[str, Any], target: str
) -> None:
    document = preflight(TABLE, target=target, evidence={**at_rest(), **damage})
    assert document["verdict"] in ("safe", "risky", "blocked")
    assert json.loads(canonical_json(document)) == document
    assert render_text(preflight_page(document))
