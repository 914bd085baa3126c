# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How following an upgrade ends when its time is up, however long a look takes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.action import upgrade_progress
from ansible_collections.harvester_ops.remediation.plugins.module_utils._core.errors import (
    RemediationError,
)


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
        return {"findings": {"verdict": verdict, "headline": f"It is {verdict}."}}


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
