# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis as a whole: verdict, order, exclusion, and what could not be seen."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.canonical import (
    canonical_json,
    digest,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    SOURCES,
    Evidence,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import (
    FLEET,
    OLD_FLEET,
    build,
)

RC_FLEET, RC_WEBHOOK = "106.0.0+up0.12.0-rc.3", "106.0.0+up0.7.0-rc.9"
ENDED: dict[str, Any] = {
    "wait": {"kind": None},
    "set": {
        "upgrade": {
            "state": "Succeeded",
            "conditions": [
                {"type": "SystemServicesUpgraded", "status": "True"},
                {"type": "Completed", "status": "True"},
            ],
        },
        "job": {"active": 0, "succeeded": 1},
        "managed_charts": [{"name": "harvester", "ready": True, "paused": False}],
    },
}
RC_EVERYWHERE: dict[str, Any] = {
    "releases": {
        "fleet": [[7, "deployed", RC_FLEET, 90_000]],
        "fleet-crd": [[7, "deployed", RC_FLEET, 90_000]],
        "rancher-webhook": [[7, "deployed", RC_WEBHOOK, 90_000]],
    },
    "waiting_for": {"release": "fleet", "version": FLEET},
}


def told(findings: dict[str, Any], *outcomes: str) -> list[tuple[str, str]]:
    return [
        (item["id"], item["subject"].rsplit("/", 1)[-1])
        for item in findings["findings"]
        if item["outcome"] in (outcomes or ("fail", "warn"))
    ]


def test_the_evidence_of_these_tests_is_of_the_real_shape() -> None:
    assert Evidence.from_dict(build()).problems == ()


def test_nothing_wrong_and_moving() -> None:
    found = diagnose(build())
    assert found["verdict"] == "moving"
    assert told(found, "fail", "warn", "unknown") == []
    assert told(found, "pass") == [("still-moving", "hvst-upgrade-x7k2p")]


def test_upgrade_past_rancher_is_healthy() -> None:
    found = diagnose(build(ENDED))
    assert found["verdict"] == "healthy"
    assert found["findings"] == []
    assert found["waits_for"] is None


def test_upgrade_of_weeks_ago_is_healthy() -> None:
    # The Job and its log are deleted after a week; then Rancher's Settings say what is to be there.
    gone = {"job": None, "job_pods": [], "release_file": None}
    sources = {
        "job": "absent",
        "job_pods": "absent",
        "job_logs": "absent",
        "release_file": "absent",
    }
    overlay = {**ENDED, "set": {**ENDED["set"], **gone}, "sources": sources}
    assert diagnose(build(overlay))["verdict"] == "healthy"
    left_behind = {**overlay, "releases": {"fleet-crd": [[7, "deployed", RC_FLEET, 90_000]]}}
    assert told(diagnose(build(left_behind))) == [("rc-to-ga-skip-fleet", "fleet-crd")]


def test_release_candidates_of_8001() -> None:
    found = diagnose(build(RC_EVERYWHERE))
    assert found["verdict"] == "stuck"
    assert told(found) == [
        ("rc-to-ga-skip-fleet", "fleet"),
        ("rc-to-ga-skip-fleet", "fleet-crd"),
        ("rc-to-ga-skip-exact-chart", "rancher-webhook"),
    ]
    first = found["findings"][0]
    assert first["holds_job"] is True
    assert [item["holds_job"] for item in found["findings"][1:]] == [False, False]
    assert first["remedy"]["steps"] == [
        {
            "action": "upgrade_release",
            "with": {"namespace": "cattle-fleet-system", "release": "fleet"},
        }
    ]
    assert {"path": "installed.chart_version", "value": RC_FLEET} in first["proof"]
    assert found["waits_for"] == (
        f"Helm release cattle-fleet-system/fleet to become fleet-{FLEET} (0.12.0), deployed"
    )
    assert found["since"] == "2026-11-23T14:00:00Z"


