# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: load_document
short_description: Read a saved document of this collection
version_added: 0.1.0
description:
  - Reads an evidence, plan or report file of an earlier run, on the controller. Refuses any other file with a
    message that says what it is instead and what to do.
  - A file that is binary, or larger than 32 MiB, is not read beyond its first bytes.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  _input:
    description: Path of the file; a relative one counts from the folder in which Ansible was started.
    type: str
    required: true
  kind:
    description: The kind of document.
    type: str
    choices:
      - evidence
      - plan
      - report
    required: true
"""

EXAMPLES = r"""
---
- name: Diagnose a saved evidence file
  ansible.builtin.set_fact:
    findings: >-
      {{ 'evidence.json'
         | harvester_ops.remediation.load_document('evidence')
         | harvester_ops.remediation.diagnose }}
"""

RETURN = r"""
_value:
  description: The document.
  type: dict
"""


from ..module_utils._documents.loading import load_document
from ..plugin_utils._document_filter import filter_module

FilterModule = filter_module(load_document=load_document)
