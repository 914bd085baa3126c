# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: plan
short_description: Make a plan from evidence and findings
version_added: 0.1.0
description:
  - Turns what the findings ask for into ordered steps on named objects, each with its precondition,
    risk, undo and what it changes, and puts one fingerprint over all of it.
  - What a person has to do is in C(instructions), with commands to copy and their dangers.
  - A pure function; the same documents give the same plan.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
positional: findings, options
options:
  _input:
    description: The evidence document.
    type: dict
    required: true
  findings:
    description: The findings document that P(harvester_ops.remediation.diagnose#filter) made of it.
    type: dict
    required: true
  options:
    description:
      - V(accept) lists findings whose steps may be planned although a person must be asked
        (C(unattended) is C(ask)); naming V(pinned-values-in-release) also lets upgrades drop the
        pinned values.
      - V(chart_source), V(chart_path), V(chart_repository) and V(helm_binary) say how releases will be upgraded.
      - V(force_releases) lists releases that may be upgraded with force; it raises the step's risk.
      - V(conflicts) holds what a dry run of the steps has found, by namespace and release, see
        M(harvester_ops.remediation.repair_plan).
    type: dict
    default: {}
seealso:
  - plugin: harvester_ops.remediation.plan_drift
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Plan the repair
  ansible.builtin.set_fact:
    plan_document: "{{ evidence | harvester_ops.remediation.plan(findings) }}"

- name: Plan it with steps that need a person's word
  ansible.builtin.set_fact:
    plan_document: >-
      {{ evidence | harvester_ops.remediation.plan(findings, {'accept': ['pending-install-no-deployed']}) }}
"""

RETURN = r"""
_value:
  description: The plan document, schema C(harvester_ops.remediation/plan/v1).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._document_filter import document_filter


def plan(
    evidence: Mapping[str, Any],
    findings: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Derive the facts and plan."""
    from ..module_utils._diagnosis.facts.derive import derive
    from ..module_utils._plan.make import make_plan

    return make_plan(evidence, findings, derive(evidence), options).to_dict()


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Name to function."""
        return {"plan": document_filter(plan)}
