#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: repair_plan
short_description: Plan the repair, and try in a dry run what can be tried of it
version_added: 0.1.0
description:
  - Turns what the findings ask for into ordered steps on named objects, each with its precondition,
    risk, undo and what it changes, and puts one fingerprint over all of it. What a person has to do is in
    C(instructions), with commands to copy and their dangers. The same documents give the same plan.
  - Then every upgrade and rollback in it of a
    release that was applied server-side is tried in a dry run, see M(harvester_ops.remediation.helm_conflict_info), and
    the plan is made with the answers. They are in its options.
  - Nothing of the cluster is changed. Where no revision was applied server-side, the cluster is not asked.
  - A try that fails, for example without helm or without the permission to patch, stops nothing; the plan says so.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  evidence:
    description: The evidence document.
    type: dict
    required: true
  findings:
    description: The findings made from that evidence.
    type: dict
    required: true
  options:
    description:
      - Options of the planner.
      - V(accept) lists findings whose steps may be planned although a person must be asked
        (C(unattended) is C(ask)); naming V(pinned-values-in-release) also lets upgrades drop the
        pinned values.
      - V(chart_source), V(chart_path), V(chart_repository) and V(helm_binary) say how releases will be upgraded.
      - V(force_releases) lists releases that may be upgraded with force; it raises the step's risk.
      - V(conflicts) holds what the dry run has found, by namespace and release.
    type: dict
    default: {}
  carried_from:
    description: A plan of an earlier run, to be compared with the new one.
    type: path
    default: ""
  chart_options:
    description: Options of M(harvester_ops.remediation.rancher_chart), the same for all charts.
    type: dict
    default: {}
extends_documentation_fragment:
  - harvester_ops.remediation.helm
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.kubernetes_auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: harvester_ops.remediation.helm_conflict_info
  - module: harvester_ops.remediation.plan_approval
  - plugin: harvester_ops.remediation.plan_drift
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Plan
  harvester_ops.remediation.repair_plan:
    evidence: "{{ detect_evidence }}"
    findings: "{{ detect_findings }}"
    chart_options:
      dest: /var/lib/remediation/charts
  register: planned
"""

RETURN = r"""
plan:
  description: The plan document, schema C(harvester_ops.remediation/plan/v1).
  returned: success
  type: dict
  sample:
    schema: harvester_ops.remediation/plan/v1
    fingerprint: 0c1f5ad5f0f2a9be
differences:
  description: How the plan in O(carried_from) differs from what fits the cluster now; none without it.
  returned: success
  type: list
  elements: str
"""
