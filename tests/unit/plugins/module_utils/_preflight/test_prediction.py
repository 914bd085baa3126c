# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.prediction import (
    Outcome,
    Prediction,
    Question,
    predict,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._preflight.questions import (
    questions_from_evidence,
    questions_from_versions,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._rancher.decision.situation import (
    InstalledRelease,
    Situation,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.resting_cluster import (
    TABLE,
    release,
    resting_cluster,
)

AWAITED = ("fleet-crd", "fleet", "rancher-webhook")
Told: TypeAlias = "dict[str, tuple[str, bool, str | None]]"


def predicted(current: str, target: str) -> dict[str, Prediction]:
    questions = questions_from_versions(TABLE, release(current), release(target))
    return {question.situation.chart: predict(question) for question in questions}


def told(predictions: dict[str, Prediction]) -> Told:
    """Chart -> outcome, certain, failure mode; of those the job waits for."""
    return {
        chart: (one.outcome.value, one.certain, one.failure_mode)
        for chart, one in predictions.items()
        if one.awaited
    }


def all_of(outcome: str) -> Told:
    return dict.fromkeys(AWAITED, (outcome, True, None))


@pytest.mark.parametrize(
    ("current", "target", "answer"),
    [
        ("v1.4.2", "v1.5.0", all_of("upgraded")),
        ("v1.7.3", "v1.8.0", all_of("upgraded")),
        (
            "v1.7.0",
            "v1.7.1",
            {**all_of("upgraded"), "rancher-webhook": ("at-expected", True, None)},
        ),
        # the code of Rancher 2.7 was not read, but a higher version was always installed
        ("v1.1.2", "v1.2.0", all_of("upgraded")),
        # FM 6.1, 6.2: Rancher 2.11.0 compares no metadata at all
        (
            "v1.5.0-rc2",
            "v1.5.0",
            {
                "fleet-crd": ("skipped", True, "6.1"),
                "fleet": ("skipped", False, "6.1"),
                "rancher-webhook": ("skipped", False, "6.2"),
            },
        ),
        # 2.13 compares those of exact charts, and the webhook's M.m.p rose besides
        (
            "v1.7.0-rc2",
            "v1.7.0",
            {
                "fleet-crd": ("skipped", True, "6.1"),
                "fleet": ("skipped", False, "6.1"),
                "rancher-webhook": ("upgraded", True, None),
            },
        ),
        # FM 6.10b: the target's Rancher is older; the guard lets it through
        (
            "v1.7.1",
            "v1.8.0-dev-20260201",
            {
                "fleet-crd": ("not-lowered", True, "6.10b"),
                "fleet": ("not-lowered", True, "6.10b"),
                "rancher-webhook": ("at-expected", True, None),
            },
        ),
        # FM 6.10: what `sort -V` put into the release file is never installed
        (
            "v1.7.1",
            "v1.8.0-rc3",
            {
                "fleet-crd": ("other-version", True, "6.10"),
                "fleet": ("other-version", True, "6.10"),
                "rancher-webhook": ("upgraded", True, None),
            },
        ),
        # nothing is known about the target's Rancher, or about the current one's
        ("v1.8.1", "v1.8.2", all_of("unknown")),
        ("v1.8.0-rc1", "v1.8.0", all_of("unknown")),
    ],
)
def test_known_paths(current: str, target: str, answer: Told) -> None:
    assert told(predicted(current, target)) == answer


@pytest.mark.parametrize(
    ("current", "target"), [("v1.5.0-rc4", "v1.5.0"), ("v1.4.2", "v1.4.3"), ("v1.2.2", "v1.3.0")]
)
def test_with_the_same_rancher_nothing_is_waited_for(current: str, target: str) -> None:
    assert told(predicted(current, target)) == {}
    assert {one.outcome for one in predicted(current, target).values()} == {Outcome.AT_EXPECTED}


def test_it_says_why() -> None:
    fleet = predicted("v1.5.0-rc2", "v1.5.0")["fleet"]
    assert (fleet.installed, fleet.reaches) == ("106.0.0+up0.12.0-rc.3", "106.0.0+up0.12.0-rc.3")
    assert fleet.why == (
        "Rancher v2.11.0 takes the installed 106.0.0+up0.12.0-rc.3 for 106.0.0+up0.12.0, because it ignores what "
        "follows the plus sign, and skips it: the job waits for 106.0.0+up0.12.0 for ever."
    )
    assert fleet.subject == "Release/cattle-fleet-system/fleet"


def test_a_chart_that_the_old_rancher_does_not_have_is_installed() -> None:
    turtles = predicted("v1.6.1", "v1.7.0")["rancher-turtles"]
    assert (turtles.outcome, turtles.installed, turtles.awaited) == (Outcome.UPGRADED, None, False)
    assert turtles.why == "Rancher v2.13.0 installs 108.0.0+up0.25.0."


def test_exact_charts_are_lowered() -> None:
    turtles = predicted("v1.7.1", "v1.8.0-dev-20260201")["rancher-turtles"]
    assert turtles.outcome is Outcome.UPGRADED
    assert "lowers it from 108.0.1+up0.25.1 to 108.0.0+up0.25.0" in turtles.why


def from_cluster(target: str, overlay: dict[str, Any] | None = None) -> dict[str, Prediction]:
    questions = questions_from_evidence(
        TABLE, Evidence.from_dict(resting_cluster(overlay)), release(target)
    )
    return {question.situation.chart: predict(question) for question in questions}


def test_a_cluster_at_rest_is_upgraded() -> None:
    assert told(from_cluster("v1.6.0")) == all_of("upgraded")
    assert from_cluster("v1.6.0")["fleet"].installed == "106.0.0+up0.12.0"


def test_what_is_installed_counts_not_what_the_table_says() -> None:
    """Somebody installed a Fleet of the next line already."""
    overlay = {"releases": {"fleet-crd": [[8, "deployed", "107.0.0+up0.13.0-rc.3", 9000]]}}
    assert told(from_cluster("v1.6.0", overlay))["fleet-crd"] == ("skipped", True, "6.1")


def test_with_the_values_read_the_answer_is_certain() -> None:
    overlay = {"releases": {"fleet": [[8, "deployed", "107.0.0+up0.13.0-rc.3", 9000]]}}
    assert told(from_cluster("v1.6.0", overlay))["fleet"] == ("skipped", True, "6.1")


@pytest.mark.parametrize(
    ("status", "mode"),
    [("pending-upgrade", "6.3"), ("pending-install", "6.4"), ("pending-rollback", "6.5")],
)
def test_a_locked_release_is_left_alone(status: str, mode: str) -> None:
    overlay = {"releases": {"fleet": [[8, status, "106.0.0+up0.12.0", 9000]]}}
    assert told(from_cluster("v1.6.0", overlay))["fleet"] == ("locked", True, mode)


def test_a_failed_release_is_installed_anew() -> None:
    overlay = {"releases": {"fleet": [[8, "failed", "106.0.0+up0.12.0", 9000]]}}
    assert told(from_cluster("v1.6.0", overlay))["fleet"] == ("upgraded", True, None)


def test_a_pinned_minimum_outlives_the_upgrade() -> None:
    """A Setting fleet-min-version that somebody filled wins over what the new Rancher brings."""
    overlay = {"set": {"settings": {"fleet-min-version": {"effective": "106.0.0+up0.12.0"}}}}
    fleet = from_cluster("v1.6.0", overlay)["fleet"]
    assert (fleet.desired, fleet.outcome) == ("106.0.0+up0.12.0", Outcome.OTHER_VERSION)


def test_a_release_that_could_not_be_read_is_unknown() -> None:
    overlay = {"releases": {"fleet": {"read": "forbidden", "revisions": []}}}
    assert from_cluster("v1.6.0", overlay)["fleet"].outcome is Outcome.UNKNOWN


VERSIONS = st.sampled_from(
    ["", "106.0.0", "106.0.0+up0.12.0", "106.0.0+up0.12.0-rc.3", "107.0.1+up0.13.1", "x", "1", "v1.0.0"]
) | st.text(max_size=9)  # fmt: skip
LAST = st.builds(
    InstalledRelease,
    st.sampled_from(["deployed", "failed", "pending-upgrade", "superseded", "?"]),
    VERSIONS,
    st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
SITUATIONS = st.builds(
    Situation,
    rancher=st.sampled_from(["v2.6.9", "v2.8.5", "v2.11.0", "v2.13.1", "v2.16.0", "dev", ""]),
    chart=st.sampled_from(["fleet", "fleet-crd", "rancher-webhook"]),
    min=VERSIONS,
    exact=VERSIONS,
    index=st.none() | st.lists(VERSIONS, max_size=3).map(tuple),
    last_revision=st.none() | LAST,
    values=st.none() | st.just({}),
    unreadable=st.lists(
        st.sampled_from(["values", "last_revision", "index", "control_plane_tolerations"]),
        max_size=3,
    ).map(tuple),
)
QUESTIONS = st.builds(
    Question, SITUATIONS, st.none() | VERSIONS, st.none() | VERSIONS, st.booleans()
)


@settings(max_examples=400)
@given(QUESTIONS)
def test_it_never_raises_and_never_contradicts_itself(question: Question) -> None:
    answer = predict(question)
    wanted = question.expected if question.awaited else question.desired
    if answer.outcome is Outcome.UPGRADED and answer.reaches is not None:
        assert answer.reaches == wanted
    if answer.hangs and answer.outcome is not Outcome.LOCKED:
        assert answer.reaches != wanted
    if "last_revision" in question.situation.unreadable:
        assert answer.outcome is Outcome.UNKNOWN
    assert json.loads(json.dumps(answer.to_dict()))["outcome"] == answer.outcome.value
