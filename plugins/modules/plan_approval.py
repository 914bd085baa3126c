#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_approval
short_description: Decide whether a plan may be carried out
version_added: 0.1.0
description:
  - Nothing approves itself. A plan is approved by its exact fingerprint in O(approved_plan), by
    naming every risk it holds in O(auto_approve), or by a person at the terminal who types the
    first characters of the fingerprint.
  - Where nobody can answer (AWX, CI, a pipe) the plan stays unapproved; the task does not fail.
  - In check mode nobody is asked, because nothing will be changed.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  plan:
    description: The plan document, as made by M(harvester_ops.remediation.repair_plan).
    type: dict
    required: true
  needed:
    description: Whether there is anything to approve; else nobody is asked, and it is not approved.
    type: bool
    default: true
  carried_from:
    description: File of a plan of an earlier run, for the message about O(differences).
    type: str
    default: ""
  differences:
    description: What has moved since that plan was made. If there is anything, the task fails.
    type: list
    elements: str
    default: []
  approved_plan:
    description:
      - Fingerprint of the plan that somebody has read and approved.
      - With another fingerprint than the plan's nobody is asked and the plan is not approved.
    type: str
    default: ""
  auto_approve:
    description: Risks that are approved beforehand, for example V(low).
    type: list
    elements: str
    default: []
  ask:
    description: Whether a person at the terminal is asked when nothing was approved beforehand.
    type: bool
    default: true
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
seealso:
  - module: harvester_ops.remediation.repair_plan
"""

EXAMPLES = r"""
---
- name: Ask at the terminal
  harvester_ops.remediation.plan_approval:
    plan: "{{ plan_document }}"
  register: plan_decision

- name: Carry out what was approved in an earlier run
  harvester_ops.remediation.plan_approval:
    plan: "{{ plan_document }}"
    approved_plan: 3f9c2a71d0b84e56
  register: plan_decision
"""

RETURN = r"""
approval:
  description: The decision. C(given) is the fingerprint in O(approved_plan), where it is another plan's.
  returned: always
  type: dict
  sample:
    approved: true
    how: fingerprint
    missing_risks: []
    at: "2026-11-23T15:00:58Z"
"""
