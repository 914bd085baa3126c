# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan may be carried out. Nothing approves itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from .._core.errors import RemediationError
from .._documents.plan import Plan
from .._documents.vocabulary import ApprovedHow, Risk


class Approval(TypedDict):
    """approved, the risks nobody approved, and how it was decided.

    how is a value of vocabulary.ApprovedHow.
    """

    approved: bool
    missing_risks: list[str]
    how: str


def approval(
    plan: Mapping[str, Any], approved_plan: str | None = None, auto_approve: Iterable[str] = ()
) -> Approval:
    """Decide from what was approved beforehand.

    A fingerprint in approved_plan decides alone: when it is another plan's, the risk list does not
    help, because whoever gave it had read something else. Raises plan-invalid for a document that is
    no plan or was edited, refused for a risk that does not exist (``all`` is none).
    """
    document = Plan.from_dict(plan)
    granted = set(auto_approve)
    unknown = sorted(granted - set(Risk))
    if unknown:
        raise RemediationError(
            "refused",
            f"Approval was given for {', '.join(map(repr, unknown))}, which is no risk.",
            f"Name the risks to approve one by one: {', '.join(Risk)}.",
        )
    missing = [risk for risk in document.risks if risk not in granted]
    if not document.steps:
        return {"approved": True, "missing_risks": [], "how": ApprovedHow.NOTHING_TO_APPROVE.value}
    if approved_plan:
        same = approved_plan.strip().lower() == document.fingerprint
        how = ApprovedHow.FINGERPRINT if same else ApprovedHow.OTHER_FINGERPRINT
        return {
            "approved": same,
            "missing_risks": [] if same else missing,
            "how": how.value,
        }
    how = ApprovedHow.NONE if missing else ApprovedHow.RISKS
    return {"approved": not missing, "missing_risks": missing, "how": how.value}
