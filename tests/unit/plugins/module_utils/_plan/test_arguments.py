# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters a rule can give a step are exactly those its maker reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.actions import (
    ACTIONS,
    RELEASE_ACTIONS,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.evidence import (
    Evidence,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.findings import (
    Findings,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.context import (
    PlanContext,
    Request,
)
from ansible_collections.harvester_ops.remediation.plugins.module_utils._plan.objects import (
    BUILDERS,
    object_steps,
)
from ansible_collections.harvester_ops.remediation.tests.unit.builders.planning import World


class Recorded(dict[str, Any]):
    """Parameters that note which of them are looked at; one that is not there is a KeyError."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


def context_of(action: str, given: dict[str, Any]) -> PlanContext:
    world = World().finding("own-rule", action, arguments=given)
    evidence, findings, facts = world.documents()
    return PlanContext(
        evidence=Evidence.from_dict(evidence),
        facts=facts,
        findings=Findings.from_document(findings).findings,
    )


def request_of(action: str) -> tuple[PlanContext, Request]:
    given = {name: f"{name}-1" for name in ACTIONS[action].rule_params}
    context = context_of(action, given | {"no-such-parameter": "x"})
    return context, context.requests[0]


@pytest.mark.parametrize("action", ACTIONS)
def test_what_an_action_declares_is_what_its_maker_reads(action: str) -> None:
    context, request = request_of(action)
    recorded = Recorded(dict(request.arguments))
    request = replace(request, arguments=recorded)
    if action in RELEASE_ACTIONS | {"nudge"}:
        assert request.release == ("namespace-1", "release-1")
    if action in BUILDERS:
        object_steps(context, request)
    assert recorded.read == set(ACTIONS[action].rule_params)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_maker_is_given_what_its_action_declares_and_nothing_else(action: str) -> None:
    """Findings of an earlier version name more; what was never read stays unread."""
    _context, request = request_of(action)
    assert set(request.arguments) == set(ACTIONS[action].rule_params)
