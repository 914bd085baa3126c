# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How following an upgrade ends when its time is up, however long a look takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.action import upgrade_progress
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.evidence import build


class Follower(upgrade_progress.ActionModule):
    """Waits until its time is up, and finds these verdicts one after the other."""

    def __init__(self, *verdicts: str) -> None:
        self._verdicts = list(verdicts)
        self._options = {"timeout": 0}
        self._variables: dict[str, Any] = {}

    def _waited(self, left: int) -> tuple[str, RemediationError | None]:
        assert left == 0
        return "timed_out", None

    def _diagnosed(self) -> dict[str, Any]:
        verdict = self._verdicts.pop(0)
        return {
            "findings": {"verdict": verdict, "headline": f"It is {verdict}."},
            "evidence": build({"set": {"helm_pods": []}}),
        }


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the operator is told meanwhile."""
    said: list[str] = []
    monkeypatch.setattr(upgrade_progress, "tell", lambda text, _variables: said.append(text))
    return said


def test_what_still_moves_is_told_with_the_way_to_give_it_more_time() -> None:
    with pytest.raises(RemediationError, match=r"did not end within 0 s.*It is moving\.") as caught:
        Follower("moving")._followed()
    assert "remediation_verify_timeout" in str(caught.value.remedy)


@pytest.mark.parametrize("verdicts", [("unknown", "unknown"), ("unknown", "stuck"), ("stuck",)])
def test_what_could_not_be_judged_is_looked_at_again_and_never_called_moving(
    verdicts: tuple[str, ...], told: list[str]
) -> None:
    found = Follower(*verdicts)._followed()
    assert found["findings"]["verdict"] == verdicts[-1]
    assert told == ["Still waiting: It is unknown."] * (len(verdicts) - 1)


def test_what_moves_after_all_is_given_up_in_time() -> None:
    with pytest.raises(RemediationError, match="did not end within"):
        Follower("unknown", "moving")._followed()


class Looker(upgrade_progress.ActionModule):
    """Looks when so many operations begin on fleet one after the other; ``waits`` has what was waited for."""

    def __init__(self, verdict: str, operations: int, *, check_mode: bool = False) -> None:
        self._verdict, self._left = verdict, operations
        self._task = SimpleNamespace(check_mode=check_mode, args={})
        self._options = {"stale_after": 600, "lock_holder": "me"}
        self.waits: list[tuple[str, str, int]] = []

    def wait(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        assert arguments["lock_holder"] == "me"
        name = f"{arguments['namespace']}/{arguments['release']}"
        self.waits.append((arguments["condition"], name, arguments["timeout"]))
        self._left -= 1
        return {"outcome": "reached"}

    def _diagnosed(self) -> dict[str, Any]:
        running = {
            "name": "helm-operation-a",
            "phase": "Running",
            "release": "fleet",
            "release_namespace": "cattle-fleet-system",
            "created_at": "2026-11-23T14:59:55Z",
        }
        pods = [running] if self._left > 0 else []
        return {
            "findings": {"verdict": self._verdict, "left": self._left},
            "evidence": build({"set": {"helm_pods": pods}}),
        }


ONE_OPERATION = ("actor_finished", "cattle-fleet-system/fleet", 600)


@pytest.mark.parametrize(
    ("verdict", "operations", "waited"),
    [("stuck", 0, 0), ("stuck", 1, 1), ("stuck", 2, 2), ("stuck", 9, 3), ("moving", 1, 0)],
)
def test_what_is_stuck_while_helm_works_is_judged_after_that(
    verdict: str, operations: int, waited: int
) -> None:
    looker = Looker(verdict, operations)
    assert looker._at_rest()["findings"]["left"] == operations - waited
    assert looker.waits == [ONE_OPERATION] * waited


def test_check_mode_waits_for_no_operation() -> None:
    looker = Looker("stuck", 1, check_mode=True)
    looker._at_rest()
    assert looker.waits == []
