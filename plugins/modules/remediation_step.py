#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: remediation_step
short_description: Carry out one step of a plan
version_added: 0.1.0
description:
  - Renews the cluster lock, writes the step into the journal, waits until no process works on the release, fetches the
    chart if that was not possible beforehand, and runs the module that the step names with the parameters that the
    step carries. What came of it is the last entry of RV(steps).
  - A step, an object or a parameter that this version of the collection does not know is refused.
  - In check mode nothing is locked, written down or waited for, the module only tells what it would do, and a step
    that builds on another one is skipped.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  step:
    description: One step of an approved plan.
    type: dict
    required: true
  steps_before:
    description: What RV(steps) was after the step before.
    type: list
    elements: dict
    default: []
  steps_of_plan:
    description: All steps of the plan, for RV(put_back).
    type: list
    elements: dict
    default: []
  holder:
    description: Holder of the cluster lock, as given to M(harvester_ops.remediation.remediation_lock).
    type: str
    required: true
  lock_held:
    description: Whether waiting renews the lock, and gives it back when the run is interrupted.
    type: bool
    default: true
  backup:
    description: The backup set of the plan, as M(harvester_ops.remediation.remediation_backup) returns it.
    type: dict
    default: {}
  charts:
    description: Release to the path of its chart, for charts that were fetched beforehand.
    type: dict
    default: {}
  chart_options:
    description: Options of M(harvester_ops.remediation.rancher_chart) for a chart that was not.
    type: dict
    default: {}
  timeout:
    description: Seconds that helm, or Rancher, may take for one release.
    type: int
    default: 300
  stale_after:
    description: Age in seconds from which a pending release counts as abandoned.
    type: int
    default: 600
  rancher_grace:
    description: Seconds that Rancher gets to start an upgrade it has decided to do itself.
    type: int
    default: 150
extends_documentation_fragment:
  - harvester_ops.remediation.run
  - harvester_ops.remediation.helm
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.kubernetes_auth
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: As far as the step's module has one.
  idempotent:
    support: full
    details: A step that was done already is V(unchanged).
seealso:
  - module: harvester_ops.remediation.plan_preparation
"""

EXAMPLES = r"""
---
- name: "{{ step.title }}"
  harvester_ops.remediation.remediation_step:
    step: "{{ step }}"
    steps_before: "{{ done.steps | default([]) }}"
    directory: /var/lib/remediation
    run_id: 20261123T150000Z-3f9c
    holder: ops@jump1 run 3f9c
    backup: "{{ backup_set }}"
    charts: "{{ prepared.charts }}"
  register: done
"""

RETURN = r"""
steps:
  description:
    - RV(steps) of the step before and an entry for this one, also when it has failed.
    - C(outcome) is V(changed), V(unchanged), V(failed), or V(tried) in check mode; times are RFC3339 UTC.
  returned: always
  type: list
  elements: dict
  sample:
    - id: 01-upgrade-fleet-crd
      outcome: changed
      detail: ""
      begun_at: "2026-11-23T15:00:00Z"
      ended_at: "2026-11-23T15:00:21Z"
put_back:
  description: The later steps of the plan that put back what this step, or one before it, may have broken.
  returned: failure
  type: list
  elements: dict
"""
