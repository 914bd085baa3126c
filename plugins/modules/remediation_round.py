#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_round
short_description: Decide what a run does after it has carried out a plan
version_added: 0.1.0
description:
  - A run diagnoses, plans, acts and looks again. This holds the diagnosis after a plan against all that the run has done.
  - Another plan follows when the diagnosis has found what was not there before, or when the plan was not carried out
    because the cluster had moved and the approval (by risk, or at the terminal) covers another plan.
  - It fails with the error C(stalled) when what was acted on is found again with the same proof, apart from ages, times and
    counts, or when there were O(most) rounds already.
  - With O(error) that no other plan helps against, it fails with that error, and names what the diagnosis right after it
    has found that was not there before.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  rounds:
    description: The RV(rounds) before.
    type: list
    elements: dict
    default: []
  findings_before:
    description: The findings that the plan was made from.
    type: dict
    default: {}
  plan:
    description: The plan.
    type: dict
    default: {}
  approval:
    description: How the plan was approved, as M(harvester_ops.remediation.plan_approval) returns it.
    type: dict
    default: {}
  backup:
    description: The backup set, as M(harvester_ops.remediation.remediation_backup) returns it.
    type: dict
    default: {}
  steps:
    description: What became of the steps, as M(harvester_ops.remediation.remediation_step) returns it. None for a plan that was not carried out.
    type: list
    elements: dict
    default: []
  findings:
    description: The findings after the plan.
    type: dict
    default: {}
  error:
    description: The error that stopped the plan.
    type: dict
    default: {}
  again:
    description: Whether another plan may follow at all.
    type: bool
    default: true
  most:
    description: How many rounds a run may have.
    type: int
    default: 4
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
seealso:
  - module: harvester_ops.remediation.upgrade_progress
"""

EXAMPLES = r"""
---
- name: Decide what is next
  harvester_ops.remediation.remediation_round:
    findings_before: "{{ diagnosis.findings }}"
    plan: "{{ plan_document }}"
    approval: "{{ decision.approval }}"
    steps: "{{ done.steps }}"
    findings: "{{ upgrade.findings }}"
  register: decided
"""

RETURN = r"""
next:
  description: V(plan) for another round, V(prove) when it is to be verified that Rancher has no pending changes.
  returned: success
  type: str
  sample: prove
rounds:
  description: All rounds that have ended, each with its C(plan), C(approval), C(backup), C(steps) and failing C(findings).
  returned: when another round follows
  type: list
  elements: dict
"""
