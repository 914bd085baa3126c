# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows a round: another plan, the proof, or an end."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.findings import (
    Finding,
    Findings,
    Proof,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.vocabulary import (
    NextMove,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._run.rounds import (
    Round,
    next_move,
    signature,
)

MOST = 4
MOVED = RemediationError("precondition-failed", "fleet is at revision 7 instead of 6.", "Diagnose.")
BROKEN = RemediationError("helm-failed", "helm upgrade failed.", "Run again.")


def finding(name: str, **proof: Any) -> Finding:
    """A finding that fails."""
    return Finding(
        id=name,
        title=f"Title of {name}",
        outcome="fail",
        subject="release/cattle-fleet-system/fleet",
        message=f"Message of {name}.",
        proof=tuple(Proof(path.replace("__", "."), value) for path, value in proof.items()),
        what_next=f"What next of {name}.",
    )


def stuck(*found: Finding) -> Findings:
    return Findings(verdict="stuck", headline="It hangs.", findings=found)


def a_round(
    *before: Finding, did: str = "changed", how: str = "risks", blocks: bool = False
) -> Round:
    """A round that acted on the findings it was made from; without did its plan was not carried out."""
    steps = [{"id": each.id, "finding": each.id} for each in before]
    document = {
        "plan": {"steps": steps, "instructions": [{"blocks": blocks}]},
        "approval": {"how": how},
        "steps": [{"id": each["id"], "outcome": did} for each in steps if did],
    }
    found = Round.from_document(document)
    return replace(found, findings=stuck(*before))


LOCK, SKIP = finding("lock", lock__revision=12), finding("skip", installed__version="1.0")


@pytest.mark.parametrize("verdict", ["healthy", "moving", "unknown"])
def test_what_is_not_stuck_is_proven(verdict: str) -> None:
    after = Findings(verdict=verdict, findings=(SKIP,))
    assert next_move([a_round(LOCK)], after, MOST) == NextMove.PROVE


def test_what_comes_up_after_a_plan_gets_another_one() -> None:
    assert next_move([a_round(LOCK)], stuck(SKIP), MOST) == NextMove.PLAN
    assert next_move([a_round(LOCK)], stuck(LOCK, SKIP), MOST) == NextMove.PLAN


def test_what_was_there_before_and_is_left_to_a_person_gets_none() -> None:
    done = a_round(LOCK)
    before = replace(done, findings=stuck(LOCK, SKIP))
    assert next_move([before], stuck(SKIP), MOST) == NextMove.PROVE


def test_the_same_finding_with_the_same_proof_is_not_acted_on_again() -> None:
    with pytest.raises(RemediationError) as caught:
        next_move([a_round(LOCK)], stuck(LOCK), MOST)
    assert caught.value.code == "stalled"
    assert "Title of lock (release/cattle-fleet-system/fleet)" in caught.value.message
    assert caught.value.remedy == "What next of lock."


def test_it_counts_whichever_round_acted_on_it() -> None:
    second = a_round(SKIP)
    knew_both = replace(second, findings=stuck(LOCK, SKIP))
    with pytest.raises(RemediationError, match="with the same proof"):
        next_move([a_round(LOCK), knew_both], stuck(LOCK), MOST)


def test_a_new_lock_is_another_finding() -> None:
    again = finding("lock", lock__revision=13)
    assert next_move([a_round(LOCK)], stuck(again), MOST) == NextMove.PLAN


def test_where_a_person_holds_the_job_the_rest_is_told_and_not_called_stalled() -> None:
    assert next_move([a_round(LOCK, blocks=True)], stuck(LOCK), MOST) == NextMove.PROVE


def test_there_is_an_end() -> None:
    rounds = [a_round(finding("lock", lock__revision=each)) for each in range(MOST)]
    with pytest.raises(RemediationError, match="still stuck after 4 rounds"):
        next_move(rounds, stuck(finding("lock", lock__revision=9)), MOST)


@pytest.mark.parametrize("how", ["risks", "prompt"])
def test_a_cluster_that_has_moved_is_planned_again_where_that_is_approved(how: str) -> None:
    assert next_move([a_round(LOCK, did="", how=how)], stuck(LOCK), MOST) == NextMove.PLAN
    failed = a_round(LOCK, did="failed", how=how)
    assert next_move([failed], stuck(LOCK), MOST, MOVED) == NextMove.PLAN


def test_a_fingerprint_approves_no_other_plan() -> None:
    with pytest.raises(RemediationError) as caught:
        next_move([a_round(LOCK, did="failed", how="fingerprint")], stuck(LOCK), MOST, MOVED)
    assert caught.value is MOVED


def test_the_error_of_a_step_names_what_was_not_there_before() -> None:
    image = finding("pods-do-not-start", why="ImagePullBackOff")
    with pytest.raises(RemediationError) as caught:
        next_move([a_round(LOCK, did="failed")], stuck(LOCK, image), MOST, BROKEN)
    assert caught.value.code == "helm-failed"
    assert caught.value.message == (
        "helm upgrade failed. The diagnosis right after it found: Title of pods-do-not-start:"
        " Message of pods-do-not-start."
    )
    assert caught.value.remedy.startswith("What next of pods-do-not-start.")


def test_what_only_restates_the_failure_is_no_cause() -> None:
    with pytest.raises(RemediationError) as caught:
        next_move(
            [a_round(LOCK, did="failed")], stuck(LOCK, finding("helm-install-fails")), MOST, BROKEN
        )
    assert caught.value is BROKEN


def test_a_diagnosis_that_could_not_be_made_hides_no_error() -> None:
    with pytest.raises(RemediationError) as caught:
        next_move([a_round(LOCK, did="failed")], Findings(), MOST, BROKEN)
    assert caught.value is BROKEN


@pytest.mark.parametrize(
    "passing",
    [
        {"lock__age_seconds": 5400},
        {"root__wait__age_seconds": 3},
        {"helm_failure": {"cause": "image", "count": 3, "last_at": "2026-11-23T15:00:00Z"}},
        {"failure__said": "failed at 2026-11-23T15:00:00Z"},
    ],
)
def test_time_alone_makes_no_other_proof(passing: dict[str, Any]) -> None:
    later = {
        "lock__age_seconds": 5700,
        "root__wait__age_seconds": 303,
        "helm_failure": {"cause": "image", "count": 9, "last_at": "2026-11-23T15:05:00Z"},
        "failure__said": "failed at 2026-11-23T15:05:00Z",
    }
    ((name, value),) = passing.items()
    assert signature(finding("lock", **{name: value})) == signature(
        finding("lock", **{name: later[name]})
    )


@given(
    kept=st.lists(st.integers(0, 3), unique=True),
    left=st.lists(st.integers(0, 3), unique=True),
    number=st.integers(1, 6),
)
def test_no_round_only_repeats(kept: list[int], left: list[int], number: int) -> None:
    """Whatever is found: another plan follows only for what no round has acted on, and never without end."""
    before = [finding(f"f{each}") for each in kept]
    after = [finding(f"f{each}") for each in left]
    move = None
    with contextlib.suppress(RemediationError):
        move = next_move([a_round(*before)] * number, stuck(*after), MOST)
    if move == NextMove.PLAN:
        assert set(left) - set(kept)
        assert number < MOST
