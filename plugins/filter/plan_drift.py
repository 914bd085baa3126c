# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_drift
short_description: Say what has moved since a plan was made
version_added: 0.1.0
description:
  - Makes the plan anew from the given evidence and findings and holds it against the given one.
  - A pure function. No differences means that what was approved is what would run.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
positional: evidence, findings, options
options:
  _input:
    description: The plan document; one that was edited is refused.
    type: dict
    required: true
  evidence:
    description: The evidence as it is now.
    type: dict
    required: true
  findings:
    description: The findings made of that evidence.
    type: dict
    required: true
  options:
    description:
      - The options of this run. Where they differ from those the plan was made with, that is a
        difference.
      - Without them the plan's own are taken.
    type: dict
seealso:
  - module: harvester_ops.remediation.repair_plan
"""

EXAMPLES = r"""
---
- name: Refuse a carried plan that no longer fits
  ansible.builtin.assert:
    that: plan_document | harvester_ops.remediation.plan_drift(evidence, findings) | length == 0
"""

RETURN = r"""
_value:
  description: One text for each difference.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ..plugin_utils._document_filter import filter_module


def plan_drift(
    plan: Mapping[str, Any],
    evidence: Mapping[str, Any],
    findings: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
) -> list[str]:
    """Derive the facts and compare."""
    from ..module_utils._diagnosis.facts.derive import derive
    from ..module_utils._plan.drift import check_plan

    return check_plan(plan, evidence, findings, derive(evidence), options)


FilterModule = filter_module(plan_drift=plan_drift)
