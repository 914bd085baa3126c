#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_diagnosis
short_description: Diagnose an upgrade, keep the findings and show them
version_added: 0.1.0
description:
  - Does what the filter P(harvester_ops.remediation.diagnose#filter) does, writes evidence and findings into the
    artifacts folder, and prints the diagnosis.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  evidence:
    description: The evidence document, as M(harvester_ops.remediation.upgrade_info) returns it.
    type: dict
    required: true
  rules_dirs:
    description: Directories with further rules.
    type: list
    elements: path
    default: []
  suffix:
    description: What is appended to the names C(evidence) and C(findings) of the files.
    type: str
    default: ""
  show:
    description: Print the diagnosis on the terminal.
    type: bool
    default: false
extends_documentation_fragment:
  - harvester_ops.remediation.run
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
seealso:
  - plugin: harvester_ops.remediation.diagnose
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Diagnose
  harvester_ops.remediation.upgrade_diagnosis:
    evidence: "{{ upgrade.evidence }}"
    directory: /var/lib/remediation
    run_id: 20261123T150000Z-3f9c21
    show: true
  register: diagnosis
"""

RETURN = r"""
findings:
  description: The findings document, see the filter P(harvester_ops.remediation.diagnose#filter).
  returned: success
  type: dict
"""
