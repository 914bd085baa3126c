#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: write_artifacts
short_description: Write the documents of a run into the artifacts folder
version_added: 0.1.0
description:
  - Writes every document twice, to C(<directory>/runs/<run_id>/<name>), which no later run
    touches, and to C(<directory>/<name>), which always shows the latest run.
  - A document that is a mapping or a list is written as canonical JSON, a text as it is.
  - Files are readable by their owner only and appear whole or not at all.
  - Runs on the controller, also in check mode, and never reports a change because a report is
    no change of the cluster.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  directory:
    description: The artifacts folder; it is made when it does not exist.
    type: path
    required: true
  run_id:
    description:
      - Name of this run's own folder below C(runs).
      - Without it the documents are only written as the latest ones.
    type: str
    default: ""
  documents:
    description: File name to document.
    type: dict
    required: true
  show:
    description: A text to print on the terminal as well, see M(harvester_ops.remediation.show).
    type: str
    default: ""
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
seealso:
  - module: harvester_ops.remediation.upgrade_info
"""

EXAMPLES = r"""
---
- name: Keep the evidence
  harvester_ops.remediation.write_artifacts:
    directory: /var/tmp/remediation
    run_id: 20261123T150000Z-4f2a
    documents:
      evidence.json: "{{ detect_evidence }}"
"""

RETURN = r"""
paths:
  description: File name to the path of this run's own copy, or of the only one.
  returned: always
  type: dict
  sample:
    evidence.json: /var/tmp/remediation/runs/20261123T150000Z-4f2a/evidence.json
"""