def test_same_evidence_same_bytes() -> None:
    evidence = build(RC_EVERYWHERE)
    saved = json.loads(canonical_json(evidence))
    shuffled = dict(reversed(list(saved.items())))
    texts = {canonical_json(diagnose(item)) for item in (evidence, saved, shuffled)}
    assert len(texts) == 1
    assert diagnose(saved)["evidence_digest"] == digest(evidence)


def test_evidence_is_not_changed() -> None:
    evidence = build(RC_EVERYWHERE)
    before = copy.deepcopy(evidence)
    diagnose(evidence)
    assert evidence == before


def test_lock_of_a_live_actor_is_no_finding() -> None:
    lock: dict[str, Any] = {
        "releases": {
            "fleet": [[8, "pending-upgrade", OLD_FLEET, 3600], [7, "deployed", OLD_FLEET, 90_000]]
        },
        "waiting_for": {"release": "fleet", "version": FLEET},
    }
    pod = {"name": "helm-operation-x", "phase": "Running", "created_at": "2026-11-23T14:59:00Z"}
    assert told(diagnose(build(lock))) == [("pending-upgrade-lock", "fleet")]
    working = {**lock, "set": {"helm_pods": [{**pod, "release": "fleet"}]}}
    assert told(diagnose(build(working))) == []
    unattributed = {**lock, "set": {"helm_pods": [pod]}}
    assert told(diagnose(build(unattributed))) == []
    elsewhere = {**lock, "set": {"helm_pods": [{**pod, "release": "rancher-webhook"}]}}
    assert told(diagnose(build(elsewhere))) == [("pending-upgrade-lock", "fleet")]


@pytest.mark.parametrize("source", ["releases", "settings", "helm_pods", "fleet_config", "upgrade"])
@pytest.mark.parametrize("state", ["forbidden", "error"])
def test_what_was_not_seen_is_never_healthy(source: str, state: str) -> None:
    part = "fleet" if source == "fleet_config" else source
    ended = {**ENDED, "set": {**ENDED["set"], part: None}, "sources": {source: state}}
    found = diagnose(build(ended))
    assert found["verdict"] == "unknown"
    assert found["not_seen"] == [{"source": source, "state": state, "reason": ""}]


def test_nothing_was_seen() -> None:
    evidence = {
        "schema": "harvester_ops.remediation/evidence/v1",
        "sources": {name: {"state": "error", "reason": "connection refused"} for name in SOURCES},
    }
    found = diagnose(evidence)
    assert found["verdict"] == "unknown"
    assert len(found["not_seen"]) == len(SOURCES)
    assert told(found) == []


def test_no_upgrade_is_refused_by_the_run() -> None:
    absent = {
        "sources": {"upgrade": "absent"},
        "set": {"upgrade": None, "job": None, "job_pods": []},
    }
    found = diagnose(build(absent))
    assert (found["verdict"], found["refusal"]["code"]) == ("unknown", "upgrade-absent")


def test_two_latest_upgrades_are_refused_by_the_run() -> None:
    found = diagnose(
        build({"set": {"upgrade": {"latest_names": ["hvst-upgrade-a", "hvst-upgrade-b"]}}})
    )
    assert (found["verdict"], found["refusal"]["code"]) == ("unknown", "upgrade-ambiguous")
    assert "Upgrade/harvester-system/hvst-upgrade-b" in found["headline"]


def test_long_wait_that_nothing_explains_is_unknown() -> None:
    # Fleet is where the job wants it, and still the job stands.
    found = diagnose(build({"waiting_for": {"release": "fleet", "version": FLEET, "age": 7200}}))
    assert found["verdict"] == "unknown"
    assert "2 h" in found["headline"]


@pytest.mark.parametrize("document", [None, [], "text", {}, {"schema": "other/v1"}])
def test_what_is_no_evidence_is_one_clear_error(document: Any) -> None:
    with pytest.raises(RemediationError) as caught:
        diagnose(document)
    assert caught.value.code == "evidence-invalid"
