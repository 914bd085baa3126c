# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: handover
short_description: Make the few texts that a run hands over to a workflow
version_added: 0.1.0
description:
  - Takes from a report or from findings what the next node of a workflow, an approver or a notification needs, as
    short texts for M(ansible.builtin.set_stats). All of them together are no longer than 8 KiB.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: A report or a findings document.
    type: dict
    required: true
seealso:
  - module: ansible.builtin.set_stats
"""

EXAMPLES = r"""
---
- name: Hand over how the run ended
  ansible.builtin.set_stats:
    data: "{{ report_document | harvester_ops.remediation.handover }}"
    aggregate: false
"""

RETURN = r"""
_value:
  description:
    - C(remediation_verdict), C(remediation_headline), C(remediation_waits_for), C(remediation_plan_fingerprint),
      C(remediation_plan_summary) and C(remediation_next); an empty text for what there is not.
  type: dict
"""


from ..module_utils._report.in_short import handover
from ..plugin_utils._document_filter import filter_module

FilterModule = filter_module(handover=handover)
