#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: run_report
short_description: Report how a run went
version_added: 0.1.0
description:
  - Decides the verdict of a run and gathers what was found, done and proven, and what to do next.
  - Writes C(report.json), C(report.html) and
    C(report.md) into the artifacts folder, prints the report, and hands verdict and plan over like
    M(ansible.builtin.set_stats).
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  run:
    description:
      - The documents of the run, any of C(id), C(started_at), C(asked), C(job), C(artifacts_dir), C(evidence_before),
        C(findings_before), C(plan), C(approval), C(backup), C(steps), C(rounds), C(evidence_after), C(findings_after)
        and C(error). What a run did not get to is left out.
    type: dict
    required: true
  so_far:
    description: Write the report of a run that is cut off right after this, which a later report of the run replaces.
    type: bool
    default: false
  show:
    description: Print the report on the terminal; else one line with the verdict, unless O(so_far).
    type: bool
    default: false
  hand_over:
    description: Hand verdict and plan over to the workflow that runs the play.
    type: bool
    default: false
extends_documentation_fragment:
  - harvester_ops.remediation.run
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
seealso:
  - plugin: harvester_ops.remediation.handover
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Report
  harvester_ops.remediation.run_report:
    run:
      findings_before: "{{ diagnosis.findings }}"
      plan: "{{ plan_document }}"
    directory: /var/lib/remediation
    run_id: 20261123T150000Z-3f9c21
    show: true
"""

RETURN = r"""
report:
  description: The report document, schema C(harvester_ops.remediation/report/v1).
  returned: success
  type: dict
"""
