# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide what a run does after a round; documented in plugins/modules/remediation_round.py."""

from __future__ import annotations

from typing import Any

from ..module_utils._core.errors import RemediationError
from ..module_utils._documents.findings import Findings
from ..module_utils._documents.vocabulary import NextMove, Outcome
from ..module_utils._run.rounds import Round, next_move
from ..plugin_utils._controller_action import ControllerAction
from ..plugin_utils._document_filter import plain


class ActionModule(ControllerAction):
    """Holds the diagnosis after a round against what the rounds of the run have done."""

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """The next move, and the rounds with the one that has ended when another follows."""
        if not options["again"]:
            return {"next": NextMove.PROVE.value}
        given = plain(options)
        done = {name: given[name] for name in ("plan", "approval", "backup", "steps")}
        done["findings"] = {"findings": _failing(given["findings_before"])}
        rounds = [*given["rounds"], done]
        error = RemediationError(**given["error"]) if given["error"] else None
        move = next_move(
            [Round.from_document(each) for each in rounds],
            Findings.from_document(given["findings"]),
            given["most"],
            error,
        )
        result: dict[str, Any] = {"next": move.value}
        return {**result, "rounds": rounds} if move == NextMove.PLAN else result


def _failing(findings: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in findings.get("findings") or () if each.get("outcome") == Outcome.FAIL]
