# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to approve a plan is told for the place where the run is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.harvester_ops.remediation.plugins.module_utils._documents.run import Run
from ansible_collections.harvester_ops.remediation.plugins.module_utils._report.approving import (
    how_to_approve,
)

FINGERPRINT = "3f9c2a71d0b84e56"
JOB = {"number": "7", "user": "alice", "workflow": ""}
NODE = {**JOB, "workflow": "6"}


def told(**documents: Any) -> str:
    plan = {"fingerprint": FINGERPRINT, "risks": ["low", "medium"], "steps": [{"id": "01-a"}]}
    advice = how_to_approve(Run.from_documents({"plan": plan, **documents}))
    return " ".join(f"{each.text} {each.command or ''}".strip() for each in advice)


@pytest.mark.parametrize(
    ("documents", "says", "says_not"),
    [
        ({}, f"-e remediation_approved_plan={FINGERPRINT}", "survey"),
        ({"job": JOB}, f"{FINGERPRINT} in its survey", "-e "),
        ({"job": JOB, "check_mode": True}, "launch the job template that remediates", "-e "),
        ({"job": NODE, "check_mode": True}, "the node that waits in workflow job 6", "survey"),
        ({"job": NODE}, "Launch the workflow again", "survey"),
    ],
)
def test_where_the_run_is(documents: dict[str, Any], says: str, says_not: str) -> None:
    words = told(**documents)
    assert says in words
    assert says_not not in words


@pytest.mark.parametrize("job", [None, JOB, NODE])
def test_a_fingerprint_of_another_plan_is_named_beside_this_one(job: dict[str, str] | None) -> None:
    given = {"approved": False, "how": "other-fingerprint", "given": "0000000000000bad"}
    words = told(approval=given, job=job)
    assert words.startswith("The fingerprint that was given, 0000000000000bad, is of another plan.")
    assert FINGERPRINT in words
