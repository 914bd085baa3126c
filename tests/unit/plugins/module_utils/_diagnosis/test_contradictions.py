# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two findings never contradict each other: a table of claims that do, and much evidence that yields none of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.diagnose import (
    diagnose,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._diagnosis.rules import (
    load_rules,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders import mutations
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build

TESTS = Path(__file__).parents[3]
_MET = {
    path.stem: [each["overlay"] for each in yaml.safe_load(path.read_bytes())["match"]]
    for path in sorted((TESTS / "data" / "evidence").glob("*.yml"))
}
_CASES = [
    case["overlay"]
    for path in sorted((TESTS.parent / "cases").glob("*.yml"))
    if "overlay" in (case := yaml.safe_load(path.read_bytes()))
]
OVERLAYS = [*(each for found in _MET.values() for each in found), *_CASES]

#: What each of them says, and why both cannot be.
OF_ONE_SUBJECT = {
    (
        "rc-to-ga-skip-fleet",
        "rancher-not-retrying",
    ): "Rancher will never upgrade it / its next look would",
    ("rc-to-ga-skip-exact-chart", "rancher-not-retrying"): "the same",
    (
        "rc-to-ga-skip-fleet",
        "expected-lower-than-installed",
    ): "the versions are taken as equal / one is lower",
    (
        "expected-lower-than-installed",
        "rancher-not-retrying",
    ): "Rancher never downgrades it / it would act",
    (
        "pending-upgrade-lock",
        "pending-but-right-version",
    ): "it is at another version / at the wanted one",
    (
        "pending-upgrade-lock",
        "pending-install-no-deployed",
    ): "there is a deployed revision / there is none",
    ("pending-upgrade-lock", "pending-rollback-lock"): "an upgrade was killed / a rollback was",
    ("pending-upgrade-lock", "failed-release"): "the last revision is pending / it has failed",
    ("pending-upgrade-lock", "rancher-not-retrying"): "Rancher leaves it alone / would upgrade it",
    (
        "helm-operation-apiserver-interruption",
        "failed-release",
    ): "the connection was lost / helm failed",
    ("helm-cannot-read-last-revision", "failed-release"): "it cannot be read / it has failed",
    (
        "helm-cannot-read-last-revision",
        "rancher-not-retrying",
    ): "it cannot be upgraded / it would be",
    (
        "helm-cannot-read-last-revision",
        "wrong-version-expected",
    ): "it cannot be read / it is deployed",
    (
        "agent-rolls-back-for-ever",
        "bundle-errapplied-operation-in-progress",
    ): "the agent is at it / was killed",
}
OF_THE_CLUSTER = {
    (
        "clusterrepo-or-index-missing",
        "rancher-not-retrying",
    ): "Rancher finds no chart / would upgrade one",
    (
        "clusterrepo-or-index-missing",
        "clusterrepo-stale-index",
    ): "there is no index / it lists other versions",
    (
        "server-version-mismatch",
        "wrong-version-expected",
    ): "another Rancher runs / the right one wants it",
    ("server-version-mismatch", "rancher-rollout-blocked"): "Rancher is rolled out / it is not",
    (
        "clusterrepos-deleted-retry-trap",
        "clusterrepo-or-index-missing",
    ): "the job deleted it / its index is bad",
    (
        "condition-over-running-job",
        "job-backoff-limit",
    ): "the job is not over / the Upgrade has ended with it",
    ("wrong-upgrade-path", "job-backoff-limit"): "no job was made / it has used up its attempts",
    (
        "fleet-agent-kind-or-absent",
        "fleet-agent-not-redeployed",
    ): "there is no agent / it was not redeployed",
    (
        "missing-stv-aggregation",
        "plan-complete-on-no-node",
    ): "a Secret is why / the reason is to be found",
}
_DENIALS = re.compile(
    r"other causes than Rancher|nothing of Rancher|Rancher has nothing to do with|nothing is wrong(?! with)"
    r"|nothing is broken|and healthy|all is well",
    re.IGNORECASE,
)


def contradictions(found: dict[str, Any]) -> list[str]:
    told = [each for each in found["findings"] if each["outcome"] in ("fail", "warn", "pass")]
    ids = {each["id"] for each in told}
    pairs = {(each["id"], each["subject"]) for each in told}
    subjects = {each["subject"] for each in told}
    both = [f"{one} / {two}" for one, two in OF_THE_CLUSTER if {one, two} <= ids]
    both += [
        f"{one} / {two} on {subject}"
        for one, two in OF_ONE_SUBJECT
        for subject in subjects
        if {(one, subject), (two, subject)} <= pairs
    ]
    calm = [each["id"] for each in told if each["outcome"] == "pass"]
    failed = [each["id"] for each in told if each["outcome"] == "fail"]
    return both + [f"{each} beside {failed}" for each in calm if failed]


@pytest.mark.parametrize("number", range(len(OVERLAYS)))
def test_one_kind_of_evidence(number: int) -> None:
    assert contradictions(diagnose(build(OVERLAYS[number]))) == []


@pytest.mark.parametrize("end", ["now", "over", "nodes"])
def test_two_kinds_in_one(end: str) -> None:
    many = len(OVERLAYS)
    ends = {"over": mutations.OVER, "nodes": mutations.UPGRADING_NODES}
    wrong = []
    for number, first in enumerate(OVERLAYS):
        both = mutations.merged(first, OVERLAYS[(number * 7 + 3) % many])
        evidence = build(both) if end == "now" else mutations.over(both, ends[end])
        wrong += [(number, each) for each in contradictions(diagnose(evidence))]
    assert wrong == []


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_no_rule_speaks_for_what_it_has_not_looked_at(rule: Any) -> None:
    remedy = rule.remedy.instructions if rule.remedy else None
    texts = [rule.title, rule.message, rule.what_next, *rule.must_not, json.dumps(str(remedy))]
    assert not _DENIALS.search(" ".join(texts))


def test_what_is_set_aside_is_named() -> None:
    found = diagnose(
        build(
            {
                "set": {
                    "fleet": {"config": {"api_server_url": "", "api_server_ca_present": False}}
                },
                "wait": {"kind": "not-imported", "age": 400},
            }
        )
    )
    (first,) = [each for each in found["findings"] if each["outcome"] == "fail"]
    aside = [each for each in found["set_aside"] if each["id"] == "still-moving"]
    assert (found["verdict"], [each["by"] for each in aside]) == ("stuck", [first["id"]])
