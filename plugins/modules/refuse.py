#!/usr/bin/python
# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Documentation of the action plugin of the same name, which takes its options from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: refuse
short_description: Stop a play with one of the errors of the collection
version_added: 0.1.0
description:
  - Fails like M(ansible.builtin.fail), with an C(error) of the shape that all modules of the
    collection return, so that the report can tell why the run stopped.
author:
  - harvester_ops.remediation contributors (@harvester-ops)
options:
  code:
    description: Code of the error, one of the table in the documentation.
    type: str
    required: true
  message:
    description: What was seen, and where.
    type: str
    required: true
  remedy:
    description: What to do next.
    type: str
    default: ""
  unless:
    description: Do not stop where this is true. A check that holds is a task that succeeds, where C(when) would show a skipped one.
    type: bool
    default: false
extends_documentation_fragment:
  - harvester_ops.remediation.attributes
  - harvester_ops.remediation.attributes.controller
  - harvester_ops.remediation.kubernetes_auth
seealso:
  - module: ansible.builtin.fail
"""

EXAMPLES = r"""
---
- name: Refuse a plan that no longer fits
  harvester_ops.remediation.refuse:
    code: plan-drifted
    message: The cluster moved after the plan was made.
    remedy: Run again and approve the new plan.
"""

RETURN = r"""
error:
  description: The error.
  returned: failure
  type: dict
  sample:
    code: plan-drifted
    message: The cluster moved after the plan was made.
    remedy: Run again and approve the new plan.
    retryable: false
    details: {}
"""
