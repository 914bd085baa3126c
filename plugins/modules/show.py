#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: show
short_description: Print a text on the terminal as it is
version_added: 0.1.0
description:
  - Prints O(text) line by line, without the quoting and escaping of M(ansible.builtin.debug),
    so that a plan or a report can be read and copied.
  - With the C(stdout) callbacks V(json) and V(jsonl) of P(ansible.posix.json#callback) nothing is printed between their
    documents; RV(lines) holds the text then.
  - Runs on the controller; nothing is sent to the host.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  text:
    description: The text.
    type: str
    required: true
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
seealso:
  - module: ansible.builtin.debug
  - plugin: harvester_ops.remediation.summary
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Show what was found
  harvester_ops.remediation.show:
    text: "{{ detect_findings | harvester_ops.remediation.summary }}"
"""

RETURN = r"""
lines:
  description: The text, line by line.
  returned: when a callback prints for programs
  type: list
  elements: str
  sample: ["Verdict: repaired"]
"""
